"""What this machine tells of itself, with everything broken that can be."""

import sys
from pathlib import Path

import certifi
import pytest

from buddy_tui.doctor.machine import _gcloud_version, _unwritable, look
from buddy_tui.doctor.values import Machine

PYTHON = Path("Scripts/python.exe") if sys.platform == "win32" else Path("bin/python")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BUDDY_PROFILE", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUD_RUN_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "buddy.toml").write_text('project = "acme-prod"\n', encoding="utf-8")
    monkeypatch.setenv("BUDDY_CONFIG", str(tmp_path / "buddy.toml"))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def seen(**flags: str) -> Machine:
    return look(flags, "stdin is no terminal", lambda *_: ("they differ",))


def test_a_machine_in_order_has_no_trouble_and_nothing_is_left_on_it(place: Path) -> None:
    before = sorted(place.rglob("*"))

    here = seen(region="europe-west1")

    assert (here.trouble, here.toml_trouble, here.state_trouble, here.lost) == (None, None, "", ())
    assert here.settings.project.value == "acme-prod"
    assert here.toml == place / "buddy.toml"
    assert here.terminal.none == "stdin is no terminal"
    assert dict(here.programs.versions)["textual"]
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("text", ["project = [", 'projcet = "acme"', 'region = "EU West"'])
def test_a_broken_buddy_toml_is_told_and_all_else_goes_on(place: Path, text: str) -> None:
    (place / "buddy.toml").write_text(text, encoding="utf-8")

    here = seen(region="us-east1", profile="prod")

    assert here.toml_trouble
    assert "buddy.toml:1" in here.toml_trouble.why
    assert here.trouble is None
    assert [one.value for one in here.settings.regions] == ["us-east1"]


def test_a_setting_that_cannot_be_used_is_told(place: Path) -> None:
    here = seen(region="EU West")

    assert here.trouble
    assert "EU West" in here.trouble.why
    assert here.toml_trouble is None


def test_identities_are_compared_only_where_there_are_credentials(place: Path) -> None:
    nobody = seen()
    (place / "application_default_credentials.json").write_text("{}", encoding="utf-8")

    assert (nobody.adc, nobody.differences) == (None, ())
    assert seen().differences == ("they differ",)


def test_a_state_directory_that_cannot_be_made_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    (place / "state").write_text("a file in its way", encoding="utf-8")

    assert "state is no folder" in _unwritable(place / "state" / "buddy-tui")
    assert _unwritable(place / "other" / "deep") == ""
    assert _unwritable(place) == ""
    assert _unwritable(place / "state")


def test_certificates_that_are_lost_are_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(place / "gone.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(place / "buddy.toml"))
    monkeypatch.setenv("CURL_CA_BUNDLE", certifi.where())
    monkeypatch.setenv("SSL_CERT_DIR", str(place))

    assert seen().lost == ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def test_a_configuration_that_was_chosen_and_is_not_there_is_seen(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDSDK_ACTIVE_CONFIG_NAME", "staging")
    missing = seen()
    (place / "configurations").mkdir()
    (place / "configurations" / "config_staging").touch()
    there = seen()

    assert (missing.unknown_configuration, there.unknown_configuration) == (True, False)


@pytest.mark.parametrize("name", ["default", "NONE"])
def test_a_machine_on_which_gcloud_was_never_set_up_lacks_no_configuration(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("CLOUDSDK_ACTIVE_CONFIG_NAME", name)

    assert not (place / "configurations").exists()
    assert not seen().unknown_configuration


def test_a_virtual_environment_without_its_python_is_told_and_a_whole_one_is_used(place: Path) -> None:
    (place / ".venv").mkdir()
    (place / ".venv" / "pyvenv.cfg").touch()
    broken = seen()
    (place / ".venv" / PYTHON).parent.mkdir()
    (place / ".venv" / PYTHON).touch(0o755)
    whole = seen()

    assert (broken.broken, broken.own) == (".venv", False)
    assert (whole.broken, whole.own) == ("", True)
    assert whole.interpreter == str(place / ".venv" / PYTHON)


def test_the_version_of_gcloud_is_read_and_gcloud_is_not_started(place: Path) -> None:

    (place / "sdk" / "bin").mkdir(parents=True)
    (place / "sdk" / "VERSION").write_text("528.0.0\n", encoding="utf-8")

    assert _gcloud_version(str(place / "sdk" / "bin" / "gcloud")) == "528.0.0"
    assert _gcloud_version(str(place / "gcloud")) == ""
