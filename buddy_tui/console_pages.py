"""Addresses of the Cloud console.

They are those seen in public code and gcloud's own output; Google promises none of them.
"""

from urllib.parse import quote

from buddy_tui.model import ServiceName

_CONSOLE = "https://console.cloud.google.com/run"
_LOGS = "https://console.cloud.google.com/logs/query"


def service_page(name: ServiceName) -> str:
    """Return the console's page of a service."""
    return f"{_detail(name)}?project={quote(name.project, safe='')}"


def revisions_page(name: ServiceName) -> str:
    """Return the console's list of a service's revisions."""
    return f"{_detail(name)}/revisions?project={quote(name.project, safe='')}"


def logs_page(project: str, query: str, moment: str = "") -> str:
    """Return the console's Logs Explorer with a query, around a moment (RFC 3339) where one is told."""
    asked = f";query={quote(query, safe='')}"
    around = f";cursorTimestamp={quote(moment, safe='')};duration=PT1H" if moment else ""
    return f"{_LOGS}{asked}{around}?project={quote(project, safe='')}"


def _detail(name: ServiceName) -> str:
    return f"{_CONSOLE}/detail/{quote(name.region, safe='')}/{quote(name.service, safe='')}"
