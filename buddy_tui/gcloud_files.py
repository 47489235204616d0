r"""config: what gcloud and Application Default Credentials left in files. Reads names, never a secret.

Layout and precedence as in the Cloud SDK: `CLOUDSDK_CONFIG`, else `~/.config/gcloud` (`%APPDATA%\gcloud` on Windows);
in it `active_config` names one of `configurations/config_NAME`, an INI file. `NONE` means no configuration at all.
"""

import configparser
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buddy_tui.clean import clean_line

_ON_WINDOWS = os.name == "nt"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class ActiveConfiguration:
    """gcloud's active configuration: its name, and the values of its file as `section/key`.

    `problem` says why the file could not be read; a file that is not there is no problem.
    """

    name: str
    path: Path
    values: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AdcFile:
    """The file of Application Default Credentials: where it is, and its public fields.

    `origin` says how it was found; `type` is e.g. `authorized_user` or `service_account`; `account` is known for
    service accounts alone. `problem` says why it could not be read.
    """

    path: Path
    origin: str
    type: str = ""
    account: str = ""
    project: str = ""
    quota_project: str = ""
    problem: str = ""


def home() -> Path:
    """Return the home directory, or the root of the file system where nobody says which it is."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def directory(environ: Mapping[str, str], home: Path, *, windows: bool = _ON_WINDOWS) -> Path:
    """Return the folder in which gcloud keeps its configuration."""
    if told := environ.get("CLOUDSDK_CONFIG"):
        return Path(told)
    if windows:
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "gcloud"
    return home / ".config" / "gcloud"


def active_configuration(folder: Path, environ: Mapping[str, str]) -> ActiveConfiguration:
    """Read gcloud's active configuration. Never raises."""
    name = environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or _first_line(folder / "active_config") or "default"
    path = folder / "configurations" / f"config_{name}"
    if name == "NONE":
        return ActiveConfiguration(name, path)
    if not _NAME.fullmatch(name):
        return ActiveConfiguration(clean_line(name), folder, problem="its name is none that gcloud allows")
    # gcloud's values may hold a % that is no interpolation.
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ActiveConfiguration(name, path)
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        return ActiveConfiguration(name, path, problem=_reason(error))
    values = {
        f"{section}/{key}": value.strip()
        for section in parser.sections()
        for key, value in parser.items(section)
        if value
    }
    return ActiveConfiguration(name, path, values)


def adc_file(folder: Path, environ: Mapping[str, str]) -> AdcFile | None:
    """Find the ADC file and read its public fields. Returns `None` where there is none; never raises."""
    told = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    path = Path(told) if told else folder / "application_default_credentials.json"
    origin = "GOOGLE_APPLICATION_CREDENTIALS" if told else "gcloud auth application-default login"
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return AdcFile(path, origin, problem="there is no such file") if told else None
    except (OSError, ValueError, RecursionError) as error:
        return AdcFile(path, origin, problem=_reason(error))
    if not isinstance(document, dict):
        return AdcFile(path, origin, problem="it is no JSON object")

    def public(key: str) -> str:
        value = document.get(key)
        return clean_line(value) if isinstance(value, str) else ""

    return AdcFile(
        path,
        origin,
        type=public("type"),
        account=public("client_email") or public("account"),
        project=public("project_id"),
        quota_project=public("quota_project_id"),
    )


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip().partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _reason(error: Exception) -> str:
    # A parser quotes the text it stumbled on, and that text may be a secret.
    return clean_line(error.strerror or "") if isinstance(error, OSError) else "its text cannot be understood"
