"""doctor: looks at this machine. Reads settings, names of files and their public fields; asks nobody, starts nothing."""

import os
import shutil
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from buddy_tui import __version__, gcloud_files
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings, find_buddy_toml, resolve
from buddy_tui.doctor.network import CERTIFICATES
from buddy_tui.doctor.values import Machine, Programs, Terminal, Untold
from buddy_tui.errors import BuddyError
from buddy_tui.gcloud_files import ActiveConfiguration, AdcFile
from buddy_tui.journal.keep import Journal
from buddy_tui.source.smoke import own_interpreter

_LIBRARIES = (
    "textual",
    "rich",
    "google-cloud-run",
    "google-cloud-logging",
    "google-cloud-firestore",
    "google-auth",
    "grpcio",
    "httpx",
)
Differ = Callable[[Settings, AdcFile | None], Iterable[str]]


def look(flags: Mapping[str, str], no_terminal: str, differ: Differ) -> Machine:
    """Return what this process, its environment and its files tell. Blocks on disks, and raises nothing of ours.

    `no_terminal` says why no screen can be drawn here, or is empty; `differ` tells where two identities disagree.
    """
    environ = dict(os.environ)
    home = gcloud_files.home()
    cwd, trouble = _working_directory(home)
    settings, toml_trouble, unsettled = _settled(flags, environ, cwd, home)
    folder = gcloud_files.directory(environ, home)
    adc = gcloud_files.adc_file(folder, environ)
    active = gcloud_files.active_configuration(folder, environ)
    journal = Journal().path
    own = own_interpreter(cwd)
    usable = adc is not None and not adc.problem and not settings.emulated
    return Machine(
        settings=settings,
        environ=environ,
        trouble=trouble or unsettled,
        toml=_toml(environ, cwd),
        toml_trouble=toml_trouble,
        terminal=_terminal(no_terminal),
        programs=_programs(),
        gcloud=active,
        adc=adc,
        differences=tuple(differ(settings, adc)) if usable else (),
        unknown_configuration=_unknown(active),
        lost=tuple(name for name in CERTIFICATES if environ.get(name) and not _trusted(environ[name])),
        journal=journal,
        state_trouble=_unwritable(journal.parent),
        interpreter=own or sys.executable or "",
        own=bool(own),
        broken="" if own else _broken_environment(cwd),
        platform=sys.platform,
    )


def _working_directory(home: Path) -> tuple[Path, Untold | None]:
    try:
        return Path.cwd(), None
    except OSError:
        return home, Untold("The working directory does not exist any more.", "cd to one that does.")


def _settled(
    flags: Mapping[str, str], environ: Mapping[str, str], cwd: Path, home: Path
) -> tuple[Settings, Untold | None, Untold | None]:
    """Settle with buddy.toml, else without it, else not at all; and say what was wrong with it, and without it."""
    try:
        return resolve(flags, environ, cwd, home), None, None
    except BuddyError as error:
        first = Untold(str(error), error.hint)
    without = {key: value for key, value in environ.items() if key != "BUDDY_PROFILE"}
    nothing = without | {"BUDDY_CONFIG": os.devnull}
    try:
        told = {key: value for key, value in flags.items() if key != "profile"}
        return resolve(told, nothing, cwd, home), first, None
    except BuddyError as error:
        return Settings(), None, Untold(str(error), error.hint)


def _toml(environ: Mapping[str, str], cwd: Path) -> Path | None:
    try:
        return find_buddy_toml(environ, cwd)
    except BuddyError:
        return None


def _terminal(none: str) -> Terminal:
    """Measure the terminal as Textual does, which lets COLUMNS and LINES count; without one, those alone."""
    size = shutil.get_terminal_size((0, 0))
    return Terminal(none, size.columns, size.lines, getattr(sys.__stdout__, "encoding", "") or "")


def _programs() -> Programs:
    versions = [("buddy-tui", __version__), ("Python", python_version())]
    versions += [(name, _version(name)) for name in _LIBRARIES]
    found = shutil.which("gcloud") or ""
    return Programs(tuple(versions), found, _gcloud_version(found) if found else "")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _gcloud_version(program: str) -> str:
    """Read the version that the Cloud SDK keeps beside its `bin`: to start it takes seconds."""
    with suppress(OSError, UnicodeDecodeError, IndexError):
        text = (Path(program).resolve().parents[1] / "VERSION").read_text(encoding="utf-8")
        return clean_line(text.strip())[:20]
    return ""


def _unknown(active: ActiveConfiguration) -> bool:
    """Tell whether somebody chose a configuration that is not there; gcloud goes on without a word, and without it."""
    return not active.problem and active.name not in {"default", "NONE"} and not active.path.exists()


def _trusted(name: str) -> bool:
    """Tell whether certificates can be read from there. Of a folder, which is looked into when one is needed, no more."""
    try:
        if not Path(name).is_dir():
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(name)
    except (OSError, ValueError):
        return False
    return True


def _unwritable(folder: Path) -> str:
    """Say why nothing can be written there; empty when it can. Leaves nothing behind, and makes no folder."""
    nearest = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)
    try:
        if nearest == folder:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b" ")
            return ""
    except OSError as error:
        return clean_line(error.strerror or "it is refused")
    if not nearest.is_dir():
        return f"{clean_line(str(nearest))} is no folder"
    return "" if os.access(nearest, os.W_OK) else f"no folder can be made in {clean_line(str(nearest))}"


def _broken_environment(cwd: Path) -> str:
    return next((name for name in (".venv", "venv") if (cwd / name / "pyvenv.cfg").is_file()), "")
