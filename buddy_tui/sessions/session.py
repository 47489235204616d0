"""sessions: one session while it is followed: how it is asked for, and what was seen of it so far."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from buddy_tui.errors import BuddyError, NotAllowed, NotFound, Unwritable
from buddy_tui.gateway import DocumentReads, LogReads, Place, Writes
from buddy_tui.log_scope import filter_of
from buddy_tui.model import LogScope, ServiceName
from buddy_tui.probes.values import Answer, Door, Target
from buddy_tui.question import Ask, SessionPlan
from buddy_tui.sessions.fill import filled, wants_id
from buddy_tui.sessions.marks import Held, Marker
from buddy_tui.sessions.reading import disagreements, reading, skew_in_words
from buddy_tui.sessions.removal import is_foreign, one_visit
from buddy_tui.sessions.seen import Look, Reading, Seen, Sight, Stored

Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]

# What was sent may be under way inside Google's network for so long after we have given up.
_MARGIN = timedelta(seconds=60)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_MAYBE_DENIED = {403, *range(500, 600)}
_DENIED_WORDS = ("permissiondenied", "permission_denied", "missing or insufficient permissions")
# Cloud Logging takes some seconds until a line can be found (unverified).
_LOGGED_AFTER = 3.0


class SessionReads(DocumentReads, LogReads, Protocol):
    """What the session probe looks at besides the service itself."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Where to ask: the probed revision, which runs as `account`, the serving one and a further one.

    A target that cannot be asked has a refusal. `serving` is `None` where no other revision serves, `further` where
    no further one can be asked.
    """

    own: Target
    account: str = ""
    serving: Target | None = None
    further: Target | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """All that is not ours: the services, Firestore and logs, time."""

    door: Door
    cloud: SessionReads
    writes: Writes
    clock: Clock
    sleep: Sleep


class Session:
    """One session. `seen` is what a verdict is made of; `left` tells what could not be removed.

    Once `begun`, there may be something to remove. `may_land` is true while a request to create it may be under way:
    then not finding it proves nothing. A `nameless` one was made, and its id is not known. `deleted` says that the
    service said so, `over` that nothing is left.
    """

    def __init__(
        self, name: ServiceName, plan: SessionPlan, routes: Routes, outside: Outside, held: Held, mark: str
    ) -> None:
        self.plan, self.routes, self.outside, self.held = plan, routes, outside, held
        place = Place(plan.project or name.project, plan.database)
        begun = outside.clock()
        self.marker = Marker(
            service=name,
            place=place,
            document=plan.document,
            mark=mark,
            mark_field=plan.mark,
            target=routes.own,
            delete=plan.delete,
            timeout=plan.timeout,
            begun=begun,
            deadline=begun + timedelta(seconds=plan.timeout) + _MARGIN,
            id=mark if wants_id(plan.create) else "",
        )
        self.seen = Seen(
            routes.own.revision,
            place,
            self.marker.path,
            patience=plan.patience,
            account=routes.account,
            serving=routes.serving.revision if routes.serving else "",
            other=routes.further.revision if routes.further else "",
            idle=routes.further is not None and not routes.further.percent,
        )
        self.begun = self.may_land = self.nameless = self.deleted = self.over = False
        self.left = ""
        self.sent = self.made = begun
        self.date = ""
        self._suspect: Answer | None = None

    def write_down(self, **changes: object) -> None:
        """Keep the marker, with these changes, on disk. Raises Unwritable."""
        self.marker = replace(self.marker, **changes)  # type: ignore[arg-type]
        self.held.write(self.marker)
        self.note(path=self.marker.path)

    def note(self, **changes: object) -> None:
        """Remember what was seen."""
        self.seen = replace(self.seen, **changes)  # type: ignore[arg-type]

    def finish(self) -> None:
        """Say that nothing is left, and forget the marker."""
        self.over = True
        self.held.remove()

    def wait(self) -> None:
        """Say that nothing is left as far as can be seen; a later sweep looks whether something still came."""
        self.over = True
        with contextlib.suppress(Unwritable):  # then the marker is still as it was, which is as good
            self.write_down(waits=True)

    def since(self) -> float:
        """Return the seconds since the session was made."""
        return (self.outside.clock() - self.made).total_seconds()

    def time_left(self) -> float:
        """Return how many seconds it may still take to be readable."""
        return min(max(self.plan.patience - self.since(), 0.0), self.plan.patience)

    async def ask(self, target: Target, ask: Ask, *, least: float = 0.0) -> Answer:
        """Send a request as a visitor of its own; its placeholders are filled in here. Waits `least` seconds or more."""
        marker = self.marker
        ready = filled(ask, id=marker.id or marker.mark, mark=marker.mark)
        return await one_visit(self.outside.door, target, ready, max(self.plan.timeout, least))

    async def read(self, target: Target, *, least: float = 0.0) -> Reading:
        """Read the session through a revision."""
        answer = await self.ask(target, self.plan.read, least=least)
        if target == self.routes.own:
            self.suspect(answer)
        return reading(answer, self.plan, after=self.since())

    async def look(self) -> Look:
        """Read the session's document; what goes wrong is told in the Look."""
        try:
            document = await self.outside.cloud.document(self.marker.place, self.marker.path)
        except NotFound as error:
            return Look(Stored.NO, after=self.since(), words=str(error), hint=error.hint)
        except BuddyError as error:
            stored = Stored.DENIED if isinstance(error, NotAllowed) else Stored.UNKNOWN
            return Look(stored, after=self.since(), words=str(error), hint=error.hint)
        if document is None:
            return Look(Stored.NO, after=self.since())
        stored = Stored.FOREIGN if is_foreign(document, self.marker) else Stored.YES
        return Look(stored, document, self.since())

    def compare(self) -> None:
        """Note which fields of answers and document differ, and whose clock is wrong."""
        look = self.seen.look
        document = look.document if look.stored is Stored.YES else None
        found = [one for one in self.seen.own if one.sight is Sight.FOUND]
        differ = (
            sentence for one in found if document for sentence in disagreements(one, document, self.plan)
        )
        # A document may be written some time after the answer: until it was seen.
        ended = self.made + timedelta(seconds=look.after)
        skew = skew_in_words(self.plan, document, self.date, self.sent, ended)
        self.note(disagree=tuple(dict.fromkeys(differ)), skew=skew)

    def suspect(self, answer: Answer) -> None:
        """Remember the first answer of the probed revision that a missing permission may be the cause of."""
        if self._suspect is None and answer.refusal is None and answer.status in _MAYBE_DENIED:
            self._suspect = answer

    async def find_denial(self) -> None:
        """Note whether the application was not allowed to use Firestore: it says so in its answer or its log.

        The log is read once, and only where an answer gave rise to it.
        """
        suspect, self._suspect = self._suspect, None
        if suspect is None or self.seen.denied:
            return
        denied = _says_denied(suspect.body.decode(errors="replace"))
        if not denied and suspect.trace:
            await self.outside.sleep(_LOGGED_AFTER)
            scope = LogScope(self.marker.service, self.seen.revision, trace=suspect.trace)
            try:
                page = await self.outside.cloud.log_page(
                    self.marker.service.project, filter_of(scope), size=100
                )
            except BuddyError:
                return
            denied = any(_says_denied(entry.text) for entry in page.entries)
        self.note(denied=denied)


def pauses(seconds: float) -> Iterator[float]:
    """Yield pauses between looks, ever longer, that make so many seconds together."""
    pause = _FIRST_PAUSE
    while seconds > 0:
        yield min(pause, seconds)
        seconds -= pause
        pause = min(pause * 2, _LONGEST_PAUSE)


def _says_denied(text: str) -> bool:
    return any(words in text.lower() for words in _DENIED_WORDS)
