"""deploy: a deployment before it begins, while it goes on, and after. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from buddy_tui.actions.values import Ending, Plan, Step
from buddy_tui.finding import Finding
from buddy_tui.gateway import Build
from buddy_tui.model import LogEntry
from buddy_tui.probes.values import Matrix


class Stage(StrEnum):
    """The steps of a deployment after it was confirmed, by their stable names. An image skips the first three."""

    ARCHIVE = "archive"
    UPLOAD = "upload"
    BUILD = "build"
    REVISION = "revision"
    BOOT = "boot"
    PROBE = "probe"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class Source:
    """A source tree that is to be built: `files`, `size` (bytes) and `digest` as in a Release."""

    root: Path
    files: int
    size: int
    digest: str
    dockerfile: bool = True


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be deployed, and how: a `source`, or an `image` that is there already.

    `tag` is empty where the revision is to be tagged by its own name. `first` says that it is known that nothing
    serves yet. `reason` is why a preflight that failed shall not stop it.
    """

    source: Source | None = None
    image: str = ""
    tag: str = ""
    first: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """A deployment as it was planned; everything that a new start needs to go on with it.

    - `plan`: the change of the service: its list before, and after with the new revision tagged and at 0 %; title,
      what else changes, warnings, commands and refusal as in any plan (its verb is `deploy`)
    - `id`: of this deployment: the journal's id, and part of the names of its archive
    - `root`: the folder that is uploaded, `None` where `image` is deployed as it is
    - `files`, `size` (bytes) and `digest` of the upload set (SHA-256 over paths and contents, hex)
    - `revision`, `tag`: of the new revision; `object`: the name of the archive in its bucket
    - `dockerfile`: whether it is built by its Dockerfile, else by buildpacks
    - `first`: nothing was ever ready, so that it will serve everything at once; without an etag in the plan there is
      no service yet either
    - `overruled`: the failed checks of the preflight that somebody gave a reason for
    """

    plan: Plan
    id: str
    revision: str
    tag: str
    root: Path | None = None
    image: str = ""
    files: int = 0
    size: int = 0
    digest: str = ""
    object: str = ""
    dockerfile: bool = True
    first: bool = False
    overruled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment so far; `ending` is `None` until it is over, and `done` means: ready, 0 %, tagged, probes passed.

    It may end as `unknown`: nobody answers, or something takes too long. Then it was left, and can be gone on with.

    `sent` is how many bytes of the archive are there, of `release.size` packed into `packed` bytes. `lines` are the
    last lines of the build's log, then of the boot's, cleaned; `entries` the boot's as entries. `finding` names the
    cause where the revision did not boot. `sentence` says how it stands, `hint` the way out.
    """

    release: Release
    steps: tuple[Step, ...] = ()
    sent: int = 0
    packed: int = 0
    build: Build | None = None
    lines: tuple[str, ...] = ()
    entries: tuple[LogEntry, ...] = ()
    finding: Finding | None = None
    probes: Matrix | None = None
    ending: Ending | None = None
    sentence: str = ""
    hint: str = ""
    as_of: datetime | None = None
