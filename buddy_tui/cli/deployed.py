"""cli: a deployment in print: `buddy.deployment/1` for scripts, a few lines for people."""

import json
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from buddy_tui.actions.values import Ending, StepState, Targets
from buddy_tui.clean import clean_line
from buddy_tui.deploy.values import Deployment, Release
from buddy_tui.errors import ExitCode

if TYPE_CHECKING:
    from buddy_tui.preflight.values import Preflight
    from buddy_tui.probes.values import Matrix

_COLUMNS = 100
_CODES = {
    Ending.DONE: ExitCode.OK,
    Ending.PUT_BACK: ExitCode.PROBLEM_FOUND,
    Ending.FAILED: ExitCode.PROBLEM_FOUND,
    Ending.DENIED: ExitCode.NOT_ALLOWED,
    Ending.CONFLICT: ExitCode.REFUSED,
    Ending.REFUSED: ExitCode.REFUSED,
}


def code_of(told: Deployment) -> ExitCode:
    """Return the exit code: 0 only for what was proved, 6 for what can be gone on with."""
    return _CODES.get(told.ending, ExitCode.UNFINISHED) if told.ending else ExitCode.UNFINISHED


def as_json(told: Deployment, found: "Preflight | None" = None) -> str:
    """Return the document `buddy.deployment/1`. Times are in UTC, RFC 3339; what is not known is null."""
    release, plan = told.release, told.release.plan
    document = {
        "schema": "buddy.deployment/1",
        "id": release.id,
        "project": plan.name.project,
        "region": plan.name.region,
        "service": plan.name.service,
        "title": plan.title,
        "plan": plan.hash,
        "revision": release.revision,
        "tag": release.tag or None,
        "first": release.first,
        **_source(release),
        "preflight": found.verdict.value if found else None,
        "overruled": list(release.overruled),
        "before": _targets(plan.before),
        "after": _targets(plan.after),
        "also": list(plan.also),
        "warnings": list(plan.warnings),
        "irrevocable": list(plan.irrevocable),
        "needs_reason": plan.needs_reason,
        "command": plan.command or None,
        "undo_command": plan.undo_command or None,
        "refusal": plan.refusal or None,
        "hint": told.hint or plan.hint or None,
        **_progress(told),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(told: Deployment) -> str:
    """Return how a deployment ended, in a few lines."""
    lines = textwrap.wrap(told.sentence, _COLUMNS, break_on_hyphens=False)
    if told.finding and told.ending is not Ending.DONE:
        lines += [f"fix       {fix}" for fix in told.finding.fix[:3]]
    if told.ending is Ending.FAILED:
        lines += [f"  {line}" for line in told.lines[-5:]]
    if told.hint:
        lines.append(f"hint      {told.hint}")
    return "\n".join(lines) + "\n"


class Narrator:
    """Tells a deployment while it goes on: each step when it is over, and each line of its logs once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: set[str] = set()
        self._lines: tuple[str, ...] = ()

    def tell(self, now: Deployment) -> None:
        """Tell what is new."""
        for line in new_lines(self._lines, now.lines):
            self._say(f"    | {line}")
        self._lines = now.lines
        for step in now.steps:
            if step.state in {StepState.DONE, StepState.FAILED} and step.name not in self._told:
                self._told.add(step.name)
                self._say(f"  {step.title}: {step.said}")


def new_lines(before: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was added to a log of which only the end is kept; all of it where it is another one."""
    kept = next((len(before) - at for at in range(len(before)) if before[at:] == now[: len(before) - at]), 0)
    return now[kept:]


def _source(release: Release) -> dict[str, Any]:
    if release.root is None:
        return {"source": None, "image": release.image}
    source = {
        "root": clean_line(str(release.root)),
        "files": release.files,
        "bytes": release.size,
        "digest": release.digest,
        "builder": "docker" if release.dockerfile else "buildpack",
    }
    return {"source": source, "image": None}


def _progress(told: Deployment) -> dict[str, Any]:
    build = told.build
    steps = [
        {
            "name": step.name,
            "state": step.state.value,
            "took_ms": round(step.took * 1000, 1),
            "said": step.said,
        }
        for step in told.steps
    ]
    return {
        "ending": told.ending.value if told.ending else None,
        "sentence": told.sentence or None,
        "steps": steps,
        "build": {
            "name": build.name,
            "state": build.state.value,
            "image": build.image or None,
            "log_url": build.log_url or None,
        }
        if build
        else None,
        "finding": {
            "cause": told.finding.cause.value,
            "confidence": told.finding.confidence.value,
            "summary": told.finding.summary,
            "fix": list(told.finding.fix),
        }
        if told.finding
        else None,
        "probes": _probes(told.probes, told.release.revision),
        "as_of": f"{told.as_of:%Y-%m-%dT%H:%M:%SZ}" if told.as_of else None,
    }


def _probes(matrix: "Matrix | None", revision: str) -> list[dict[str, Any]] | None:
    if matrix is None:
        return None
    return [
        {
            "question": cell.question,
            "verdict": cell.verdict.value if cell.verdict else None,
            "passed": cell.passed,
            "tried": cell.tried,
            "reason": cell.reason or None,
        }
        for row in matrix.cells
        for cell in row
        if cell.revision == revision
    ]


def _targets(targets: Targets) -> list[dict[str, Any]]:
    return [
        {
            "revision": one.revision or None,
            "percent": one.percent,
            "tag": one.tag or None,
            "latest": one.latest,
        }
        for one in targets
    ]
