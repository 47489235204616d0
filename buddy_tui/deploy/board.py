"""deploy: where a deployment writes down how far it is, for everybody who looks."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from buddy_tui.actions.steps import Steps
from buddy_tui.actions.values import Ending, StepState
from buddy_tui.clean import clean
from buddy_tui.deploy.values import Deployment, Release, Stage
from buddy_tui.finding import Finding
from buddy_tui.gateway import Build
from buddy_tui.model import LogEntry
from buddy_tui.probes.values import Matrix
from buddy_tui.watch import Clock

TITLES = {
    Stage.ARCHIVE: "Pack the source",
    Stage.UPLOAD: "Upload it",
    Stage.BUILD: "Build the image",
    Stage.REVISION: "Ask for the revision, without traffic",
    Stage.BOOT: "Wait until it is ready",
    Stage.PROBE: "Ask its probes",
    Stage.VERDICT: "Look at all of it once more",
}
# What is kept of a log to be shown; the whole of it is where logs are.
_MOST_LINES = 500


class Board:
    """The newest Deployment; `tell` is called with it whenever there is something new."""

    def __init__(self, release: Release, clock: Clock, tell: Callable[[Deployment], None]) -> None:
        self.now = Deployment(release)
        self._clock = clock
        self._tell = tell
        self._steps = Steps([(stage.value, title) for stage, title in TITLES.items()], clock)
        self._running = Stage.ARCHIVE

    def begin(self, stage: Stage) -> None:
        """Say that a step is under way."""
        self._running = stage
        self._steps.begin(stage.value)
        self._show()

    def say(self, said: str) -> None:
        """Say what was seen in the step that is under way."""
        self._steps.say(self._running.value, said)
        self._show()

    def end(self, state: StepState, said: str) -> None:
        """Say how the step that is under way ended."""
        self._steps.end(self._running.value, state, said)
        self._show()

    def passed(self, stage: Stage, state: StepState, said: str = "") -> None:
        """Say of a step that there is nothing to do in it."""
        self._steps.end(stage.value, state, said)

    def sent(self, count: int, packed: int) -> None:
        """Say how many bytes of the archive are there."""
        self._show(sent=count, packed=packed)

    def build(self, build: Build) -> None:
        """Show a build."""
        self._show(build=build)

    def lines(self, entries: Sequence[LogEntry]) -> None:
        """Add to the log that is shown."""
        new = (clean(line).expandtabs() for entry in entries for line in entry.text.splitlines())
        self._show(lines=(*self.now.lines, *new)[-_MOST_LINES:])

    def entries(self, entries: Sequence[LogEntry]) -> None:
        """Add to the log of the boot."""
        self.now = replace(self.now, entries=(*self.now.entries, *entries)[-_MOST_LINES:])
        self.lines(entries)

    def new_log(self) -> None:
        """Begin another log."""
        self._show(lines=())

    def finding(self, finding: Finding | None) -> None:
        """Show why the revision does not boot, as far as it is known."""
        self._show(finding=finding)

    def probes(self, matrix: Matrix) -> None:
        """Show what the probes have answered so far."""
        self._show(probes=matrix)

    def over(self, ending: Ending, sentence: str, hint: str) -> None:
        """Say how it ended."""
        self._steps.over()
        self._show(ending=ending, sentence=sentence, hint=hint)

    def _show(self, **over: object) -> None:
        self.now = replace(self.now, steps=self._steps(), as_of=self._clock(), **over)  # type: ignore[arg-type]
        self._tell(self.now)
