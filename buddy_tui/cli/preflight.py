"""cli: `buddy-tui preflight`: whether a source folder would deploy, before anything is uploaded."""

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import with_project
from buddy_tui.errors import BuddyError, ExitCode, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.preflight.values import Preflight, Target

_NO_OPTIONS = Context()
# Google has so long to answer what it is asked; the files can be judged without.
_SECONDS = 20.0


def preflight(
    *,
    source: Annotated[str, Parameter(help="The folder that would be uploaded.")] = ".",
    no_boot: Annotated[bool, Parameter(help="Run nothing: leave the smoke boot out.")] = False,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.preflight/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Look at a source folder as it would be uploaded and built. Needs no account; with a service, more is checked.

    Exits 0 when it would deploy, with or without warnings, 1 when it would not, 2 when there is no such folder.
    """
    from buddy_tui.cli.preflighted import as_json, as_text
    from buddy_tui.preflight.values import Verdict

    if not source.strip():
        raise UsageProblem("--source is empty.")
    found = asyncio.run(_judged(source, context.settings(), smoke=not no_boot))
    print((as_json if json else as_text)(found), end="")
    return ExitCode.PROBLEM_FOUND if found.verdict is Verdict.FAIL else ExitCode.OK


async def _judged(source: str, settings: "Settings", *, smoke: bool) -> "Preflight":
    from buddy_tui.preflight.gather import gather
    from buddy_tui.preflight.judge import preflight as judged

    facts = await gather(source, smoke=smoke, tell=_announce)
    return judged(replace(facts, target=await _target(settings)) if settings.service else facts)


async def _target(settings: "Settings") -> "Target":
    """Ask about the service; where nobody answers, only the files are judged, and it is said why."""
    from buddy_tui import gcp
    from buddy_tui.cli.target import find
    from buddy_tui.preflight.target import look_at
    from buddy_tui.preflight.values import Target

    try:
        async with asyncio.timeout(_SECONDS):
            cloud = await gcp.connect(with_project(settings))
            try:
                name, _ = await find(cloud, settings)
                return await look_at(cloud, name)
            finally:
                await cloud.close()
    except BuddyError as error:
        return Target(trouble=str(error))
    except TimeoutError:
        return Target(trouble=f"Google did not answer within {_SECONDS:.0f} s.")


def _announce(sentence: str) -> None:
    print(f"buddy-tui: {sentence}", file=sys.stderr, flush=True)
