"""deploy: the source as an archive: packed, kept whole or not at all, and uploaded under a name that is its own."""

import asyncio
from contextlib import suppress
from pathlib import Path

from buddy_tui.actions.values import Ending
from buddy_tui.actions.writing import Over
from buddy_tui.deploy.job import Job
from buddy_tui.deploy.values import Source, Stage
from buddy_tui.source.archive import Packed, digest, pack, verified
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import Upload

_PLAN_ANEW = "Look at it again, and deploy anew."


def source_of(upload: Upload) -> Source:
    """Return what a deployment must know of its source. Reads every file; raises Refused when one changes meanwhile."""
    dockerfile = any(one.path == "Dockerfile" for one in upload.files)  # where gcloud looks for it
    return Source(upload.root, len(upload.files), upload.size, digest(upload), dockerfile)


def packed(root: Path, to: Path) -> tuple[str, Packed]:
    """Pack what is to be uploaded from `root`; return the digest of its contents, and the archive. Raises BuddyError."""
    upload = upload_set(root)
    return digest(upload), pack(upload, to, lambda _: None)


async def archive(job: Job) -> str:
    """Pack the source, unless that was done before. An archive is trusted by its SHA-256 in the journal alone."""
    release, known, the = job.release, job.known, job.the
    if known.archive:
        job.stored = await the.persistently(lambda: the.reads.stored(job.name, release.object))
        is_whole = await asyncio.to_thread(verified, job.archive, known.archive)
        if job.stored or is_whole:
            return "packed before"
    if release.root is None:
        raise Over(Ending.FAILED, "There is no source to pack.", _PLAN_ANEW)
    packing = asyncio.create_task(asyncio.to_thread(the.pack, release.root, job.archive))
    try:
        contents, made = await asyncio.shield(packing)
    finally:
        # No thread can be cancelled: what it still writes could not be taken away before it has ended.
        await asyncio.wait({packing})
    if contents != release.digest:
        raise Over(Ending.CONFLICT, "The source was changed since this was planned.", _PLAN_ANEW)
    await job.memory.note(Stage.ARCHIVE, f"{release.files:,} files are packed.", archive=made.sha256)
    return f"{release.files:,} files, packed into {made.size:,} bytes"


async def upload(job: Job) -> str:
    """Upload the archive, unless it is there. Its name holds the deployment and the contents, so twice is once."""
    release, the = job.release, job.the
    if not job.stored:
        if not await asyncio.to_thread(verified, job.archive, job.known.archive):
            raise Over(Ending.FAILED, "The archive was changed after it was packed.", _PLAN_ANEW)
        size, loop = (await asyncio.to_thread(job.archive.stat)).st_size, asyncio.get_running_loop()

        def tell(count: int) -> None:
            # Whoever uploads may do so in a thread.
            loop.call_soon_threadsafe(job.board.sent, count, size)

        job.stored = await the.persistently(
            lambda: the.deploys.upload(job.name, job.archive, release.object, tell)
        )
    await job.memory.note(Stage.UPLOAD, "The archive is in its bucket.", source=job.stored.where)
    return job.stored.where


def cleared(job: Job) -> None:
    """Take away what is left of the archive on this machine, whole or not."""
    for path in job.the.folder.glob(f"{job.archive.name}*"):
        with suppress(OSError):
            path.unlink()
