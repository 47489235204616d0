"""Faults that a world can have. They are settings of the world: no client can tell that they are asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

# What would keep a story from happening.
_OF_THE_PRESENT = ("traffic_stuck", "traffic_ignored", "traffic_delay", "denied", "firestore_denied")


@dataclass(slots=True)
class Faults:
    """What goes wrong, and how often. Shares are 0..1 and drawn from a seeded generator; times are in seconds.

    - `latency`: added to every API call
    - `unavailable`, `exhausted`: share of API calls answered UNAVAILABLE or RESOURCE_EXHAUSTED
    - `drop_tail_after`: a log tail is cut off (UNAVAILABLE) after so many responses; 0 never
    - `traffic_stuck`: a change of traffic is accepted, and effective traffic does not move as long as this lasts
    - `traffic_ignored`: a change of traffic is accepted and called done, and effective traffic never moves
    - `traffic_delay`: effective traffic moves so long after the change was accepted
    - `denied`: permissions to change that callers lack: `run.services.update`, `iam.serviceAccounts.actAs` …
    - `lost_replies`: so many of the next services made or updated and builds begun are so, and the answer never
      arrives (UNAVAILABLE)
    - `build_fails`: builds fail at their first step
    - `build_hangs`: builds stay WORKING until they are cancelled, or this ends
    - `build_delay`: builds take so much longer
    - `upload_cut`: so many of the next pieces of uploads break their connection, half of each piece received
    - `storage_denied`: nobody may write to Cloud Storage
    - `apis_off`: APIs that the project has not enabled, such as `cloudbuild.googleapis.com`
    - `log_delay`: log entries arrive so much later than their timestamp
    - `log_late_share`: the share of entries that `log_delay` strikes
    - `log_double_share`: the share of entries that arrive twice
    - `organisation_policy`: VPC Service Controls keep every request out, whoever sends it
    - `refused_accounts`: e-mails of service accounts that nobody may impersonate
    - `firestore_denied`: Firestore calls that are PERMISSION_DENIED: all of a project, or one RPC such as `Commit`
    - `missing_images`: image references (with digest) that the registry has lost
    """

    latency: float = 0.0
    unavailable: float = 0.0
    exhausted: float = 0.0
    drop_tail_after: int = 0
    traffic_stuck: bool = False
    traffic_ignored: bool = False
    traffic_delay: float = 0.0
    denied: frozenset[str] = frozenset()
    lost_replies: int = 0
    build_fails: bool = False
    build_hangs: bool = False
    build_delay: float = 0.0
    upload_cut: int = 0
    storage_denied: bool = False
    apis_off: frozenset[str] = frozenset()
    log_delay: float = 0.0
    log_late_share: float = 1.0
    log_double_share: float = 0.0
    organisation_policy: bool = False
    refused_accounts: frozenset[str] = frozenset()
    firestore_denied: frozenset[str] = frozenset()
    missing_images: frozenset[str] = frozenset()
    random: Random = field(default_factory=lambda: Random(7), repr=False)  # noqa: S311 - chance, not secrecy

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Let a story have its past without the faults that would keep it from happening."""
        calm = Faults()
        kept = {name: getattr(self, name) for name in _OF_THE_PRESENT}
        try:
            for name in kept:
                setattr(self, name, getattr(calm, name))
            yield
        finally:
            for name, value in kept.items():
                setattr(self, name, value)

    def strikes(self, share: float) -> bool:
        """Draw whether a fault of this share happens now."""
        return share > 0 and self.random.random() < share
