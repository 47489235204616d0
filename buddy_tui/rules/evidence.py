"""rules: what a rule may look at."""

from dataclasses import dataclass, field

from buddy_tui.boot.values import Boot, Frame, Raised, Reading
from buddy_tui.finding import Quote
from buddy_tui.model import Revision, Sources


@dataclass(frozen=True, slots=True)
class Evidence:
    """One boot to be explained, and all that is known around it. `revision` is None when only a log is there."""

    reading: Reading
    boot: Boot
    revision: Revision | None = None
    sources: Sources = field(default_factory=Sources)

    @property
    def root(self) -> Raised | None:
        """The root exception of the traceback that ended the boot."""
        return self.boot.fatal.root if self.boot.fatal else None

    def quote(self, *at: int) -> tuple[Quote, ...]:
        """Return lines of the boot as evidence; an index below 0 is passed over."""
        return tuple(self.reading.quote(self.boot.lines[one]) for one in at if one >= 0)


def deepest_project_frame(evidence: Evidence) -> Frame | None:
    """Return the deepest frame of the project in the root exception, else in the first later one that has any."""
    if evidence.boot.fatal is None or evidence.root is None:
        return None
    chain = evidence.boot.fatal.chain
    for raised in chain[chain.index(evidence.root) :]:
        for frame in reversed(raised.frames):
            if frame.project:
                return frame
    return None
