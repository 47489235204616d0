"""deploy: deployments that were left before their end, by a kill, a lost connection, or whoever closed the program."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from buddy_tui.deploy.control import Control
from buddy_tui.deploy.deploying import lock_of, streamed
from buddy_tui.deploy.memory import Left, Memory, left
from buddy_tui.deploy.outside import Outside
from buddy_tui.deploy.values import Deployment
from buddy_tui.journal.keep import Journal
from buddy_tui.model import ServiceName


def unfinished(journal: Journal, name: ServiceName) -> Left | None:
    """Return the deployment of a service that was left, or that is under way in another program; `None` without one."""
    return left(journal, name)


def under_way(journal: Journal, name: ServiceName) -> bool:
    """Tell whether another program on this machine deploys to the service right now. Raises Unwritable."""
    held = journal.hold(lock_of(name))
    if held:
        held.release()
    return held is None


def in_words(one: Left) -> str:
    """Say what was left, and where it stands."""
    known = one.known
    if known.failed:
        stands = f"it was being taken back: {known.failed}"
    elif known.asked:
        stands = "its revision was asked for"
    elif known.image:
        stands = "its image is built"
    elif known.build:
        stands = "its build was begun"
    else:
        stands = "its source was not built yet" if one.release.root else "its revision was not asked for yet"
    by = f" by {one.author.who}" if one.author.who else ""
    return f"The deployment of {one.release.revision}, begun at {one.began:%Y-%m-%d %H:%M} UTC{by}, was left: {stands}."


async def resume(
    one: Left, outside: Outside, *, control: Control | None = None
) -> AsyncGenerator[Deployment, None]:
    """Go on with a deployment from the last step that is proved, as `deploy` does it.

    With a `control` that was told to cancel it is given up: its build is ended, its revision taken back.
    """
    memory = Memory(outside.journal, one.release, one.author, outside.clock, one.known)
    async with aclosing(streamed(one.release, outside, memory, control or Control(), is_new=False)) as values:
        async for value in values:
            yield value
