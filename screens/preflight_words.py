"""What the preflight screen says, in the operator's words. Pure; every verdict is a mark, a word and a tone."""

from collections.abc import Iterator
from typing import Final

from textual.content import Content

from buddy_tui.clean import clean, clean_line
from buddy_tui.deploy.looks import Look
from buddy_tui.model import ServiceName
from buddy_tui.preflight.values import Check, Evidence, Preflight, Verdict
from screens.theme import toned
from screens.verdicts import MARKS, counts
from screens.widgets.columns import Column
from screens.widgets.facts import Fact
from screens.widgets.table import Row
from screens.words import Cell

COLUMNS = (
    Column(""),
    Column("CHECK"),
    Column("WHAT IT SAYS", flexible=True, least=20),
)
# The row behind the checks, which goes on to the plan.
GO_ON: Final = "deploy from here"

_PENDING = Cell("● asking", "info")


def rows(look: Look) -> Iterator[Row]:
    """Yield the checks in their order, and once all of them are known what goes on from here."""
    for check in look.preflight.checks if look.preflight else ():
        name = Cell(clean_line(check.name))
        if check.name in look.pending:
            yield Row(check.name, (_PENDING, name, Cell("still to come", "dim")))
        else:
            told = Cell(clean_line(check.message), "" if _speaks(check) else "dim")
            yield Row(check.name, (MARKS[check.verdict], name, told))
    if look.done and look.preflight:
        failed = look.preflight.verdict is Verdict.FAIL
        told = Cell("Deploy from here all the same, with a reason", "warn") if failed else _DEPLOY
        yield Row(GO_ON, (Cell("→ plan", "info"), Cell(""), told))


_DEPLOY = Cell("Deploy from here, without traffic", "info")


def _speaks(check: Check) -> bool:
    return check.verdict in {Verdict.WARN, Verdict.FAIL}


def tally(look: Look) -> Content:
    """Return how many checks say what, the bad ones first, and what is run or asked meanwhile."""
    found = look.preflight
    if found is None:
        reading = "" if look.trouble else "● Reading the source …"
        return Content.assemble(*toned(Cell(reading, "info")))
    told = counts([one.verdict for one in found.checks if one.name not in look.pending])
    running = [Cell(f"● {clean_line(look.running)}", "info")] if look.running else []
    return Content.assemble(*toned(*told, *running))


def first_failed(look: Look) -> str:
    """Return the name of the check to look at first: one that fails, else the first of all."""
    checks = [one for one in look.preflight.checks if one.name not in look.pending] if look.preflight else []
    failed = [one.name for one in checks if one.verdict is Verdict.FAIL]
    return next(iter((*failed, *(one.name for one in checks))), "")


def banner(look: Look) -> Content | None:
    """Return what it comes to where it fails: the right root and its command, else the first failure and its fix."""
    found = look.preflight
    failed = next((one for one in found.checks if one.verdict is Verdict.FAIL), None) if found else None
    if found is None or failed is None or failed.name in look.pending:
        return None
    cells = [Cell("✗ Not to be deployed as it is. ", "bad")]
    if found.suggested_root:
        cells.append(Cell(f"The root is {clean_line(str(found.suggested_root))}", "strong"))
    else:
        cells.append(Cell(clean_line(failed.message)))
    if failed.fix:
        cells += [Cell("\n▸ ", "info"), Cell(clean_line(failed.fix))]
    return Content.assemble(*toned(*cells))


def check_facts(check: Check, *, pending: bool) -> tuple[Fact, ...]:
    """Return everything about a check: its verdict, what it says, what to do, and where it was seen."""
    if pending:
        return (Fact(check.name, (_PENDING,)),)
    facts = [
        Fact(clean_line(check.name), (MARKS[check.verdict],)),
        Fact("", (Cell(clean(check.message)),)),
    ]
    if check.fix:
        facts.append(Fact("fix", (Cell(clean(check.fix), "info"),)))
    seen = tuple(map(_seen, check.evidence))
    return (*facts, Fact("seen", seen)) if seen else tuple(facts)


def _seen(evidence: Evidence) -> Cell:
    at = evidence.at
    where = f"{at.path}:{at.line}" if at.line else at.path
    return Cell(clean_line(f"{where}  {evidence.said}" if where else evidence.said))


def go_on_facts(found: Preflight, name: ServiceName) -> tuple[Fact, ...]:
    """Return what planning a deployment from here would mean. Nothing is done by it."""
    upload = found.facts.upload if found.facts else None
    size = f"{len(upload.files):,} files, {upload.size:,} bytes" if upload else ""
    return (
        Fact(
            "deploys to",
            (Cell(clean_line(name.service), "strong"), Cell(f"in {clean_line(name.region)}", "dim")),
        ),
        Fact("uploads", (Cell(clean_line(str(found.root))), *([Cell(size, "dim")] if size else []))),
        Fact("traffic", (Cell("stays where it is: the new revision gets 0 % and a tag"),)),
        Fact("then", (Cell("enter plans it, and asks; nothing is done before that"),)),
    )
