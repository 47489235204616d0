"""source: the other end of a smoke boot. It runs by itself, in a Python of 3.8 or newer that may have nothing installed.

Its standard input brings one line of JSON and then stays open for as long as somebody waits for it. What it finds goes
as JSON to the file that the line names; importing writes its times to standard error, after a line of its own.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import re
import shutil
import sys
import threading
import traceback
from pathlib import Path
from typing import IO, Any

_IMPORTING = re.compile(r"<frozen importlib|importlib[/\\]__init__\.py$")
MARK = "buddy-tui: importing"


def main() -> None:
    """Import what the first line of standard input says, and write down how that ended."""
    order = json.loads(sys.stdin.readline())
    watch(sys.stdin, order["folder"])
    before = frozenset(sys.modules)
    prepare(order)
    sys.stderr.write(MARK + "\n")
    sys.stderr.flush()
    told: dict[str, object] = {"raised": ""}
    try:
        run(order)
    except BaseException as error:  # noqa: BLE001 - whatever ends an import is what is asked for
        told = failure(error, order["root"])
    told["foreign"] = foreign(before, order["root"])
    told["python"] = list(sys.version_info[:2])
    Path(order["result"]).write_text(json.dumps(told), encoding="utf-8")
    sys.stdout.flush()
    # Threads that were started on import need not end by themselves.
    os._exit(0)


def watch(orders: IO[str], folder: str) -> None:
    """End at once when whoever asked is gone, with the copy of the image, and leave the program an empty standard input."""
    kept = os.dup(orders.fileno())
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)

    def wait() -> None:
        os.read(kept, 1)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def prepare(order: dict[str, Any]) -> None:
    """Put the image's folders on the path, hide what is ours, and refuse the network."""
    installed = [path for path in sys.path if not order["hidden"] or is_installed(path)]
    sys.path[:] = order["path"] + installed + order["packages"]
    sys.meta_path.insert(0, Hiding(order["hidden"], order["path"] + order["packages"]))
    sys.addaudithook(no_network)


def is_installed(path: str) -> bool:
    """Tell whether a folder is Python's own or one of packages, and no project that was installed to be edited."""
    return path.startswith((sys.base_prefix, sys.base_exec_prefix)) or "-packages" in path


class Hiding:
    """Makes modules of the program that asked unknown, unless the image has some of that name."""

    def __init__(self, names: list[str], folders: list[str]) -> None:
        self.names = frozenset(names)
        self.folders = folders

    def find_spec(self, name: str, path: object = None, _target: object = None) -> None:
        """Raise ModuleNotFoundError for a hidden name."""
        hidden = path is None and name in self.names
        if hidden and not any(self.has(folder, name) for folder in self.folders):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    @staticmethod
    def has(folder: str, name: str) -> bool:
        """Tell whether a folder has a module or a package of a name."""
        return Path(folder, name).is_dir() or Path(folder, f"{name}.py").is_file()


def no_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections and look-ups of names; on Windows event loops connect to themselves."""
    if event == "socket.connect":
        address = arguments[1]
        local = isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1")
        if isinstance(address, tuple) and not (local and sys.platform == "win32"):
            raise ConnectionRefusedError(errno.ECONNREFUSED, "a smoke boot has no network")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and arguments[0] not in (
        None,
        "",
        "localhost",
    ):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "a smoke boot has no network")


def run(order: dict[str, Any]) -> None:
    """Import the module and take from it what is served, or import the script under a name that is not `__main__`."""
    if not order["script"]:
        parts = order["module"].split(".")
        for count in range(1, len(parts) + 1):
            # Not import_module, which times nothing: each package has a time of its own so.
            __import__(".".join(parts[:count]))
        served = sys.modules[order["module"]]
        for name in order["attribute"].split(".") if order["attribute"] else ():
            served = getattr(served, name)
        return
    spec = importlib.util.spec_from_file_location("__smoke_boot__", order["script"])
    if spec is None or spec.loader is None:
        raise ImportError("this is no Python file", path=order["script"])
    module = importlib.util.module_from_spec(spec)
    sys.modules["__smoke_boot__"] = module
    spec.loader.exec_module(module)


def failure(error: BaseException, root: str) -> dict[str, object]:
    """Tell of an exception: its class and those above it, its words, what it names, and where it was raised."""
    told = traceback.TracebackException.from_exception(error)
    frames = told.stack
    # What led to the program is not the program's.
    frames[:] = [one for one in frames if one.filename != __file__ and not _IMPORTING.search(one.filename)]
    last = frames[-1].filename if frames else ""
    if isinstance(error, SyntaxError):
        last = error.filename or last
    return {
        "raised": type(error).__name__,
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "said": str(error),
        "name": getattr(error, "name", None) or "",
        "file": str(getattr(error, "filename", None) or ""),
        "line": (getattr(error, "text", None) or "") if isinstance(error, SyntaxError) else "",
        "here": os.path.realpath(last).startswith(os.path.realpath(root) + os.sep),
        "traceback": "".join(told.format()),
    }


def foreign(before: frozenset[str], root: str) -> bool:
    """Tell whether anything was imported that is neither Python's own nor the image's."""
    known = getattr(sys, "stdlib_module_names", None)
    if known is None:
        return True
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name not in before and file and name.partition(".")[0] not in known and not file.startswith(root):
            return True
    return False


if __name__ == "__main__":
    main()
