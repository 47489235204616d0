"""preflight: asks git about a folder. Nothing of the repository is run: no hook, no file-system monitor, no pager."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Git

_SECONDS = 10.0
_MOST = 1000
# Settings of the repository that would start a program of its own.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat", "--no-pager")
_PROGRAMS = ("config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$")
_STATUS = ("status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=all", "--")
_UNPUSHED = ("rev-list", "--count", f"--max-count={_MOST}", "HEAD", "--not", "--remotes")
# No lock is taken, nobody is asked for a password, nothing is fetched.
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
# Set by git for the hooks that it runs: they would lead to another repository.
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


async def git_state(root: Path) -> Git:
    """Return what git says of `root`: files that are not committed, commits that no remote has. Never raises."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _state(root)
    except FileNotFoundError:
        return Git(trouble="git is not installed.")
    except TimeoutError:
        return Git(trouble=f"it did not answer within {_SECONDS:.0f} s.")
    except OSError as error:
        return Git(trouble=f"{error.strerror or error}.")


async def held_by_git(root: Path, folder: str) -> tuple[int, int] | None:
    """Return how many files of a folder below `root` git knows, and how many changes in it are not committed.

    `None` outside of a repository, and where git cannot be asked. Never raises.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            if not await _inside(root):
                return None
            tracked = await _asked(root, "ls-files", "-z", "--", f":(literal){folder}")
            return tracked.count("\0"), len(_dirty(await _status(root, f":(literal){folder}")))
    except (OSError, TimeoutError):
        return None


async def _state(root: Path) -> Git:
    if not await _inside(root):
        return Git()
    status = await _status(root, ".")
    unpushed = (await _asked(root, *_UNPUSHED)).strip()
    branch = await _asked(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    return Git(
        there=True,
        dirty=_dirty(status),
        unpushed=int(unpushed) if unpushed.isdigit() else 0,
        branch=clean_line(branch),
    )


async def _inside(root: Path) -> bool:
    return (await _asked(root, "rev-parse", "--is-inside-work-tree")).strip() == "true"


async def _status(root: Path, what: str) -> str:
    named = (await _asked(root, *_PROGRAMS)).split("\0")
    return await _asked(
        root, *(word for name in named if name for word in ("-c", f"{name}=")), *_STATUS, what
    )


async def _asked(root: Path, *words: str) -> str:
    """Return what git prints; empty when it says no. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *_SAFE,
        "-C",
        str(root),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if key not in _MISLEADING} | _QUIET,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return output.decode("utf-8", "replace") if process.returncode == 0 else ""


def _dirty(status: str) -> tuple[str, ...]:
    """Return the paths of `git status --porcelain=v1 -z`; the former name of a renamed file follows it, and is dropped."""
    entries = iter(status.split("\0"))
    paths = []
    for entry in entries:
        if len(entry) < 4:
            continue
        if entry[0] in "RC":
            next(entries, "")
        paths.append(clean_line(entry[3:]))
    return tuple(paths[:_MOST])
