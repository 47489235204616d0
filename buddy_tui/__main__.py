"""Where the program starts: guards the import path, then hands over to the command line."""

import os
import sys

# This program runs inside other people's projects, whose folders may hold a `screens` or a `config` of their own.
# `python -m` and PYTHONPATH=. put such a folder first on the path, so this comes before any other import.
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib is not loaded yet


def _is_foreign(entry: str) -> bool:
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109
    except OSError:  # deleted
        return entry in {"", "."}
    return os.path.realpath(entry or here) == here != os.path.realpath(_OURS)


sys.path[:] = [entry for entry in sys.path if not _is_foreign(entry)]


class _Pinned:
    """Finds the top-level package `screens` beside this one, whatever else the path holds."""

    @staticmethod
    def find_spec(name: str, *_: object) -> object:
        """Answer for `screens` alone."""
        if name != "screens":
            return None
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(name, [_OURS])


def main() -> int:
    """Run the command line and return the exit code. The commonest calls load no library that they do not need."""
    from buddy_tui.cli.outcome import concluded

    return concluded(lambda: _run(sys.argv[1:]))


def _run(arguments: list[str]) -> int | None:
    _speak_any_text()
    if arguments == ["--version"]:
        from buddy_tui import __version__

        print(__version__)  # noqa: T201
        return 0
    if arguments in (["--help"], ["-h"]):
        from buddy_tui.cli.verbs import root_help

        print(root_help(), end="")  # noqa: T201
        return 0
    if not arguments:
        from buddy_tui.cli.dashboard import dashboard

        return dashboard()
    if len(arguments) == 2 and arguments[0] == "open" and not arguments[1].startswith("-"):
        from pathlib import Path

        from buddy_tui.cli.open import open_file

        return open_file(Path(arguments[1]))
    from buddy_tui.cli.parser import parse_and_run

    return parse_and_run(arguments)


def _speak_any_text() -> None:
    """Let a terminal that knows few characters get escapes for the others, rather than us an error."""
    if sys.stderr is None:  # closed by the caller; `print` would take None for standard output
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


sys.meta_path.insert(0, _Pinned)  # type: ignore[arg-type] # a finder is anything that has find_spec

if __name__ == "__main__":
    sys.exit(main())
