"""World: which names lie in it, and what its callers may do with them."""

from dataclasses import dataclass, replace

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Where, parse
from buddy_tui.emulator.run import wording

# What every project of this emulator offers, services or none.
OFFERED = frozenset({"asia-east1", "europe-west1", "us-central1"})

# Where Cloud Run can be (cloud.google.com/run/docs/locations).
_CONTINENTS = {
    "africa": "south1",
    "asia": "east1 east2 northeast1 northeast2 northeast3 south1 south2 southeast1 southeast2",
    "australia": "southeast1 southeast2",
    "europe": "central2 north1 north2 southwest1 west1 west2 west3 west4 west6 west8 west9 west10 west12",
    "me": "central1 central2 west1",
    "northamerica": "northeast1 northeast2 south1",
    "southamerica": "east1 west1",
    "us": "central1 east1 east4 east5 south1 west1 west2 west3 west4",
}
REGIONS = frozenset(
    f"{continent}-{place}" for continent, places in _CONTINENTS.items() for place in places.split()
)


@dataclass(frozen=True, slots=True)
class Places:
    """The one project of a world, which requests may also call by its number.

    Everybody may change everything in it, unless `faults` denies it. A permission has no `run.` before it here.
    """

    project: str
    number: str
    faults: Faults

    def find(self, name: str, permission: str, depth: int) -> Where:
        """Read a name that goes `depth` levels below the region.

        Another depth is INVALID_ARGUMENT; another project or an unknown region is PERMISSION_DENIED, as with Google.
        """
        where = self.canonical(parse(name))
        if bool(where.service) + bool(where.revision) != depth:
            raise wording.violation("name", f"'{name}' is not the name that is wanted here.")
        self.check_project(where.project, permission, name)
        if where.region not in REGIONS:
            raise wording.no_location(where.region)
        return where

    def check_allowed(self, permission: str, resource: str) -> None:
        """Refuse what is denied."""
        if f"run.{permission}" in self.faults.denied:
            raise wording.denied(f"run.{permission}", resource)

    def check_acting(self, account: str) -> None:
        """Refuse whoever may not act as the service account that revisions run as."""
        if "iam.serviceAccounts.actAs" in self.faults.denied:
            raise wording.denied_account(account)

    def canonical(self, where: Where) -> Where:
        """Return `where` with the project's id for its number."""
        return replace(where, project=self.project) if where.project == self.number else where

    def check_project(self, project: str, permission: str, resource: str) -> None:
        """Refuse every project but this one."""
        if project not in (self.project, self.number):
            raise wording.denied(f"run.{permission}", resource)
