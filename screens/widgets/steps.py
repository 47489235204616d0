"""The steps of a change as they come, what is effective beside what is wanted, and how it ended, in words."""

from textual.content import Content

from buddy_tui.actions.values import Ending, Progress, Step, StepState
from buddy_tui.clean import clean, clean_line
from buddy_tui.traffic import shares
from screens.theme import toned
from screens.widgets.traffic import bar_line
from screens.words import Cell

_MARKS = {
    StepState.PENDING: ("·", "dim"),
    StepState.RUNNING: ("●", "info"),
    StepState.DONE: ("✓", "ok"),
    StepState.FAILED: ("✗", "bad"),
    StepState.SKIPPED: ("–", "dim"),  # noqa: RUF001 - the glyph for "there is none"
}
# What stands in the badge, and its colour: only what was proved is green.
_ENDINGS = {
    Ending.DONE: ("DONE", "$success"),
    Ending.NOTHING_TO_DO: ("NOTHING TO DO", "$success"),
    Ending.NOT_DONE: ("NOT DONE", "$error"),
    Ending.CONFLICT: ("CONFLICT", "$warning"),
    Ending.PUT_BACK: ("PUT BACK", "$warning"),
    Ending.REFUSED: ("REFUSED", "$warning"),
    Ending.DENIED: ("NOT ALLOWED", "$error"),
    Ending.FAILED: ("FAILED", "$error"),
    Ending.UNKNOWN: ("UNKNOWN", "$error"),
}


def ending_in_words(progress: Progress) -> Content:
    """Return the badge and the sentence; while it goes on, that it does."""
    if progress.ending is None:
        return Content.assemble((" UNDER WAY ", "bold $background on $primary"), f" {_running(progress)}")
    return Content.assemble(
        badge(progress.ending), f" {clean(progress.sentence).removeprefix(f'{ending_word(progress)}: ')}"
    )


def badge(ending: Ending, word: str = "") -> tuple[str, str]:
    """Return the badge of an ending, with a `word` of its own where one fits better, as a part of a Content."""
    usual, colour = _ENDINGS[ending]
    return f" {word or usual} ", f"bold $background on {colour}"


def ending_word(progress: Progress) -> str:
    """Return how it ended in a word or two, e.g. `NOT DONE`."""
    return _ENDINGS[progress.ending][0] if progress.ending else "UNDER WAY"


def _running(progress: Progress) -> str:
    return next((one.title for one in progress.steps if one.state is StepState.RUNNING), "Beginning")


def steps_in_words(steps: tuple[Step, ...]) -> Content:
    """Return one line for each step, with what was seen and how long it took."""
    return Content("\n").join(_line(one) for one in steps)


def _line(step: Step) -> Content:
    mark, tone = _MARKS[step.state]
    took = f"  {step.took:.1f} s" if step.state in {StepState.DONE, StepState.FAILED} else ""
    said = f"\n    {clean_line(step.said)}" if step.said else ""
    dim = "dim" if step.state in {StepState.PENDING, StepState.SKIPPED} else ""
    return Content.assemble(
        *toned(
            Cell(f"{mark} ", tone), Cell(clean_line(step.title), dim), Cell(took, "dim"), Cell(said, "dim")
        )
    )


def traffic_lines(progress: Progress, width: int) -> Content:
    """Draw what is wanted above what is effective, as it was last read."""
    wanted, effective = shares(progress.plan.after), shares(progress.effective)
    order = tuple(dict.fromkeys(one.revision for one in (*wanted, *effective) if one.percent))
    service = progress.plan.name.service
    lines = [bar_line("wanted", wanted, order, service, width)]
    if progress.as_of:
        lines.append(bar_line("effective", effective, order, service, width))
    return Content("\n").join(lines)
