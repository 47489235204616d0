"""A promotion among other writers, lost replies and kills: only what was verified gets more, and all can be told after.

It is played against the pure state of the emulated Cloud Run, as one change is in `test_model`: whatever may happen
happens once, at each call of the outside.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from buddy_tui.actions.arithmetic import percents_of, same, tags_of
from buddy_tui.actions.control import Control
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.promotion import promotion, unattended
from buddy_tui.actions.reconcile import reconcile, unfinished
from buddy_tui.actions.values import Ending, Phase, Promotion
from buddy_tui.gateway import LogPage
from buddy_tui.journal.values import Kind
from buddy_tui.log_scope import nanoseconds
from buddy_tui.model import LogEntry, Revision, ServiceName
from buddy_tui.payload import request_line
from buddy_tui.probes.values import Answer, Target
from buddy_tui.question import Ask, Question
from tests import make
from tests.core.actions.test_model import OURS, THEIRS, Killed, Play, _revisions
from tests.fakes import FakeDoor, FakeTime

QUESTIONS = (Question("health", Ask("GET", "/health")),)
STEPS = (50, 100)
OLD, NEW = _revisions()


class Time(FakeTime):
    """A clock for one who works; who waits for another round of probes waits for ever."""

    async def sleep(self, seconds: float) -> None:
        if seconds >= 5:
            await asyncio.Event().wait()
        await super().sleep(seconds)


class Release(Play):
    """`OLD` is promoted. While it is `bad` it answers with 500 as soon as it has traffic; a `mute` one has no request."""

    def __init__(self, script: tuple[str, ...], *, bad: bool = False, mute: bool = False) -> None:
        super().__init__(script)
        self.time: Time = Time()
        self.bad, self.mute = bad, mute
        self.control = Control()
        self.surprises = frozenset(script)
        self.before = self.now().desired
        self.told: list[Promotion] = []
        self.door = FakeDoor(self._answer)
        self._numbers = count()

    async def revisions(self, name: ServiceName) -> tuple[Revision, ...]:
        return make.revision(NEW), make.revision(OLD)

    async def log_page(
        self, project: str, log_filter: str, *, token: str = "", size: int = 1000, newest_first: bool = False
    ) -> LogPage:
        """Tell of thirty requests to each revision, of this moment."""
        statuses = {NEW: 200, OLD: 500 if self.bad else 200}
        asked = [NEW] if self.mute else [NEW, OLD]
        return LogPage(tuple(self._request(one, statuses[one]) for one in asked for _ in range(30)))

    def _request(self, revision: str, status: int) -> LogEntry:
        text = request_line("GET", status, 0.01, "https://x.example/")
        entry = make.entry(0, text, log="requests", revision=revision)
        return entry._replace(when=nanoseconds(self.time()), insert_id=f"{next(self._numbers)}")

    def _answer(self, visitor: int, target: Target, ask: Ask) -> Answer:
        return Answer(self.time(), 0.01, 200)

    @property
    def percent(self) -> int:
        return percents_of(self.now().desired).get(OLD, 0)


async def _played(play: Release) -> Ending | None:
    """Play a promotion, then what comes in late, then a new start; return how it ended, `None` where we were killed."""
    ending = await _promoted(play)
    play.lands()
    _is_well(play)
    play.script, play.paper.dead = (), False
    play.time.now += timedelta(minutes=15)
    await reconcile(play.paper, play, play.time)
    _can_be_told(play, ending)
    return ending


async def _promoted(play: Release) -> Ending | None:
    stream = promotion(
        play.now(),
        await play.revisions(play.now().name),
        OLD,
        steps=STEPS,
        bake=0.0,
        lag=0.0,
        interval=1.0,
        reads=play,
        writes=play,
        journal=play.paper,
        door=play.door,
        questions=QUESTIONS,
        clock=play.time,
        sleep=play.time.sleep,
        control=play.control,
        who=OURS,
        terms=Terms(play.time(), who=OURS),
    )
    try:
        async for told in stream:
            play.told.append(told)
            if told.phase is Phase.HOLDING and told.step == 0 and play.mute:
                play.control.skip("nobody asks at night")
    except Killed:
        return None
    finally:
        await _nobody_left()
    return play.told[-1].ending


async def _nobody_left() -> None:
    """Let what a killed program did end with it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _is_well(play: Release) -> None:
    """Check that nobody was overwritten, no tag is lost, and every step up was verified, or skipped on record."""
    current, is_ours = play.before, True
    for one in play.accepted:
        if one.by == OURS:
            assert is_ours
            assert same(one.over, current)
        current, is_ours = one.targets, is_ours and one.by == OURS
    theirs = {tag for one in play.accepted if one.by == THEIRS for tag in tags_of(one.targets)}
    assert tags_of(play.now().desired).keys() == {"stable"} | theirs
    written = [percents_of(one.targets).get(OLD, 0) for one in play.accepted if one.by == OURS]
    assert 0 not in written[:-1]
    ups = [percent for percent in written if percent]
    assert ups == list(STEPS[: len(ups)])
    _is_verified(play, len(ups))


def _is_verified(play: Release, ups: int) -> None:
    """Check by the journal that all gates had passed before each step: the probes, and at 50 % the others too."""
    intents = [one for one in play.paper.records if (one.kind, one.verb) == (Kind.INTENT, "promote")]
    assert len(intents) >= ups
    for number, record in enumerate(intents):
        said, gates = [one.partition(":")[0] for one in record.evidence], 5 if number else 1
        skips = [one for one in play.paper.records[: play.paper.records.index(record)] if one.reason]
        assert said == ["pass"] * gates or (gates == 5 and skips)


async def _every_way(
    most: int, within: int, *, bad: bool = False, mute: bool = False
) -> dict[tuple[str, ...], Ending | None]:
    """Play every script with at most so many surprises, each `within` so many calls of the one before; tell the ends."""
    waiting: list[tuple[str, ...]] = [()]
    played: dict[tuple[str, ...], Ending | None] = {}
    while waiting:
        script = waiting.pop()
        play = Release(script, bad=bad, mute=mute)
        played[script] = await _played(play)
        if len(script) - script.count("fine") < most:
            waiting += _longer(script, play.offered, within)
    return played


def _longer(
    script: tuple[str, ...], offered: list[tuple[str, ...]], within: int
) -> Iterator[tuple[str, ...]]:
    """Yield the scripts with one more surprise."""
    last = len(script) + within if script else len(offered)
    for at in range(len(script), min(len(offered), last)):
        for what in offered[at][1:]:
            yield (*script, *["fine"] * (at - len(script)), what)


def _can_be_told(play: Release, ending: Ending | None) -> None:
    """Check what the journal says in the end, and what a next start says of traffic that nobody watches."""
    assert unfinished(play.paper.records) == ()
    ours = [one for one in play.accepted if one.by == OURS]
    left = ending is None and play.percent > 0 and ours == play.accepted
    assert bool(unattended(play.paper, play.now())) is left
    match ending:
        case Ending.DONE:
            assert [percents_of(one.targets) for one in ours][-1:] == [{OLD: 100}]
        case Ending.PUT_BACK:
            assert same(ours[-1].targets if ours else play.before, play.before)
        case Ending.CONFLICT:
            assert any(one.by == THEIRS for one in play.accepted) or "deploy" in play.surprises
        case Ending.REFUSED | Ending.DENIED | Ending.FAILED:
            assert not ours


@pytest.mark.parametrize(
    ("wrong", "most", "ends"),
    [("", 1, Ending.DONE), ("bad", 2, Ending.PUT_BACK), ("mute", 1, Ending.DONE)],
    ids=["good", "bad", "mute"],
)
async def test_whatever_happens_only_what_was_verified_gets_more_and_all_can_be_told_after(
    wrong: str, most: int, ends: Ending
) -> None:
    played = await _every_way(most, within=1, bad=wrong == "bad", mute=wrong == "mute")

    assert len(played) > 100
    assert played[()] is ends
    assert {ends, Ending.CONFLICT, None} <= set(played.values())
