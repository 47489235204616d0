"""report: why it happened, with the evidence, and what to do about it. Pure."""

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence

from buddy_tui import reasons
from buddy_tui.actions.arithmetic import to_latest
from buddy_tui.actions.commands import update_traffic
from buddy_tui.finding import Cause, Finding, Incident
from buddy_tui.model import Revision, RevisionState, Service, SourceTree
from buddy_tui.report.episode import Episode
from buddy_tui.report.material import Material
from buddy_tui.report.timeline import moves
from buddy_tui.report.values import Advice, Root
from buddy_tui.traffic import truth

_SPARE = re.compile(r"[-_. ]+")
_MOST_EVIDENCE = 12
# As `buddy_tui.incident` and `buddy_tui.rules.source_root` write it.
_TRIED = " tried: "
# As a promotion writes down its gates.
_PASSED = "pass:"
_WRONG_FOLDER = re.compile(r"uploaded from (?P<folder>.+)/")


def root(material: Material, episode: Episode) -> Root:
    """Say why. A cause that the logs do not tell is not made up."""
    words = [*_of_boots(material, episode), *_of_promotions(episode), *_of_roll_backs(material, episode)]
    lead = lead_of(material, episode)
    incident = material.incident if _is_meant(material, episode) else None
    return Root(
        words=tuple(words),
        cause=lead.cause.value if lead else "",
        confidence=(incident.confidence if incident else lead.confidence).value if lead else "",
        evidence=tuple(dict.fromkeys(_evidence(material, episode, lead)))[:_MOST_EVIDENCE],
        quotes=_quotes(lead) if lead else (),
        attempts=tuple(_attempts(incident)) if incident else (),
        unsure=lead.uncertain if lead else (),
    )


def lead_of(material: Material, episode: Episode) -> Finding | None:
    """Return the finding that speaks for all failures: the newest one whose cause is known."""
    known = [one for one in reversed(read(material, episode)) if one.boots is False]
    return next((one for one in known if one.cause is not Cause.UNKNOWN), known[0] if known else None)


def one_cause(material: Material, episode: Episode) -> bool:
    """Tell whether all failures have the same cause."""
    if len(episode.failed) == 1:
        lead = lead_of(material, episode)
        return lead is not None and lead.cause not in {Cause.UNKNOWN, Cause.INCOMPLETE, Cause.NO_OUTPUT}
    return bool(_is_meant(material, episode) and material.incident and material.incident.one_cause)


def wrong_folder(material: Material, episode: Episode) -> str:
    """Return the folder that was uploaded in place of the project's root; empty where that is not the one cause."""
    said = {one.short for one in read(material, episode)}
    found = _WRONG_FOLDER.fullmatch(said.pop()) if len(said) == 1 and one_cause(material, episode) else None
    return found["folder"] if found else ""


def read(material: Material, episode: Episode) -> tuple[Finding, ...]:
    """Return the findings of the failures, as far as their logs were read."""
    found = (material.finding(one.name) for one in episode.failed)
    return tuple(one for one in found if one)


def last_good(material: Material, episode: Episode) -> Revision | None:
    """Return the revision before the failures."""
    if not episode.failed:
        return None
    names = [one.name for one in material.revisions]
    return next(iter(material.revisions[names.index(material.failures()[0].name) + 1 :]), None)


def look_alikes(tree: SourceTree | None, used: str) -> tuple[str, ...]:
    """Return the folders beside `used` whose names are the same but for case, hyphens, dots and blanks."""
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for path in tree.paths if tree else ():
        name, inside, _ = path.partition("/")
        if inside:
            groups[_SPARE.sub("", name).casefold()].add(name)
    group = next((names for names in groups.values() if used in names), set())
    return tuple(sorted(group - {used}))


def candidate_of(material: Material, episode: Episode) -> str:
    """Return the newest revision that is ready, newer than all that went wrong, and no part of it; else empty."""
    failed = {one.name for one in episode.failed}
    serving = {one.revision for one in truth(material.service, ()).effective if one.percent}
    for revision in material.revisions:
        if revision.name in serving | failed:
            return ""
        if revision.state is RevisionState.READY and revision.name not in episode.moved:
            return revision.name
    return ""


def stale_of(material: Material, episode: Episode) -> tuple[str, ...]:
    """Return the look-alikes of the folder that was uploaded, as the last good upload had them."""
    folder = wrong_folder(material, episode)
    return look_alikes(material.good, folder.partition("/")[0]) if folder else ()


def listed(folders: Sequence[str]) -> str:
    """Return folders in words, e.g. `Back-End/ and backend/`."""
    return " and ".join(f"{one}/" for one in folders)


def advice(material: Material, episode: Episode) -> Iterator[Advice]:
    """Yield what to do next, in order."""
    service, lead = material.service, lead_of(material, episode)
    folder = wrong_folder(material, episode)
    if folder and lead:
        if not candidate_of(material, episode):
            where = f"the folder that holds {folder}/"
            yield Advice(f"Deploy from the project's root, {where}, without traffic.", *lead.fix[:1])
        yield from _tidy(material, episode, folder)
    elif lead and one_cause(material, episode):
        yield from (Advice(f"Mend the cause: {lead.summary}", fix) for fix in lead.fix[:1])
        yield from (Advice(fix) for fix in lead.fix[1:])
    elif lead:
        yield Advice("Find the cause of each failure by itself.", f"buddy-tui diagnose {lead.revision}")
    for name in dict.fromkeys(one.revision for one in episode.ended):
        yield Advice(f"Mend what stopped {name} before it is promoted again.")
    if truth(service, material.revisions).pinned:
        yield from _unpin(service, candidate_of(material, episode))


def _tidy(material: Material, episode: Episode, folder: str) -> Iterator[Advice]:
    if stale := stale_of(material, episode):
        yield Advice(
            f"Look into {listed(stale)}, which look like {folder}/, and delete them.",
            shlex.join(["git", "rm", "-r", "--", *stale]),
        )


def _unpin(service: Service, candidate: str) -> Iterator[Advice]:
    name = service.name
    which = [candidate] if candidate else []
    place = [f"--service={name.service}", f"--region={name.region}", f"--project={name.project}"]
    verify = shlex.join(["buddy-tui", "checklist", *which, *place])
    yield Advice(f"Verify {candidate or 'the new revision'} before it gets traffic.", verify)
    yield Advice(
        "When the new revision is verified, restore latest: until then every deployment gets 0 %.",
        update_traffic(name, service.desired, to_latest(service.desired)),
    )


def _is_meant(material: Material, episode: Episode) -> bool:
    """Tell whether the run of failures is (a part of) this incident."""
    names = {one.name for one in episode.failed}
    return material.incident is not None and not names.isdisjoint(material.incident.failed)


def _of_boots(material: Material, episode: Episode) -> Iterator[str]:
    lead, folder = lead_of(material, episode), wrong_folder(material, episode)
    if not episode.failed:
        return
    if lead is None:
        yield "Why the revisions failed is not known: no log of them could be read."
    elif folder:
        yield from _of_process(material, episode, folder)
    elif one_cause(material, episode):
        yield lead.summary
    else:
        yield "The failures have no single cause that the logs prove."
        for one in episode.failed:
            found = material.finding(one.name)
            yield f"{one.name}: {found.summary if found else 'its log was not read.'}"


def _of_process(material: Material, episode: Episode, folder: str) -> Iterator[str]:
    good, lead = last_good(material, episode), lead_of(material, episode)
    yield f"{folder}/ was uploaded in place of the project's root."
    if lead and lead.missing:
        yield f"The start imports {lead.missing}, which lies above what was uploaded."
    proof = f": the last good revision, {good.name}, {_came(material, folder)}starts" if good else ""
    yield f"The deployment process is at fault, not the code{proof}."
    if 1 < len(episode.failed) == len(read(material, episode)):
        yield f"Each repair changed something else and was uploaded from {folder}/ again, so none could help."


def _came(material: Material, folder: str) -> str:
    """Say that the last good revision was uploaded from the root, where its archive proves it."""
    whole = material.good is not None and any(one.startswith(f"{folder}/") for one in material.good.paths)
    return "was uploaded from the root and " if whole else ""


def _of_promotions(episode: Episode) -> Iterator[str]:
    yield from dict.fromkeys(f"Promoting {one.revision}: {one.sentence}" for one in episode.ended)


def _of_roll_backs(material: Material, episode: Episode) -> Iterator[str]:
    why = {one.at: one.why for one in moves(material, episode.since) if one.why}
    for one in episode.back:
        if one.at in why:
            yield f"{one.revision} was rolled back for this reason: {why[one.at].rstrip('.')}."
        else:
            yield f"What was wrong with {one.revision} is in nothing that was read: TODO."


def _attempts(incident: Incident) -> Iterator[str]:
    """Yield what each repair changed, e.g. `00031-wzd: main.py`."""
    for line in incident.story:
        name, tried, changed = line.partition(_TRIED)
        if tried:
            yield f"{name}: {changed}"


def _evidence(material: Material, episode: Episode, lead: Finding | None) -> Iterator[str]:
    failed, good = episode.failed, last_good(material, episode)
    raised = [one for one in read(material, episode) if one.exception]
    same = {(one.exception, one.missing) for one in raised}
    if len(same) == 1 and len(raised) == len(failed) > 1:
        missing = f", for want of {raised[0].missing}" if raised[0].missing else ""
        yield f"All {len(failed)} boots ended in {raised[0].exception}{missing}."
    elif failed and not raised and (said := failed[-1].message or reasons.in_words(failed[-1].reason)):
        yield f"Cloud Run says of {failed[-1].name}: {said}"
    if lead:
        yield from (f"{lead.revision}: {quote.text}." for quote in lead.evidence if quote.entry < 0)
    if good and material.incident and _is_meant(material, episode):
        yield from (one for one in material.incident.story if one.startswith(f"{good.name} "))
    for record in episode.ended:
        at = f"{record.at:%Y-%m-%d %H:%M} UTC"
        bad = [one for one in record.evidence if not one.startswith(_PASSED)]
        yield from (f"{record.revision}, {at}: {words}" for words in bad or record.evidence)


def _quotes(lead: Finding) -> tuple[str, ...]:
    return tuple(quote.text for quote in lead.evidence if quote.entry >= 0)
