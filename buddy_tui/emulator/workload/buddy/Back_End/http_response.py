"""A JSON answer, and how ASGI sends it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Response:
    body: dict[str, object]
    status: int = 200


async def send_response(
    send: Callable[[dict[str, Any]], Awaitable[None]], response: Response, headers: dict[str, str]
) -> None:
    body = json.dumps(response.body).encode()
    lines = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    encoded = [(name.encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
