"""actions: the steps of a change, each begun and ended once, with the time that it took."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from buddy_tui.actions.values import Step, StepState


class Steps:
    """The steps of one change, pending at first. `titles` are their names and what they are called."""

    def __init__(self, titles: Sequence[tuple[str, str]], clock: Callable[[], datetime]) -> None:
        self._steps = {name: Step(name, title) for name, title in titles}
        self._clock = clock

    def begin(self, name: str) -> None:
        """Say that a step is under way."""
        self._steps[name] = replace(self._steps[name], state=StepState.RUNNING, began=self._clock())

    def say(self, name: str, said: str) -> None:
        """Keep what was seen in a step so far."""
        began = self._steps[name].began
        took = max(0.0, (self._clock() - began).total_seconds()) if began else 0.0
        self._steps[name] = replace(self._steps[name], said=said, took=took)

    def end(self, name: str, state: StepState, said: str) -> None:
        """Say how a step ended."""
        self.say(name, said)
        self._steps[name] = replace(self._steps[name], state=state)

    def over(self) -> None:
        """Say that there is no more to come: what is pending is skipped."""
        for name, step in self._steps.items():
            if step.state is StepState.PENDING:
                self._steps[name] = replace(step, state=StepState.SKIPPED)

    def __contains__(self, name: str) -> bool:
        return name in self._steps

    def __call__(self) -> tuple[Step, ...]:
        """Return the steps as they are now, in their order."""
        return tuple(self._steps.values())
