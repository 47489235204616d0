"""A service to change, from memory, with everything that a change asks for; and the plans that the tests make."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from buddy_tui.actions.apply import apply
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.restore_latest import restore_latest
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.split import split
from buddy_tui.actions.undo import put_back
from buddy_tui.actions.values import Plan, Progress
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Record
from buddy_tui.model import Service
from tests import make
from tests.fakes import FakeReads, FakeTime

OLD, NEW = "api-00001-aaa", "api-00002-bbb"
WHO = "alice@example.com"
TAGGED = (make.target(NEW, 100), make.target(OLD, 0, "stable"))


class Stage:
    """A service whose `NEW` revision has all traffic and whose `OLD` one is tagged `stable`."""

    def __init__(self, folder: Path, **over: object) -> None:
        tagged = replace(TAGGED[1], uri="https://stable---api.example")
        service = make.service(
            desired=TAGGED, effective=(TAGGED[0], tagged), latest_created=NEW, latest_ready=NEW
        )
        self.cloud = FakeReads()
        self.revisions = (make.revision(NEW), make.revision(OLD))
        self.cloud.put(replace(service, **over), *self.revisions)  # type: ignore[arg-type]
        self.journal = Journal(folder / "journal.jsonl")
        self.time = FakeTime()

    @property
    def service(self) -> Service:
        return self.cloud._services[make.NAME]

    def change(self, **over: object) -> None:
        """Let somebody else change the service, as it is accepted by Google."""
        by = {"last_modifier": "bob@example.com", "updated": self.time()}
        changed = replace(self.service, etag=f"{self.service.etag}+", **{**by, **over})  # type: ignore[arg-type]
        self.cloud.put(changed, *self.revisions)

    def when(self, method: str, then: Callable[[], None]) -> None:
        """Let something happen just before the next call of `method`."""
        enter = self.cloud._enter

        async def watched(called: str, about: str, region: str = "") -> None:
            if called == method:
                self.cloud._enter = enter  # type: ignore[method-assign]
                then()
            await enter(called, about, region)

        self.cloud._enter = watched  # type: ignore[method-assign, assignment]

    def roll_back(self, to: str = OLD) -> Plan:
        return roll_back(self.service, self.revisions, to, Terms(self.time(), who=WHO))

    def split(self, percent: int = 10) -> Plan:
        return split(
            self.service, self.revisions, {OLD: percent, NEW: 100 - percent}, Terms(self.time(), who=WHO)
        )

    def restore_latest(self) -> Plan:
        return restore_latest(self.service, self.revisions, Terms(self.time(), who=WHO))

    def put_back(self) -> Plan:
        return put_back(self.service, TAGGED, Terms(self.time(), who=WHO))

    async def apply(self, plan: Plan) -> list[Progress]:
        """Apply a plan and return all that was told."""
        change = apply(
            plan,
            reads=self.cloud,
            writes=self.cloud,
            journal=self.journal,
            clock=self.time,
            sleep=self.time.sleep,
            who=WHO,
            reason="it burns",
            evidence=("5 of 5 probes passed",),
        )
        return [progress async for progress in change]

    def records(self) -> tuple[Record, ...]:
        reading = self.journal.read()
        assert not reading.trouble
        return reading.records


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true; a thread of the journal may be at work for it."""
    while not true():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
