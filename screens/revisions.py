"""What the screen of a service says of a revision in little room, and of a run of failed ones. Pure."""

from datetime import datetime

from textual.content import Content

from buddy_tui.clean import clean_line
from buddy_tui.finding import Finding, Incident
from buddy_tui.model import Revision
from buddy_tui.traffic import Share
from screens.findings import first_fix
from screens.states import revision_state
from screens.theme import toned
from screens.widgets.columns import Column
from screens.widgets.table import Row
from screens.words import Cell, age

COLUMNS = (
    Column("REVISION", keep_end=True),
    Column("TRAFFIC", right=True),
    Column("TAG", priority=1),
    Column("READY", flexible=True, least=16),
    Column("SOURCE", spare=True),
    Column("AGE", priority=2, right=True),
)


def revision_row(
    revision: Revision, desired: Share, effective: Share, now: datetime, finding: Finding | None = None
) -> Row:
    """Return a revision as a row of `COLUMNS`."""
    tags = tuple(dict.fromkeys((*effective.tags, *desired.tags)))
    return Row(
        revision.name,
        (
            Cell(revision.name, "strong" if effective.percent else ""),
            _traffic(desired.percent, effective.percent),
            Cell(" ".join(tags), "info"),
            revision_state(revision, finding),
            Cell(_source(revision), "dim"),
            Cell(age(revision.created, now), "dim"),
        ),
    )


def preview(revision: Revision, finding: Finding | None = None) -> Content:
    """Return what a narrow screen says about the revision under the cursor: name, state, and why it is so.

    With a finding that is the cause and the fix, else Cloud Run's own message.
    """
    state = revision_state(revision, finding)
    told = toned(
        Cell(clean_line(revision.name), "strong"), Cell("  "), Cell(clean_line(state.text), state.tone)
    )
    if finding is None:
        return Content.assemble(*told, "\n", clean_line(revision.message.partition("\n\n")[0]))
    fix = Cell(f"fix  {clean_line(first_fix(finding))}" if finding.fix else "", "info")
    sure = Cell(f" · {finding.confidence.value}", "dim")
    return Content.assemble(*told, *toned(sure), "\n", clean_line(finding.summary), "\n", *toned(fix))


def incident_in_short(incident: Incident) -> Content:
    """Return a run of failed revisions on one line, and what to do about it on a second."""
    fix = f"\n  fix  {clean_line(incident.fix[0])}" if incident.fix else ""
    sure = f" · {incident.confidence.value}" if incident.one_cause else ""
    return Content.assemble(
        *toned(
            Cell(f"✗ {clean_line(incident.headline)}", "bad"),
            Cell(sure, "dim"),
            Cell(fix, "info"),
        )
    )


def _traffic(desired: int, effective: int) -> Cell:
    if desired != effective:
        return Cell(f"{effective}% → {desired}%", "warn")
    return Cell(f"{effective}%", "strong") if effective else Cell("0%", "dim")


def _source(revision: Revision) -> str:
    """Return the commit, or the uploaded object's own name without its generation, or that nobody told."""
    if revision.commit:
        return revision.commit[:10]
    name = revision.source.rpartition("/")[2].partition("#")[0]
    return name if len(name) <= 16 else f"{name[:15]}…"
