"""gcp: the regions that Cloud Run offers to a project. The v2 client has no such call, so this is v1 over REST."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
from google.api_core.exceptions import format_http_response_error

from buddy_tui.clean import clean_line
from buddy_tui.gcp.calls import headers
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY, Clients

_MOST_PAGES = 20


async def regions(clients: Clients, project: str) -> tuple[str, ...]:
    """Read `GET /v1/projects/P/locations` to its last page. Raises what httpx, google-auth and api-core raise."""
    url = f"{clients.rest}/v1/projects/{quote(project, safe='')}/locations"
    signed = await asyncio.to_thread(headers, clients, url)
    found: set[str] = set()
    token = ""
    emulated = clients.credentials is None
    async with httpx.AsyncClient(timeout=CALL_SECONDS, trust_env=not emulated, headers=signed) as http:
        for _ in range(_MOST_PAGES):
            page = await RETRY(_page)(http, url, token)
            places = page.get("locations") or ()
            found.update(clean_line(str(place.get("locationId", ""))) for place in places)
            if not (token := page.get("nextPageToken", "")):
                break
    return tuple(sorted(found - {""}))


async def _page(http: httpx.AsyncClient, url: str, token: str) -> dict[str, Any]:
    params = {"pageSize": "100"} | ({"pageToken": token} if token else {})
    response = await http.get(url, params=params)
    payload = _object(response)
    if not response.is_success:  # a redirect is somebody else's sign-in page
        raise format_http_response_error(response, "GET", url, payload)
    return payload


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        payload = response.json()
    except ValueError:  # a proxy's page, say; its status still tells
        return {}
    return payload if isinstance(payload, dict) else {}
