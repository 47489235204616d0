"""Where a setting comes from, and how a wrong one is told."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from buddy_tui import gcloud_files
from buddy_tui.config import Known, Settings, resolve
from buddy_tui.errors import ConfigProblem, UsageProblem


class Place:
    """A home with gcloud's files, and a project folder within it."""

    def __init__(self, root: Path) -> None:
        self.home = root
        self.gcloud = root / ".config" / "gcloud"
        self.cwd = root / "work" / "deep"
        (self.gcloud / "configurations").mkdir(parents=True)
        self.cwd.mkdir(parents=True)
        self.environ: dict[str, str] = {"CLOUDSDK_CONFIG": str(self.gcloud)}

    def configuration(self, name: str, text: str, *, active: bool = True) -> Path:
        path = self.gcloud / "configurations" / f"config_{name}"
        path.write_text(text, encoding="utf-8")
        if active:
            (self.gcloud / "active_config").write_text(f"{name}\n", encoding="utf-8")
        return path

    def adc(self, **fields: str) -> Path:
        path = self.gcloud / "application_default_credentials.json"
        path.write_text(json.dumps(fields), encoding="utf-8")
        return path

    def toml(self, text: str) -> Path:
        path = self.home / "work" / "buddy.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def resolve(self, flags: Mapping[str, str] | None = None, **environ: str) -> Settings:
        return resolve(flags or {}, self.environ | environ, self.cwd, self.home)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_project_is_taken_from_the_first_place_that_has_one(place: Place) -> None:
    toml = place.toml('\nproject = "from-toml"\n')
    place.configuration("work", "[core]\nproject = from-gcloud\n")
    adc = place.adc(type="service_account", project_id="from-adc")
    flags = {"project": "from-flag"}
    environ = {
        "BUDDY_PROJECT": "from-buddy",
        "CLOUDSDK_CORE_PROJECT": "from-cloudsdk",
        "GOOGLE_CLOUD_PROJECT": "from-google",
        "GCLOUD_PROJECT": "from-gcloud-env",
    }

    found = [place.resolve(flags, **environ).project, place.resolve({}, **environ).project]
    del environ["BUDDY_PROJECT"]
    found.append(place.resolve({}, **environ).project)
    toml.unlink()
    for name in tuple(environ):
        found.append(place.resolve({}, **environ).project)
        del environ[name]
    found.append(place.resolve().project)
    place.configuration("work", "")
    found.append(place.resolve().project)

    assert found == [
        Known("from-flag", "--project"),
        Known("from-buddy", "BUDDY_PROJECT"),
        Known("from-toml", f"{toml}:2"),
        Known("from-cloudsdk", "CLOUDSDK_CORE_PROJECT"),
        Known("from-google", "GOOGLE_CLOUD_PROJECT"),
        Known("from-gcloud-env", "GCLOUD_PROJECT"),
        Known("from-gcloud", "core/project of gcloud's configuration work"),
        Known("from-adc", f"project_id in {adc}"),
    ]


def test_the_region_is_that_of_cloud_run_and_never_that_of_compute(place: Place) -> None:
    place.configuration("default", "[compute]\nregion = us-east1\n[run]\nregion = europe-west1\n")
    of_run = place.resolve().regions
    place.configuration("default", "[compute]\nregion = us-east1\n")

    assert of_run == (Known("europe-west1", "run/region of gcloud's configuration default"),)
    assert place.resolve().regions == ()


@pytest.mark.parametrize(
    ("told", "regions"),
    [
        ("europe-west1", ["europe-west1"]),
        ("us-east1, europe-west1,us-east1", ["us-east1", "europe-west1"]),
        ("all", []),
    ],
)
def test_regions_may_be_one_or_several_or_all(place: Place, told: str, regions: list[str]) -> None:
    place.configuration("default", "[run]\nregion = asia-east1\n")

    assert [region.value for region in place.resolve({"region": told}).regions] == regions


@pytest.mark.parametrize(
    ("active", "environ", "project"),
    [
        ("work", {}, "p-work"),
        ("work", {"CLOUDSDK_ACTIVE_CONFIG_NAME": "home"}, "p-home"),
        ("work", {"CLOUDSDK_ACTIVE_CONFIG_NAME": "NONE"}, ""),
        ("../../evil", {}, ""),
        ("", {}, "p-default"),
    ],
)
def test_gclouds_active_configuration_counts(
    place: Place, active: str, environ: dict[str, str], project: str
) -> None:
    for name in ("work", "home", "default"):
        place.configuration(name, f"[core]\nproject = p-{name}\n", active=False)
    (place.gcloud / "active_config").write_text(active, encoding="utf-8")

    assert place.resolve({}, **environ).project.value == project


def test_a_percent_sign_in_gclouds_file_is_no_interpolation(place: Place) -> None:
    place.configuration("default", "[core]\naccount = a%b@example.com\n")

    assert place.resolve().account.value == "a%b@example.com"


@pytest.mark.parametrize("content", [b"no section here", b"\xff\xfe\x00", b"[core]\n[core]\n"])
def test_an_unreadable_gcloud_file_is_told_where_it_was_wanted_and_stops_nobody(
    place: Place, content: bytes
) -> None:
    place.configuration("default", "").write_bytes(content)

    settings = place.resolve({"project": "acme-prod"})

    assert settings.project.value == "acme-prod"
    assert "gcloud's configuration default could not be read" in settings.account.origin


def test_on_windows_gcloud_lives_in_appdata(tmp_path: Path) -> None:
    found = gcloud_files.directory({"APPDATA": str(tmp_path)}, Path("/home"), windows=True)

    assert found == tmp_path / "gcloud"
    assert gcloud_files.directory({}, tmp_path, windows=False) == tmp_path / ".config" / "gcloud"


def test_no_secret_of_the_credentials_file_leaves_it(place: Place) -> None:
    place.adc(type="service_account", client_email="a@b.example", private_key="TOP-SECRET", project_id="p-1")

    adc = gcloud_files.adc_file(place.gcloud, {})

    assert adc is not None
    assert (adc.type, adc.account) == ("service_account", "a@b.example")
    assert "SECRET" not in repr((adc, place.resolve()))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[1]", "it is no JSON object"),
        (b'{"private_key": "TOP-SECRET', "its text cannot be understood"),
        (b"\xff", "its text cannot be understood"),
        (b"[" * 100_000, "its text cannot be understood"),
    ],
)
def test_a_broken_credentials_file_is_told_without_quoting_it(
    place: Place, content: bytes, problem: str
) -> None:
    place.adc().write_bytes(content)

    adc = gcloud_files.adc_file(place.gcloud, {})

    assert adc is not None
    assert adc.problem == problem


def test_credentials_that_are_named_and_not_there_are_a_problem(place: Place) -> None:
    named = gcloud_files.adc_file(
        place.gcloud, {"GOOGLE_APPLICATION_CREDENTIALS": str(place.home / "no.json")}
    )

    assert named is not None
    assert named.problem == "there is no such file"
    assert gcloud_files.adc_file(place.gcloud, {}) is None


def test_a_profile_lies_over_the_top_of_the_file(place: Place) -> None:
    place.toml(
        'project = "acme-dev"\nregion = "us-east1"\nprofile = "prod"\n'
        '[profiles.prod]\nproject = "acme-prod"\nenvironment = "PROD"\nread_only = true\n'
        '[profiles.eu]\nregions = ["europe-west1", "europe-west4"]\n'
    )

    prod, eu = place.resolve(), place.resolve({}, BUDDY_PROFILE="eu")

    assert (prod.project.value, prod.environment.value, prod.read_only.value) == ("acme-prod", "PROD", "yes")
    assert [region.value for region in prod.regions] == ["us-east1"]
    assert (eu.project.value, eu.read_only.value) == ("acme-dev", "")
    assert [region.value for region in eu.regions] == ["europe-west1", "europe-west4"]
    assert place.resolve({"profile": "eu"}, BUDDY_PROFILE="prod").project.value == "acme-dev"


def test_buddy_config_names_the_file_itself(place: Place) -> None:
    place.toml('project = "from-above"')
    other = place.home / "other.toml"
    other.write_text('project = "from-other"', encoding="utf-8")

    assert place.resolve({}, BUDDY_CONFIG=str(other)).project.value == "from-other"


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("a = [", "buddy.toml:1: `a`: Invalid value.", ""),
        ('project = "a"\nregion = europe\n', "buddy.toml:2:10: `region`: Invalid value.", ""),
        ('project = "a"\nproject = "b"\n', "buddy.toml:2:14: `project`: Cannot overwrite a value.", ""),
        (
            "[profiles.a]\n[profiles.a]",
            "buddy.toml:2:12: Cannot declare ('profiles', 'a') twice.",
            "",
        ),
        ('a = "\u2028', "buddy.toml:1: `a`: Unterminated string.", ""),
        (
            'environment = "\u2028"\nservcie = 1',
            "buddy.toml:2: there is no setting `servcie`",
            "Did you mean service?",
        ),
        ("project = " + "9" * 5000, "buddy.toml: its values are too long or too deep", ""),
        ("a = " + "[" * 5000, "buddy.toml: its values are too long or too deep", ""),
        ('\n[settings]\nproject = "a"', "buddy.toml:2: there is no setting `settings`", ""),
        (
            '[profiles.a]\n[profiles.a.inner]\nproject = "a"',
            "buddy.toml:2: there is no setting `profiles.a.inner`",
            "",
        ),
        (
            'project = "a"\n[profiles."a.b"]\nproject = 1',
            "buddy.toml:3: `profiles.a.b.project`: expected `str`",
            "",
        ),
        ('\nregions = [","]', 'buddy.toml:2: "," is not a region', "e.g. europe-west1"),
        ('project = "a"\nregoin = "b"', "buddy.toml:2: there is no setting `regoin`", "Did you mean region?"),
        (
            '[profiles.a]\nservice = "x"\n[profiles.b]\nservcie = "x"',
            "buddy.toml:4: there is no setting `profiles.b.servcie`",
            "Did you mean service?",
        ),
        ("xyz = 1", "buddy.toml:1: there is no setting `xyz`", "Known keys: project, region"),
        ("\nproject = 1", "buddy.toml:2: `project`: expected `str`, got `int`", ""),
        ('read_only = "yes"', "buddy.toml:1: `read_only`: expected `bool`, got `str`", ""),
        ('regions = ["a", 1]', "buddy.toml:1: `regions`: expected `str`, got `int`", ""),
        ("[profiles]\nprod = 1", "buddy.toml:1: `profiles`: expected", ""),
        (
            '[profiles.prod]\nproject = "p-1"\nregion = "a-b1"\nregions = ["c-d1"]',
            "buddy.toml:4: say either `region` or `regions`",
            "",
        ),
        (
            'profile = "pord"\n[profiles.prod]',
            "buddy.toml:1: there is no [profiles.pord]",
            "Did you mean prod?",
        ),
        ('\n\nproject = "Acme Prod"', 'buddy.toml:3: "Acme Prod" is not a project ID', "e.g. acme-prod"),
        ('service = "\\u001b]0;x"', "is not a service name", ""),
    ],
)
def test_what_is_wrong_in_buddy_toml_is_told_with_file_line_and_key(
    place: Place, text: str, sentence: str, hint: str
) -> None:
    place.toml(text)

    with pytest.raises(ConfigProblem) as told:
        place.resolve()

    assert sentence in str(told.value)
    assert hint in told.value.hint
    assert str(told.value).isprintable()


def test_a_buddy_toml_that_is_there_and_cannot_be_read_is_never_passed_over(place: Place) -> None:
    path = place.home / "work" / "buddy.toml"
    path.mkdir()
    with pytest.raises(ConfigProblem, match=r"buddy\.toml cannot be read"):
        place.resolve()
    path.rmdir()
    path.symlink_to(path)
    with pytest.raises(ConfigProblem, match=r"buddy\.toml cannot be read"):
        place.resolve()
    path.unlink()
    path.write_bytes(b'project = "a"\n# \xff\n')
    with pytest.raises(ConfigProblem, match=r"buddy\.toml:2: this is not UTF-8"):
        place.resolve()
    path.write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigProblem, match="larger than"):
        place.resolve()


def test_a_byte_order_mark_of_an_editor_on_windows_is_no_text(place: Place) -> None:
    toml = place.toml("")
    toml.write_bytes(b'\xef\xbb\xbfproject = "acme-prod"\r\n')

    assert place.resolve().project == Known("acme-prod", f"{toml}:1")


def test_a_profile_without_a_file_is_told(place: Place) -> None:
    with pytest.raises(UsageProblem, match=r"--profile names a profile, and there is no buddy\.toml"):
        place.resolve({"profile": "prod"})


@pytest.mark.parametrize(
    ("flags", "environ", "sentence"),
    [
        ({"project": "a/b"}, {}, '--project: "a/b" is not a project ID'),
        ({"region": "eu/west"}, {}, '--region: "eu/west" is not a region'),
        ({"service": "API"}, {}, '--service: "API" is not a service name'),
        ({"service": "a" * 50}, {}, "is not a service name"),
        ({"impersonate": "nobody"}, {}, '--impersonate-service-account: "nobody" is not a service account'),
        ({}, {"BUDDY_READ_ONLY": "maybe"}, 'BUDDY_READ_ONLY: "maybe" is neither yes nor no'),
        (
            {},
            {"CLOUD_RUN_EMULATOR_HOST": "http://x"},
            'CLOUD_RUN_EMULATOR_HOST: "http://x" is not an endpoint',
        ),
        ({}, {"GOOGLE_CLOUD_PROJECT": "$(rm)"}, 'GOOGLE_CLOUD_PROJECT: "$(rm)" is not a project ID'),
    ],
)
def test_a_name_that_could_not_be_one_goes_nowhere(
    place: Place, flags: dict[str, str], environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageProblem) as told:
        place.resolve(flags, **environ)

    assert sentence in str(told.value)


@pytest.mark.parametrize("project", ["acme-prod", "123456789", "example.com:acme-prod", "demo"])
def test_every_form_of_a_project_is_accepted(place: Place, project: str) -> None:
    assert place.resolve({"project": project}).project.value == project


def test_read_only_holds_as_soon_as_anybody_says_so(place: Place) -> None:
    place.toml("read_only = true")

    assert place.resolve({}, BUDDY_READ_ONLY="no").read_only.value == "yes"
    assert place.resolve({"read_only": "yes"}).read_only == Known("yes", "--read-only")


def test_an_emulated_cloud_run_is_a_demo_without_an_identity_whatever_the_files_say(place: Place) -> None:
    place.toml('environment = "PROD"\nimpersonate = "a@b.example"')
    place.configuration("default", "[core]\naccount = alice@example.com\n[billing]\nquota_project = p-1\n")

    settings = place.resolve({}, CLOUD_RUN_EMULATOR_HOST="127.0.0.1:9")

    assert settings.environment.value == "DEMO"
    assert not any((settings.account, settings.impersonate, settings.quota_project))
    assert settings.account.origin == "not needed: CLOUD_RUN_EMULATOR_HOST is set"


@pytest.mark.parametrize("word", ["CURRENT_PROJECT", "LEGACY", "CURRENT_PROJECT_WITH_FALLBACK"])
def test_gclouds_words_for_a_quota_project_are_no_projects(place: Place, word: str) -> None:
    place.configuration("default", f"[billing]\nquota_project = {word}\n")

    assert not place.resolve().quota_project
