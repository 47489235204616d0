"""What the release screen says, in the operator's words. Pure; a deployment in, text out."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual.content import Content

from buddy_tui.actions.values import Ending, Step, StepState
from buddy_tui.clean import clean, clean_line
from buddy_tui.probes.values import Matrix
from buddy_tui.traffic import TrafficTruth
from screens.probe_words import brief
from screens.theme import toned
from screens.widgets.steps import badge
from screens.words import NONE, Cell

if TYPE_CHECKING:
    from buddy_tui.deploy.values import Deployment

_MARKS: Final = {
    StepState.PENDING: Cell("·", "dim"),
    StepState.RUNNING: Cell("●", "info"),
    StepState.DONE: Cell("✓", "ok"),
    StepState.FAILED: Cell("✗", "bad"),
    StepState.SKIPPED: Cell(NONE, "dim"),
}
# The names of steps, as a Stage has them.
_UPLOAD, _BUILD, _BOOT = "upload", "build", "boot"
_BAR = 24
_SECONDS, _TITLE = 6, 26
# From that width on, what was seen stands beside a step.
_BESIDE = 60
_MEGA = 1_000_000


def phase(deployment: "Deployment") -> Content:
    """Return the badge of how it stands, or of how it ended, and the sentence about it."""
    if deployment.ending is None:
        running = _running(deployment)
        return Content.assemble(
            (" DEPLOYING ", "bold $background on $primary"), f" {running.title if running else 'Beginning'}"
        )
    said = clean(deployment.sentence)
    return Content.assemble(badge(deployment.ending, _word(deployment.ending)), f" {said}")


def _word(ending: Ending) -> str:
    return {Ending.DONE: "DEPLOYED", Ending.PUT_BACK: "FAILED, TAKEN BACK", Ending.UNKNOWN: "LEFT"}.get(
        ending, ""
    )


def _running(deployment: "Deployment") -> Step | None:
    return next((one for one in deployment.steps if one.state is StepState.RUNNING), None)


def ladder(deployment: "Deployment", now: datetime, width: int) -> Content:
    """Return the steps, each with its time and what was seen."""
    return Content("\n").join(
        line for step in deployment.steps for line in _rung(step, deployment, now, width)
    )


def _rung(step: Step, deployment: "Deployment", now: datetime, width: int) -> Iterator[Content]:
    """Yield a step: what was seen stands beside it where there is room, else below."""
    mark, waiting = _MARKS[step.state], step.state in {StepState.PENDING, StepState.SKIPPED}
    failed, said = step.state is StepState.FAILED, _said(step, deployment)
    beside = width >= _BESIDE
    told = Cell(said, "bad" if failed else "dim")
    title = clean_line(step.title)
    line = toned(
        mark._replace(text=f"{mark.text} "),
        Cell(f"{_took(step, now):>{_SECONDS}}  ", "dim"),
        Cell(
            f"{title:<{_TITLE}}  " if beside else title,
            "dim" if waiting else "strong" if mark.tone == "info" else "",
        ),
    )
    below = toned(Cell(" " * (_SECONDS + 4)), told)
    rung = (Content.assemble(*line, *toned(told)),) if beside else (Content.assemble(*line),)
    for one in (*rung, *([] if beside or not said else [Content.assemble(*below)])):
        yield one.truncate(width, ellipsis=True)


def _said(step: Step, deployment: "Deployment") -> str:
    if step.state is StepState.RUNNING and step.name == _UPLOAD and deployment.packed:
        return f"{_bytes(deployment.sent)} of {_bytes(deployment.packed)}"
    return clean_line(step.said)


def _took(step: Step, now: datetime) -> str:
    if step.state is StepState.RUNNING and step.began:
        return _seconds(max(0.0, (now - step.began).total_seconds()))
    return _seconds(step.took) if step.took and step.state in {StepState.DONE, StepState.FAILED} else ""


def _seconds(took: float) -> str:
    minutes, seconds = divmod(int(took), 60)
    return f"{minutes}:{seconds:02}" if minutes else f"{took:.1f} s"


def _bytes(size: int) -> str:
    return f"{size / _MEGA:,.1f} MB" if size >= _MEGA else f"{size:,} bytes"


def evidence(deployment: "Deployment") -> Content:
    """Return what is seen right now, above the log: how much is uploaded, which build it is, what the probes answered."""
    running = _running(deployment)
    cells: list[Cell] = []
    if running and running.name == _UPLOAD and deployment.packed:
        cells += _progress(deployment.sent, deployment.packed)
    if deployment.build and not deployment.probes and not deployment.finding:
        build = deployment.build
        cells += [
            Cell("build  ", "dim"),
            Cell(f"{clean_line(build.id)}  "),
            Cell(f"{build.state.value}\n", "info"),
        ]
        cells += [Cell(f"{clean_line(build.said)}\n", "bad")] if build.said else []
    if deployment.probes:
        cells += _probes(deployment.probes, deployment.release.revision)
    return Content.assemble(*toned(*cells)).rstrip()


def _progress(sent: int, packed: int) -> Iterator[Cell]:
    full = _BAR * min(sent, packed) // packed
    yield Cell("upload  ", "dim")
    yield Cell("━" * full, "info")
    yield Cell("─" * (_BAR - full), "dim")
    yield Cell(f"  {100 * min(sent, packed) // packed} %  {_bytes(sent)} of {_bytes(packed)}\n")


def _probes(matrix: Matrix, revision: str) -> Iterator[Cell]:
    """Yield a line for each question, with how the new revision did, and those that could be asked beside it."""
    for at, question in enumerate(matrix.questions):
        yield Cell(f"{clean_line(question.name)}  ", "dim")
        for cell in (row[at] for row in matrix.cells):
            if cell.refusal and cell.revision != revision:
                continue
            short = clean_line(cell.revision).removeprefix(f"{matrix.name.service}-")
            told = brief(cell, matrix.attempts, 24)
            yield from (Cell(f"{short} ", "dim"), told._replace(text=f"{clean_line(told.text)}   "))
        yield Cell("\n")


def log_title(deployment: "Deployment") -> Content:
    """Return whose log is shown, as far as one is."""
    if not deployment.lines:
        return Content.assemble(*toned(Cell("no log yet", "dim")))
    whose = "boot log of " + clean_line(deployment.release.revision) if deployment.entries else "build log"
    return Content.assemble(*toned(Cell(whose, "dim")))


def log_lines(deployment: "Deployment") -> Content:
    """Return the lines of the log, oldest first."""
    return Content("\n".join(map(clean, deployment.lines)))


def traffic_said(before: TrafficTruth | None, now: TrafficTruth | None) -> Content:
    """Return whether who serves is who served when this was opened."""
    if before is None or now is None:
        return Content.assemble(*toned(Cell("● reading who serves …", "dim")))
    if _serving(before) == _serving(now):
        return Content.assemble(*toned(Cell("✓ traffic as it was", "ok")))
    return Content.assemble(*toned(Cell("! traffic is not what it was when this was opened", "warn")))


def _serving(told: TrafficTruth) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((one.revision, one.percent) for one in told.effective if one.percent))


def afterwards(deployment: "Deployment", *, first: bool) -> Content:
    """Return the way on: promote what is proved, go on with what was left; and while it goes on, what leaving means."""
    if deployment.ending is None:
        return Content.assemble(
            *toned(
                Cell(
                    "escape leaves, it goes on. Closing buddy-tui leaves it for the next start.",
                    "dim",
                )
            )
        )
    ways = {
        Ending.DONE: "It serves." if first else "It has 0 %. P promotes it, p asks its probes again.",
        Ending.UNKNOWN: "D on the service goes on with it.",
    }
    said = ways.get(deployment.ending) or clean_line(deployment.hint)
    return Content.assemble(*toned(Cell("▸ ", "info"), Cell(said))) if said else Content("")
