"""A promotion under way: its steps, both revisions side by side, the verdicts of the gates, and three keys to steer it."""

from math import inf
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from buddy_tui.actions.values import Ending, Phase, Plan, Progress, Promotion
from buddy_tui.clean import clean, clean_line
from buddy_tui.config import Settings
from screens.base import BuddyScreen, Feed
from screens.messages import Copy, Steering, SteerPromotion
from screens.reason import ReasonPage
from screens.theme import toned
from screens.widgets.gates import side_by_side, verdicts
from screens.widgets.header import IdentityHeader
from screens.widgets.steps import badge, traffic_lines
from screens.words import Cell, Clock

_NEXT = 10.0
_KEPT = 120
# The word of a phase, and the colour of its badge.
_PHASES = {
    Phase.MOVING: ("MOVING", "$primary"),
    Phase.BAKING: ("BAKING", "$primary"),
    Phase.WAITING: ("PAUSED", "$warning"),
    Phase.HOLDING: ("HOLDING", "$warning"),
    Phase.PUTTING_BACK: ("PUTTING BACK", "$error"),
    Phase.OVER: ("OVER", "$primary"),
}
_SAID = {
    Phase.MOVING: "Traffic is asked for, and read back until it is effective.",
    Phase.WAITING: "Paused: the gates are watched on, and one that fails still puts everything back.",
    Phase.HOLDING: "Too little is known to go on, and no data is no pass. It waits; `s` skips the gates.",
}


class PromoteScreen(BuddyScreen):
    """One promotion, followed to its end. Leaving it stops nothing."""

    CSS_PATH = "promote.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause", id="promote.pause"),
        Binding("s", "skip", "Skip gates", id="promote.skip"),
        Binding("a", "abort", "Put back", id="promote.abort"),
        Binding("Y", "copy_command", "Copy gcloud command", show=False, id="promote.copy-command"),
    ]
    HELP = """\
A candidate gets more traffic step by step. Each step is held behind gates for its bake time.

- **BAKING**: the gates are watched; when the time is over, all of them must pass.
- **HOLDING**: too little is known (too few requests, no logs). No data is never a pass.
- **PUTTING BACK**: a gate failed, or somebody aborted: the exact list from before comes back, tags and all.
- **PROMOTED** and **PUT BACK** are said only when the effective traffic was read back.

Numbers have their bounds, of 95 % confidence; probes of our own are left out of them, and log entries come some
seconds late. `space` pauses and goes on: the gates are watched meanwhile, and a failure goes back by itself. `s` skips
the gates of this step and wants a reason. `a` puts everything back, at any time. `escape` leaves, and it goes on.
"""

    def __init__(self, settings: Settings, feed: Feed[Promotion], clock: Clock, plan: Plan) -> None:
        name = plan.name
        super().__init__(settings, feed, clock, name.project, name.region, name.service)
        self.promotion = Promotion(plan, ())
        self._trend: dict[str, list[float | None]] = {}

    def body(self) -> ComposeResult:
        """Put title and phase above the bars, the numbers and the verdicts below."""
        yield Static(clean_line(self.promotion.plan.title), id="title", markup=False)
        yield Static(id="phase", markup=False)
        yield Static(id="bars", markup=False)
        with VerticalScroll(id="scroll"):
            yield Static(id="numbers", markup=False)
            yield Static(id="verdicts", markup=False)
            yield Static(id="afterwards", markup=False)

    def on_mount(self) -> None:
        """Begin with what is known."""
        self.query_one("#scroll").focus()
        self._show()

    def receive(self, value: Promotion) -> None:
        """Take the next look at it."""
        if value.gates != self.promotion.gates:
            for gate in value.gates:
                kept = self._trend.setdefault(gate.name, [])
                kept.append(gate.candidate[0] if gate.candidate else None)
                del kept[:-_KEPT]
        self.promotion = value
        self._show()

    @on(Resize)
    def _show(self) -> None:
        promotion, width = self.promotion, max(20, self.size.width - 4)
        over = promotion.ending is not None
        self.query_one(IdentityHeader).tell(promotion.as_of, None, inf if over else _NEXT)
        self.query_one("#title", Static).update(ladder(promotion))
        self.query_one("#phase", Static).update(phase(promotion))
        progress = promotion.progress or Progress(promotion.plan)
        self.query_one("#bars", Static).update(traffic_lines(progress, width))
        self.query_one("#numbers", Static).update(side_by_side(promotion, self._trend, width))
        self.query_one("#verdicts", Static).update(verdicts(promotion.gates, width))
        self.query_one("#afterwards", Static).update(afterwards(promotion))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Steer only what still goes on."""
        if action in {"pause", "skip", "abort"}:
            return self.promotion.ending is None
        return super().check_action(action, parameters)

    def action_pause(self) -> None:
        """Hold it where it is, or let it go on."""
        paused = self.promotion.phase is Phase.WAITING
        self.post_message(SteerPromotion(Steering.RESUME if paused else Steering.PAUSE))

    def action_skip(self) -> None:
        """Go on without the gates of this step, for a reason."""
        what = (
            "What the gates say is put on record with your reason. One that fails still puts everything back."
        )
        self._ask("Do not wait for the gates of this step", what, "Skip gates", Steering.SKIP)

    def action_abort(self) -> None:
        """Put everything back, for a reason."""
        self._ask(
            "Put everything back",
            "The exact list from before comes back, tags and all.",
            "Put back",
            Steering.ABORT,
        )

    def _ask(self, title: str, what: str, label: str, steering: Steering) -> None:
        def steer(reason: str | None) -> None:
            if reason:
                self.post_message(SteerPromotion(steering, reason))

        self.app.push_screen(ReasonPage(title, what, label), steer)

    def _hint(self) -> str:
        """Return the way out, else the command that undoes what was done."""
        progress = self.promotion.progress
        if progress and progress.hint:
            return progress.hint
        return self.promotion.plan.undo_command if self.promotion.ending is Ending.DONE else ""

    def action_copy_command(self) -> None:
        """Copy the gcloud command of the step that is under way."""
        plan = self.promotion.progress.plan if self.promotion.progress else self.promotion.plan
        if plan.command:
            self.post_message(Copy(plan.command, "gcloud command"))


def ladder(promotion: Promotion) -> Content:
    """Return whom it is about, and the steps: those behind ticked, the one under way marked."""
    plan = promotion.plan
    cells = [Cell(f"Promote {clean_line(plan.revision.removeprefix(f'{plan.name.service}-'))}  ", "strong")]
    done = promotion.ending is Ending.DONE
    for number, percent in enumerate(promotion.steps):
        behind = done or number < promotion.step
        mark, tone = ("✓ ", "ok") if behind else ("● ", "info") if number == promotion.step else ("· ", "dim")
        cells += [Cell(" → " if number else "", "dim"), Cell(f"{mark}{percent} %", tone)]
    return Content.assemble(*toned(*cells))


def phase(promotion: Promotion) -> Content:
    """Return the badge of the phase, or of the end, and what it means."""
    if promotion.ending:
        word = "PROMOTED" if promotion.ending is Ending.DONE else ""
        said = clean(promotion.sentence).removeprefix("PUT BACK. ")
        return Content.assemble(badge(promotion.ending, word), f" {said}")
    word, colour = _PHASES[promotion.phase]
    return Content.assemble((f" {word} ", f"bold $background on {colour}"), f" {_said(promotion)}")


def _said(promotion: Promotion) -> str:
    if promotion.phase is Phase.PUTTING_BACK:
        return clean(promotion.sentence).removeprefix("PUTTING BACK: ")
    if promotion.phase is not Phase.BAKING:
        return _SAID.get(promotion.phase, "")
    minutes, seconds = divmod(round(promotion.left), 60)
    reach = f", logs until {promotion.logs_until:%H:%M:%S} UTC" if promotion.logs_until else ""
    return f"{minutes}:{seconds:02} left; {promotion.requests:,} requests of this step{reach}"


def afterwards(promotion: Promotion) -> Content:
    """Return the way out, and once it is done how to undo it."""
    progress = promotion.progress
    if progress and progress.hint:
        return Content.assemble(*toned(Cell("\n▸ ", "info"), Cell(clean(progress.hint))))
    if promotion.ending is Ending.DONE and promotion.plan.undo_command:
        command = clean_line(promotion.plan.undo_command)
        return Content.assemble(*toned(Cell("\nundo  ", "dim"), Cell(command, "info")))
    return Content("")
