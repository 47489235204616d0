"""cli: `buddy-tui doctor`: whether this machine can do each job on this service, within five seconds."""

import asyncio
import importlib
import time
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.cli.options import Context
from buddy_tui.cli.threads import Threads, left_behind
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from buddy_tui.doctor.gather import Outside
    from buddy_tui.doctor.values import Check, Machine, Reached, SignedIn
    from buddy_tui.gateway import Cloud
    from buddy_tui.model import ServiceName

_NO_OPTIONS = Context()
# Nobody waits for a machine longer than that.
_LONGEST = timedelta(minutes=10)


def doctor(
    service: str | None = None,
    /,
    *,
    timeout: Annotated[
        timedelta | None, Parameter(help="How long to wait for answers, e.g. 20s; else all is told in five.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.doctor/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Say within five seconds whether this machine can do each job on this service. Changes nothing, shows no token.

    Exits 0 when nothing stands in the way, with or without warnings, 1 when something does.

    Parameters
    ----------
    service
        Its name. Without one: that of the context, or none.

    """
    from buddy_tui.cli.doctored import as_json, as_text
    from buddy_tui.cli.status import flags_of
    from buddy_tui.doctor.examine import SECONDS, in_order, worst
    from buddy_tui.preflight.values import Verdict

    begun = time.monotonic()
    if timeout is not None and not timedelta() < timeout <= _LONGEST:
        raise UsageProblem("--timeout wants a length of time, ten minutes at most.", "For example 20s.")
    seconds = timeout.total_seconds() if timeout else SECONDS
    flags = flags_of(service, context)
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(Threads())
        checks = in_order(runner.run(_examined(outside(flags), seconds)))
    verdict = worst(checks)
    took = time.monotonic() - begun
    print(as_json(checks, verdict, took) if json else as_text(checks, took), end="")
    return ExitCode.PROBLEM_FOUND if verdict is Verdict.FAIL else ExitCode.OK


def outside(flags: "Mapping[str, str]", name: "ServiceName | None" = None) -> "Outside":
    """Return this machine and the real Google as what a doctor looks at, with options as `Context.flags` has them.

    `name` is the service in view, whatever the options say.
    """
    from buddy_tui.cli.context import warn
    from buddy_tui.cli.dashboard import no_terminal
    from buddy_tui.cli.target import find
    from buddy_tui.doctor.gather import Outside
    from buddy_tui.doctor.machine import look
    from buddy_tui.gcp.permissions import missing

    return Outside(
        look=lambda: in_view(look(flags, no_terminal(), warn), name),
        reach=_reach,
        connect=_connect,
        find=find,
        missing=missing,
    )


def in_view(machine: "Machine", name: "ServiceName | None") -> "Machine":
    """Return the machine with the settings of somebody who looks at the service `name`."""
    return machine if name is None else replace(machine, settings=_looking_at(machine.settings, name))


def _looking_at(settings: Settings, name: "ServiceName") -> Settings:
    def told(value: str, *known: Known) -> Known:
        return next((one for one in known if one.value == value), Known(value, "the screen"))

    return replace(
        settings,
        project=told(name.project, settings.project),
        regions=(told(name.region, *settings.regions),),
        service=told(name.service, settings.service),
    )


async def _examined(everything: "Outside", seconds: float) -> list["Check"]:
    from buddy_tui.doctor.examine import examine

    with left_behind():
        async with aclosing(examine(everything, seconds)) as checks:
            return [check async for check in checks]


async def _reach(settings: Settings) -> "Reached":
    from buddy_tui.doctor.values import Reached

    with left_behind():
        await _loaded_first()
        from buddy_tui.gcp.reach import reach

        return Reached(*await reach(settings))


async def _connect(settings: Settings) -> "tuple[Cloud, SignedIn]":
    from buddy_tui import gcp
    from buddy_tui.doctor.values import SignedIn

    with left_behind():
        await _loaded_first()
        cloud = await gcp.connect(settings)
    from buddy_tui.gcp.credentials import credential

    told = credential(cloud)
    return cloud, SignedIn(told.kind, told.account, told.member, told.expires, datetime.now(UTC))


async def _loaded_first() -> None:
    """Import what asks for an answer: a tenth of what the clients are, and never beside them in another thread."""
    await asyncio.to_thread(importlib.import_module, "buddy_tui.gcp.reach")
