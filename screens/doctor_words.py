"""What the doctor's screen says, in the operator's words. Pure."""

import shlex
from collections.abc import Iterator
from typing import Final

from textual.content import Content

from buddy_tui.clean import clean, clean_line
from buddy_tui.config import Settings
from buddy_tui.doctor.values import Check, Examination
from buddy_tui.doctor.wording import parts_of
from buddy_tui.model import ServiceName
from buddy_tui.preflight.values import Verdict
from screens import links
from screens.theme import toned
from screens.verdicts import MARKS, counts
from screens.widgets.columns import Column
from screens.widgets.facts import Fact
from screens.widgets.table import Row
from screens.words import Cell

_PENDING: Final = Cell("● looking…", "info")
COLUMNS: Final = (
    # As wide as what stands there while we look, so that nothing moves to the side afterwards.
    Column(f"{'VERDICT':<{len(_PENDING.text)}}"),
    Column("CHECK"),
    Column("WHAT IT SAYS", flexible=True, least=20),
)
_NOT_YET: Final = Cell("Looking what can be done from this machine …", "info")
_TONES: Final = {Verdict.PASS: "ok", Verdict.FAIL: "bad", Verdict.SKIPPED: "dim"}


def rows(told: Examination) -> Iterator[Row]:
    """Yield every check in its place, also those that are still to be judged."""
    for check in told.checks:
        speaks = check.verdict in {Verdict.WARN, Verdict.FAIL}
        said = Cell(clean_line(check.message), "" if speaks else "dim")
        yield Row(check.name, (_mark(check, told), Cell(clean_line(check.name)), said))


def _mark(check: Check, told: Examination) -> Cell:
    return _PENDING if check.name in told.pending else MARKS[check.verdict]


def headline(told: Examination | None) -> Content:
    """Return in one sentence which jobs can be done here and which cannot, as far as that is known."""
    parts = [Cell(text, _TONES[verdict]) for verdict, text in parts_of(told.conclusion)] if told else []
    return Content.assemble(*toned(*(parts or [_NOT_YET])))


def tally(told: Examination | None) -> Content:
    """Return how many checks say what, and how long that took, or how many are still to come."""
    if told is None:
        return Content("")
    cells = counts([one.verdict for one in told.checks if one.name not in told.pending])
    so_far = (
        Cell(f"● looking, {len(told.pending)} to come", "info")
        if told.pending
        else Cell(f"in {told.took:.1f} s", "dim")
    )
    return Content.assemble(*toned(*cells, so_far))


def first_to_see(told: Examination) -> str:
    """Return the name of the check to look at first: one that fails, else one that warns.

    Where there is neither, it is the first of all, and none as long as one may still come.
    """
    named = {one.verdict: one.name for one in reversed(told.checks)}
    nothing = "" if told.pending else told.checks[0].name
    return named.get(Verdict.FAIL) or named.get(Verdict.WARN) or nothing


def check_facts(check: Check, told: Examination) -> tuple[Fact, ...]:
    """Return everything about a check: its verdict, what it says, what to do, and what else was seen."""
    facts = [Fact(clean_line(check.name), (_mark(check, told),))]
    if check.message:
        facts.append(Fact("", (Cell(clean(check.message)),)))
    if check.fix:
        facts.append(Fact("fix", (Cell(clean(check.fix), "info"),)))
    if check.evidence:
        facts.append(Fact("seen", tuple(Cell(clean_line(line)) for line in check.evidence)))
    return tuple(facts)


def command(settings: Settings, name: ServiceName | None) -> str:
    """Return the command that prints the same."""
    acting = settings.impersonate.value
    if name:
        return links.headless("doctor", name, impersonate=acting)
    told = [f"--service={settings.service.value}"] if settings.service else []
    told += [f"--region={one.value}" for one in settings.regions]
    told += [f"--project={settings.project.value}"] if settings.project else []
    told += [f"--impersonate-service-account={acting}"] if acting else []
    return shlex.join(["buddy-tui", "doctor", *told])
