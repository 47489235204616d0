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
_COMMANDS = ("gcloud ", "git ", "docker ", "buddy-tui ")
_WRONG_FOLDER = re.compile(r"uploaded from (?P<folder>.+)/")


def root(material: Material, episode: Episode) -> Root:
    """Say why. A cause that the logs do not tell is not made up."""
    words = [*_of_boots(material, episode), *_of_promotions(episode), *_of_roll_backs(material, episode)]
    lead = lead_of(material, episode)
    incident = material.incident if _is_meant(material, episode) else None
    is_alone = len(episode.failed) == 1 or one_cause(material, episode)
    # One of several causes says nothing about the others, and how sure it is neither.
    spoken = lead if is_alone else None
    sure = incident.confidence if spoken and incident else spoken.confidence if spoken else None
    return Root(
        words=tuple(words),
        cause=spoken.cause.value if spoken else "",
        confidence=sure.value if sure else "",
        evidence=tuple(dict.fromkeys(_evidence(material, episode, lead)))[:_MOST_EVIDENCE],
        each=() if is_alone else tuple(_each(material, episode)),
        quotes=_quotes(spoken) if spoken else (),
        attempts=tuple(_attempts(incident)) if incident else (),
        unsure=(*(spoken.uncertain if spoken else ()), *_unsure(episode)),
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
        if revision.state is RevisionState.READY and revision.name not in episode.suspects:
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
        yield Advice(f"Mend the cause: {lead.summary}")
        yield from map(_fixed, lead.fix)
    elif lead:
        each = "the failure" if len(episode.failed) == 1 else "each failure by itself, the newest first"
        diagnose = shlex.join(["buddy-tui", "diagnose", lead.revision, *_place(service)])
        yield Advice(f"Find the cause of {each}.", diagnose)
    for name in episode.suspects:
        logs = shlex.join(["buddy-tui", "logs", name, *_place(service)])
        yield Advice(f"Find out what is wrong with {name}, and mend it before it gets traffic.", logs)
    told = truth(service, material.revisions)
    if told.pinned:
        yield from _unpin(service, candidate_of(material, episode), bad_latest(material, episode))
    elif not told.effective:
        yield Advice("Give a revision traffic as soon as it is verified: nothing serves until then.")


def _fixed(fix: str) -> Advice:
    """Return a fix: a command as one, an edit as a sentence."""
    return Advice("Run:", fix) if fix.startswith(_COMMANDS) else Advice(fix)


def bad_latest(material: Material, episode: Episode) -> str:
    """Return the revision that LATEST means if it is a part of what went wrong, else empty."""
    latest = material.service.latest_ready
    return latest if latest in episode.suspects else ""


def _tidy(material: Material, episode: Episode, folder: str) -> Iterator[Advice]:
    if stale := stale_of(material, episode):
        yield Advice(
            f"Look into {listed(stale)}, which look like {folder}/, and delete them.",
            shlex.join(["git", "rm", "-r", "--", *stale]),
        )


def _unpin(service: Service, candidate: str, bad: str) -> Iterator[Advice]:
    which = [candidate] if candidate else []
    verify = shlex.join(["buddy-tui", "checklist", *which, *_place(service)])
    yield Advice(f"Verify {candidate or 'the new revision'} before it gets traffic.", verify)
    if bad:
        yield Advice(
            f"Do not restore latest yet: LATEST means {bad}. Once a newer revision is deployed and verified, do."
        )
    else:
        yield Advice(
            "When the new revision is verified, restore latest: until then every deployment gets 0 %.",
            update_traffic(service.name, service.desired, to_latest(service.desired)),
        )


def _place(service: Service) -> list[str]:
    name = service.name
    return [f"--service={name.service}", f"--region={name.region}", f"--project={name.project}"]


def _is_meant(material: Material, episode: Episode) -> bool:
    """Tell whether the run of failures is (a part of) this incident."""
    names = {one.name for one in episode.failed}
    return material.incident is not None and not names.isdisjoint(material.incident.failed)


def _of_boots(material: Material, episode: Episode) -> Iterator[str]:
    lead, folder = lead_of(material, episode), wrong_folder(material, episode)
    if not episode.failed:
        return
    alone = len(episode.failed) == 1
    if lead is None:
        who, them = ("revision", "it") if alone else ("revisions", "them")
        yield f"Why the {who} failed is not known: no log of {them} could be read."
    elif folder:
        yield from _of_process(material, episode, folder)
    elif alone or one_cause(material, episode):
        yield lead.summary
    else:
        yield "The failures have no single cause that the logs prove."


def _each(material: Material, episode: Episode) -> Iterator[str]:
    """Yield why each revision failed, and how many of the logs were not read."""
    known = read(material, episode)
    for one in known:
        yield f"{one.revision}: {one.summary}"
    if known and (left := len(episode.failed) - len(known)):
        yield f"The logs of {'the other one' if left == 1 else f'{left:,} others'} were not read."


def _of_process(material: Material, episode: Episode, folder: str) -> Iterator[str]:
    good, lead = last_good(material, episode), lead_of(material, episode)
    yield f"{folder}/ was uploaded in place of the project's root."
    if lead and lead.missing:
        yield f"The start imports {lead.missing}, which lies above what was uploaded."
    if good:
        came = _came(material, folder)
        yield f"The deployment process is at fault, not the code: the last good revision, {good.name}, {came}starts."
    else:
        yield "The deployment process is at fault; nothing that was read speaks against the code."
    if 1 < len(episode.failed) == len(read(material, episode)):
        changed = len(tuple(_attempts(material.incident))) if material.incident else 0
        what = "changed something else and was" if changed == len(episode.failed) - 1 else "was"
        yield f"Each repair {what} uploaded from {folder}/ again, so none could help."


def _came(material: Material, folder: str) -> str:
    """Say that the last good revision was uploaded from the root, where its archive proves it."""
    whole = material.good is not None and any(one.startswith(f"{folder}/") for one in material.good.paths)
    return "was uploaded from the root and " if whole else ""


def _of_promotions(episode: Episode) -> Iterator[str]:
    """Yield what the gates saw of each revision; what they were told no gate of is said as it ended."""
    for name in dict.fromkeys(one.revision for one in episode.ended):
        own = [one for one in episode.ended if one.revision == name]
        gates = dict.fromkeys(gate for one in own for gate in one.gates)
        if gates:
            yield f"{name} did not pass these gates: {', '.join(gates)}."
        else:
            yield f"The promotion of {name}: {own[-1].sentence}"


def _unsure(episode: Episode) -> Iterator[str]:
    for name in dict.fromkeys(one.revision for one in episode.ended if one.gates):
        yield f"Why {name} fails: the gates measured that it does, and its log was not read."


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
        # That every build makes another image says nothing.
        if tried and changed != "image":
            yield f"{name}: {changed}"


def _evidence(material: Material, episode: Episode, lead: Finding | None) -> Iterator[str]:
    failed, good = episode.failed, last_good(material, episode)
    raised = [one for one in read(material, episode) if one.exception]
    same = {(one.exception, one.missing) for one in raised}
    if len(same) == 1 and len(raised) == len(failed) > 1:
        missing = f", for want of {raised[0].missing}" if raised[0].missing else ""
        all_boots = "Both boots" if len(failed) == 2 else f"All {len(failed)} boots"
        yield f"{all_boots} ended in {raised[0].exception}{missing}."
    elif failed and not read(material, episode) and (said := _of_cloud_run(failed[-1])):
        yield f"Cloud Run says of {failed[-1].name}: {said}"
    if lead:
        quotes = (quote.text for quote in lead.evidence if quote.entry < 0)
        yield from (f"{lead.revision}: {one.rstrip('.')}." for one in quotes)
    if good and material.incident and _is_meant(material, episode):
        yield from (one for one in material.incident.story if one.startswith(f"{good.name} "))
    for one in episode.ended:
        at = f"{one.at:%Y-%m-%d %H:%M} UTC, {one.outcome}"
        yield from (f"{one.revision}, {at}: {said}" for said in one.failed or (one.sentence,))


def _of_cloud_run(revision: Revision) -> str:
    return revision.message or reasons.in_words(revision.reason)


def _quotes(lead: Finding) -> tuple[str, ...]:
    return tuple(quote.text for quote in lead.evidence if quote.entry >= 0)
