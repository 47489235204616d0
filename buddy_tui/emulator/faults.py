"""Faults that a world can have. They are settings of the world: no client can tell that they are asked for."""

from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Faults:
    """What goes wrong, and how often. Shares are 0..1 and drawn from a seeded generator; times are in seconds.

    - `latency`: added to every API call
    - `unavailable`, `exhausted`: share of API calls answered UNAVAILABLE or RESOURCE_EXHAUSTED
    - `drop_tail_after`: a log tail is cut off (UNAVAILABLE) after so many responses; 0 never
    - `traffic_stuck`: an update is accepted and done, and effective traffic does not move
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
    log_delay: float = 0.0
    log_late_share: float = 1.0
    log_double_share: float = 0.0
    organisation_policy: bool = False
    refused_accounts: frozenset[str] = frozenset()
    firestore_denied: frozenset[str] = frozenset()
    missing_images: frozenset[str] = frozenset()
    random: Random = field(default_factory=lambda: Random(7), repr=False)  # noqa: S311 - chance, not secrecy

    def strikes(self, share: float) -> bool:
        """Draw whether a fault of this share happens now."""
        return share > 0 and self.random.random() < share
