"""actions: where to roll back to: revisions ranked by what is known of them, never by age alone. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from buddy_tui import reasons
from buddy_tui.actions.evidence import Errors, Evidence, Known, Proof, proof_of, serving
from buddy_tui.actions.hazards import secrets_of
from buddy_tui.actions.served import Span, Witness, now_served
from buddy_tui.actions.values import Candidate
from buddy_tui.model import Revision, RevisionState, Service
from buddy_tui.probes.measure import failing

# A larger share of 5xx is an error of the revision's own; fewer failures than these may be anybody's.
_BORNE = 0.01
_FEW = 3
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def ranked(service: Service, revisions: Sequence[Revision], known: Known) -> tuple[Candidate, ...]:
    """Return where traffic can go back to, the best first, with what speaks for and against each.

    Rank 0 is the default, the last witnessed good one. Where nobody is, there is none and ranks begin at 1: the
    operator must choose. Those that cannot serve come last, with a refusal. A revision that has all traffic now is no
    candidate; one that has a part of it is.
    """
    routes = now_served(service)
    told = {one.revision.name: one for one in known.of}
    found = [told.get(one.name) or Evidence(one) for one in revisions if routes.get(one.name, 0) < 100]
    current = serving(service, revisions)
    able = sorted((one for one in found if not _refusal(one)), key=_key)
    first = 0 if able and _is_default(able[0]) else 1
    ordered = [*able, *(one for one in found if _refusal(one))]
    return tuple(replace(_candidate(one, current), rank=place) for place, one in enumerate(ordered, first))


def default_of(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the last witnessed good one; `None` where the operator must choose."""
    return next((one for one in candidates if one.rank == 0 and not one.refusal), None)


def without_default(candidates: Sequence[Candidate], known: Known) -> str:
    """Say why there is no default, in one line; empty where there is one."""
    if default_of(candidates):
        return ""
    able = [one.revision for one in candidates if not one.refusal]
    if not able:
        return "There is no revision to go back to: none but what serves now could serve."
    if any(one.proof < Proof.NONE for one in known.of if one.revision.name in able):
        return "Nobody else is known to have served well: choose one yourself."
    why = f" {' '.join(known.silent)}" if known.silent else ""
    return f"Nobody else is known to have served: choose one yourself.{why}"


def _is_default(one: Evidence) -> bool:
    """Whether a revision has served well enough to be offered first, and nothing speaks against it."""
    return one.proof <= Proof.SOME and not _is_doubtful(one)


def _key(one: Evidence) -> tuple[bool, Proof, bool, float, bool, int, bool, float]:
    """Order by doubts, by how well it served, by its image, by when, by errors, by what serves most, by age."""
    best = one.best
    created = one.revision.created or _LONG_AGO
    return (
        _is_doubtful(one),
        one.proof,
        one.image is None,
        -(best.last.timestamp() if best else 0.0),
        one.errors is None,
        -one.percent,
        one.revision.state is RevisionState.RETIRED,
        -(created - _LONG_AGO).total_seconds(),
    )


def _is_doubtful(one: Evidence) -> bool:
    """Whether something makes a revision a bad choice, though it could serve."""
    mute = one.boots is not None and not one.boots.answers
    # What is no other one than what serves badly, unless requests prove that it was good.
    alike = one.same and (one.errors is None or _errs(one.errors))
    return bool(one.taken_back or one.crossed or _errs(one.errors) or mute or alike)


def _errs(errors: Errors | None) -> bool:
    if errors is None or errors.failed < _FEW:
        return False
    return failing(errors.of - errors.failed, errors.of)[0] > _BORNE


def _refusal(one: Evidence) -> str:
    """Say why a revision cannot be gone back to at all."""
    revision = one.revision
    if revision.state is RevisionState.FAILED:
        cause = (one.finding and one.finding.short) or reasons.in_words(revision.reason)
        return f"it failed: {cause}" if cause else "it failed"
    if revision.state is RevisionState.PENDING:
        return "it is not ready yet"
    return "its image is gone: it cannot start" if one.image is False else ""


def _candidate(one: Evidence, current: Revision | None) -> Candidate:
    refusal = _refusal(one)
    bad = () if refusal else tuple(_bad(one, current))
    return Candidate(one.revision.name, good=tuple(_good(one)), bad=bad, refusal=refusal)


def _good(one: Evidence) -> Iterator[str]:
    best = one.best
    if best and best.witness is not Witness.NOW:
        yield _served(best)
    if one.percent:
        yield f"has {one.percent} % now"
    if one.errors and not _errs(one.errors):
        yield _errors(one.errors)
    if one.boots and one.boots.answers:
        yield f"answers at its tag ({one.boots.at:%H:%M})"
    if one.revision.state is RevisionState.READY:
        yield "is ready"
    elif one.revision.state is RevisionState.RETIRED:
        yield "is retired: it wakes up with the first request"
    if one.image:
        yield "its image is there"


def _bad(one: Evidence, current: Revision | None) -> Iterator[str]:
    yield from _against(one)
    yield from _unproved(one)
    if current:
        yield from _different(one, current)
    if count := len(secrets_of(one.revision)):
        whose = "1 secret is" if count == 1 else f"{count} secrets are"
        yield f"{whose} read when it starts, and may have moved since"


def _against(one: Evidence) -> Iterator[str]:
    if one.crossed:
        yield f"{one.crossed} came after it and is marked irreversible"
    if back := one.taken_back:
        by = f" by {back.by}" if back.by else ""
        yield f"traffic was taken from it{by} on {_moment(back.at)}, back to {back.to}"
    if one.errors and _errs(one.errors):
        yield _errors(one.errors)
    if one.boots and not one.boots.answers:
        yield f"does not answer at its tag ({one.boots.at:%H:%M}): {one.boots.said}"


def _unproved(one: Evidence) -> Iterator[str]:
    best = one.best
    if best is None:
        yield "is not known to have served"
    elif best.percent < 100:
        yield "is not known to have had all traffic"
    elif proof_of(best) is not Proof.WHOLE:
        yield "had all traffic for a short time only"
    if best and one.errors is None:
        yield "whether requests failed then is not known"
    if one.image is None:
        yield "whether its image is still there is not known"


def _different(one: Evidence, current: Revision) -> Iterator[str]:
    if one.same:
        yield f"same image and settings as {current.name}, as far as can be seen"
    if one.moved:
        yield f"other settings than {current.name}: {'; '.join(one.moved)}"


def _served(span: Span) -> str:
    """Say e.g. `served 100 % for 6 days until 2026-02-10 14:03 (audit log)`; times are in UTC."""
    share = f"served {span.percent} %"
    if span.since is None:
        return f"{share} until {_moment(span.last)}, nobody knows since when ({span.witness})"
    if span.until is None:
        return f"{share} from {_moment(span.since)}, nobody knows until when ({span.witness})"
    return f"{share} for {_lasting(span.until - span.since)} until {_moment(span.until)} ({span.witness})"


def _lasting(length: timedelta) -> str:
    import humanize  # slow to import, and a plan without a choice needs none

    return humanize.naturaldelta(length)


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"


def _errors(errors: Errors) -> str:
    if not errors.failed:
        return f"no request failed then ({errors.of:,} seen)"
    return f"{errors.failed / errors.of:.1%} of {errors.of:,} requests failed then".replace("%", " %", 1)
