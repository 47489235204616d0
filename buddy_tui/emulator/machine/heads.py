"""What of the head of a request or an answer the ingress passes on."""

import re
from collections.abc import MutableMapping

import aiohttp
from aiohttp import hdrs

# Of one connection and not of the request (RFC 9110, 7.6.1); `Expect` was answered here.
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
# What no header may hold (RFC 9110, 5.5). That Google's front end calls such an answer malformed is unverified.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def is_malformed(answer: aiohttp.ClientResponse) -> bool:
    """Tell whether the head of an answer holds what cannot be passed on."""
    headers = (text for pair in answer.headers.items() for text in pair)
    return any(map(_CONTROL.search, (answer.reason or "", *headers)))


def drop_hop_by_hop(headers: MutableMapping[str, str]) -> None:
    """Leave the headers that are the request's or answer's own, and not their connection's."""
    named = {name.strip().lower() for name in headers.get(hdrs.CONNECTION, "").split(",")}
    for name in _HOP_BY_HOP | named:
        if name in headers:
            del headers[name]
