"""cli: a promotion in print: `buddy.change/1` with its gates and steps for scripts, lines as it goes for people."""

import json
import sys
from typing import Any

from buddy_tui.actions.moving import DONE
from buddy_tui.actions.values import Ending, Gate, Phase, Progress, Promotion, Standing
from buddy_tui.cli.changed import code_of as code_of_progress
from buddy_tui.cli.changed import progress_as_json, progress_as_text
from buddy_tui.errors import ExitCode


def code_of(told: Promotion) -> ExitCode:
    """Return the exit code: 0 only for what was proved; what ended between two steps was begun and not finished."""
    if told.ending is Ending.CONFLICT and _began(told):
        return ExitCode.UNFINISHED
    return code_of_progress(_progress(told))


def as_json(told: Promotion) -> str:
    """Return the document `buddy.change/1` of a promotion: the first step's plan, how it ended, `steps` and `gates`.

    `steps` are the percents, each with whether it was passed, reached or neither. `requests` is how many the candidate
    answered in the last of them, `logs_until` how far the logs reach.
    """
    document: dict[str, Any] = json.loads(progress_as_json(_progress(told)))
    document["steps"] = [
        {"percent": percent, "state": _state(told, place)} for place, percent in enumerate(told.steps)
    ]
    document["requests"] = told.requests
    document["logs_until"] = f"{told.logs_until:%Y-%m-%dT%H:%M:%SZ}" if told.logs_until else None
    document["gates"] = [_gate(gate) for gate in told.gates]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(told: Promotion) -> str:
    """Return how a promotion ended, and what the gates said last."""
    gates = [f"  {gate.standing.value:<12} {gate.title}: {gate.seen}" for gate in told.gates]
    return "\n".join([*gates, *_reach(told), progress_as_text(_progress(told))])


def narrate(told: Promotion, said: set[str]) -> None:
    """Tell on stderr what a promotion is at, each thing once in each step."""
    for topic, line in _lines(told):
        if (key := f"{told.step} {topic}") not in said:
            said.add(key)
            print(line, file=sys.stderr, flush=True)


def _lines(told: Promotion) -> list[tuple[str, str]]:
    """Return what there is to tell, each under what it is about: numbers move, and are told once all the same."""
    percent, phase = told.steps[told.step], told.phase
    if phase is Phase.MOVING:
        return [("moving", f"{told.plan.revision} to {percent} %")]
    if phase is Phase.BAKING:
        return [("baking", f"  at {percent} %: the gates are watched")]
    if phase is Phase.WAITING:
        return [("waiting", "  paused: the gates are watched on")]
    if phase is Phase.HOLDING:
        unknown = [gate for gate in told.gates if gate.standing is not Standing.PASS]
        about = [(f"holding {gate.name}", f"  {gate.title}: {gate.seen}") for gate in unknown]
        holding = ("holding", "  HOLDING: too little is known to go on")
        return [holding, *about, *(("logs", line) for line in _reach(told))]
    return [("back", told.sentence)] if phase is Phase.PUTTING_BACK else []


def _reach(told: Promotion) -> list[str]:
    return [f"  the logs reach to {told.logs_until:%H:%M:%S} UTC"] if told.logs_until else []


def _began(told: Promotion) -> bool:
    """Tell whether a step was made."""
    return told.step > 0 or bool(told.progress and told.progress.ending in DONE)


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
