"""cli: `buddy-tui probe`: whether a revision is healthy at its own address, and whether a session survives it."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt, PositiveFloat

from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import find, pick_revision, service_in
from buddy_tui.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.cli.probed import Probed
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud
    from buddy_tui.model import Revision, Service
    from buddy_tui.probes.values import Door, Matrix
    from buddy_tui.sessions.values import Ladder

_Value = TypeVar("_Value")
_NO_OPTIONS = Context()
# The most attempts that a question may have: a probe is no load test.
_MOST_ATTEMPTS = 1000
_PAUSE = 10.0


def probe(
    *revisions: str,
    session: Annotated[
        bool, Parameter(help="Also make a session and follow it: writes and deletes one.")
    ] = False,
    attempts: Annotated[
        NonNegativeInt, Parameter(help="Counted attempts of each question; 0 asks none.")
    ] = 8,
    watch: Annotated[bool, Parameter(help="Go on until Ctrl-C, a round after the other.")] = False,
    every: Annotated[
        PositiveFloat | None, Parameter(help="Seconds between two rounds of --watch; 10 if not said.")
    ] = None,
    json: Annotated[
        bool, Parameter(help="Print JSON, schema buddy.probe/1; with --watch a line a round.")
    ] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Ask revisions at their own addresses whether they are healthy, and the serving one for comparison.

    Exits 0 when all is well, 1 on a critical failure, 3 when it could not be tried, 4 when it is not allowed.

    Parameters
    ----------
    revisions
        Names, or their ends. Without any: all that have an address.

    """
    if attempts > _MOST_ATTEMPTS:
        raise UsageProblem(f"--attempts is at most {_MOST_ATTEMPTS:,}: a probe is no load test.")
    if not attempts and (watch or not session):
        raise UsageProblem("With --attempts 0 there is nothing to do but --session.")
    if session and watch:
        raise UsageProblem(
            "Which one: --session, or --watch?", "A session is made once, not again and again."
        )
    if every and not watch:
        raise UsageProblem("--every belongs to --watch.", "--watch --every SECONDS")
    wish = _Wish(revisions, session, attempts, (every or _PAUSE) if watch else None, json)
    return run(_probed(wish, context))


def run(work: Coroutine[object, object, int]) -> int:
    """Return the exit code of `work`. SIGTERM ends it as Ctrl-C does: what was made is removed before."""

    async def ended() -> int:
        task = asyncio.current_task()
        # Windows has no such signal, and a thread may not listen.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            if task:
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(ended())
    except asyncio.CancelledError:
        return ExitCode.INTERRUPTED


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for on the command line; `pause` is `None` without --watch."""

    revisions: tuple[str, ...]
    session: bool
    attempts: int
    pause: float | None
    json: bool


@dataclass(frozen=True, slots=True)
class _Probe:
    """Everything that a probe needs, for one service."""

    cloud: "Cloud"
    settings: "Settings"
    door: "Door"
    service: "Service"
    revisions: "tuple[Revision, ...]"
    wanted: tuple[str, ...]


async def _probed(wish: _Wish, context: Context) -> int:
    flags = context.flags()
    settings = with_project(settle(flags))
    service = next(filter(None, map(service_in, wish.revisions)), "")
    if service and not settings.service:
        settings = with_project(settle({**flags, "service": service}))
    if wish.session and settings.read_only:
        raise _read_only(settings)
    async with _opened(settings, wish) as made:
        if wish.pause is not None:
            return await _watched(made, wish)
        return await _once(made, wish)


def _read_only(settings: "Settings") -> UsageProblem:
    return UsageProblem(
        f"--session makes a session and deletes it, and {settings.read_only.origin} says that nothing may be changed.",
        "Leave --session out, or the other.",
    )


@asynccontextmanager
async def _opened(settings: "Settings", wish: _Wish) -> AsyncIterator[_Probe]:
    from buddy_tui import gcp
    from buddy_tui.probes.door import HttpDoor

    cloud = await gcp.connect(settings)
    try:
        name, notes = await find(cloud, settings)
        for note in notes:
            print(f"buddy-tui: {note}", file=sys.stderr)
        service, revisions = await cloud.service(name), await cloud.revisions(name)
        wanted = tuple(dict.fromkeys(pick_revision(revisions, one).name for one in wish.revisions))
        made = _Probe(cloud, settings, HttpDoor(cloud), service, revisions, wanted)
        if note := _unasked(made):
            print(f"buddy-tui: {note}", file=sys.stderr)
        yield made
    finally:
        await cloud.close()


def _unasked(made: _Probe) -> str:
    """Name revisions newer than all that are asked: most people mean these, and without a word all would seem well."""
    from buddy_tui.probes.targets import targets_of

    asked = {one.revision for one in targets_of(made.service, made.revisions)}
    newer = [one.name for one in takewhile(lambda one: one.name not in asked, made.revisions)]
    if made.wanted or not newer:
        return ""
    more = f" and {len(newer) - 1:,} more" if len(newer) > 1 else ""
    return f"Newer, but without an address and not asked: {newer[0]}{more}. Why: buddy-tui probe {newer[0]}"


async def _once(made: _Probe, wish: _Wish) -> int:
    from buddy_tui.cli.probed import Probed
    from buddy_tui.probes.outcome import outcome as of_questions
    from buddy_tui.sessions.outcome import outcome as of_sessions

    matrix = await _asked(made, wish.attempts) if wish.attempts else None
    ladders = tuple([await _climbed(made, one) for one in _climbers(made)]) if wish.session else ()
    probed = Probed(made.service.name, _now(), matrix, ladders)
    _print(probed, wish)
    codes = [of_questions(matrix, made.wanted)] if matrix else []
    return _worst([*codes, *map(of_sessions, ladders)])


def _worst(codes: list[ExitCode]) -> ExitCode:
    """Return what a script must know first: a failure, then what is not allowed, then what could not be tried."""
    ranks = (ExitCode.PROBLEM_FOUND, ExitCode.NOT_ALLOWED, ExitCode.RETRYABLE)
    return next((rank for rank in ranks if rank in codes), ExitCode.OK)


async def _asked(made: _Probe, attempts: int) -> "Matrix":
    from buddy_tui.probes.ask import ask

    return await _last(
        ask(
            made.service,
            made.revisions,
            made.settings.questions,
            made.door,
            clock=_now,
            wanted=made.wanted,
            attempts=attempts,
        )
    )


async def _watched(made: _Probe, wish: _Wish) -> int:
    """Print each round when it is over. It goes on until it is told to end, unless nobody can be asked."""
    from buddy_tui.cli.probed import Probed
    from buddy_tui.probes.ask import ask
    from buddy_tui.probes.outcome import outcome

    stream = ask(
        made.service,
        made.revisions,
        made.settings.questions,
        made.door,
        clock=_now,
        wanted=made.wanted,
        attempts=wish.attempts,
        pause=wish.pause,
    )
    told = 0
    async with aclosing(stream) as matrices:
        async for matrix in matrices:
            if matrix.round > told or (matrix.done and not told):
                told = matrix.round
                _print(Probed(made.service.name, _now(), matrix), wish)
    return outcome(matrix, made.wanted)


def _climbers(made: _Probe) -> tuple[str, ...]:
    """Return whose sessions are tried: those that were named, else the newest revision with an address."""
    from buddy_tui.probes.targets import targets_of

    if made.wanted:
        return made.wanted
    reachable = {one.revision for one in targets_of(made.service, made.revisions) if not one.refusal}
    newest = next((one.name for one in made.revisions if one.name in reachable), "")
    return (newest or made.service.latest_ready,)


async def _climbed(made: _Probe, revision: str) -> "Ladder":
    from buddy_tui import gcp
    from buddy_tui.sessions.climb import climb

    return await _last(
        climb(
            made.service,
            made.revisions,
            made.settings.session,
            revision,
            door=made.door,
            cloud=made.cloud,
            writes=gcp.writes(made.cloud),
            clock=_now,
        )
    )


async def _last(stream: AsyncGenerator[_Value, None]) -> _Value:
    """Return what a stream ends with; its first value always comes."""
    async with aclosing(stream) as values:
        value = await anext(values)
        async for later in values:
            value = later
    return value


def _print(probed: "Probed", wish: _Wish) -> None:
    from buddy_tui.cli.probed import as_json, as_round, as_text

    if wish.json:
        page = as_json(probed, indent=2 if wish.pause is None else None)
    else:
        page = as_text(probed) if wish.pause is None else as_round(probed)
    print(page, end="", flush=True)


def _now() -> datetime:
    return datetime.now(UTC)
