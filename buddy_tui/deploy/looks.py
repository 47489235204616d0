"""deploy: what somebody is shown before a deployment: a preflight as it comes, the modules, and the plan. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from buddy_tui.actions.wishes import Draft

if TYPE_CHECKING:
    from datetime import datetime

    from buddy_tui.deploy.memory import Left
    from buddy_tui.deploy.values import Release
    from buddy_tui.model import Trouble
    from buddy_tui.preflight.values import Preflight
    from buddy_tui.source.module_map import ModuleMap


@dataclass(frozen=True, slots=True)
class Look:
    """A preflight so far.

    `source` is the folder as it was said. `pending` are the names of the checks whose verdict is still to come, and
    `running` says what is run or asked for them. `candidates` are folders that could be meant as well. More is to
    come until `done`.
    """

    source: str
    preflight: Preflight | None = None
    pending: frozenset[str] = frozenset()
    running: str = ""
    candidates: tuple[str, ...] = ()
    done: bool = False
    trouble: Trouble | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Modules:
    """The modules of a source folder; `said` is what the smoke boot said, or says while it is under way."""

    source: str
    found: ModuleMap | None = None
    said: str = ""
    done: bool = False
    trouble: Trouble | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeployDraft(Draft):
    """The plan of a deployment: a new one, or one that was `left` and is to be gone on with.

    `told` is what is done while there is no plan yet. `agreed` says that somebody wants a first revision to serve
    everything at once.
    """

    release: Release | None = None
    left: Left | None = None
    told: str = ""
    agreed: bool = False

    @property
    def first(self) -> bool:
        """Whether it would serve everything at once, which is asked separately; it was, where it is gone on with."""
        return self.release is not None and self.release.first and self.left is None
