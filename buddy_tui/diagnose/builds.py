"""diagnose: which build made an image."""

from dataclasses import replace

from buddy_tui.errors import NotFound
from buddy_tui.logs import LogDesk
from buddy_tui.model import LogScope

_WHERE = "Cloud Logging keeps build logs for 30 days by default, and a build may log to a bucket only."


async def located(desk: LogDesk, scope: LogScope) -> LogScope:
    """Return the scope of the newest build of `scope.source` up to `scope.until`; other scopes as they are.

    Raises NotFound where no log tells of one, BuddyError when the logs cannot be read.
    """
    if not scope.source:
        return scope
    found = await desk.window(replace(scope, since=0), most=1)
    if not found or not found[-1].instance:
        raise NotFound(f"No build log was found for {scope.source}.", _WHERE)
    return replace(scope, build=found[-1].instance, source="", until=0)
