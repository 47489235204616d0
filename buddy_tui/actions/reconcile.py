"""actions: changes that nobody saw the end of, compared with the service as it is and with the audit log.

Nothing is changed but the journal, which gets the outcome that it lacks.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.settled import in_between, is_effective
from buddy_tui.actions.values import Ending, Verb
from buddy_tui.errors import BuddyError, NotFound
from buddy_tui.gateway import Cloud, TrafficChange
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import Service
from buddy_tui.watch import Clock

FOUND = "found later"
# A call that was on its way when its program was killed lands within that, or not at all.
_LANDS_WITHIN = timedelta(minutes=1)
# Entries of the audit log come late, though hardly as late as that.
_AUDITED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a change that nobody saw the end of; `ending` is `None` as long as it cannot be told."""

    intent: Record
    ending: Ending | None
    sentence: str


async def reconcile(journal: Journal, reads: Cloud, clock: Clock) -> tuple[Found, ...]:
    """Find out what became of every intent without an outcome, or with one that is unknown, the oldest first.

    What can be told is written into the journal, once. A change that is under way, here or in another program, is
    left alone. Never changes the service; what cannot be read, or not be written down, is told as a sentence.
    """
    reading = await asyncio.to_thread(journal.read)
    return tuple(
        [
            found
            for intent in unfinished(reading.records)
            for found in await _one(intent, journal, reads, clock)
        ]
    )


def unfinished(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return the intents whose end nobody knows. A deployment is none of them: it goes on by itself.

    Nor is what was done to no service, but to files.
    """
    intents: dict[str, Record] = {}
    for record in records:
        if record.kind is Kind.INTENT and record.verb != Verb.DEPLOY and record.name.service:
            intents[record.id] = record
        elif record.kind is Kind.OUTCOME and (record.outcome != Ending.UNKNOWN or FOUND in record.evidence):
            intents.pop(record.id, None)
    return tuple(intents.values())


async def _one(intent: Record, journal: Journal, reads: Cloud, clock: Clock) -> tuple[Found, ...]:
    try:
        held = journal.hold(intent.id)
        if held is None:
            return ()
        try:
            found = await _find(intent, reads, clock())
            if found.ending:
                await asyncio.to_thread(journal.write, _outcome(found, clock()))
        finally:
            held.release()
    except BuddyError as error:
        return (Found(intent, None, f"{_what(intent)}: what became of it cannot be told. {error}"),)
    return (found,)


async def _find(intent: Record, reads: Cloud, now: datetime) -> Found:
    try:
        service = await reads.service(intent.name)
    except NotFound:
        return _found(intent, Ending.UNKNOWN, "the service is gone, so it cannot be told any more.")
    if same(service.desired, intent.after):
        if is_effective(service, intent.after):
            return _found(intent, Ending.DONE, "it was written, and it is effective.")
        return _found(intent, Ending.NOT_DONE, f"it was written, and is not effective. {in_between(service)}")
    return await _find_in_audit_log(intent, service, reads, now)


async def _find_in_audit_log(intent: Record, service: Service, reads: Cloud, now: datetime) -> Found:
    """Tell, of traffic that is not what we asked for, whether it ever was."""
    try:
        changes = await reads.traffic_changes(intent.name, intent.at)
    except BuddyError:
        changes = None
    written = next((one for one in reversed(changes or ()) if _is_ours(one, intent)), None)
    as_before = same(service.desired, intent.before)
    if written:
        since = "it has been put back since" if as_before else "somebody has changed it since"
        return _found(intent, Ending.CONFLICT, f"it was written at {written.when:%H:%M:%S} UTC, and {since}.")
    if now - intent.at < _LANDS_WITHIN:
        return _found(
            intent, None, "it is not to be seen so far, and may still come. Look again in a minute."
        )
    if as_before:
        return _found(intent, Ending.FAILED, "it was not written: the traffic is as it was.")
    if now - intent.at < _AUDITED_WITHIN and changes is not None:
        return _found(
            intent, None, "somebody has changed the traffic since; the audit log does not tell yet."
        )
    if changes is None:
        said = (
            "somebody has changed the traffic since, and the audit log cannot be read, so it cannot be told."
        )
        return _found(intent, Ending.UNKNOWN, said)
    return _found(
        intent, Ending.FAILED, "the audit log knows of no such change; somebody else has changed the traffic."
    )


def _is_ours(change: TrafficChange, intent: Record) -> bool:
    return change.accepted and change.targets is not None and same(change.targets, intent.after)


def _found(intent: Record, ending: Ending | None, sentence: str) -> Found:
    return Found(intent, ending, f"{_what(intent)}: {sentence}")


def _what(intent: Record) -> str:
    about = f" {intent.revision}" if intent.revision else ""
    return f"{intent.verb}{about} on {intent.name.service}, {intent.at:%Y-%m-%d %H:%M:%S} UTC"


def _outcome(found: Found, now: datetime) -> Record:
    ending = found.ending.value if found.ending else ""
    return replace(
        found.intent, at=now, kind=Kind.OUTCOME, evidence=(FOUND,), outcome=ending, sentence=found.sentence
    )
