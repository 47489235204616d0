"""cli: one look at a service in print: `buddy.status/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import wcwidth

from buddy_tui import reasons
from buddy_tui.actions.marks import rolled_back_of
from buddy_tui.clean import clean_line
from buddy_tui.model import Revision, RevisionState, Service, TrafficTarget
from buddy_tui.traffic import Share, TrafficTruth, truth

_NO_SHARE = Share("")
_NO_TERMINAL = (100, 24)


def as_json(service: Service, revisions: tuple[Revision, ...], as_of: datetime) -> str:
    """Return the document `buddy.status/1`. What is not known is null; times are UTC, RFC 3339.

    `traffic.desired` and `traffic.effective` are the lists of the wire: an empty `desired` means 100 % LATEST, and a
    desired LATEST has no `revision`. A revision's `percent` and `tags` are the effective ones.
    """
    told, name = truth(service, revisions), service.name
    shares = {share.revision: share for share in told.effective}
    document = {
        "schema": "buddy.status/1",
        "service": {
            "name": name.service,
            "project": name.project,
            "region": name.region,
            "uri": service.uri or None,
            "etag": service.etag or None,
        },
        "traffic": {
            "desired": [_target(one) for one in service.desired],
            "effective": [_target(one) for one in service.effective],
            "pinned": told.pinned,
            "diverged": told.diverged,
            "next_deploy_percent": told.next_deploy_percent,
            "rolled_back": _rolled_back(service),
        },
        "revisions": [_revision(one, shares.get(one.name, _NO_SHARE)) for one in revisions],
        "as_of": _time(as_of),
    }
    return json.dumps(document, indent=2) + "\n"


def as_text(service: Service, revisions: tuple[Revision, ...], as_of: datetime) -> str:
    """Return the page for people, as wide as the terminal. Plain text: states are words, never colours.

    On a terminal so narrow that the facts alone do not fit, lines are longer than it is wide: a fact is never cut.
    """
    told, name = truth(service, revisions), service.name
    columns = shutil.get_terminal_size(_NO_TERMINAL).columns
    lines = [
        f"{name.service}  {name.project}/{name.region}  {service.uri}".rstrip(),
        told.headline,
        *(line for note in _marks(service) for line in _indented(note, columns)),
        *(line for note in told.notes for line in _indented(note, columns)),
        "",
        *_table(revisions, told, as_of, columns),
        f"as of {_time(as_of)}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _marks(service: Service) -> Iterator[str]:
    """Tell that somebody has rolled the service back, as long as nobody has decided how to go on."""
    mark = rolled_back_of(service)
    if mark and not mark.decided:
        yield f"ROLLED BACK from {mark.origin} to {mark.to} at {_time(mark.at)} by {mark.by}."


def _rolled_back(service: Service) -> dict[str, str] | None:
    mark = rolled_back_of(service)
    if mark is None or mark.decided:
        return None
    return {"from": mark.origin, "to": mark.to, "at": _time(mark.at), "by": mark.by}


def _indented(note: str, columns: int) -> list[str]:
    return textwrap.wrap(note, max(columns, 40), initial_indent="  ", subsequent_indent="  ")


def _table(
    revisions: tuple[Revision, ...], told: TrafficTruth, as_of: datetime, columns: int
) -> Iterator[str]:
    """Lay out one line a revision; only the reason, which comes last, is cut to what is left of the line."""
    shares = {share.revision: share for share in told.effective}
    rows = [("REVISION", "TRAFFIC", "TAGS", "STATE", "AGE", "WHY")]
    rows += [_row(one, shares.get(one.name, _NO_SHARE), as_of) for one in revisions]
    widths = [max(wcwidth.width(cell) for cell in column) for column in zip(*rows, strict=True)][:-1]
    left = columns - sum(widths) - 2 * len(widths)
    for *facts, why in rows:
        cells = [wcwidth.ljust(cell, wide) for cell, wide in zip(facts, widths, strict=True)]
        yield "  ".join((*cells, _cut(why, left))).rstrip()


def _row(revision: Revision, share: Share, now: datetime) -> tuple[str, str, str, str, str, str]:
    broken = revision.state in {RevisionState.FAILED, RevisionState.PENDING}
    why = (
        ": ".join(filter(None, (reasons.in_words(revision.reason), clean_line(revision.message))))
        if broken
        else ""
    )
    tags = ", ".join(share.tags)
    return revision.name, f"{share.percent:>5} %", tags, revision.state.value, _age(revision, now), why


def _cut(text: str, columns: int) -> str:
    if wcwidth.width(text) <= columns:
        return text
    return f"{wcwidth.clip(text, 0, columns - 1)}…" if columns > 10 else ""


def _age(revision: Revision, now: datetime) -> str:
    import humanize  # only the page needs it

    return humanize.naturaldelta(now - revision.created) if revision.created else ""


def _target(target: TrafficTarget) -> Mapping[str, Any]:
    return {
        "revision": target.revision or None,
        "percent": target.percent,
        "tag": target.tag or None,
        "latest": target.latest,
    }


def _revision(revision: Revision, share: Share) -> Mapping[str, Any]:
    return {
        "name": revision.name,
        "state": revision.state.value,
        "reason": revision.reason or None,
        "message": revision.message or None,
        "created": _time(revision.created) if revision.created else None,
        "percent": share.percent,
        "tags": list(share.tags),
        "source": revision.source or None,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
