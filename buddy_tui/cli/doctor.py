"""cli: `buddy-tui doctor`: whether this machine can do each job on this service, within five seconds."""

import asyncio
import importlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from buddy_tui.cli.options import Context
from buddy_tui.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.doctor.gather import Outside
    from buddy_tui.doctor.values import Check, Reached, SignedIn
    from buddy_tui.gateway import Cloud

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
        runner.get_loop().set_default_executor(_Left())
        checks = in_order(runner.run(_examined(outside(flags), seconds)))
    verdict = worst(checks)
    took = time.monotonic() - begun
    print(as_json(checks, verdict, took) if json else as_text(checks, took), end="")
    return ExitCode.PROBLEM_FOUND if verdict is Verdict.FAIL else ExitCode.OK


def outside(flags: dict[str, str]) -> "Outside":
    """Return this machine and the real Google as what a doctor looks at, with options as `Context.flags` has them."""
    from buddy_tui.cli.context import warn
    from buddy_tui.cli.dashboard import no_terminal
    from buddy_tui.cli.target import find
    from buddy_tui.doctor.gather import Outside
    from buddy_tui.doctor.machine import look
    from buddy_tui.gcp.permissions import missing

    return Outside(
        look=partial(look, flags, no_terminal(), warn),
        reach=_reach,
        connect=_connect,
        find=find,
        missing=missing,
    )


async def _examined(everything: "Outside", seconds: float) -> list["Check"]:
    from buddy_tui.doctor.examine import examine

    async with aclosing(examine(everything, seconds)) as checks:
        return [check async for check in checks]


async def _reach(settings: "Settings") -> "Reached":
    from buddy_tui.doctor.values import Reached

    await _loaded_first()
    from buddy_tui.gcp.reach import reach

    return Reached(*await reach(settings))


async def _connect(settings: "Settings") -> "tuple[Cloud, SignedIn]":
    from buddy_tui import gcp
    from buddy_tui.doctor.values import SignedIn

    await _loaded_first()
    cloud = await gcp.connect(settings)
    from buddy_tui.gcp.credentials import credential

    told = credential(cloud)
    return cloud, SignedIn(told.kind, told.account, told.member, told.expires, datetime.now(UTC))


async def _loaded_first() -> None:
    """Import what asks for an answer: a tenth of what the clients are, and never beside them in another thread."""
    await asyncio.to_thread(importlib.import_module, "buddy_tui.gcp.reach")


class _Left(ThreadPoolExecutor):
    """Threads that nobody waits for: a sign-in or a name server that hangs does not keep the program from ending."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":  # noqa: ANN401 - as its base has it
        """Run `fn` in a daemon thread of its own."""
        promise: Future[Any] = Future()
        promise.set_running_or_notify_cancel()

        def run() -> None:
            try:
                promise.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
                promise.set_exception(error)

        threading.Thread(target=run, name="buddy-tui doctor", daemon=True).start()
        return promise

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as its base has it
        """Wait for nobody."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)
