"""gcp: what a project has enabled, and what we may do on it and as a service account. Enables and changes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from buddy_tui.errors import ApiDisabled, Denied, UsageProblem
from buddy_tui.gcp.calls import Calls
from buddy_tui.gcp.permissions import ACT_AS
from buddy_tui.gcp.rest import called, told_host

# Who may not look, where looking itself is not enabled, and what Google does not know: then it cannot be told.
_UNTOLD = (Denied, ApiDisabled, UsageProblem)


class GoogleApis(Calls):
    """Asks Service Usage, Resource Manager and IAM."""

    async def apis(self, project: str, wanted: Sequence[str]) -> Mapping[str, bool | None]:
        """Tell which APIs are enabled, at most 30 of them; `None` for all where we may not look."""
        parent = f"projects/{quote(project, safe='')}"
        names = tuple(("names", f"{parent}/services/{one}") for one in wanted)
        try:
            told = await self._asked(
                project, "serviceusage.googleapis.com", "GET", f"v1/{parent}/services:batchGet", query=names
            )
        except _UNTOLD:
            return dict.fromkeys(wanted)
        states = {
            str(one.get("name", "")).rpartition("/")[2]: one.get("state")
            for one in told.get("services") or ()
        }
        return {one: states[one] == "ENABLED" if one in states else None for one in wanted}

    async def project_permissions(self, project: str, wanted: Sequence[str]) -> frozenset[str] | None:
        """Return which of these permissions we hold on the project, at most 100; `None` where it cannot be told."""
        path = f"v3/projects/{quote(project, safe='')}:testIamPermissions"
        try:
            return await self._held(project, "cloudresourcemanager.googleapis.com", path, wanted)
        except _UNTOLD:
            return None

    async def may_act_as(self, account: str) -> bool | None:
        """Tell whether we may run a service as this account; `None` where it cannot be told, as for none."""
        if not account:
            return None
        path = f"v1/projects/-/serviceAccounts/{quote(account, safe='@')}:testIamPermissions"
        try:
            return bool(await self._held(self.clients.about.project, "iam.googleapis.com", path, (ACT_AS,)))
        except _UNTOLD:
            return None

    async def _held(self, project: str, host: str, path: str, wanted: Sequence[str]) -> frozenset[str]:
        told = await self._asked(project, host, "POST", path, body={"permissions": list(wanted)})
        return frozenset(wanted) & frozenset(map(str, told.get("permissions") or ()))

    async def _asked(self, project: str, host: str, method: str, path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as `called`
        with self.translated(
            project, what="that", host=told_host(self.clients, host), product="Google Cloud"
        ):
            return await called(self.clients, host, method, path, **more)
