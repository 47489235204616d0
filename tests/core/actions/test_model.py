"""Whoever else writes, whatever is lost and whenever we are killed: nothing is overwritten, and the journal is right.

A change is played against the pure state of the emulated Cloud Run. At each of its first six calls of the outside
something may happen; every way that this can go is played once, for a split with two surprises at most.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from buddy_tui.actions.apply import apply
from buddy_tui.actions.arithmetic import same, tagged, tags_of
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.reconcile import reconcile, unfinished
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.settled import is_effective
from buddy_tui.actions.split import split
from buddy_tui.actions.values import Ending, Plan, Targets
from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.events import BootWanted, Event
from buddy_tui.emulator.run.messages import Service as Written
from buddy_tui.emulator.run.world import World
from buddy_tui.errors import ChangedUnderneath, Unreachable
from buddy_tui.gateway import TrafficChange
from buddy_tui.gcp import convert
from buddy_tui.journal.keep import Held, Journal, Reading
from buddy_tui.journal.values import Record
from buddy_tui.model import Service, ServiceName, TrafficTarget
from tests import make
from tests.emulator.admin_fixture import PARENT, SHOP, address, service
from tests.fakes import FakeReads, FakeTime

DEPTH = 6
NAME = ServiceName("demo-project", "us-central1", "shop")
OURS, THEIRS = "alice@example.com", "bob@example.com"

# What may happen at a call. The first is that nothing does; what is late arrives when we are done.
AT_A_READ = ("fine", "theirs", "deploy", "lost", "killed before")
AT_A_WRITE = (*AT_A_READ, "reply lost", "late", "killed after")


class Killed(BaseException):
    """The program is no more."""


class Paper(Journal):
    """A journal that outlives its programs, in memory."""

    def __init__(self) -> None:
        super().__init__(Path("unused"))
        self.records: list[Record] = []
        self.dead = False

    def write(self, record: Record) -> Record:
        if self.dead:
            raise Killed
        self.records.append(record)
        return record

    def read(self) -> Reading:
        return Reading(tuple(self.records))

    def hold(self, change: str) -> Held | None:
        return None if self.dead else Free()


class Free(Held):
    """A lock that nobody else wants."""

    def __init__(self) -> None:
        """Hold nothing."""

    def release(self) -> None:
        """Give back nothing."""


@dataclass
class Accepted:
    """A traffic list that Cloud Run took: whose, and over which."""

    by: str
    over: Targets
    targets: Targets


class Play(FakeReads):
    """A Cloud Run where at the k-th call what `script` says happens; afterwards, nothing does."""

    def __init__(self, script: tuple[str, ...]) -> None:
        super().__init__()
        self.world = copy.deepcopy(_world())
        self.time = FakeTime()
        self.paper = Paper()
        self.offered: list[tuple[str, ...]] = []
        self.accepted: list[Accepted] = []
        self.script = script
        self.wanted: Targets = ()
        self.proved = False
        self._audit: list[TrafficChange] = []
        self._late: list[Callable[[], object]] = []
        self._others_did = 0

    async def service(self, name: ServiceName) -> Service:
        self._happens(AT_A_READ, lambda: None)
        seen = self.now()
        self.proved = self.proved or is_effective(seen, self.wanted)
        return seen

    async def set_traffic(self, name: ServiceName, targets: tuple[TrafficTarget, ...], etag: str) -> Service:
        self._happens(AT_A_WRITE, lambda: self.takes(OURS, targets, etag))
        return self.now()

    async def annotate(self, name: ServiceName, values: Mapping[str, str | None], etag: str) -> Service:
        self._happens(AT_A_WRITE, lambda: self._annotated(values, etag))
        return self.now()

    async def traffic_changes(self, name: ServiceName, since: datetime) -> tuple[TrafficChange, ...]:
        return tuple(reversed(self._audit))

    def now(self) -> Service:
        return convert.service(self.world.get_service(SHOP))

    def lands(self) -> None:
        """Let what was on its way arrive."""
        waiting, self._late = self._late, []
        for call in waiting:
            try:
                call()
            except ChangedUnderneath:
                continue

    def takes(self, by: str, targets: Targets, etag: str) -> None:
        over = self.now().desired
        wanted = Written(name=SHOP, etag=etag)
        for target in targets:
            convert.asked(target, wanted.traffic.add())
        self._update(wanted, "traffic")
        self.accepted.append(Accepted(by, over, targets))
        self._audit.append(TrafficChange(self.time(), by, targets=targets))

    def _annotated(self, values: Mapping[str, str | None], etag: str) -> None:
        kept = {**dict(self.now().annotations), **values}
        told = {key: value for key, value in kept.items() if value is not None}
        self._update(Written(name=SHOP, etag=etag, annotations=told), "annotations")

    def _update(self, wanted: Message, mask: str) -> None:
        try:
            self.world.update_service(wanted, [mask])
        except Problem as problem:
            raise ChangedUnderneath(problem.message) from None

    def _happens(self, choices: tuple[str, ...], call: Callable[[], object]) -> None:
        """Let happen what the script says for this call, and `call` be done or not."""
        at = len(self.offered)
        self.offered.append(choices)
        what = self.script[at] if at < len(self.script) else "fine"
        if what in ("theirs", "deploy"):
            self._others(what)
        if what == "late":
            self._late.append(call)
        if what == "killed before":
            self._die()
        if what in ("lost", "late"):
            raise Unreachable("No answer.")
        call()
        if what == "killed after":
            self._die()
        if what == "reply lost":
            raise Unreachable("No answer.")

    def _others(self, what: str) -> None:
        """Let somebody else tag a revision as his own, or deploy another."""
        self._others_did += 1
        service = self.now()
        if what == "theirs":
            self.takes(
                THEIRS, tagged(service.desired, {f"bob-{self._others_did}": _revisions()[0]}), service.etag
            )
        else:
            self._update(_image(f"hello:9{self._others_did}"), "template")

    def _die(self) -> None:
        self.paper.dead = True
        raise Killed


def _image(image: str) -> Message:
    wanted = Written(name=SHOP)
    wanted.template.containers.add(image=image)
    return wanted


def _ignored(event: Event) -> None:
    """Hear nothing: copies of a world share what hears it."""


@cache
def _world() -> World:
    """Make a service with two revisions, of which the newer has all traffic by name and the older a tag."""
    wanted: list[BootWanted] = []

    def hear(event: Event) -> None:
        if isinstance(event, BootWanted):
            wanted.append(event)

    world = World(Clock(), Faults(), emit=hear, address=address)
    world.create_service(PARENT, "shop", service())
    world.boot_succeeded(wanted[-1].where, 1.0)
    world.update_service(_image("hello:2"), ["template"])
    world.boot_succeeded(wanted[-1].where, 1.0)
    old, new = (one.where.revision for one in wanted)
    pinned = Written(name=SHOP)
    for target in (make.target(new, 100), make.target(old, 0, "stable")):
        convert.asked(target, pinned.traffic.add())
    world.update_service(pinned, ["traffic"])
    world._emit = _ignored
    return world


@cache
def _revisions() -> tuple[str, ...]:
    """Name the two revisions, the older first."""
    listed = _world().list_revisions(SHOP).revisions
    return tuple(sorted(one.name.rpartition("/")[2] for one in listed))


def _plan(verb: str, seen: Service) -> Plan:
    old, new = _revisions()
    revisions = (make.revision(new), make.revision(old))
    terms = Terms(make.NOW, who=OURS)
    if verb == "rollback":
        return roll_back(seen, revisions, old, terms)
    return split(seen, revisions, {old: 10, new: 90}, terms)


async def _played(verb: str, script: tuple[str, ...]) -> Play:
    """Play a script, then a new start, which the rest of the script is for, and another one. Then all must be well."""
    play = Play(script)
    plan = _plan(verb, play.now())
    assert not plan.refusal
    play.wanted = plan.after
    ending = await _applied(play, plan)
    play.lands()
    _is_well(play, plan, ending)

    await _started_again(play)
    play.script = ()
    await _started_again(play)
    _is_well(play, plan, ending)
    assert unfinished(play.paper.records) == ()
    for record in play.paper.records[-1:]:
        _is_true(play, Ending(record.outcome))
    return play


async def _started_again(play: Play) -> None:
    """Let a new program find out, a while later, what became of the change."""
    play.paper.dead = False
    play.time.now += timedelta(minutes=15)
    with suppress(Killed):
        await reconcile(play.paper, play, play.time)
    play.lands()


async def _applied(play: Play, plan: Plan) -> Ending | None:
    """Apply a plan; return how it ended, `None` where we were killed."""
    doors = {"reads": play, "writes": play, "journal": play.paper}
    last = None
    try:
        async for progress in apply(plan, **doors, clock=play.time, sleep=play.time.sleep, who=OURS):  # type: ignore[arg-type]
            last = progress.ending
    except Killed:
        return None
    assert last is not None
    _is_true(play, last)
    if play.paper.records:
        assert play.paper.records[-1].outcome == last
    return last


def _is_well(play: Play, plan: Plan, ending: Ending | None) -> None:
    """Check that nobody's change was overwritten unseen, ours was made once at most, and no tag is lost."""
    ours = [one for one in play.accepted if one.by == OURS]
    assert len(ours) <= 1
    assert all(same(one.over, plan.before) for one in ours)
    theirs = {tag for one in play.accepted if one.by == THEIRS for tag in tags_of(one.targets)}
    assert tags_of(play.now().desired).keys() == {"stable"} | theirs
    if ending is Ending.DONE:
        assert play.proved


def _is_true(play: Play, ending: Ending) -> None:
    """Check what is said of the traffic, when all that was on its way has landed."""
    play.lands()
    was_written = any(one.by == OURS for one in play.accepted)
    if ending in (Ending.DONE, Ending.NOT_DONE):
        assert was_written
    elif ending in (Ending.FAILED, Ending.REFUSED, Ending.DENIED):
        assert not was_written


async def _every_way(verb: str, most: int) -> list[tuple[str, ...]]:
    """Play every script with at most so many surprises, each once; return them."""
    waiting: list[tuple[str, ...]] = [()]
    played: list[tuple[str, ...]] = []
    while waiting:
        script = waiting.pop()
        played.append(script)
        play = await _played(verb, script)
        surprises = len(script) - script.count("fine")
        if surprises < most:
            waiting += _longer(script, play.offered)
    return played


def _longer(script: tuple[str, ...], offered: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the scripts with one more surprise, at each of the calls that were made after the last one."""
    for at in range(len(script), min(len(offered), DEPTH)):
        for what in offered[at][1:]:
            yield (*script, *["fine"] * (at - len(script)), what)


@pytest.mark.parametrize(("verb", "most"), [("rollback", DEPTH), ("split", 2)])
async def test_whatever_happens_nothing_is_overwritten_no_tag_is_lost_and_the_journal_is_right(
    verb: str, most: int
) -> None:
    played = await _every_way(verb, most)

    assert len(played) > 200
    assert len(set(played)) == len(played)
    assert any(len(script) == DEPTH for script in played)
