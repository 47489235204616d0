"""A check, and what it may know of a fake that is mistaken."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.emulator.storage_differential.bench import Answer, Bench

_Asks = Callable[[Bench], Answer]


@dataclass(frozen=True, slots=True)
class Mistaken:
    """What the fake answers where Google's answer is another. `says` is Google's word for it, from `where`."""

    google: Answer
    fake: Answer
    says: str
    where: str


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a server. Both give the same answer, unless the fake is known to be mistaken."""

    name: str
    ask: _Asks
    mistaken: Mistaken | None = None


@dataclass(slots=True)
class Checks:
    """The checks of one topic."""

    topic: str
    all: list[Check] = field(default_factory=list)

    def add(self, ask: _Asks, mistaken: Mistaken | None = None) -> _Asks:
        """Take a function as a check; its name says what it asks."""
        self.all.append(Check(f"{self.topic}: {ask.__name__.replace('_', ' ')}", ask, mistaken))
        return ask

    def but(self, google: Answer, fake: Answer, says: str, where: str) -> Callable[[_Asks], _Asks]:
        """Take a function as a check of which the fake is mistaken."""
        return lambda ask: self.add(ask, Mistaken(google, fake, says, where))
