"""preflight: what is checked, and what was found. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from buddy_tui.model import Revision, Service, ServiceName
from buddy_tui.source.values import NO_PLACE, At, Boot, Entry, Graph, Image, Upload


class Verdict(StrEnum):
    """What a check says. `skipped` was not looked at, and says why: it is no pass."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen, in a sentence or as it is written there, and where; an empty path is no place in the upload."""

    said: str
    at: At = NO_PLACE


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `message` is a sentence; `fix` what to do about it, a command where there is one."""

    name: str
    verdict: Verdict
    message: str
    fix: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Git:
    """What git says of the root; `trouble` when it could not be asked. Counts are of files and of commits."""

    there: bool = False
    dirty: tuple[str, ...] = ()
    unpushed: int = 0
    branch: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The service that would be deployed to, as far as it could be looked at.

    `service` is `None` for a first deployment or where nothing could be asked (`trouble` says so). `granted` are the
    permissions that we hold of `wanted`, `untold` those of which nobody could say; `apis` maps the name of an API to
    whether it is on, `None` where unknown.
    """

    name: ServiceName | None = None
    service: Service | None = None
    revisions: tuple[Revision, ...] = ()
    wanted: tuple[str, ...] = ()
    granted: frozenset[str] | None = None
    untold: frozenset[str] = frozenset()
    apis: Mapping[str, bool | None] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that checks look at. Checks are pure; whoever gathers this has read every file that they need.

    - `source`: the folder as the operator said it; `project`: the folder that is the project as a whole (the top of
      its git repository, else the nearest folder above with a sign of one), the same as the root or above it
    - `graph` is of the upload; `whole` of the project, where the upload is only a part of it
    - `texts`: the text of small files by their path in the upload (Dockerfile, requirements, the entry module …)
    - `tag`: the tag that the new revision would get
    - `declared`: the distributions that the image installs, by normalised name, as far as files tell
    """

    source: str
    upload: Upload
    image: Image
    entry: Entry
    graph: Graph
    boot: Boot
    project: Path
    whole: Upload | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    git: Git = Git()
    target: Target = Target()
    tag: str = ""
    declared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Preflight:
    """All checks, in order. `root` is the folder that was looked at; `suggested_root` the one to deploy from instead."""

    verdict: Verdict
    root: Path
    suggested_root: Path | None = None
    checks: tuple[Check, ...] = ()
    facts: Facts | None = field(default=None, repr=False)
