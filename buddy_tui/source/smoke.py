"""source: the smoke boot: the entry module, imported by a clean process from a copy of the image's files.

It is the one place that runs a project's own code before it is deployed; whoever calls it has announced it.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from buddy_tui.clean import clean_line
from buddy_tui.source import booting
from buddy_tui.source.boot_verdict import Tried, judged
from buddy_tui.source.declared import declared_in
from buddy_tui.source.laying_out import inside, lay_out
from buddy_tui.source.values import Boot, Booted, Entry, Image, Upload

_MOST_OUTPUT = 16 << 20
# Packages of ours, which our own interpreter has and the image has not.
_PACKAGES = ("buddy_tui", "screens", "tests", "benchmarks")
_GLANCE = 0.02
_CLOSED = "http://127.0.0.1:9"
_SECRET = re.compile(
    r"secret|token|passw|pwd|key|credential|auth|dsn|cert|private|salt|signature|_url$|_uri$", re.IGNORECASE
)
_OURS = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR")
_TIME = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)\s*$", re.MULTILINE)


def own_interpreter(*folders: Path) -> str:
    """Return the Python of a virtual environment in the first of these folders that has one, else an empty string."""
    inner = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    for folder in folders:
        for name in (".venv", "venv"):
            # Not resolved: the link's own place is what makes it the environment's.
            if (folder / name / "pyvenv.cfg").is_file() and os.access(folder / name / inner, os.X_OK):
                return str(folder / name / inner)
    return ""


async def smoke_boot(
    upload: Upload, image: Image, entry: Entry, *, python: str = "", seconds: float = 20.0
) -> Boot:
    """Import the entry module in a copy of the image's files; never raises for what the project does.

    `python` is an interpreter, else the upload's own virtual environment's, else ours. The process has no credentials, no
    network as far as Python code asks for it, an empty home, `seconds` to import, and ends with all that it started. The
    copy is gone afterwards, also when this is cancelled.
    """
    if not entry.module and not entry.script:
        return Boot(Booted.NOT_TRIED, entry.unknown or "What is started could not be told.")
    own = python or own_interpreter(upload.root)
    interpreter = own or sys.executable
    if not interpreter:
        return Boot(Booted.NOT_TRIED, "There is no Python to try it with.")
    stop = threading.Event()
    work = asyncio.ensure_future(
        asyncio.to_thread(_boot, _Order(upload, image, entry, interpreter, bool(own), seconds), stop)
    )
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([work])
        raise


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be tried, and with what; `own` when the interpreter is the project's.

    `packages` are folders of the upload whose packages the image installs.
    """

    upload: Upload
    image: Image
    entry: Entry
    interpreter: str
    own: bool
    seconds: float
    packages: tuple[str, ...] = ()


def _boot(order: _Order, stop: threading.Event) -> Boot:
    try:
        with _folder() as folder:
            packages = declared_in(order.upload, order.image).folders
            return _boot_in(replace(order, packages=packages), folder, stop)
    except OSError as error:
        said = f"It could not be tried: {clean_line(error.strerror or str(error))}."
        return Boot(Booted.NOT_TRIED, said, order.interpreter)


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a private folder and take it away again, in spite of read-only files."""
    folder = Path(tempfile.mkdtemp(prefix="buddy-boot-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, onerror=_force)


def _force(function: object, path: str, _: object) -> None:
    """Delete what refuses once more after it was made writable; what stays then belongs to somebody else."""
    with suppress(OSError):
        Path(path).parent.chmod(0o700)
        Path(path).chmod(0o700)
        if callable(function):
            function(path)


def _boot_in(order: _Order, folder: Path, stop: threading.Event) -> Boot:
    root, home = folder / "image", folder / "home"
    for one in (root, home):
        one.mkdir()
    left = lay_out(order.upload, order.image, root, stop.is_set)
    workdir = inside(root, order.image.workdir) or root
    workdir.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    ended = _import(order, folder, workdir, stop)
    took = time.monotonic() - began
    output = (folder / "errors").read_text("utf-8", "replace")
    boot = judged(
        _result(folder / "result"),
        ended,
        output,
        order.upload,
        order.image,
        order.entry,
        Tried(order.own, left, order.packages),
    )
    times = _times(output.partition(booting.MARK)[2])
    hidden = boot.traceback.replace(f"{root}{os.sep}", os.sep)
    return replace(boot, interpreter=order.interpreter, times=times, took=took, traceback=hidden)


def _import(order: _Order, folder: Path, workdir: Path, stop: threading.Event) -> str:
    """Run the process to its end; return why it was ended, or an empty string where it ended by itself."""
    root = folder / "image"
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - the interpreter that was announced, and a file of ours
            [order.interpreter, "-I", "-B", "-X", "importtime", "-X", "utf8", booting.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=workdir,
            env=_environment(order.image, folder),
            start_new_session=True,
        )
        try:
            if process.stdin:
                with suppress(OSError):
                    process.stdin.write(f"{json.dumps(_told(order, folder, root))}\n".encode())
                    process.stdin.flush()
            return _wait(process, folder / "errors", order.seconds, stop)
        finally:
            _end(process, folder)


def _told(order: _Order, folder: Path, root: Path) -> dict[str, object]:
    """Return the one line that the process reads."""
    entry = order.entry
    packages = [place for folder in order.packages for place in _places(order.image, folder)]
    return {
        "module": entry.module,
        "attribute": entry.served,
        "script": str(inside(root, entry.script) or "") if entry.script else "",
        "path": [str(inside(root, one)) for one in entry.path if inside(root, one)],
        "packages": [str(inside(root, one)) for one in dict.fromkeys(packages) if inside(root, one)],
        "root": str(root),
        "folder": str(folder),
        "result": str(folder / "result"),
        "hidden": [] if order.own else list(_PACKAGES),
    }


def _places(image: Image, folder: str) -> Iterator[str]:
    """Yield the folders of the image in which the files of a folder of the upload lie."""
    prefix = "" if folder == "." else f"{folder}/"
    for place, path in image.files.items():
        inner = f"/{path[len(prefix) :]}"
        if path.startswith(prefix) and place.endswith(inner):
            yield place.removesuffix(inner) or "/"


def _wait(process: subprocess.Popen[bytes], errors: Path, seconds: float, stop: threading.Event) -> str:
    deadline = time.monotonic() + seconds
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GLANCE)
            return ""
        if stop.is_set():
            return "It was stopped."
        if time.monotonic() > deadline:
            return f"It was still importing after {seconds:g} s."
        if errors.stat().st_size > _MOST_OUTPUT:
            return "It wrote more than anybody reads."


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End the process and all that it started: its group and who left it, or on Windows its tree."""
    if sys.platform == "win32":
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, check=False, capture_output=True)  # noqa: S603
    else:
        # The group is there as long as one of it is, also when its first has ended.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for stray in _strays(folder):
            with suppress(OSError):
                os.kill(stray, signal.SIGKILL)
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
    process.wait()


def _strays(folder: Path) -> Iterator[int]:
    """Yield what has made itself a session of its own, known by the home that we gave it; Linux alone shows that."""
    ours = os.fsencode(f"HOME={folder / 'home'}")
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if ours in environment.read_bytes().split(b"\0"):
                yield int(environment.parent.name)


def _environment(image: Image, folder: Path) -> dict[str, str]:
    """Return what the process gets: nothing of ours but where programs lie, and of the image's what is plain."""
    root, home = folder / "image", str(folder / "home")
    plain = {
        name: str(inside(root, value)) if value.startswith("/") and _is_there(root, value) else value
        for name, value in image.env.items()
        if not _SECRET.search(name)
        and not name.startswith(("PYTHON", "GOOGLE_", "LD_", "DYLD_"))
        and "\0" not in value
    }
    ours = {name: os.environ[name] for name in _OURS if name in os.environ}
    proxies = {
        name: _CLOSED for one in ("http", "https", "all") for name in (f"{one}_proxy", f"{one}_proxy".upper())
    }
    return {
        **plain,
        **ours,
        **dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "CLOUDSDK_CONFIG"), home),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), home),
        **proxies,
        "LANG": "C.UTF-8",
        "PORT": "8080",
        # Google's libraries ask the metadata server for credentials, and wait.
        "NO_GCE_CHECK": "true",
        "GCE_METADATA_HOST": "127.0.0.1:9",
    }


def _is_there(root: Path, value: str) -> bool:
    target = inside(root, value)
    try:
        return target is not None and target.exists()
    except (OSError, ValueError):
        return False


def _result(file: Path) -> dict[str, object]:
    """Return what the process wrote down; empty where it did not come so far."""
    try:
        told = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _times(output: str) -> tuple[tuple[str, float], ...]:
    """Return each module's own import time in milliseconds, the slowest first."""
    times = {name: int(own) / 1000 for own, name in _TIME.findall(output)}
    return tuple(sorted(times.items(), key=lambda one: (-one[1], one[0])))
