"""deploy: whether the new revision is any good: it boots, it has its address, and its probes pass."""

import asyncio
from contextlib import aclosing
from datetime import datetime

from buddy_tui import reasons
from buddy_tui.actions.arithmetic import percents_of, same, tags_of
from buddy_tui.actions.gates import probed, row_of
from buddy_tui.actions.settled import in_between
from buddy_tui.actions.values import Ending, Standing
from buddy_tui.actions.writing import Over
from buddy_tui.boot.values import BootLog
from buddy_tui.deploy.job import Job, Unfit, following
from buddy_tui.deploy.rolling import is_tagged
from buddy_tui.errors import BuddyError
from buddy_tui.finding import Cause, Finding
from buddy_tui.log_scope import nanoseconds
from buddy_tui.model import LogScope, Revision, RevisionState, Service
from buddy_tui.probes.ask import ask
from buddy_tui.probes.values import Verdict
from buddy_tui.traffic import in_words, shares

_PAUSE = 1.0
_GOOD = {RevisionState.READY, RevisionState.RETIRED}
_WEAK = {Cause.NO_OUTPUT, Cause.INCOMPLETE, Cause.UNKNOWN}


async def boot(job: Job) -> str:
    """Wait until the revision itself says that it is ready, and has its address. Raises Unfit when it never will be."""
    job.board.new_log()
    began = job.the.clock()
    scope = LogScope(job.name, job.release.revision, since=nanoseconds(began - job.the.limits.boot))
    async with following(job, scope, (), lambda log: _take(job, log)):
        revision, revisions = await _decided(job, began)
        if revision is None or revision.state not in _GOOD:
            raise await _explained(job, revision, revisions)
    await _addressed(job)
    return f"ready after {job.since(began).total_seconds():.0f} s"


async def probe(job: Job) -> str:
    """Ask the probes at the revision's own address. Raises Unfit when a critical one fails, and not for its fault alone."""
    service, revisions = await asyncio.gather(job.service(), job.revisions())
    matrix, the = None, job.the
    asking = ask(
        service,
        revisions,
        the.questions,
        the.door,
        clock=the.clock,
        wanted=[job.release.revision],
        attempts=the.attempts,
        sleep=the.sleep,
    )
    async with aclosing(asking) as matrices:
        async for matrix in matrices:
            job.board.probes(matrix)
    row = row_of(matrix, job.release.revision)
    gate = probed(row)
    if gate.standing is Standing.FAIL:
        raise Unfit(f"{job.release.revision} is ready, and a probe fails: {gate.seen}")
    if gate.standing is Standing.INCONCLUSIVE:
        job.unsure = gate.seen
        return f"not known: {gate.seen}"
    passed = [cell.question for cell in row if cell.verdict is Verdict.PASS]
    return f"{len(passed)} of {len(row)} pass: {', '.join(passed)}"


async def verdict(job: Job) -> str:
    """Look at the service and the revision once more, and say what was reached. Raises Over where it is less."""
    service, (revision, _) = await asyncio.gather(job.service(), job.revision())
    release = job.release
    if revision is None or revision.state not in _GOOD:
        raise Unfit(f"{release.revision} was ready, and is not any more.")
    _check_tag(job, service)
    if job.unsure:
        said = f"{release.revision} is ready, tagged {release.tag}; whether it is any good is not known: {job.unsure}"
        raise Over(Ending.NOT_DONE, said, f"buddy-tui probe {release.revision}")
    return f"{release.revision} is ready, tagged {release.tag}, and its probes pass. {_serving(job, service)}"


def _serving(job: Job, service: Service) -> str:
    percent = percents_of(service.desired).get(job.release.revision, 0)
    serving = f"Serving: {in_words(shares(service.effective))}."
    if job.release.first:
        return serving
    moved = (
        ""
        if same(service.desired, job.release.plan.after)
        else " Somebody else has changed the traffic meanwhile."
    )
    return f"It has {percent} %. {serving}{moved}"


async def _decided(job: Job, began: datetime) -> tuple[Revision | None, tuple[Revision, ...]]:
    """Wait for what the revision says of itself."""
    while True:
        service, (revision, revisions) = await asyncio.gather(job.service(), job.revision())
        _check_tag(job, service)
        if revision and revision.state is not RevisionState.PENDING:
            return revision, revisions
        if job.since(began) >= job.the.limits.boot:
            return revision, revisions
        job.board.say(
            f"{'starting' if revision else 'not there yet'}, {job.since(began).total_seconds():.0f} s"
        )
        await job.the.sleep(_PAUSE)


async def _addressed(job: Job) -> None:
    """Wait until the tag leads to the revision."""
    began = job.the.clock()
    while True:
        service = await job.service()
        _check_tag(job, service)
        if tags_of(service.effective).get(job.release.tag) == job.release.revision:
            return
        if job.since(began) >= job.the.limits.address:
            said = f"{job.release.revision} is ready, and its tag {job.release.tag} does not lead to it."
            raise Over(
                Ending.NOT_DONE, f"{said} {in_between(service)}", "Wait and look again: it may still move."
            )
        await job.the.sleep(_PAUSE)


def _check_tag(job: Job, service: Service) -> None:
    """Raise Over when somebody else has taken the tag away: then it is theirs to say what becomes of the revision."""
    if not is_tagged(job, service):
        by = f" ({service.last_modifier} changed it last)" if service.last_modifier else ""
        said = f"{job.release.revision} was deployed, and then somebody else took its tag {job.release.tag} away{by}."
        raise Over(Ending.CONFLICT, f"{said} What they wrote stands.", "Look at what moved.")


async def _explained(job: Job, revision: Revision | None, revisions: tuple[Revision, ...]) -> Unfit:
    """Name the cause of a boot that failed, waiting for the last lines of its log where they tell too little."""
    name = job.release.revision
    if revision is None or revision.state is RevisionState.PENDING:
        minutes = job.the.limits.boot.total_seconds() / 60
        return Unfit(f"{name} was not ready within {minutes:.0f} minutes.", job.board.now.finding)
    finding, began = job.board.now.finding, job.the.clock()
    while True:
        try:
            _, finding = await job.the.logs.finding(job.name, revision, revisions)
            job.board.finding(finding)
        except BuddyError as error:
            job.board.say(f"Its log cannot be read: {error}")
        if _is_told(finding) or job.since(began) >= job.the.limits.late:
            break
        await job.the.sleep(_PAUSE)
    why = (
        finding.summary
        if finding and _is_told(finding)
        else revision.message or reasons.in_words(revision.reason)
    )
    return Unfit(f"{name} does not boot: {why}".rstrip(": "), finding)


def _is_told(finding: Finding | None) -> bool:
    return finding is not None and finding.cause not in _WEAK


def _take(job: Job, log: BootLog) -> None:
    if log.batch.entries:
        job.board.entries(log.batch.entries)
    if log.finding and log.finding.boots is not None:
        job.board.finding(log.finding)
