"""Traffic truth: what was asked for, what is, and what the next deployment will get. Pure, and in words."""

from dataclasses import dataclass

from buddy_tui.model import Revision, Service


@dataclass(frozen=True, slots=True)
class Share:
    """One revision's part of a traffic list: all its targets joined.

    `percent` is the sum, `latest` says that (part of) it comes through LATEST, `tags` are in list order with their
    addresses in `uris` (empty where none was told).
    """

    revision: str
    percent: int = 0
    latest: bool = False
    tags: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficTruth:
    """What one look at the traffic lists tells.

    - `desired`, `effective`: shares, those with traffic first, then tag-only ones
    - `pinned`: no LATEST target with traffic, so a new deployment will get nothing by itself
    - `next_deploy_percent`: what a new deployment will get by itself, 0..100
    - `diverged`: effective is not what was asked for
    - `poisoned`: short names of revisions in the desired list that cannot serve (failed or gone)
    - `headline`: one line, e.g. `PINNED to buddy-app-00028-bsx`; `notes`: sentences, the most pressing first
    """

    desired: tuple[Share, ...]
    effective: tuple[Share, ...]
    pinned: bool
    next_deploy_percent: int
    diverged: bool
    poisoned: tuple[str, ...]
    headline: str
    notes: tuple[str, ...]


def truth(service: Service, revisions: tuple[Revision, ...]) -> TrafficTruth:
    """Tell the truth about the traffic of `service`, whose revisions are `revisions`."""
    raise NotImplementedError
