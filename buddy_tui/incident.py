"""A run of failed revisions read as one incident: one cause or several, where it began, and what changed there.

Names only, never values: what environment variables are called, which files differ, not what is in them.
"""

from collections.abc import Mapping, Sequence

from buddy_tui.finding import Cause, Confidence, Finding, Incident
from buddy_tui.model import Revision, RevisionState, SourceTree
from buddy_tui.rules.trees import folder_in

_MOST_FILES = 3
_NOTHING: Mapping[str, SourceTree] = {}
_ROOT = "project root"


def incident(
    revisions: Sequence[Revision],
    findings: Sequence[Finding],
    trees: Mapping[str, SourceTree] = _NOTHING,
) -> Incident | None:
    """Return the newest run of two or more failed revisions as one incident; `None` when there is none.

    `revisions` are newest first, `trees` what each was built from as far as it is known, by revision. A revision that
    is still starting belongs to no run.
    """
    failed, good = _run(revisions)
    if len(failed) < 2:
        return None
    told = {finding.revision: finding for finding in findings}
    read = [told[one.name] for one in failed if one.name in told and told[one.name].boots is False]
    causes = {(finding.cause, finding.missing.partition(".")[0]) for finding in read}
    one_cause = len(causes) == 1 and read[0].cause not in {Cause.UNKNOWN, Cause.INCOMPLETE, Cause.NO_OUTPUT}
    lead = read[0] if read else None
    return Incident(
        failed=tuple(one.name for one in failed),
        first_bad=failed[0].name,
        last_good=good.name if good else "",
        one_cause=one_cause,
        cause=lead.cause if lead and one_cause else Cause.UNKNOWN,
        headline=_headline(failed, good, lead, read, one_cause=one_cause),
        story=tuple(_story(failed, good, read, trees, one_cause=one_cause)),
        changed=_changed(good, failed[0], trees) if good else (),
        fix=lead.fix if lead and one_cause else (),
        confidence=_confidence(failed, read, one_cause=one_cause),
    )


def _run(revisions: Sequence[Revision]) -> tuple[list[Revision], Revision | None]:
    """Return the newest failed revisions, oldest first, and the one before them that had worked."""
    failed: list[Revision] = []
    for revision in revisions:
        if revision.state is RevisionState.FAILED:
            failed.append(revision)
        elif revision.state is not RevisionState.PENDING and failed:
            return failed[::-1], revision
    return failed[::-1], None


def _headline(
    failed: Sequence[Revision],
    good: Revision | None,
    lead: Finding | None,
    read: Sequence[Finding],
    *,
    one_cause: bool,
) -> str:
    since = f" since {_suffix(good)}" if good else ""
    if one_cause and lead:
        known = "" if len(read) == len(failed) else f" ({len(read)} of them read)"
        return f"{len(failed)} revisions failed{since}{known}, one cause: {lead.short or lead.summary}"
    if not read:
        return f"{len(failed)} revisions failed{since}; their logs are being read"
    kinds = len({finding.cause for finding in read})
    unread = "" if len(read) == len(failed) else f" in the {len(read)} that were read"
    causes = f"{kinds} different causes" if kinds > 1 else f"cause {read[0].cause.value}"
    return f"{len(failed)} revisions failed{since}, {causes}{unread}"


def _story(
    failed: Sequence[Revision],
    good: Revision | None,
    read: Sequence[Finding],
    trees: Mapping[str, SourceTree],
    *,
    one_cause: bool,
) -> list[str]:
    lines = []
    if one_cause:
        lines.append(f"{len(failed)} revisions, each with another fix, one cause: {read[0].summary}")
    if good and (folder := _source_moved(good, failed, trees)):
        count = sum(bool(_folder(good, one, trees)) for one in failed)
        who = "all of these" if count == len(failed) else f"{count} of these {len(failed)}"
        lines.append(f"{good.name} was uploaded from the {_ROOT}; {who} from {folder}/.")
    before = failed[0]
    for revision in failed[1:]:
        if changes := _changed(before, revision, trees):
            lines.append(f"{_suffix(revision)} tried: {'; '.join(changes)}")
        before = revision
    return lines


def _changed(old: Revision, new: Revision, trees: Mapping[str, SourceTree]) -> tuple[str, ...]:
    """Say what differs between two revisions, the likeliest culprit first."""
    return tuple(filter(None, (_source(old, new, trees), _commit(old, new), *_settings(old, new))))


def _source(old: Revision, new: Revision, trees: Mapping[str, SourceTree]) -> str:
    if (old.name not in trees) or (new.name not in trees):
        image = [one.containers[0].image if one.containers else "" for one in (old, new)]
        return "image" if image[0] != image[1] else ""
    if folder := _folder(old, new, trees):
        return f"source root: {_ROOT} → {folder}/"
    if folder := _folder(new, old, trees):
        return f"source root: {folder}/ → {_ROOT}"
    return _files(trees[old.name], trees[new.name])


def _files(old: SourceTree, new: SourceTree) -> str:
    before, after = (dict(zip(tree.paths, tree.checksums, strict=False)) for tree in (old, new))
    different = sorted(
        (path for path in {*before, *after} if before.get(path) != after.get(path)),
        key=lambda path: (path.count("/"), path),
    )
    if not different:
        return ""
    more = f" and {len(different) - _MOST_FILES} more" if len(different) > _MOST_FILES else ""
    return f"{', '.join(different[:_MOST_FILES])}{more}"


def _commit(old: Revision, new: Revision) -> str:
    if old.commit == new.commit or not (old.commit and new.commit):
        return ""
    return f"commit {old.commit[:10]} → {new.commit[:10]}"


def _settings(old: Revision, new: Revision) -> list[str]:
    if not (old.containers and new.containers):
        return []
    one, other = old.containers[0], new.containers[0]
    words = [
        _names("environment", one.env_names, other.env_names),
        _names("secrets", one.secret_names, other.secret_names),
        _value("memory", one.memory, other.memory),
        _value("cpu", one.cpu, other.cpu),
        _value("port", str(one.port or ""), str(other.port or "")),
        _value("service account", old.service_account, new.service_account),
        "command" if one.command != other.command else "",
        "startup probe" if one.startup_probe != other.startup_probe else "",
    ]
    return [word for word in words if word]


def _names(what: str, old: Sequence[str], new: Sequence[str]) -> str:
    added = [f"+{name}" for name in new if name not in old]
    gone = [f"-{name}" for name in old if name not in new]
    return f"{what} {' '.join(added + gone)}" if added or gone else ""


def _value(what: str, old: str, new: str) -> str:
    return f"{what} {old or 'default'} → {new or 'default'}" if old != new else ""


def _source_moved(good: Revision | None, failed: Sequence[Revision], trees: Mapping[str, SourceTree]) -> str:
    return next((folder for one in failed if good and (folder := _folder(good, one, trees))), "")


def _folder(whole: Revision, part: Revision, trees: Mapping[str, SourceTree]) -> str:
    if whole.name not in trees or part.name not in trees:
        return ""
    return folder_in(trees[part.name], trees[whole.name])


def _confidence(failed: Sequence[Revision], read: Sequence[Finding], *, one_cause: bool) -> Confidence:
    if not one_cause:
        return Confidence.UNSURE
    if len(read) == len(failed) and all(finding.confidence is Confidence.CERTAIN for finding in read):
        return Confidence.CERTAIN
    return Confidence.LIKELY


def _suffix(revision: Revision) -> str:
    """Return a revision's name without that of its service, e.g. `00029-q7v`."""
    return revision.name.removeprefix(f"{revision.service}-") if revision.service else revision.name
