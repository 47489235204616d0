"""A small Cloud Run with a bucket and builds, from memory; and programs that deploy to it and may be killed."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.recording import Author
from buddy_tui.actions.values import Ending, Verb
from buddy_tui.boot.values import BootLog, Reading
from buddy_tui.deploy.control import Control
from buddy_tui.deploy.deploying import deploy
from buddy_tui.deploy.outside import Outside
from buddy_tui.deploy.plan import plan_deployment
from buddy_tui.deploy.resume import resume, unfinished
from buddy_tui.deploy.values import Deployment, Release, Source, Wish
from buddy_tui.errors import ChangedUnderneath, Refused, Unreachable
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.gateway import Build, BuildState, Rollout, Stored
from buddy_tui.journal.keep import Held, Journal
from buddy_tui.journal.keep import Reading as JournalReading
from buddy_tui.journal.values import Record
from buddy_tui.model import LogScope, Revision, RevisionState, Service, ServiceName, TrafficTarget
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask, Question
from buddy_tui.source.archive import Packed
from tests import make
from tests.fakes import FakeDoor, FakeReads, FakeTime, _routed

WHO = "alice@example.com"
OLD, FAILED, NEW = "api-00028-bsx", "api-00037-vfz", "api-00038-cvc"
TAG = "api-00038-cvc"
TRAFFIC = (make.target(OLD, 100), make.target(OLD, 0, "stable"))
AFTER = (*TRAFFIC, make.target(NEW, 0, TAG))
IMAGE = f"europe-west1-docker.pkg.dev/acme-prod/cloud-run-source-deploy/api@sha256:{'8' * 64}"
LOST = Unreachable("Cloud Run did not answer in time.", "Try again.")
MISSING = Finding(
    Cause.LOCAL_MODULE_MISSING,
    Confidence.CERTAIN,
    boots=False,
    summary="Back_End is not in the image.",
    revision=NEW,
)


class Killed(BaseException):
    """The program is gone, at once."""


class World(FakeReads):
    """What outlives a program: the service, the bucket, the builds, and the lines of the journal.

    `deaths` says at which call a program dies (counted from 1, each call twice: before it has an effect and after);
    a dead program reaches nothing any more. `full` says which calls find no room. `turns` are called by the number of the call, before it. `building` are
    the states that a build goes through, one each time that it is read; `booting` those of a revision, and `answer` is the status of its probes.
    """

    def __init__(self, folder: Path, *, traffic: tuple[TrafficTarget, ...] = TRAFFIC) -> None:
        super().__init__()
        self.folder = folder
        self.time = FakeTime()
        self.building: tuple[BuildState, ...] = (BuildState.WORKING, BuildState.SUCCESS)
        self.booting: tuple[RevisionState, ...] = (RevisionState.PENDING, RevisionState.READY)
        self.answer = 200
        self.lines: list[Record] = []
        self.locks: set[str] = set()
        self.rolled: list[Rollout] = []
        self.served = {OLD}
        self.deaths = 0
        self.turns: dict[int, Callable[[], object]] = {}
        self.count_of_calls = 0
        self.full: dict[str, Exception] = {}
        self._when: dict[str, Callable[[], object]] = {}
        self._reads_of: dict[str, int] = {}
        old = make.revision(OLD, service="api")
        bad = make.failed(FAILED, service="api", created=make.NOW)
        self.start = make.service(desired=traffic, latest_created=FAILED, latest_ready=OLD)
        self.put(replace(self.start, effective=_routed(self.start)), bad, old)

    @property
    def service_now(self) -> Service:
        return self._services[make.NAME]

    @property
    def revisions_now(self) -> tuple[Revision, ...]:
        return self._revisions[make.NAME]

    def change(self, traffic: tuple[TrafficTarget, ...]) -> None:
        """Let somebody else write a traffic list, as Google takes it."""
        was = self.service_now
        now = replace(was, desired=traffic, etag=f"{was.etag}+", last_modifier="bob@example.com")
        self._settle(now)

    def when(self, method: str, then: Callable[[], object]) -> None:
        """Let something happen just before the next call of `method` after the revision was asked for."""
        self._when["roll_out done"] = lambda: self._when.update({method: then})

    def up_again(self) -> None:
        """Forget all losses that did not happen so far."""
        self._outcomes.clear()

    def tick(self, name: str) -> None:
        """Count a call; let others have their turn, and let the program die where it is to."""
        self.count_of_calls += 1
        if then := self._when.pop(name, None):
            then()
        if name in self.full:
            raise self.full[name]
        if turn := self.turns.pop(self.count_of_calls, None):
            turn()
        if 0 < self.deaths <= self.count_of_calls:
            raise Killed(name)

    async def upload(
        self, name: ServiceName, archive: Path, object_name: str, tell: Callable[[int], None]
    ) -> Stored:
        await self._enter("upload", object_name)
        data = await asyncio.to_thread(archive.read_bytes)
        checksum = hashlib.sha256(data).hexdigest()
        there = self.archives.get(object_name)
        if there and there.checksum != checksum:
            raise Refused(f"{object_name} is there already, and is something else.")
        tell(len(data))
        self.archives[object_name] = Stored(f"gs://sources/{object_name}#1", len(data), checksum)
        await self._leave("upload")
        return self.archives[object_name]

    async def build(self, name: str) -> Build:
        there = await super().build(name)
        read = self._reads_of[name] = self._reads_of.get(name, 0) + 1
        state = self.building[min(read, len(self.building)) - 1]
        if there.state is not BuildState.CANCELLED:
            image = IMAGE if state is BuildState.SUCCESS else ""
            said = "pip could not install flask." if state is BuildState.FAILURE else ""
            self.builds[name] = replace(self.builds[name], state=state, image=image, said=said)
        return self.builds[name]

    async def submit_build(self, name: ServiceName, source: Stored, *, image: str, dockerfile: bool) -> Build:
        await self._enter("submit_build", source.where)
        assert source.where in {one.where for one in self.archives.values()}
        number = f"projects/acme-prod/locations/europe-west1/builds/b{len(self.builds) + 1}"
        self.builds[number] = Build(
            number, BuildState.QUEUED, source=source.where, log_url="https://log.example"
        )
        await self._leave("submit_build")
        return self.builds[number]

    async def cancel_build(self, name: str) -> Build:
        await self._enter("cancel_build", name)
        self.builds[name] = replace(self.builds[name], state=BuildState.CANCELLED)
        await self._leave("cancel_build")
        return self.builds[name]

    async def roll_out(self, name: ServiceName, rollout: Rollout, etag: str) -> Service:
        await self._enter("roll_out", rollout.revision)
        service = self._at(name, etag)
        self._add(replace(service, desired=rollout.traffic, etag=f"{etag}'"), rollout)
        await self._leave("roll_out")
        return self.service_now

    async def create(self, name: ServiceName, rollout: Rollout) -> Service:
        await self._enter("create", rollout.revision)
        if name in self._services:
            raise ChangedUnderneath(f"{name.service} is there already.")
        self._revisions[name] = ()
        self._add(make.service(name, desired=rollout.traffic, latest_created="", latest_ready=""), rollout)
        await self._leave("create")
        return self.service_now

    async def revisions(self, name: ServiceName) -> tuple[Revision, ...]:
        await self._enter("revisions", name.service, name.region)
        self._boot()
        return self._revisions.get(name, ())

    async def set_traffic(self, name: ServiceName, targets: tuple[TrafficTarget, ...], etag: str) -> Service:
        await self._enter("set_traffic", name.service, name.region)
        self._settle(replace(self._at(name, etag), desired=targets, etag=f"{etag}'"))
        await self._leave("set_traffic")
        return self.service_now

    async def _enter(self, method: str, about: str, region: str = "") -> None:
        self.tick(method)
        await super()._enter(method, about, region)

    async def _leave(self, method: str) -> None:
        self.tick(f"{method} done")
        await super()._leave(method)

    def _add(self, service: Service, rollout: Rollout) -> None:
        assert rollout.revision not in {one.name for one in self.revisions_now}
        self.rolled.append(rollout)
        coming = make.revision(rollout.revision, service="api", state=RevisionState.PENDING)
        self._revisions[make.NAME] = (coming, *self.revisions_now)
        self._settle(replace(service, latest_created=rollout.revision))

    def _boot(self) -> None:
        """Let the new revision come one state further."""
        for one in self._revisions.get(make.NAME, ()):
            if any(one.name == rollout.revision for rollout in self.rolled):
                read = self._reads_of[one.name] = self._reads_of.get(one.name, 0) + 1
                state = self.booting[min(read, len(self.booting)) - 1]
                others = tuple(other for other in self.revisions_now if other.name != one.name)
                self._revisions[make.NAME] = (replace(one, state=state), *others)
                ready = one.name if state is RevisionState.READY else self.service_now.latest_ready
                self._settle(replace(self.service_now, latest_ready=ready))

    def _settle(self, service: Service) -> None:
        routed = service if self.stuck else replace(service, effective=_routed(service))
        self._services[make.NAME] = routed
        self.served |= {one.revision for one in routed.effective if one.percent}


class MemoryJournal(Journal):
    """A journal in the world's memory. Its writes count as calls; its locks go with their program."""

    def __init__(self, world: World) -> None:
        super().__init__(world.folder / "journal.jsonl")
        self._world = world

    def write(self, record: Record) -> Record:
        self._world.tick("journal")
        self._world.lines.append(record)
        self._world.tick("journal done")
        return record

    def read(self) -> JournalReading:
        return JournalReading(tuple(self._world.lines))

    def hold(self, change: str) -> Held | None:
        if change in self._world.locks:
            return None
        self._world.locks.add(change)
        return _Lock(self._world, change)


class _Lock(Held):
    def __init__(self, world: World, change: str) -> None:
        self._world = world
        self._change = change

    def release(self) -> None:
        self._world.locks.discard(self._change)


class Silent:
    """Logs that say nothing, and a finding where a boot failed."""

    async def boot_log(self, scope: LogScope, revisions: Sequence[Revision]) -> AsyncGenerator[BootLog, None]:
        for _ in ():
            yield BootLog.__new__(BootLog)

    async def finding(
        self, name: ServiceName, revision: Revision, revisions: Sequence[Revision]
    ) -> tuple[Reading, Finding]:
        return Reading(()), MISSING


class Program:
    """A program that deploys: its own connections and its own lock, the world's state."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.control = Control()
        self.root = world.folder / "project"
        self.root.mkdir(exist_ok=True)
        self.contents = "d" * 64
        self.questions: tuple[Question, ...] = (Question("health", Ask("GET", "/health")),)

    def pack(self, root: Path, to: Path) -> tuple[str, Packed]:
        """Pack in a way that leaves half of it when the program dies."""
        to.parent.mkdir(exist_ok=True)
        data = b"the whole archive"
        for part in (b"the half", data):
            self.world.tick("pack")
            to.write_bytes(part)
        return self.contents, Packed(to, len(data), hashlib.sha256(data).hexdigest(), "")

    @property
    def outside(self) -> Outside:
        world = self.world
        return Outside(
            reads=world,
            writes=world,
            deploys=world,
            journal=MemoryJournal(world),
            logs=Silent(),
            door=FakeDoor(self._answer),
            questions=self.questions,
            clock=world.time,
            pack=self.pack,
            sleep=world.time.sleep,
            attempts=2,
        )

    def plan(self, **wish: object) -> Release:
        """Plan a deployment of the source, or what `wish` says."""
        source = Source(self.root, 20, 3_000_000, "d" * 64)
        world = self.world
        service = world._services.get(make.NAME)
        revisions = world.revisions_now if service else ()
        return plan_deployment(
            make.NAME,
            service,
            revisions,
            Wish(**{"source": source, **wish}),  # type: ignore[arg-type]
            Terms(world.time(), who=WHO),
            id="0123456789abcdef",
            suffix="cvc",
        )

    async def deploy(self, release: Release | None = None) -> list[Deployment]:
        stream = deploy(release or self.plan(), self.outside, Author(WHO), control=self.control)
        async with aclosing(stream) as values:
            return [one async for one in values]

    async def resume(self) -> list[Deployment]:
        """Go on with what was left, as the next start does."""
        async with aclosing(self.resuming()) as values:
            return [told async for told in values]

    def resuming(self) -> AsyncGenerator[Deployment, None]:
        """Look what was left, and be about to go on with it."""
        outside = self.outside
        one = unfinished(outside.journal, make.NAME)
        assert one is not None
        return resume(one, outside, control=self.control)

    async def next_start(self) -> Ending | None:
        """Go on with what was left; begin where nothing was begun; else tell how it ended."""
        if unfinished(MemoryJournal(self.world), make.NAME):
            return (await self.resume())[-1].ending
        outcomes = [one.outcome for one in self.world.lines if one.verb == Verb.DEPLOY and one.outcome]
        return Ending(outcomes[-1]) if outcomes else (await self.deploy())[-1].ending

    async def killed(self, at: int, release: Release | None = None, *, again: bool = False) -> bool:
        """Deploy, or go on with what was left, and die at a call; tell whether it came to that."""
        work = self.resume() if again else self.deploy(release or self.plan())
        self.world.deaths = self.world.count_of_calls + at
        try:
            await work
        except Killed:
            return True
        finally:
            # Its locks go with it, and the next one counts anew.
            self.world.deaths = 0
            self.world.locks.clear()
            await asyncio.sleep(0)
        return False

    def _answer(self, visitor: int, target: Target, ask: Ask) -> Answer:
        status = self.world.answer if target.revision == NEW else 200
        return Answer(self.world.time(), 0.01, status)
