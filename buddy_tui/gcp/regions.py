"""gcp: the regions that Cloud Run offers to a project. The v2 client has no such call, so this is v1 over REST."""

from urllib.parse import quote

from buddy_tui.clean import clean_line
from buddy_tui.gcp.clients import Clients
from buddy_tui.gcp.rest import called

_MOST_PAGES = 20


async def regions(clients: Clients, project: str) -> tuple[str, ...]:
    """Read `GET /v1/projects/P/locations` to its last page. Raises what httpx, google-auth and api-core raise."""
    path = f"v1/projects/{quote(project, safe='')}/locations"
    query = {"pageSize": "100"}
    found: set[str] = set()
    for _ in range(_MOST_PAGES):
        page = await called(clients, "run.googleapis.com", "GET", path, query=tuple(query.items()))
        found.update(clean_line(str(place.get("locationId", ""))) for place in page.get("locations") or ())
        if not (token := page.get("nextPageToken", "")):
            break
        query["pageToken"] = token
    return tuple(sorted(found - {""}))
