"""actions: the decision that a roll-back stays as it is: noted on the service for everybody, while traffic stays."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from buddy_tui.actions.changing import over_of
from buddy_tui.actions.drafting import Look, Terms, nothing_to_do, unmade
from buddy_tui.actions.marks import RolledBack, rolled_back_of, rolled_back_values
from buddy_tui.actions.recording import Author, recorded
from buddy_tui.actions.steps import Steps
from buddy_tui.actions.values import Ending, Plan, Progress, StepState, Verb
from buddy_tui.actions.writing import Outside, Over
from buddy_tui.errors import BuddyError, Unreachable
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind
from buddy_tui.model import Service

_TITLES = (
    ("check", "Look whether the service is as it was planned for"),
    ("intent", "Write into the journal what is decided"),
    ("write", "Note on the service that it stays pinned"),
    ("record", "Write into the journal what became of it"),
)


def stay_pinned(service: Service, terms: Terms) -> Plan:
    """Plan to say that the roll-back stays, for everybody who looks. No traffic is touched."""
    seen, mark = Look(service, (), terms), rolled_back_of(service)
    if mark is None:
        why = (f"{service.name.service} is not rolled back: there is nothing to decide.", "")
        return unmade(seen, Verb.STAY_PINNED, f"Let {service.name.service} stay as it is", why)
    title = f"Let {service.name.service} stay pinned to {mark.to}"
    done = (f"Nothing to do: it was decided that {service.name.service} stays pinned.", "")
    plan = unmade(seen, Verb.STAY_PINNED, title, done if mark.decided else ("", ""), revision=mark.to)
    return replace(plan, needs_reason=True, also=() if mark.decided else _also(mark))


def _also(mark: RolledBack) -> tuple[str, ...]:
    return (
        "Traffic stays as it is, and so do all tags.",
        f"The roll-back from {mark.origin} is not shown as open any more.",
        "The next deployment gets 0 %, until traffic is restored to the latest.",
    )


class Decision:
    """One decision under way, told and followed as a change of traffic is; it writes the mark of the roll-back alone."""

    def __init__(
        self, plan: Plan, outside: Outside, journal: Journal, author: Author, tell: Callable[[Progress], None]
    ) -> None:
        self.asked = False
        self._plan = plan
        self._the = outside
        self._journal = journal
        self._author = author
        self._tell = tell
        self._steps = Steps(_TITLES, outside.clock)
        self._id = secrets.token_hex(8)
        self._service: Service | None = None
        self._warning = ""

    async def run(self) -> None:
        """Do it. The journal gets two notes, and no intent: the mark itself tells later what became of it."""
        try:
            service = await self._step("check", self._check)
            await self._step("intent", lambda: self._note(None))
            await self._step("write", lambda: self._write(service))
            over = Over(Ending.DONE, f"It stays pinned to {self._plan.revision}, and everybody sees so.")
        except Over as error:
            over = error
        except BuddyError as error:
            over = over_of(self._plan, error)
        if over.ending not in {Ending.REFUSED, Ending.NOTHING_TO_DO}:
            await self._record(over)
        self._steps.over()
        self._show(over)

    async def _step(self, name: str, work: Callable[[], Awaitable[Service]]) -> Service:
        self._steps.begin(name)
        self._show()
        try:
            self._service = await work()
        except (BuddyError, Over) as error:
            self._steps.end(name, StepState.FAILED, str(error))
            raise
        self._steps.end(name, StepState.DONE, "")
        return self._service

    async def _record(self, over: Over) -> None:
        self._steps.begin("record")
        try:
            await self._note(over)
        except BuddyError as error:
            self._warning = f" {error}"
            self._steps.end("record", StepState.FAILED, str(error))
        else:
            self._steps.end("record", StepState.DONE, f"journal: {self._id}")

    async def _check(self) -> Service:
        plan = self._plan
        if plan.refusal:
            raise Over(Ending.NOTHING_TO_DO if nothing_to_do(plan) else Ending.REFUSED, plan.refusal)
        service = await self._the.reads.service(plan.name)
        if service.etag != plan.etag:
            said = "The service was changed since this was planned, so nothing was done."
            raise Over(Ending.CONFLICT, said, "Look at it, and plan anew.")
        return service

    async def _write(self, service: Service) -> Service:
        mark = rolled_back_of(service)
        if mark is None:
            raise Over(Ending.REFUSED, "It is not rolled back any more.")
        values = rolled_back_values(replace(mark, decided=True))
        self.asked = True
        try:
            return await self._the.writes.annotate(self._plan.name, values, self._plan.etag)
        except Unreachable as error:
            return await self._look_after(error)

    async def _look_after(self, error: Unreachable) -> Service:
        """Find out whether it was written although no answer came. Raises Over when not, or when nobody knows."""
        try:
            service = await self._the.reads.service(self._plan.name)
        except BuddyError:
            said = f"{error} Whether it was noted cannot be told."
            raise Over(Ending.UNKNOWN, said, "Look at the service: it says so itself.") from None
        mark = rolled_back_of(service)
        if mark is None or not mark.decided:
            raise Over(Ending.FAILED, f"{error} It was not noted.", "Plan it anew.") from None
        return service

    async def _note(self, over: Over | None) -> Service:
        record = recorded(
            Kind.NOTE,
            self._id,
            self._the.clock(),
            self._plan,
            self._author,
            outcome=over.ending if over else "",
            sentence=str(over) if over else "",
        )
        await asyncio.to_thread(self._journal.write, record)
        return self._service or Service(self._plan.name)

    def _show(self, over: Over | None = None) -> None:
        service = self._service
        self._tell(
            Progress(
                self._plan,
                self._steps(),
                effective=service.effective if service else (),
                ending=over.ending if over else None,
                sentence=f"{over}{self._warning}" if over else "",
                hint=over.hint if over else "",
                as_of=self._the.clock() if service else None,
            )
        )
