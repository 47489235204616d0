"""cli: `buddy-tui status`: one look at a service, for people and for scripts."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.snapshot import as_json, as_text
from buddy_tui.cli.target import find
from buddy_tui.config import Settings
from buddy_tui.errors import UsageProblem

if TYPE_CHECKING:
    from buddy_tui.gateway import Reads
    from buddy_tui.model import Revision, Service

_NO_OPTIONS = Context()


def status(
    service: str | None = None,
    /,
    *,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.status/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> None:
    """Print a service: traffic, revisions, what is broken.

    Parameters
    ----------
    service
        Its name. Without one: that of the context, or the only one.

    """
    settings = with_project(settle(flags_of(service, context)))
    found, revisions = asyncio.run(_from_google(settings))
    form = as_json if json else as_text
    print(form(found, revisions, datetime.now(UTC)), end="")


async def look(reads: "Reads", settings: Settings) -> "tuple[Service, tuple[Revision, ...]]":
    """Find the service that is meant, and read it and its revisions once. Raises BuddyError."""
    name, notes = await find(reads, settings)
    for note in notes:
        print(f"buddy-tui: {note}", file=sys.stderr)
    return await reads.service(name), await reads.revisions(name)


def flags_of(service: str | None, context: Context) -> dict[str, str]:
    """Return the options of the context with the service that was named. Raises UsageProblem when they disagree."""
    flags = context.flags()
    if service is not None and flags.setdefault("service", service) != service:
        raise UsageProblem(f"Which one: {service}, or {context.service} as --service says?")
    return flags


async def _from_google(settings: Settings) -> "tuple[Service, tuple[Revision, ...]]":
    from buddy_tui import gcp

    reads = await gcp.connect(settings)
    try:
        return await look(reads, settings)
    finally:
        await reads.close()
