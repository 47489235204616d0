"""cli: a plan, and what became of it, in print: `buddy.change/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator
from typing import Any

from buddy_tui.actions.values import Ending, Plan, Progress, Targets
from buddy_tui.errors import ExitCode

_NO_TERMINAL = (100, 24)
_LABEL = 10
_CODES = {
    Ending.DONE: ExitCode.OK,
    Ending.NOTHING_TO_DO: ExitCode.OK,
    Ending.PUT_BACK: ExitCode.PROBLEM_FOUND,
    Ending.DENIED: ExitCode.NOT_ALLOWED,
    Ending.CONFLICT: ExitCode.REFUSED,
    Ending.REFUSED: ExitCode.REFUSED,
    Ending.FAILED: ExitCode.REFUSED,
    Ending.NOT_DONE: ExitCode.UNFINISHED,
    Ending.UNKNOWN: ExitCode.UNFINISHED,
}


def code_of(progress: Progress) -> ExitCode:
    """Return the exit code: 0 only for what was proved."""
    return _CODES[progress.ending] if progress.ending else ExitCode.UNFINISHED


def plan_as_json(plan: Plan) -> str:
    """Return the document `buddy.change/1` of a plan that is not done (yet): `ending` is null, or `refused`."""
    return _dumped(_plan(plan) | {"ending": "refused" if plan.refusal else None})


def progress_as_json(progress: Progress) -> str:
    """Return the document `buddy.change/1`. Times are in UTC, RFC 3339; what is not known is null."""
    steps = [
        {
            "name": step.name,
            "state": step.state.value,
            "took_ms": round(step.took * 1000, 1),
            "said": step.said,
        }
        for step in progress.steps
    ]
    told = {
        "ending": progress.ending.value if progress.ending else None,
        "sentence": progress.sentence,
        "hint": progress.hint or None,
        "moved": list(progress.moved),
        "effective": _targets(progress.effective),
        "steps": steps,
        "as_of": f"{progress.as_of:%Y-%m-%dT%H:%M:%SZ}" if progress.as_of else None,
    }
    return _dumped(_plan(progress.plan) | told)


def plan_as_text(plan: Plan) -> str:
    """Return the page of a plan: what changes, from what to what, and what to know before."""
    lines = [plan.title]
    if plan.refusal:
        lines += _wrapped("refused", plan.refusal)
        lines += [f"{'hint':<{_LABEL}}{plan.hint}"] if plan.hint else []
        return "\n".join(lines) + "\n"
    lines += _wrapped("from", in_words(plan.before))
    lines += _wrapped("to", in_words(plan.after))
    for label, sentences in (("also", plan.also), ("careful", plan.warnings), ("for good", plan.irrevocable)):
        for place, sentence in enumerate(sentences):
            lines += _wrapped(label if not place else "", sentence)
    lines += [f"{'command':<{_LABEL}}{plan.command}", f"{'undo':<{_LABEL}}{plan.undo_command}"]
    return "\n".join([*lines, f"{'plan':<{_LABEL}}{plan.hash}"]) + "\n"


def progress_as_text(progress: Progress) -> str:
    """Return how a change ended, in a few lines."""
    lines = [progress.sentence or f"{progress.ending}"]
    lines += [line for told in progress.moved for line in _wrapped("", told)]
    lines += [f"{'hint':<{_LABEL}}{progress.hint}"] if progress.hint else []
    lines += _wrapped("effective", in_words(progress.effective)) if progress.effective else []
    return "\n".join(lines) + "\n"


def in_words(targets: Targets) -> str:
    """Return a traffic list in words, e.g. `100 % buddy-app-00028-bsx, tag stable on buddy-app-00028-bsx`."""
    told = [_target(one) for one in targets]
    return ", ".join(told) or "100 % LATEST"


def _target(one: Any) -> str:  # noqa: ANN401 - a TrafficTarget
    name = "LATEST" if one.latest else one.revision
    if one.tag and not one.percent:
        return f"tag {one.tag} on {name}"
    return f"{one.percent} % {name}{f' (tag {one.tag})' if one.tag else ''}"


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "schema": "buddy.change/1",
        "verb": plan.verb.value,
        "project": plan.name.project,
        "region": plan.name.region,
        "service": plan.name.service,
        "title": plan.title,
        "plan": plan.hash,
        "revision": plan.revision or None,
        "before": _targets(plan.before),
        "after": _targets(plan.after),
        "also": list(plan.also),
        "warnings": list(plan.warnings),
        "irrevocable": list(plan.irrevocable),
        "command": plan.command or None,
        "undo_command": plan.undo_command or None,
        "needs_reason": plan.needs_reason,
        "refusal": plan.refusal or None,
        "hint": plan.hint or None,
    }


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


def _dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _wrapped(label: str, text: str) -> Iterator[str]:
    columns = max(40, shutil.get_terminal_size(_NO_TERMINAL).columns)
    first = f"{label:<{_LABEL}}"
    yield from textwrap.wrap(
        text, columns, initial_indent=first, subsequent_indent=" " * _LABEL, break_on_hyphens=False
    )
