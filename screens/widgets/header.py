"""The identity line: where we are, as whom, what we may do, and how fresh it all is. Never hidden."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean_line
from screens.theme import TONES
from screens.words import Cell, Clock, freshness

if TYPE_CHECKING:
    from buddy_tui.config import Settings
    from buddy_tui.model import Trouble

# Colour by word. Any other word is shown as it is, in a neutral colour.
_ENVIRONMENTS = {
    "PROD": "$background on $error bold",
    "STAGING": "$background on $warning bold",
    "DEV": "$background on $success bold",
    "DEMO": "$background on $primary bold",
}
_UNSAID = "ENV?"
# Any other mode is that something is unlocked.
_MODES = {"[RW]": "bold", "[READ-ONLY]": "bold $text-primary"}
_NEUTRAL = "$background on $secondary bold"


@dataclass(frozen=True, slots=True)
class Identity:
    """What the line says besides freshness. `place` is project, region(s) and, on its screen, the service."""

    environment: str
    place: tuple[str, ...]
    who: str
    mode: str


def identity(settings: "Settings", *place: str) -> Identity:
    """Return the identity of `settings` at a place, e.g. `acme-prod`, `europe-west1`, `api`."""
    account, acting = settings.account.value, settings.impersonate.value
    return Identity(
        settings.environment.value.upper() or _UNSAID,
        place,
        " → ".join(filter(None, (account, acting))),
        "[READ-ONLY]" if settings.read_only else "[RW]",
    )


class IdentityHeader(Widget):
    """One line; the account shortens first, then project and region. Freshness ticks by `tick`."""

    DEFAULT_CSS = """
    IdentityHeader { dock: top; height: 1; background: $panel; color: $foreground; }
    """

    unlocked: reactive[str] = reactive("")
    """What stands in the place of the mode while production is unlocked, e.g. `UNLOCKED api 4:12`."""

    def __init__(self, who: Identity, clock: Clock) -> None:
        super().__init__()
        self._who = who
        self._clock = clock
        self._seen: tuple[datetime | None, Trouble | None, float] = (None, None, 0.0)
        self._shown = Cell("")

    def tell(self, as_of: datetime | None, trouble: "Trouble | None", next_in: float) -> None:
        """Say from when the data is, what troubles the looking, and in how many seconds the next look comes."""
        self._seen = (as_of, trouble, next_in)
        self.tick()

    def tick(self) -> None:
        """Let the age go on; repaints this line alone, and only when its words changed."""
        if self._fresh() != self._shown:
            self.refresh()

    def render(self) -> Content:
        """Compose the line for the width at hand."""
        self._shown = fresh = self._fresh()
        who = replace(self._who, mode=f"[{self.unlocked}]") if self.unlocked else self._who
        return header_line(who, fresh, self.size.width)

    def _fresh(self) -> Cell:
        as_of, trouble, next_in = self._seen
        cell = freshness(as_of, trouble, next_in, self._clock())
        return cell._replace(text=f"{cell.text}: {clean_line(trouble.sentence)}") if trouble else cell


def header_line(who: Identity, fresh: Cell, width: int) -> Content:
    """Lay the identity line out in `width` cells.

    The order of shortening: the reason of staleness is cut; the account loses its domains, then all but who we act
    as, then goes; project and region are cut, then go. Environment, service, mode and freshness stay.
    """
    chip, sure = f" {clean_line(who.environment)} ", fresh.text.partition(":")[0]
    places = tuple(map(clean_line, who.place))
    room = width - cell_len(chip) - len(who.mode) - cell_len(sure) - 6
    account = next(
        (one for one in _accounts(clean_line(who.who)) if cell_len(one + " / ".join(places)) + 2 <= room), ""
    )
    place = _cut(places, room - (cell_len(account) + 2 if account else 0))
    spare = room - cell_len(place) - (cell_len(account) + 2 if account else 0)
    left = Content.assemble(
        (chip, _ENVIRONMENTS.get(who.environment, _NEUTRAL)),
        f" {place}",
        (f"  {account}" if account else "", "$text-muted"),
    )
    words = (
        fresh.text if cell_len(fresh.text) <= cell_len(sure) + spare else _clipped(fresh.text, sure, spare)
    )
    right = Content.assemble(
        (clean_line(who.mode), _MODES.get(who.mode, "bold $background on $warning")),
        "  ",
        (words, TONES[fresh.tone]),
        " ",
    )
    return Content.assemble(left, " " * max(1, width - left.cell_length - right.cell_length), right)


def _accounts(who: str) -> Iterator[str]:
    yield who
    short = " → ".join(part.partition("@")[0] for part in who.split(" → "))
    yield short
    if " → " in short:
        yield f"→ {short.rpartition(' → ')[2]}"


def _clipped(text: str, sure: str, spare: int) -> str:
    return f"{text[: len(sure) + spare - 1]}…" if spare > 6 else sure


def _cut(places: tuple[str, ...], room: int) -> str:
    """Return the place in `room` cells: first its parts but the last are cut to four cells, then they go."""
    parts = list(places)
    for at, part in enumerate(parts[:-1]):
        excess = cell_len(" / ".join(parts)) - room
        if excess > 0:
            parts[at] = f"{part[: max(3, len(part) - excess - 1)]}…"
    while len(parts) > 1 and cell_len(" / ".join(parts)) > room:
        del parts[0]
    return " / ".join(parts) if cell_len(" / ".join(parts)) <= room else f"{parts[0][: max(1, room - 1)]}…"
