"""gcp: one call of a Google API that has no client here, over REST."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from google.api_core.exceptions import format_http_response_error

from buddy_tui.gcp.calls import headers
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY, Clients


async def called(
    clients: Clients,
    host: str,
    method: str,
    path: str,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Call `https://HOST/PATH`, or the emulator's base where there is one, and return the JSON object of its answer.

    A short outage is bridged, so it must be a call that can be made twice. Raises what httpx, google-auth and api-core
    raise.
    """
    emulated = clients.credentials is None
    url = f"{clients.rest if emulated else f'https://{host}'}/{path}"
    signed = await asyncio.to_thread(headers, clients, url)
    # The headers hold a token, and go to this one host: no redirect is followed.
    async with httpx.AsyncClient(timeout=CALL_SECONDS, trust_env=not emulated, headers=signed) as http:
        request = http.build_request(method, url, params=query, json=body)
        told: dict[str, Any] = await RETRY(_sent)(http, request)
        return told


def told_host(clients: Clients, host: str) -> str:
    """Return where a call to `host` really goes, for the words of its error."""
    return host if clients.credentials is not None else clients.about.host


async def _sent(http: httpx.AsyncClient, request: httpx.Request) -> dict[str, Any]:
    response = await http.send(request)
    payload = json_object(response)
    if not response.is_success:  # a redirect is somebody else's sign-in page
        raise format_http_response_error(
            response, request.method, str(request.url.copy_with(query=None)), error_object(payload)
        )
    return payload


def error_object(payload: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer tells as an error, in Google's form; empty where a proxy wrote it in its own."""
    return payload if isinstance(payload.get("error"), dict) else {}


def json_object(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer, an empty one where it is none."""
    try:
        payload = response.json()
    except ValueError:  # a proxy's page, say; its status still tells
        return {}
    return payload if isinstance(payload, dict) else {}
