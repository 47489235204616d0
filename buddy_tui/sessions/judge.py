"""sessions: from what was seen to a verdict, its reason and the way out. Pure.

First what became of the session, then what else was wrong with it: each is a rule, and the first that has something
to say gives the verdict. What the others found is told in the same breath.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from shlex import quote

from buddy_tui.sessions.seen import Created, Reading, Seen, Sight, Stored, count, instances
from buddy_tui.sessions.values import Survival

_SHARED_STORE = "Keep sessions in Firestore, or in another store that all instances share."
_NOT_MADE = {
    Created.REFUSED: Survival.REFUSED,
    Created.UNASKED: Survival.INCONCLUSIVE,
    Created.NOT_OFFERED: Survival.NOT_OFFERED,
    Created.FAILED: Survival.CREATE_FAILED,
    Created.MEANINGLESS: Survival.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, its reason in one or two sentences, and a sentence or command that helps; it may be empty."""

    survival: Survival
    reason: str
    fix: str = ""


def judge(seen: Seen) -> Judgement:
    """Return the verdict on one session."""
    if seen.denied:
        return _app_denied(seen)
    if seen.created is not Created.YES:
        return Judgement(_NOT_MADE[seen.created], seen.words, seen.fix)
    found = [verdict for rule in RULES if (verdict := rule(seen)) is not None]
    if not found:
        return Judgement(Survival.PERSISTED, " ".join(_persisted(seen)), seen.fix)
    first, *rest = found
    more = (f"Also: {one.reason}" for one in rest if one.survival is not Survival.INCONCLUSIVE)
    return replace(first, reason=" ".join((first.reason, *more)))


def _app_denied(seen: Seen) -> Judgement:
    member = f"serviceAccount:{seen.account or 'SERVICE_ACCOUNT'}"
    project = quote(seen.place.project)
    return Judgement(
        Survival.PERMISSION_DENIED,
        f"{seen.revision} may not use Firestore: it runs as {seen.account or 'the default service account'}, "
        "which lacks roles/datastore.user.",
        f"gcloud projects add-iam-policy-binding {project} --member={quote(member)} --role=roles/datastore.user",
    )


def _foreign(seen: Seen) -> Judgement | None:
    if seen.look.stored is not Stored.FOREIGN:
        return None
    return Judgement(
        Survival.INCONCLUSIVE,
        f"The document {seen.path} is not the one that was made here, so nothing was compared or deleted.",
        "Let `create` in [session] send {id} or {mark}, and let `mark` name the field that keeps it.",
    )


def _memory(seen: Seen) -> Judgement | None:
    """Judge that some instances find it, and others of the same revision do not."""
    stored = seen.look.stored is Stored.YES
    # What is in Firestore may have been too young for the first reads.
    reads = seen.many if stored else seen.own
    finders, missers = instances(reads, Sight.FOUND), instances(reads, Sight.MISSING)
    if not finders and not missers:
        finds, misses = count(seen.many, Sight.FOUND), count(seen.many, Sight.MISSING)
        split = bool(finds and misses)
    else:
        finds, misses = count(reads, Sight.FOUND), count(reads, Sight.MISSING)
        split = bool(finders and missers - finders)
    if not split:
        return None
    by = (
        f": of {len(finders | missers)} instances, {len(finders)} {'finds' if len(finders) == 1 else 'find'} it"
        if finders
        else ""
    )
    kept = {
        Stored.YES: "It is in Firestore, yet instances read their own memory.",
        Stored.NO: f"It is not in Firestore ({seen.where}).",
    }.get(seen.look.stored, f"Firestore could not be asked: {seen.look.words}")
    return Judgement(
        Survival.MEMORY_OF_ONE_INSTANCE,
        f"{finds} of {finds + misses} reads through {seen.revision} find it{by}. {kept}",
        _SHARED_STORE,
    )


def _elsewhere(seen: Seen) -> Judgement | None:
    """Judge that it is not in Firestore, where it should be."""
    if seen.look.stored is not Stored.NO or _memory(seen):
        return None
    finders = instances(seen.own, Sight.FOUND)
    others = [
        name
        for name, one in ((seen.serving, seen.across), (seen.other, seen.further))
        if one is not None and one.sight is Sight.FOUND
    ]
    if others or len(finders) > 1 or (seen.maker and finders - {seen.maker}):
        who = others[0] if others else f"{max(len(finders), 2)} instances"
        unserved = f" {seen.serving}, which serves, does not find it." if _missing(seen.across) else ""
        why = f" {seen.look.words}" if seen.look.words else ""
        return Judgement(
            Survival.WRONG_PROJECT_OR_DATABASE,
            f"{who} {'finds' if others else 'find'} it, so it is shared, but it is not in {seen.where}.{why}{unserved}",
            "Compare the revision's project and database (GOOGLE_CLOUD_PROJECT, the name given to its Firestore "
            "client) with that, or correct `project` and `database` under [session] in buddy.toml.",
        )
    if count(seen.own, Sight.FOUND):
        return _one_voice(seen)
    return _nowhere(seen) if count(seen.own, Sight.MISSING) else None


def _one_voice(seen: Seen) -> Judgement:
    """Judge that all who were asked find it, that they may be one and the same, and that Firestore has nothing."""
    who = (
        "Only one instance answered" if instances(seen.own, Sight.FOUND) else "Instances cannot be told apart"
    )
    doubt = f"It is not in {seen.where}. {who}: its memory or another database, that cannot be told."
    if _missing(seen.across):
        return Judgement(
            Survival.LOST_BETWEEN_REVISIONS,
            f"{seen.serving}, which serves, does not find what {seen.revision} stored. {doubt}",
            _SHARED_STORE,
        )
    return Judgement(
        Survival.INCONCLUSIVE,
        doubt,
        "Let the answers name their instance (`instance` under [session]), and let two instances run.",
    )


def _nowhere(seen: Seen) -> Judgement:
    missers = instances(seen.own, Sight.MISSING)
    silent = bool(seen.maker and missers) and seen.maker not in missers
    memory = " The instance that made it did not answer again: it may be in its memory." if silent else ""
    return Judgement(
        Survival.NOT_STORED,
        f"{seen.revision} said that it was created, but {_of(seen.own, Sight.MISSING)} reads do not find it, "
        f"and it is not in {seen.where}.{memory}",
        _SHARED_STORE,
    )


def _lost(seen: Seen) -> Judgement | None:
    if seen.look.stored is Stored.NO or not _missing(seen.across) or not count(seen.own, Sight.FOUND):
        return None
    if seen.look.stored is Stored.YES:
        kept = f"It is in {seen.where}, so {seen.serving} reads elsewhere."
    else:
        kept = f"Firestore could not be asked: {seen.look.words}"
    return Judgement(
        Survival.LOST_BETWEEN_REVISIONS,
        f"{seen.revision} finds it, and {seen.serving}, which serves, does not. {kept}",
        f"Compare where {seen.serving} and {seen.revision} keep sessions: project, database, collection, id.",
    )


def _we_are_denied(seen: Seen) -> Judgement | None:
    if seen.look.stored is not Stored.DENIED or _memory(seen) or _lost(seen):  # which tell of it
        return None
    return Judgement(
        Survival.PERMISSION_DENIED,
        f"Firestore cannot be read by us, so nothing is proved: {seen.look.words}",
        seen.look.hint
        or f"Grant roles/datastore.viewer on {seen.place.project} to whoever runs the session probe.",
    )


def _unread(seen: Seen) -> Judgement | None:
    """Judge that it was not read back as it should have been, though it may be stored."""
    found, failed = count(seen.own, Sight.FOUND), _of(seen.own, Sight.FAILED)
    stored = "It is in Firestore" if seen.look.stored is Stored.YES else "It was created"
    if count(seen.own, Sight.FAILED) and (seen.look.stored is Stored.YES or found):
        words = next(one.words for one in seen.own if one.sight is Sight.FAILED)
        late = _late(f"{stored}, but {failed} reads through {seen.revision} fail: {words}.")
        return replace(late, fix="Look at the log of these requests.")
    if not count(seen.own, Sight.MISSING):
        if not seen.late:
            return None
        return _late(
            f"It came into Firestore only after {seen.look.after:.1f} s; {seen.patience:g} s were allowed."
        )
    if seen.look.stored is Stored.NO or _memory(seen):
        return None
    if not found:
        return _late(f"{stored}, but no read through {seen.revision} found it within {_waited(seen):.1f} s.")
    first = min(one.after for one in seen.own if one.sight is Sight.FOUND)
    missed = count(seen.own, Sight.MISSING)
    return _late(
        f"{seen.revision} said that it was created, but {missed} {'reads' if missed > 1 else 'read'} did not find it; "
        f"it was first found after {first:.1f} s."
    )


def _unknown(seen: Seen) -> Judgement | None:
    """Judge that too little was seen for anything else."""
    if seen.look.stored is Stored.UNKNOWN:
        return Judgement(
            Survival.INCONCLUSIVE,
            f"Firestore could not be asked, so nothing is proved: {seen.look.words}",
            seen.look.hint,
        )
    if count(seen.own, Sight.FOUND) or count(seen.own, Sight.MISSING):
        return None
    words = seen.own[0].words if seen.own else "none was made"
    return Judgement(Survival.INCONCLUSIVE, f"No read through {seen.revision} told anything: {words}.")


def _disagree(seen: Seen) -> Judgement | None:
    if not seen.disagree:
        return None
    more = f", and {len(seen.disagree) - 1} more" if len(seen.disagree) > 1 else ""
    return Judgement(
        Survival.FIELDS_DISAGREE,
        f"The service and Firestore tell different things: {seen.disagree[0]}{more}.",
        "See which of the two is stale, or correct `agree` under [session] in buddy.toml.",
    )


def _leaked(seen: Seen) -> Judgement | None:
    if not seen.leaked:
        return None
    return Judgement(
        Survival.LEAKED,
        f"The service said that it was deleted, but it was still there: {seen.leaked}.",
        "Let deletion of a session remove its document before it answers.",
    )


def _skewed(seen: Seen) -> Judgement | None:
    if not seen.skew:
        return None
    kept = "The session is stored, but " if seen.look.stored is Stored.YES else ""
    sentence = kept + seen.skew[0].lower() + seen.skew[1:] if kept else seen.skew
    return Judgement(
        Survival.CLOCK_SKEW,
        f"{sentence} Tokens and session cookies fail when clocks differ by more than a minute.",
        "Set the clock that is wrong by a time server (NTP).",
    )


RULES: tuple[Callable[[Seen], Judgement | None], ...] = (
    _foreign,
    _memory,
    _lost,
    _elsewhere,
    _we_are_denied,
    _unread,
    _unknown,
    _disagree,
    _leaked,
    _skewed,
)


def _persisted(seen: Seen) -> Iterator[str]:
    told = len(instances(seen.own, Sight.FOUND))
    by = (
        f"{told} instances" if told > 1 else "one instance" if told else "instances that cannot be told apart"
    )
    yield f"It is in Firestore ({seen.where}), and was read back through {by} of {seen.revision}."
    if seen.unserved:
        yield seen.unserved
    elif seen.across is not None:
        found = seen.across.sight is Sight.FOUND
        said = "finds it too" if found else f"could not read it: {seen.across.words}"
        yield f"{seen.serving}, which serves, {said}."
    if seen.further is not None and seen.further.sight in {Sight.MISSING, Sight.FAILED}:
        which = f"{seen.other}, which has no traffic," if seen.idle else seen.other
        yield f"{which} does not find it: {seen.further.words}."
    if seen.undeleted:
        yield f"The service did not delete it: {seen.undeleted}."


def _missing(one: Reading | None) -> bool:
    return one is not None and one.sight is Sight.MISSING


def _of(readings: tuple[Reading, ...], sight: Sight) -> str:
    return f"{count(readings, sight)} of {len(readings)}"


def _waited(seen: Seen) -> float:
    return max((one.after for one in seen.own), default=0.0)


def _late(reason: str) -> Judgement:
    return Judgement(
        Survival.NOT_READ_BACK_IN_TIME,
        reason,
        "Let `create` answer only when the session is stored, and let every read go to the same store.",
    )
