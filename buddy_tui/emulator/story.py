"""What a story is: a name, one sentence, and what happens. Light, so that a command can know them all at once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from buddy_tui.emulator.tree import Tree

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

PROJECT = "demo-project"
REGION = "us-central1"
SERVICE = "buddy-app"


@dataclass(frozen=True, slots=True)
class Story:
    """`play` writes what happened into an empty Cloud Run and returns when all of it is done.

    `service` is what to look at first; empty where there are many.
    """

    name: str
    sentence: str
    play: "Callable[[Stage], Awaitable[None]]"
    service: str = SERVICE

    @property
    def region(self) -> str:
        """Where to look first: the service's region, or all of them."""
        return REGION if self.service else "all"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One `gcloud run deploy --source .` of the service: `revision` is the suffix after its name.

    With `traffic` false it is `--no-traffic`: the traffic is pinned to what was ready before. A `tag` is bound to
    the new revision by name. `by` is who deploys, empty for the world's own operator. `instances` are kept running, none when nobody asks. `probe` is a startup probe, by the names of run.v2 Probe; empty is Cloud Run's own. With
    `lost`, the image is gone from the registry before it is started.
    """

    revision: str
    at: datetime
    tree: Tree
    idea: str = ""
    memory: str = "512Mi"
    env: Mapping[str, str] = field(default_factory=dict)
    traffic: bool = True
    tag: str = ""
    instances: int = 0
    probe: Mapping[str, object] = field(default_factory=dict)
    lost: bool = False
    by: str = ""

    @property
    def name(self) -> str:
        """The revision's whole name."""
        return f"{SERVICE}-{self.revision}"


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a traffic list: `revision` is a suffix, empty for LATEST."""

    revision: str
    percent: int = 0
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that somebody wrote: `fields` hold text and times (aware)."""

    path: str
    fields: Mapping[str, str | datetime]
