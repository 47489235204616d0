"""cli: opens the dashboard, or says why it cannot and which command to use instead."""

import os
import sys
from typing import TYPE_CHECKING

from buddy_tui.cli.settle import settle, with_project
from buddy_tui.config import Settings
from buddy_tui.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from buddy_tui.gateway import Cloud, Deploys, Writes


def dashboard() -> int:
    """Open the dashboard with no option given."""
    return run(settle({}))


def run(settings: Settings, connect: "Callable[[], Awaitable[Cloud]] | None" = None) -> int:
    """Show the dashboard until the operator leaves it, and return the exit code.

    `connect` is awaited after the first paint; without it, Google's Cloud Run is meant. Raises UsageProblem where
    there is no terminal to draw in or no project to look at.
    """
    if why := no_terminal():
        raise UsageProblem(
            f"The dashboard cannot be drawn: {why}.", "For scripts and pipes: buddy-tui status"
        )
    with_project(settings)
    from buddy_tui.app import BuddyApp

    writes, deploys = (None, None) if settings.read_only else (_writes, _deploys)
    app = BuddyApp(settings, connect or _google(settings), writes=writes, deploys=deploys)
    app.run()
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

        return await gcp.connect(settings)

    return connect


def _writes(cloud: "Cloud") -> "Writes":
    from buddy_tui import gcp

    return gcp.writes(cloud)


def _deploys(cloud: "Cloud") -> "Deploys":
    from buddy_tui import gcp

    return gcp.deploys(cloud)
