"""cli: opens the dashboard, or says why it cannot and which command to use instead."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.threads import Threads, left_behind
from buddy_tui.config import Settings
from buddy_tui.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from buddy_tui.doctor.gather import Outside
    from buddy_tui.gateway import Cloud, Deploys, Writes
    from buddy_tui.model import ServiceName


def dashboard() -> int:
    """Open the dashboard with no option given."""
    return run(settle({}))


def run(
    settings: Settings,
    connect: "Callable[[], Awaitable[Cloud]] | None" = None,
    doctor: "Callable[[ServiceName | None], Outside] | None" = None,
) -> int:
    """Show the dashboard until the operator leaves it, and return the exit code.

    `connect` is awaited after the first paint; without it, Google's Cloud Run is meant. `doctor` returns what a doctor
    looks at for the service in view, see `doctor_of`. Raises UsageProblem where there is no terminal to draw in or no
    project to look at.
    """
    if why := no_terminal():
        raise UsageProblem(
            f"The dashboard cannot be drawn: {why}.", "For scripts and pipes: buddy-tui status"
        )
    with_project(settings)
    from buddy_tui.app import BuddyApp

    writes, deploys = (None, None) if settings.read_only else (_writes, _deploys)
    app = BuddyApp(
        settings,
        connect or _google(settings),
        writes=writes,
        deploys=deploys,
        doctor=doctor or doctor_of({}),
    )
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(Threads())
        runner.run(app.run_async())
    return app.conclusion()


def no_terminal() -> str:
    """Say why no screen can be drawn here; empty when one can. Textual draws on stderr, so that counts too."""
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        if stream is None or stream.closed or not stream.isatty():
            return f"{stream.name.strip('<>') if stream else 'a standard stream'} is no terminal"
    return "TERM is dumb" if os.environ.get("TERM") == "dumb" else ""


def _google(settings: Settings) -> "Callable[[], Awaitable[Cloud]]":
    async def connect() -> "Cloud":
        from buddy_tui import gcp

        with left_behind():
            return await gcp.connect(settings)

    return connect


def doctor_of(flags: "Mapping[str, str]") -> "Callable[[ServiceName | None], Outside]":
    """Return what a doctor looks at where the dashboard was started with these options, as `Context.flags` has them."""

    def look_at(name: "ServiceName | None") -> "Outside":
        from buddy_tui.cli.doctor import outside

        return outside(flags, name)

    return look_at


def _writes(cloud: "Cloud") -> "Writes":
    from buddy_tui import gcp

    return gcp.writes(cloud)


def _deploys(cloud: "Cloud") -> "Deploys":
    from buddy_tui import gcp

    return gcp.deploys(cloud)
