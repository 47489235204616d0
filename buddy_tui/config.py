"""Where and as whom we work: one frozen value in which every setting knows where it came from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from buddy_tui import gcloud_files
from buddy_tui.clean import clean_line
from buddy_tui.errors import ConfigProblem, UsageProblem
from buddy_tui.pacing import DEFAULT_RELEASE, ReleaseSettings
from buddy_tui.question import DEFAULT_QUESTIONS, DEFAULT_SESSION, Question, SessionPlan

if TYPE_CHECKING:
    from buddy_tui.toml_file import Contents

ALL_REGIONS = "all"
_PRODUCTION = frozenset(("prod", "production", "live"))


@dataclass(frozen=True, slots=True)
class Known:
    """A setting's value and its origin in the operator's words, e.g. `--region` or `BUDDY_REGION`.

    An empty `value` means that nobody said it; `origin` is then empty too, or says where we looked.
    """

    value: str = ""
    origin: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is settled before the first call.

    - `project`, `service`: short names; an empty service means "all services"
    - `regions`: one entry for each region, in the order given; empty means "all regions"
    - `account`: who gcloud says we are; `impersonate`: the service account that we act as, or empty
    - `quota_project`: who pays for the calls, or empty
    - `environment`: a word for the header, e.g. `PROD` or `DEMO`, or empty
    - `read_only`, `ascii`: `yes` or empty
    - `emulated`: the endpoint (host:port) of an emulated Cloud Run, or empty
    - `questions`, `session`: what is asked of a revision to see that it is healthy, and how it keeps sessions
    - `release`: at what pace it is promoted
    """

    project: Known = Known()
    regions: tuple[Known, ...] = ()
    service: Known = Known()
    account: Known = Known()
    impersonate: Known = Known()
    quota_project: Known = Known()
    environment: Known = Known()
    read_only: Known = Known()
    ascii: Known = Known()
    emulated: Known = Known()
    questions: tuple[Question, ...] = DEFAULT_QUESTIONS
    session: SessionPlan = DEFAULT_SESSION
    release: ReleaseSettings = DEFAULT_RELEASE

    @property
    def production(self) -> bool:
        """Whether the word for the environment says that people depend on it; then a change wants more than a key."""
        return self.environment.value.lower() in _PRODUCTION


def resolve(flags: Mapping[str, str], environ: Mapping[str, str], cwd: Path, home: Path) -> Settings:
    """Settle every setting: flags > `BUDDY_*` > buddy.toml > gcloud's environment > gcloud's configuration > ADC.

    `flags` has the keys `project`, `region` (several with commas), `service`, `profile`, `impersonate`, `read_only`
    and `ascii`; the last two say `yes`. `all` as a region means all regions. `read_only` and `ascii` hold as soon as
    anybody says so. Project and region follow gcloud's own order of precedence; like gcloud for Cloud Run, we never
    consult `compute/region`. No credentials are read: of the ADC file only the public project, and only when nobody
    else names one. Raises UsageProblem or ConfigProblem.
    """
    look = _Sources(flags, environ, cwd, home)
    emulated = _checked("endpoint", look.env("CLOUD_RUN_EMULATOR_HOST"))
    settings = Settings(
        project=_checked("project", look.project()),
        regions=_regions(look.region()),
        service=_checked("service", look.own("service")),
        account=look.account(),
        impersonate=_checked("impersonate", look.impersonate()),
        quota_project=_checked("project", look.quota_project()),
        environment=look.environment(emulated),
        read_only=look.switch("read_only"),
        ascii=look.switch("ascii"),
        emulated=emulated,
        questions=(look.contents and look.contents.questions) or DEFAULT_QUESTIONS,
        session=(look.contents and look.contents.session) or DEFAULT_SESSION,
        release=(look.contents and look.contents.release) or DEFAULT_RELEASE,
    )
    if not emulated:
        return settings
    nobody = Known("", f"not needed: {emulated.origin} is set")
    return replace(settings, account=nobody, impersonate=nobody, quota_project=nobody)


class _Sources:
    """The places that may know a setting, each asked by name."""

    def __init__(self, flags: Mapping[str, str], environ: Mapping[str, str], cwd: Path, home: Path) -> None:
        self._flags = flags
        self._environ = environ
        self._folder = gcloud_files.directory(environ, home)
        self._gcloud = gcloud_files.active_configuration(self._folder, environ)
        self.contents = self._buddy_toml(cwd)

    def project(self) -> Known:
        return (
            _first(
                self.own("project"),
                self.env("CLOUDSDK_CORE_PROJECT"),
                self.env("GOOGLE_CLOUD_PROJECT"),
                self.env("GCLOUD_PROJECT"),
                self.gcloud("core/project"),
            )
            or self._adc_project()
        )

    def region(self) -> Known:
        return _first(self.own("region"), self.env("CLOUDSDK_RUN_REGION"), self.gcloud("run/region"))

    def account(self) -> Known:
        return _first(self.own("account"), self.env("CLOUDSDK_CORE_ACCOUNT"), self.gcloud("core/account"))

    def impersonate(self) -> Known:
        return _first(
            self.own("impersonate", flag="--impersonate-service-account"),
            self.env("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT"),
            self.gcloud("auth/impersonate_service_account"),
        )

    def quota_project(self) -> Known:
        told = _first(
            self.env("GOOGLE_CLOUD_QUOTA_PROJECT"),
            self.env("CLOUDSDK_BILLING_QUOTA_PROJECT"),
            self.gcloud("billing/quota_project"),
        )
        # gcloud also has words there, such as CURRENT_PROJECT; they mean none of its own.
        return Known() if told.value.isupper() else told

    def environment(self, emulated: Known) -> Known:
        # An emulated Cloud Run is never shown as what buddy.toml says of the real one.
        demo = Known("DEMO", emulated.origin) if emulated else self.file("environment")
        return _first(self.env("BUDDY_ENVIRONMENT"), demo)

    def switch(self, key: str) -> Known:
        told = self.env(f"BUDDY_{key.upper()}")
        return _first(self.flag(key), _yes(told), self.file(key))

    def own(self, key: str, flag: str = "") -> Known:
        return _first(self.flag(key, flag), self.env(f"BUDDY_{key.upper()}"), self.file(key))

    def flag(self, key: str, spelling: str = "") -> Known:
        return _known(self._flags.get(key), spelling or f"--{key.replace('_', '-')}")

    def env(self, name: str) -> Known:
        return _known(self._environ.get(name), name)

    def file(self, key: str) -> Known:
        entry = self.contents.settings.get(key) if self.contents else None
        return _known(entry.value, entry.where) if entry else Known()

    def gcloud(self, key: str) -> Known:
        active = self._gcloud
        if active.problem:
            return Known("", f"gcloud's configuration {active.name} could not be read: {active.problem}")
        return _known(active.values.get(key), f"{key} of gcloud's configuration {active.name}")

    def _adc_project(self) -> Known:
        adc = gcloud_files.adc_file(self._folder, self._environ)
        return _known(adc.project, f"project_id in {adc.path}") if adc else Known()

    def _buddy_toml(self, cwd: Path) -> "Contents | None":
        profile = _first(self.flag("profile"), self.env("BUDDY_PROFILE"))
        path = find_buddy_toml(self._environ, cwd)
        if path is None:
            if profile:
                raise UsageProblem(
                    f"{profile.origin} names a profile, and there is no buddy.toml from {cwd} upwards.",
                    "Write one, or name it with BUDDY_CONFIG.",
                )
            return None
        from buddy_tui import toml_file  # its parsers load only where there is a file

        return toml_file.read(path, profile.value)


def find_buddy_toml(environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Return the buddy.toml that counts: `BUDDY_CONFIG`, else the nearest one from `cwd` upwards, else `None`."""
    if told := environ.get("BUDDY_CONFIG"):
        return cwd / told
    # `lexists` semantics: one that is there and cannot be read is told about, never passed over.
    return next((path for folder in (cwd, *cwd.parents) if _is_there(path := folder / "buddy.toml")), None)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigProblem(f"{path} cannot be read: {error.strerror}.") from None
    return True


_ENDPOINT = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}"
_EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+"
# What may be in a name, and no more: names become parts of resource paths, URLs and printed commands.
_SYNTAX = {
    "project": (r"(?:[a-z0-9.-]+:)?[a-z0-9][a-z0-9-]{0,61}", "a project ID", "e.g. acme-prod"),
    "region": (r"[a-z][a-z0-9-]{1,61}", "a region", "e.g. europe-west1"),
    "service": (
        r"[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?",
        "a service name",
        "lower-case letters, digits and hyphens",
    ),
    "impersonate": (
        rf"{_EMAIL}(?:,{_EMAIL})*",
        "a service account",
        "e.g. deployer@acme-prod.iam.gserviceaccount.com",
    ),
    "endpoint": (_ENDPOINT, "an endpoint", "HOST:PORT"),
}


def _checked(key: str, known: Known) -> Known:
    pattern, noun, example = _SYNTAX[key]
    if not known or re.fullmatch(pattern, known.value):
        return known
    in_file = known.origin.rpartition(":")[2].isdigit()
    kind = ConfigProblem if in_file else UsageProblem
    raise kind(
        f'{known.origin}: "{clean_line(known.value)[:80]}" is not {noun} ({key}).', f"It should be {example}."
    )


def _regions(told: Known) -> tuple[Known, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in told.value.split(",") if name.strip()))
    if ALL_REGIONS in names:
        return ()
    # Commas alone name no region, and must not turn into all of them.
    return tuple(_checked("region", Known(name, told.origin)) for name in names or filter(None, [told.value]))


def _yes(told: Known) -> Known:
    if told.value.lower() in {"", "0", "no", "false", "off"}:
        return Known()
    if told.value.lower() in {"1", "yes", "true", "on"}:
        return Known("yes", told.origin)
    raise UsageProblem(f'{told.origin}: "{clean_line(told.value)[:80]}" is neither yes nor no.')


def _known(value: str | None, origin: str) -> Known:
    text = clean_line(value or "")
    return Known(text, origin) if text else Known()


def _first(*candidates: Known) -> Known:
    """Return the first that has a value; when none has, the first that says where it looked."""
    return next(filter(None, candidates), None) or next((one for one in candidates if one.origin), Known())
