"""cli: `buddy-tui promote`: traffic to a candidate, step by step, and back by itself when a gate fails."""

import asyncio
import sys
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.types import NonNegativeFloat, PositiveFloat, PositiveInt

from buddy_tui.clean import clean_line
from buddy_tui.cli.changing import Guard, Scene, change, need, now
from buddy_tui.cli.options import Context
from buddy_tui.cli.target import pick_revision, service_in
from buddy_tui.errors import UsageProblem
from buddy_tui.pacing import ReleaseSettings

if TYPE_CHECKING:
    from buddy_tui.actions.control import Control
    from buddy_tui.actions.values import Plan, Promotion

_NO_OPTIONS = Context()
_NO_GUARD = Guard()


@dataclass(frozen=True, slots=True)
class _Wish:
    """How to go about it; `patience` in seconds. `skip` says why gates that cannot be told are not waited for."""

    pace: ReleaseSettings
    patience: float
    skip: str


def promote(
    revision: str | None = None,
    /,
    *,
    steps: Annotated[str | None, Parameter(help="Percents, rising; else as buddy.toml says.")] = None,
    bake: Annotated[NonNegativeFloat | None, Parameter(help="Seconds that each step is watched.")] = None,
    least: Annotated[
        PositiveInt | None, Parameter(help="Requests that each step must have answered.")
    ] = None,
    patience: Annotated[
        PositiveFloat, Parameter(help="Seconds to hold where too little is known; then it is put back.")
    ] = 600.0,
    skip_gates: Annotated[
        str, Parameter(help="Why a gate that cannot be told need not be waited for. One that fails is.")
    ] = "",
    guard: Guard = _NO_GUARD,
    context: Context = _NO_OPTIONS,
) -> int:
    """Give a revision more and more traffic, each step held behind gates: probes, 5xx answers, latency, crashes.

    A gate that fails puts the traffic back exactly as it was. Ctrl-C leaves it where it is.

    Parameters
    ----------
    revision
        Its name or its end.

    """
    name = need(revision, "promote wants a revision.", "promote api-00042-xez")
    percents = None if steps is None else _percents(steps)

    def pace(scene: Scene) -> ReleaseSettings:
        usual = scene.settings.release
        return ReleaseSettings(
            usual.steps if percents is None else percents,
            usual.bake if bake is None else bake,
            usual.least if least is None else least,
        )

    async def plan(scene: Scene) -> "Plan":
        from buddy_tui.actions.promotion import first_step

        _tell_unattended(scene)
        wanted = pick_revision(scene.revisions, name).name
        return first_step(scene.service, scene.revisions, wanted, scene.terms, pace(scene).steps)

    async def conclude(scene: Scene, planned: "Plan", guard: Guard) -> int:
        from buddy_tui.cli.promoted import as_json, as_text, code_of

        wish = _Wish(pace(scene), patience, clean_line(skip_gates))
        told = await _promoted(scene, planned, guard, wish)
        print((as_json if guard.json else as_text)(told), end="")
        return code_of(told)

    return change(plan, context, guard, service_in(name), conclude)


def _percents(text: str) -> tuple[int, ...]:
    """Return the steps. Raises UsageProblem unless they rise, from 1 to 100 at most."""
    words = text.replace(" ", "").split(",")
    percents = tuple(int(word) for word in words if word.isdecimal() and word.isascii() and len(word) <= 3)
    rising = sorted({one for one in percents if 1 <= one <= 100})
    if len(percents) < len(words) or list(percents) != rising:
        raise UsageProblem("--steps wants rising percents, from 1 to 100.", "--steps 10,50,100")
    return percents


def _tell_unattended(scene: Scene) -> None:
    from buddy_tui.actions.promotion import unattended

    if not scene.settings.read_only and (told := unattended(scene.journal, scene.service)):
        print(f"buddy-tui: {told}", file=sys.stderr)


async def _promoted(scene: Scene, plan: "Plan", guard: Guard, wish: _Wish) -> "Promotion":
    from buddy_tui import gcp
    from buddy_tui.actions.control import Control
    from buddy_tui.actions.promotion import promotion
    from buddy_tui.cli.promoted import narrate
    from buddy_tui.probes.door import HttpDoor

    control, held = Control(), _Holding(wish)
    stream = promotion(
        scene.service,
        scene.revisions,
        plan.revision,
        steps=wish.pace.steps,
        bake=wish.pace.bake,
        least=wish.pace.least,
        reads=scene.cloud,
        writes=gcp.writes(scene.cloud),
        journal=scene.journal,
        door=HttpDoor(scene.cloud),
        questions=scene.settings.questions,
        clock=now,
        control=control,
        who=scene.terms.who,
        acting=scene.terms.acting,
        reason=clean_line(guard.reason),
        terms=scene.terms,
    )
    said: set[str] = set()
    try:
        async with aclosing(stream) as values:
            told = await anext(values)
            async for told in values:
                narrate(told, said)
                held.heed(told, control)
    except asyncio.CancelledError:
        print("buddy-tui: left; the traffic stays where it is, and nobody watches it.", file=sys.stderr)
        raise
    return told


class _Holding:
    """What is done where too little is known: skip it where that was wished for, or wait, but not for ever."""

    def __init__(self, wish: _Wish) -> None:
        self._wish = wish
        self._since: float | None = None

    def heed(self, told: "Promotion", control: "Control") -> None:
        """Look how long it holds already."""
        if told.phase != "holding":
            self._since = None
            return
        if self._wish.skip:
            control.skip(self._wish.skip)
            return
        at = asyncio.get_running_loop().time()
        self._since = self._since or at
        if at - self._since >= self._wish.patience:
            control.abort(f"Too little was known for {self._wish.patience:g} s.")
