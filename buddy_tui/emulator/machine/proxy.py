"""The forward proxy of programs that know the emulator by Google's hosts: it serves them itself, and lets nothing out."""

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import hdrs, web

# A name that can never be resolved (RFC 6761), so what asks for it past the proxy reaches nobody.
DOMAIN = "buddy.invalid"
_OWN = re.compile(rf"([a-z0-9-]+\.)+{re.escape(DOMAIN)}", re.IGNORECASE)
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[?::1\]?")


def is_ours(host: str) -> bool:
    """Tell whether a host is one of the emulator's domain."""
    return _OWN.fullmatch(host) is not None


@web.middleware
async def proxy(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Serve what is meant for the emulator; refuse tunnels and every other host with one sentence (403)."""
    host = request.url.host or ""
    if request.method != hdrs.METH_CONNECT and (is_ours(host) or _LOOPBACK.fullmatch(host)):
        return await handler(request)
    asked = request.raw_path if request.method == hdrs.METH_CONNECT else host
    return web.json_response(
        {
            "error": {
                "code": int(HTTPStatus.FORBIDDEN),
                "message": f"The emulator lets nothing out: '{asked}' is not on this machine.",
                "status": "PERMISSION_DENIED",
            }
        },
        status=HTTPStatus.FORBIDDEN,
    )
