"""gcp: what every adapter of one Google API stands on: the clients, and errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from buddy_tui.gcp.clients import CALL_SECONDS, CLIENT_INFO, Clients, http_request
from buddy_tui.gcp.errors import About, translate

FOREIGN = (GoogleAPIError, GoogleAuthError, httpx.HTTPError)


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
        self,
        project: str,
        region: str = "",
        what: str = "that",
        seconds: float = CALL_SECONDS,
        **more: str,
    ) -> Iterator[None]:
        """Raise Google's errors as ours; `what` is the noun of the sentence, `more` are other fields of an About."""
        told: dict[str, Any] = {"project": project, "region": region, "what": what, "seconds": seconds}
        about: About = replace(self.clients.about, **(told | more))
        try:
            yield
        except FOREIGN as error:
            raise translate(error, about) from error


def headers(clients: Clients, url: str) -> dict[str, str]:
    """Return the headers of a REST call, signed where we are signed in. Blocks while a token is renewed."""
    signed = {"user-agent": str(CLIENT_INFO.user_agent)}
    if clients.credentials is not None:
        # Refreshes an old token, and adds the quota project.
        clients.credentials.before_request(http_request(), "GET", url, signed)
    return signed
