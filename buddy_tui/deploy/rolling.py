"""deploy: the new revision and its tag, asked for in one update that is bound to the version that was looked at."""

from buddy_tui.actions.arithmetic import tags_of
from buddy_tui.actions.marks import holder_of, lock_of
from buddy_tui.actions.state import revised, state_of
from buddy_tui.actions.values import Ending
from buddy_tui.actions.writing import Over
from buddy_tui.deploy.job import Job
from buddy_tui.deploy.values import Stage
from buddy_tui.errors import ChangedUnderneath, NotFound, Unreachable
from buddy_tui.gateway import Rollout
from buddy_tui.model import Service

_TRIES = 3
_PAUSE = 2.0


async def roll_out(job: Job) -> str:
    """Ask for the revision once. What was written without an answer is found, not written again."""
    if job.known.asked and await is_there(job):
        return "asked for before"
    etag = "" if _is_new(job) else (await _unchanged(job)).etag
    await job.memory.note(Stage.REVISION, f"{job.release.revision} is asked for.", asked=True)
    tries = 0
    while True:
        tries += 1
        try:
            await _asked(job, etag)
        except ChangedUnderneath as error:
            if not await is_there(job):
                raise _conflict(job, (str(error),)) from None
        except Unreachable:
            # Each try is bound to the same version, so that only one of them can ever be written.
            if not await appeared(job):
                if tries == _TRIES:
                    raise
                continue
        return f"{job.release.revision} was accepted"


async def is_there(job: Job) -> bool:
    """Tell whether our revision was written, whatever became of it since."""
    release = job.release
    try:
        service = await job.service()
    except NotFound:
        return False
    if is_tagged(job, service) or service.latest_created == release.revision:
        return True
    revision, _ = await job.revision()
    return revision is not None


async def appeared(job: Job) -> bool:
    """Wait until our revision is to be seen, as long as a write without an answer may need to land."""
    began = job.the.clock()
    while not (there := await is_there(job)) and job.since(began) < job.the.limits.landing:
        await job.the.sleep(_PAUSE)
    return there


def is_tagged(job: Job, service: Service) -> bool:
    """Tell whether our tag is asked for on our revision."""
    return tags_of(service.desired).get(job.release.tag) == job.release.revision


def _is_new(job: Job) -> bool:
    return not job.release.plan.etag


async def _asked(job: Job, etag: str) -> None:
    release, known, deploys = job.release, job.known, job.the.deploys
    rollout = Rollout(
        release.revision, release.image or known.image, release.plan.after, known.source, known.build
    )
    if _is_new(job):
        await deploys.create(job.name, rollout)
    else:
        await deploys.roll_out(job.name, rollout, etag)


async def _unchanged(job: Job) -> Service:
    """Return the service as it is, if it is what the operator saw. Raises Over."""
    while True:
        try:
            service = await job.service()
        except NotFound as error:
            raise _conflict(job, (str(error),)) from None
        if state_of(service) != job.release.plan.state:
            raise _conflict(job, revised(job.release.plan, service))
        lock = lock_of(service, job.the.clock())
        if lock is None or lock.holder == holder_of(job.memory.author.who):
            return service
        job.board.say(
            f"{lock.holder} is at work on it ({lock.verb}), until {lock.until:%H:%M:%S} UTC at most"
        )
        await job.the.sleep(_PAUSE)


def _conflict(job: Job, moved: tuple[str, ...]) -> Over:
    told = " ".join(moved)
    said = f"Somebody else changed {job.name.service} since this was planned, so nothing of it was changed. {told}"
    image = job.known.image
    again = (
        f"buddy-tui deploy --service {job.name.service} --image {image}"
        if image
        else "Look at it, and deploy again."
    )
    return Over(Ending.CONFLICT, said.strip(), again)
