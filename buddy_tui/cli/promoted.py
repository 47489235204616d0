"""cli: a promotion in print: `buddy.change/1` with its gates and steps for scripts, lines as it goes for people."""

import json
import sys
from typing import Any

from buddy_tui.actions.values import Gate, Phase, Progress, Promotion
from buddy_tui.cli.changed import code_of as code_of_progress
from buddy_tui.cli.changed import progress_as_json, progress_as_text
from buddy_tui.errors import ExitCode


def code_of(told: Promotion) -> ExitCode:
    """Return the exit code: 0 only for what was proved."""
    return code_of_progress(_progress(told))


def as_json(told: Promotion) -> str:
    """Return the document `buddy.change/1` of a promotion: the first step's plan, how it ended, `steps` and `gates`.

    `steps` are the percents, each with whether it was passed, reached or neither.
    """
    document: dict[str, Any] = json.loads(progress_as_json(_progress(told)))
    document["steps"] = [
        {"percent": percent, "state": _state(told, place)} for place, percent in enumerate(told.steps)
    ]
    document["requests"] = told.requests
    document["gates"] = [_gate(gate) for gate in told.gates]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(told: Promotion) -> str:
    """Return how a promotion ended, and what the gates said last."""
    gates = [f"  {gate.standing.value:<12} {gate.title}: {gate.seen}" for gate in told.gates]
    return "\n".join([*gates, progress_as_text(_progress(told))])


def narrate(told: Promotion, said: set[str]) -> None:
    """Tell on stderr what a promotion is at, each thing once in each step."""
    for line in _lines(told):
        key = f"{told.step} {line}"
        if key not in said:
            said.add(key)
            print(line, file=sys.stderr, flush=True)


def _lines(told: Promotion) -> list[str]:
    percent = told.steps[told.step]
    gates = [f"  {gate.title}: {gate.seen}" for gate in told.gates if gate.standing != "pass"]
    return {
        Phase.MOVING: [f"{told.plan.revision} to {percent} %"],
        Phase.BAKING: [f"  at {percent} %: the gates are watched"],
        Phase.WAITING: ["  paused"],
        Phase.HOLDING: ["  HOLDING: too little is known to go on", *gates[:1]],
        Phase.PUTTING_BACK: [told.sentence],
        Phase.OVER: [],
    }[told.phase]


def _progress(told: Promotion) -> Progress:
    """Return the whole promotion as one change: its first plan, its own end, what was effective last."""
    last = told.progress
    return Progress(
        told.plan,
        effective=last.effective if last else (),
        ending=told.ending,
        sentence=told.sentence,
        hint=last.hint if last else told.plan.hint,
        moved=last.moved if last else (),
        as_of=told.as_of,
    )


def _state(told: Promotion, place: int) -> str:
    if told.ending == "done" or place < told.step:
        return "passed"
    return "reached" if place == told.step and told.progress else "pending"


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "name": gate.name,
        "title": gate.title,
        "standing": gate.standing.value,
        "seen": gate.seen,
        "candidate": list(gate.candidate),
        "baseline": list(gate.baseline),
    }
