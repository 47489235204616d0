"""gcp: whether there is a way to Cloud Run at all, and what time it is there.

Needs neither credentials nor the clients, which take their time to load.
"""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from buddy_tui import __version__
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.errors import Unreachable
from buddy_tui.gcp.errors import About, translate
from buddy_tui.gcp.network import rest_base

_SECONDS = 8.0


async def reach(settings: Settings) -> tuple[str, datetime | None, datetime, float]:
    """Ask for nothing, as every answer will do.

    Return the host, the time in its `Date` (`None` without one), ours in the middle of it, and how many seconds it took.

    Goes as our REST calls do: through the environment's proxy, and past any to an emulated world. Raises Unreachable.
    """
    base = rest_base(settings)
    host = urlsplit(base).netloc
    try:
        http = await asyncio.to_thread(_client, emulated=bool(settings.emulated))
        async with http:
            begun = datetime.now(UTC)
            answer = await http.head(base)
            took = datetime.now(UTC) - begun
    except httpx.ProxyError as error:  # its words are the proxy's own, e.g. that it wants a password
        raise Unreachable(
            f"The proxy refused the way to {host}: {clean_line(str(error))[:200]}.", "Check https_proxy."
        ) from error
    except (httpx.HTTPError, OSError) as error:
        raise translate(error, About(settings.project.value, host=host, seconds=_SECONDS)) from error
    # The time in the answer is from somewhere between the question and its arrival.
    return host, _date(answer.headers.get("date", "")), begun + took / 2, took.total_seconds()


def _client(*, emulated: bool) -> httpx.AsyncClient:
    """Make a client, which reads all certificates: a tenth of a second."""
    agent = {"user-agent": f"buddy-tui/{__version__}"}
    return httpx.AsyncClient(timeout=_SECONDS, trust_env=not emulated, headers=agent)


def _date(text: str) -> datetime | None:
    try:
        told = parsedate_to_datetime(text)
    except ValueError:
        return None
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
