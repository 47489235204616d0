"""report: what happened, in order: deployments, traffic, probes, and what was done from here. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby

from buddy_tui import reasons
from buddy_tui.actions.arithmetic import percents_of
from buddy_tui.actions.values import Ending, Verb
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Revision, RevisionState
from buddy_tui.report.attempts import PUT_BACK
from buddy_tui.report.material import Asked, Material
from buddy_tui.report.values import Moment, What

_OURS = "buddy-tui"
# How far the clock of this machine may be off from Google's, and a change of ours last before Google notes it.
_NEAR = timedelta(minutes=2)
# A revision that LATEST comes to mean gets its traffic when it is ready.
_LONGEST_START = timedelta(hours=1)
# Probes with no longer pause between them are one line.
_ROUND = timedelta(minutes=5)
_NO_START = "did not start"


def timeline(material: Material, since: datetime) -> tuple[Moment, ...]:
    """Return what is known to have happened from `since` on, oldest first."""
    told = (*_deployments(material), *_traffic(material), *_probes(material), *_actions(material))
    return tuple(sorted((one for one in told if one.at >= since), key=lambda one: one.at))


def moves(material: Material, since: datetime) -> tuple[Moment, ...]:
    """Return what people, and we, did to the traffic list from `since` on, oldest first."""
    return tuple(one for one in _traffic(material) if one.by and one.at >= since)


def _deployments(material: Material) -> Iterator[Moment]:
    for one in material.revisions:
        if one.created is None:
            continue
        failed = one.state is RevisionState.FAILED
        what = What.FAILED if failed else What.DEPLOYED
        words = f"{one.name} was deployed{_fate(one, material)}"
        yield Moment(one.created, what, words, one.name, by=one.creator)


def _fate(revision: Revision, material: Material) -> str:
    if revision.state is RevisionState.PENDING:
        return "; it is still starting."
    if revision.state is not RevisionState.FAILED:
        return " and started."
    finding = material.finding(revision.name)
    if finding is None:
        # Without a log Cloud Run's own word may say more than that it did not start.
        why = reasons.in_words(revision.reason)
        return f" and did not start: {why}." if why not in {"", _NO_START} else f" and {_NO_START}."
    seen = (finding.observed or finding.short or finding.summary).rstrip(".")
    cause = f" ({finding.short})" if finding.short and finding.short != seen else ""
    return f" and {_NO_START}: {seen}{cause}."


def _traffic(material: Material) -> Iterator[Moment]:
    """Yield the changes of the traffic list, and when LATEST came to mean another revision."""
    changes = sorted(material.changes, key=lambda one: one.when)
    before: Mapping[str, int] | None = None
    asked = set()
    for one in changes:
        if one.targets is None:
            continue
        after = percents_of(one.targets)
        if before != after and (before is not None or not _begins(one, material)):
            asked.add(one.when)
            yield _moved(one, before, after, material)
        before = after if one.accepted else before
    created = {one.name: one.created for one in material.revisions}
    for span in material.spans():
        began = created.get(span.revision)
        # Later than that, nobody moved anything: it is only the first that is known.
        if span.since and span.since not in asked and began and span.since - began < _LONGEST_START:
            words = f"{span.revision} took {span.percent} % of the traffic."
            yield Moment(span.since, What.TRAFFIC, words, span.revision)


def _begins(change: TrafficChange, material: Material) -> bool:
    """Tell whether a change is a deployment: a revision was created with it."""
    return any(one.created and abs(one.created - change.when) < _NEAR for one in material.revisions)


def _moved(
    change: TrafficChange, before: Mapping[str, int] | None, after: Mapping[str, int], material: Material
) -> Moment:
    former = f" (before: {_in_words(before)})" if before is not None else ""
    words = f"Traffic was set to {_in_words(after)}{former}."
    if not change.accepted:
        words = f"Traffic was to be set to {_in_words(after)}, and Google refused."
    record = _ours(change, material)
    if record is None:
        return Moment(change.when, What.TRAFFIC, words, by=change.by, agent=change.agent)
    # The gates say at the end of the promotion what they saw.
    why = "a gate of the promotion failed" if record.verb == Verb.PUT_BACK else record.reason
    # Google knows whoever we act as, the journal for whom.
    by = record.who or change.by
    return Moment(change.when, What.TRAFFIC, words, by=by, agent=change.agent, why=why)


def _ours(change: TrafficChange, material: Material) -> Record | None:
    """Return what the journal says of a change that was made from here."""
    if not change.agent.startswith(_OURS) or change.targets is None:
        return None
    wanted = percents_of(change.targets)
    near = (
        one
        for one in material.records
        if one.name == material.service.name and one.kind is Kind.INTENT and abs(one.at - change.when) < _NEAR
    )
    meant = (one for one in near if percents_of(one.after) == wanted)
    return min(meant, key=lambda one: abs(one.at - change.when), default=None)


def _probes(material: Material) -> Iterator[Moment]:
    """Yield a line for each round of our own probes, as the request log of Cloud Run has them."""
    asked = sorted(material.probes.found if material.probes else (), key=lambda one: one.request.when)
    rounds: list[list[Asked]] = []
    for one in asked:
        last = rounds[-1][-1] if rounds else None
        if last is None or _at(one) - _at(last) > _ROUND:
            rounds.append([])
        rounds[-1].append(one)
    for found in rounds:
        by_name = sorted(found, key=lambda one: one.revision)
        parts = [
            _counted(name, tuple(group)) for name, group in groupby(by_name, key=lambda one: one.revision)
        ]
        yield Moment(_at(found[0]), What.PROBES, f"Probes of ours: {'; '.join(parts)}.", agent=_OURS)


def _counted(revision: str, asked: tuple[Asked, ...]) -> str:
    bad = sum(one.request.status >= 500 for one in asked)
    answered = f"{bad} of them answered with 5xx" if bad else "none answered with 5xx"
    often = "once" if len(asked) == 1 else f"{len(asked):,} times"
    return f"{revision} was asked {often}, {answered}"


def _actions(material: Material) -> Iterator[Moment]:
    """Yield what the journal tells besides what the audit log has told already."""
    ours = (_ours(one, material) for one in material.changes if one.accepted)
    told = {one.id for one in ours if one}
    begun = set[str]()
    for one in material.records:
        is_told = one.id in told and one.outcome == Ending.DONE
        if one.name != material.service.name or one.kind is Kind.INTENT or is_told:
            continue
        # What ends gives the reason for which it began.
        why = "" if one.id in begun else one.reason
        begun.add(one.id)
        by = one.who or one.acting
        yield Moment(one.at, What.ACTION, _acted(one), one.revision, by=by, agent=_OURS, why=why)


def _acted(one: Record) -> str:
    """Say what the journal noted, e.g. `The promotion of api-00042-xez was put back: …`."""
    sentence = one.sentence.removeprefix(PUT_BACK).replace("->", "→")
    if one.verb == Verb.PROMOTE and not one.outcome:
        return sentence.replace("The promotion", f"The promotion of {one.revision}", 1)
    what = (
        f"The promotion of {one.revision}"
        if one.verb == Verb.PROMOTE
        else f"{one.verb} {one.revision}".strip()
    )
    ended = f" ended as {one.outcome.replace('_', ' ')}" if one.outcome else ""
    return f"{what or 'A note'}{ended}{f': {sentence}' if sentence else '.'}"


def _in_words(percents: Mapping[str, int]) -> str:
    return ", ".join(f"{key} {percent} %" for key, percent in percents.items()) or "nothing"


def _at(asked: Asked) -> datetime:
    return datetime.fromtimestamp(asked.request.when / 1e9, UTC)
