"""probes: identity tokens, and the news that there is none."""

import asyncio
import base64
import json
from collections.abc import Callable

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError
from buddy_tui.gateway import TokenReads
from buddy_tui.probes.front_end import Pass

# Looking for credentials in vain takes seconds; a service that is public anyway must not wait for that every time.
_LOOK_AGAIN = 60.0


class Passes:
    """Tokens by audience, asked for one after another. `seconds` is a clock that never goes back."""

    def __init__(self, tokens: TokenReads, seconds: Callable[[], float]) -> None:
        self._tokens = tokens
        self._seconds = seconds
        self._asking = asyncio.Lock()
        self._vain: dict[str, tuple[float, Pass]] = {}

    async def for_audience(self, audience: str) -> Pass:
        """Return a token, or why there is none; both empty where none is needed."""
        if not audience:
            return Pass()
        async with self._asking:
            since, vain = self._vain.get(audience, (-_LOOK_AGAIN, Pass()))
            if self._seconds() - since < _LOOK_AGAIN:
                return vain
            try:
                token = await self._tokens.identity_token(audience)
            except BuddyError as error:
                vain = Pass(trouble=str(error), hint=error.hint)
                self._vain[audience] = self._seconds(), vain
                return vain
            return Pass(token, email_in(token))


def email_in(token: str) -> str:
    """Return the account that a token (JWT) is for, empty where it does not say. Nothing is verified: it is ours."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return clean_line(str(claims.get("email", "")))
    except (ValueError, IndexError, AttributeError):
        return ""
