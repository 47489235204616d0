"""cli: `buddy-tui sessions`: who wrote the sessions that are there, and whether fewer come since a rollout."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.status import flags_of, look
from buddy_tui.errors import ExitCode, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud
    from buddy_tui.sessions.values import Audit

_NO_OPTIONS = Context()
_MOST = 100_000


def sessions(
    service: str | None = None,
    /,
    *,
    most: Annotated[
        int, Parameter(help="Read at most so many documents, the newest; 2,000 if not said.")
    ] = 2000,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.sessions/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> int:
    """Count the sessions in Firestore by revision and hour. Changes nothing; says how many documents it read.

    Parameters
    ----------
    service
        Its name. Without one: that of the context, or the only one.

    """
    if not 1 <= most <= _MOST:
        raise UsageProblem(f"--most {most} is not between 1 and {_MOST:,}.")
    settings = with_project(settle(flags_of(service, context)))
    audited = asyncio.run(_from_google(settings, most))
    from buddy_tui.cli.audited import as_json, as_text

    # Not every terminal's encoding has blocks.
    plain = bool(settings.ascii) or not (sys.stdout.encoding or "").lower().startswith("utf")
    print(as_json(audited) if json else as_text(audited, plain=plain), end="")
    return audited.trouble.exit_code if audited.trouble else ExitCode.OK


async def counted(cloud: "Cloud", settings: "Settings", most: int) -> "Audit":
    """Find the service that is meant, and audit its sessions. Raises BuddyError when the service cannot be read."""
    from buddy_tui.sessions.audit import audit

    service, revisions = await look(cloud, settings)
    return await audit(cloud, service, revisions, settings.session, clock=_now, most=most)


async def _from_google(settings: "Settings", most: int) -> "Audit":
    from buddy_tui import gcp

    cloud = await gcp.connect(settings)
    try:
        return await counted(cloud, settings, most)
    finally:
        await cloud.close()


def _now() -> datetime:
    return datetime.now(UTC)
