"""gcp: what every adapter of one Google API stands on: the clients, and errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from buddy_tui.gcp.clients import CALL_SECONDS, Clients
from buddy_tui.gcp.errors import About, translate

_FOREIGN = (GoogleAPIError, GoogleAuthError, httpx.HTTPError)


class Calls:
    """Calls through the official async clients. Bound to the event loop it was made in."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients

    async def close(self) -> None:
        """Close the connections. Safe to call twice."""
        for channel in self.clients.channels:
            await channel.close(None)

    @contextmanager
    def translated(
        self, project: str, region: str = "", what: str = "that", seconds: float = CALL_SECONDS
    ) -> Iterator[None]:
        """Raise Google's errors as ours; `what` is the noun of the sentence."""
        about: About = replace(self.clients.about, project=project, region=region, what=what, seconds=seconds)
        try:
            yield
        except _FOREIGN as error:
            raise translate(error, about) from error
