"""deploy: the build of an archive: begun once, watched by reading its state, and its log beside it."""

from collections.abc import Sequence
from datetime import timedelta

from buddy_tui.actions.values import Ending
from buddy_tui.actions.writing import Over
from buddy_tui.boot.values import BootLog
from buddy_tui.deploy.job import Job, following
from buddy_tui.deploy.names import image_of
from buddy_tui.deploy.values import Stage
from buddy_tui.errors import Unreachable
from buddy_tui.gateway import Build, BuildState, Stored
from buddy_tui.model import LogScope

_UNDER_WAY = {BuildState.QUEUED, BuildState.WORKING, BuildState.UNKNOWN}
_TRIES = 3
_PAUSE = 2.0


async def build(job: Job) -> str:
    """Build the archive into an image, and return its name; a build that was begun before is gone on with."""
    begun = await _begun(job)
    job.board.build(begun)
    job.board.new_log()
    scope = LogScope(job.name, build=begun.id)
    async with following(job, scope, (), lambda log: _take(job, log)):
        ended = await _ended(job, begun.name)
        if ended.state is not BuildState.SUCCESS:
            await job.the.sleep(job.the.limits.late.total_seconds())
    if ended.state is not BuildState.SUCCESS or not ended.image:
        raise Over(Ending.FAILED, _why(ended), ended.log_url)
    await job.memory.note(Stage.BUILD, f"It is built: {ended.image}", image=ended.image)
    return ended.image


async def cancel(job: Job) -> None:
    """Ask that the build end, if there is one under way. Raises BuddyError."""
    known, reads = job.known, job.the.reads
    begun = job.board.now.build
    if begun is None and known.source:
        begun = _chosen(await job.the.persistently(lambda: reads.builds_from(job.name, known.source)))
    if begun and begun.state in _UNDER_WAY:
        job.board.build(await job.the.deploys.cancel_build(begun.name))


async def _begun(job: Job) -> Build:
    """Return the build of this archive: the one that is there, or else a new one."""
    the = job.the
    if job.known.build:
        return await the.persistently(lambda: the.reads.build(job.known.build))
    stored = job.stored or Stored(job.known.source)
    found = _chosen(await the.persistently(lambda: the.reads.builds_from(job.name, stored.where)))
    begun = found or await _submitted(job, stored)
    await job.memory.note(Stage.BUILD, f"Its build is {begun.id}.", build=begun.name)
    return begun


async def _submitted(job: Job, stored: Stored) -> Build:
    """Begin a build. Where no answer comes it is looked for, and begun again only when there is none."""
    the, release, tries = job.the, job.release, 0
    while True:
        tries += 1
        try:
            return await the.deploys.submit_build(
                job.name, stored, image=image_of(job.name), dockerfile=release.dockerfile
            )
        except Unreachable:
            if found := await _appeared(job, stored):
                return found
            if tries == _TRIES:
                raise


async def _appeared(job: Job, stored: Stored) -> Build | None:
    began = job.the.clock()
    while True:
        found = _chosen(await job.the.persistently(lambda: job.the.reads.builds_from(job.name, stored.where)))
        if found or job.since(began) >= job.the.limits.landing:
            return found
        await job.the.sleep(_PAUSE)


def _chosen(builds: Sequence[Build]) -> Build | None:
    """Choose one that succeeded, else the oldest that is under way, else the newest that failed."""
    succeeded = [one for one in builds if one.state is BuildState.SUCCESS]
    under_way = [one for one in builds if one.state in _UNDER_WAY]
    return next(iter((*succeeded, *reversed(under_way), *builds)), None)


async def _ended(job: Job, name: str) -> Build:
    """Look at a build until it is over. Raises Over when it takes too long: it is left alone then."""
    the, began = job.the, job.the.clock()
    while True:
        build = await the.persistently(lambda: the.reads.build(name))
        job.board.build(build)
        if build.state not in _UNDER_WAY:
            return build
        waited = job.since(began)
        job.board.say(_progress(build, waited, slow=waited >= the.limits.slow))
        if waited >= the.limits.build:
            said = f"The build does not come to an end: {_minutes(waited)} so far. {job.name.service} is as it was."
            raise Over(Ending.UNKNOWN, said, "buddy-tui deploy waits on; buddy-tui deploy --cancel ends it.")
        await the.sleep(_PAUSE)


def _progress(build: Build, waited: timedelta, *, slow: bool) -> str:
    said = f"{build.state.value.lower()}, {_minutes(waited)}"
    return f"{said}: it is slow, or hangs; it can be cancelled" if slow else said


def _minutes(waited: timedelta) -> str:
    seconds = int(waited.total_seconds())
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"


def _why(build: Build) -> str:
    if build.state is BuildState.SUCCESS:
        return "The build succeeded, and Cloud Build names no image of it."
    if build.state is BuildState.CANCELLED:
        return "The build was cancelled. The service is as it was."
    if build.state is BuildState.TIMEOUT:
        return "The build took longer than Cloud Build allows. The service is as it was."
    said = build.said.rstrip(".")
    return f"The build failed{f': {said}' if said else ''}. The service is as it was."


def _take(job: Job, log: BootLog) -> None:
    if log.batch.entries:
        job.board.lines(log.batch.entries)
