"""A request as ASGI delivers it, read to its end."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from Back_End.error_catalog import Problem

LARGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes

    def json(self) -> dict[str, object]:
        """Return the body, which must be a JSON object; an empty body is an empty object."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise Problem("The body is not JSON.") from None
        if not isinstance(value, dict):
            raise Problem("The body is not a JSON object.")
        return value


async def read_request(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]]) -> Request:
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False) and len(body) <= LARGEST_BODY
    if len(body) > LARGEST_BODY:
        raise Problem(f"The body is larger than {LARGEST_BODY} bytes.")
    return Request(scope["method"], scope["path"], body)
