"""deploy: a candidate that is no good is taken back: its tag goes, and the former traffic list is there again."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from buddy_tui.actions.apply import apply
from buddy_tui.actions.arithmetic import LATEST, percents_of, same, tags_of, untagged
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.undo import put_back
from buddy_tui.actions.values import Ending, Plan, Progress, Targets
from buddy_tui.actions.writing import Over
from buddy_tui.deploy.job import Job
from buddy_tui.deploy.rolling import is_tagged
from buddy_tui.deploy.values import Release, Stage
from buddy_tui.errors import NotFound
from buddy_tui.model import Revision, RevisionState, Service, TrafficTarget

_TRIES = 3
_PAUSE = 2.0
# Somebody else was faster, or nobody answered and nothing was written: the next look may do better.
_AGAIN = {Ending.CONFLICT, Ending.FAILED}


async def taken_back(job: Job, why: str) -> Over:
    """Take the candidate back, and return how the deployment ended. Raises BuddyError when that could not be begun.

    What somebody else wrote meanwhile stands; of that, only our tag is taken out.
    """
    if not job.known.failed:
        await job.memory.note(Stage.VERDICT, why, failed=why)
    for _ in range(_TRIES):
        try:
            service = await job.service()
        except NotFound as error:
            return Over(Ending.FAILED, f"{why} And then the service went: {error}")
        plan = _way_back(job, service, await job.revisions())
        progress = await _applied(job, plan)
        if progress.ending in {Ending.DONE, Ending.NOTHING_TO_DO}:
            return _back(job, why, plan.after)
        if progress.ending is Ending.NOT_DONE:
            said = f"{why} The former list was asked for again: {progress.sentence}"
            return Over(Ending.NOT_DONE, said, progress.hint)
        if progress.ending not in _AGAIN:
            break
        await job.the.sleep(_PAUSE)
    said = f"{why} Its tag {job.release.tag} could not be taken away: {progress.sentence}"
    return Over(Ending.UNKNOWN, said, progress.hint or "buddy-tui deploy tries it again.")


def former(release: Release, candidate: Revision | None) -> Targets:
    """Return the list to go back to: the former one exactly, unless its LATEST would mean the candidate now.

    A revision that failed is never what LATEST means. One that is ready and no good would be at once, so then the
    service stays pinned to what LATEST meant.
    """
    before, after = release.plan.before, release.plan.after
    is_dead = candidate is not None and candidate.state is RevisionState.FAILED
    if is_dead or release.first or LATEST not in percents_of(before):
        return before
    tags = (TrafficTarget(one.revision, 0, one.tag, one.latest) for one in before if one.tag)
    return (*(one for one in after if one.percent), *tags)


def _way_back(job: Job, service: Service, revisions: Sequence[Revision]) -> Plan:
    release = job.release
    candidate = next((one for one in revisions if one.name == release.revision), None)
    target = service.desired
    if same(service.desired, release.plan.after):
        target = former(release, candidate)
    elif is_tagged(job, service):
        target = untagged(service.desired, [release.tag])
    author = job.memory.author
    terms = Terms(job.the.clock(), who=author.who, acting=author.acting)
    return replace(put_back(service, target, terms), revision=release.revision)


async def _applied(job: Job, plan: Plan) -> Progress:
    author, the = job.memory.author, job.the
    stream = apply(
        plan,
        reads=the.reads,
        writes=the.writes,
        journal=the.journal,
        clock=the.clock,
        sleep=the.sleep,
        who=author.who,
        acting=author.acting,
        reason=job.known.failed,
    )
    async with aclosing(stream) as values:
        progress = await anext(values)
        async for progress in values:
            job.board.say(
                f"taking the tag away: {next((one.title for one in progress.steps if not one.said), '')}"
            )
    return progress


def _back(job: Job, why: str, now: Targets) -> Over:
    before = job.release.plan.before
    if job.release.first:
        said = f"{why} Its tag is gone. Nothing served before it, so there is nothing to go back to."
        return Over(Ending.FAILED, said)
    if same(now, before):
        told = "The traffic list is as it was before."
    elif tags_of(now) == tags_of(before) and LATEST in percents_of(before):
        told = "The service stays pinned: LATEST would mean this revision. Deploy a good one, then restore the latest."
    else:
        told = "Somebody else has changed the traffic meanwhile; only its tag was taken out."
    return Over(Ending.PUT_BACK, f"{why} Its tag is gone. {told}")
