"""actions: how the requests of two revisions went, and whether they crashed, from their logs."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from buddy_tui.gateway import LogPage, LogReads
from buddy_tui.log_scope import filter_of, nanoseconds
from buddy_tui.model import LogEntry, LogScope, ServiceName
from buddy_tui.verify.request_log import OTHERS, Request, request_of

_Value = TypeVar("_Value")
# What the serving revision did before the candidate came: what it is compared with.
_BEFORE = timedelta(hours=1)
# Entries come late, by some seconds as a rule; who is later than that is not counted.
_LATE = timedelta(seconds=30)
_MOST = 1000
# So many requests, and lines of crashes, are remembered of each revision; what is older is forgotten.
_KEPT = 5000
_CRASH = re.compile(r"Container called exit\((?P<code>\d+)\)|Uncaught signal: (?P<signal>\d+)")
# How an instance ends that Cloud Run does not need any more: it is sent SIGTERM.
_ASKED_TO_END = {("0", None), ("143", None), (None, "15")}
_GRAVE = {"ERROR", "CRITICAL", "ALERT", "EMERGENCY"}
_SYSTEM = "run.googleapis.com%2Fvarlog%2Fsystem"


@dataclass(frozen=True, slots=True)
class Sample:
    """How a revision did. `took` are milliseconds of each request, in no order; `failed` of them were answered with 5xx.

    `crashes` are lines that tell of an instance that ended by itself or was ended, the oldest first. With a `trouble`
    nothing could be read, and the rest says nothing.
    """

    revision: str
    took: tuple[int, ...] = ()
    failed: int = 0
    crashes: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def total(self) -> int:
        """How many requests were answered."""
        return len(self.took)


class Measuring:
    """What the logs told so far of a candidate and of the revision that it is compared with (empty: none)."""

    def __init__(self, logs: LogReads, name: ServiceName, candidate: str, baseline: str) -> None:
        self._logs = logs
        self._name = name
        self._requests: dict[str, dict[object, Request]] = {one: {} for one in (candidate, baseline) if one}
        self._crashes: dict[str, dict[object, LogEntry]] = {one: {} for one in self._requests}
        self._looked: datetime | None = None
        self._newest = 0

    @property
    def until(self) -> datetime | None:
        """How far the logs reach: the time of the newest entry that was read, `None` without any."""
        return datetime.fromtimestamp(self._newest / 1e9, UTC) if self._newest else None

    async def look(self, now: datetime) -> None:
        """Read what is new: at most the newest 1,000 entries, by one list call. Raises BuddyError.

        Where there are more, another call reads the crashes, which so many requests would hide.
        """
        since = self._looked - _LATE if self._looked else now - _BEFORE
        scope = LogScope(self._name, among=tuple(self._requests), since=nanoseconds(since))
        page = await self._page(measured_filter(scope))
        crashes = (await self._page(crashes_filter(scope))).entries if page.token else ()
        self._looked = now
        for entry in (*crashes, *reversed(page.entries)):
            self._take(entry)

    async def _page(self, text: str) -> LogPage:
        return await self._logs.log_page(self._name.project, text, size=_MOST, newest_first=True)

    def sample(self, revision: str, since: datetime | None = None) -> Sample:
        """Return how a revision did since then, or as far back as is known."""
        begin = nanoseconds(since) if since else 0
        requests = [one for one in self._requests.get(revision, {}).values() if one.when >= begin]
        crashes = (one for one in self._crashes.get(revision, {}).values() if one.when >= begin)
        return Sample(
            revision,
            took=tuple(one.took for one in requests),
            failed=sum(one.status >= 500 for one in requests),
            crashes=tuple(one.text.partition("\n")[0] for one in sorted(crashes)),
        )

    def _take(self, entry: LogEntry) -> None:
        if entry.revision not in self._requests:
            return
        self._newest = max(self._newest, entry.when)
        if request := request_of(entry):
            _keep(self._requests[entry.revision], entry.key, request)
        elif is_crash(entry):
            _keep(self._crashes[entry.revision], entry.key, entry)


def measured_filter(scope: LogScope) -> str:
    """Return the query for the requests of a scope, own probes left out, and for what the system says of crashes."""
    requests = f'logName="{_logs(scope)}/run.googleapis.com%2Frequests"'
    return f"{filter_of(scope)} AND {OTHERS} AND ({requests} OR ({_crashes(scope)}))"


def crashes_filter(scope: LogScope) -> str:
    """Return the query for what the system says of crashes alone."""
    return f"{filter_of(scope)} AND {_crashes(scope)}"


def _logs(scope: LogScope) -> str:
    return f"projects/{scope.service.project}/logs"


def _crashes(scope: LogScope) -> str:
    grave = 'severity>=ERROR OR textPayload:"Container called exit" OR textPayload:"Uncaught signal"'
    return f'logName="{_logs(scope)}/{_SYSTEM}" AND ({grave})'


def is_crash(entry: LogEntry) -> bool:
    """Tell whether a line of the system log says that an instance crashed, not that it was asked to end."""
    if entry.log != "system":
        return False
    if found := _CRASH.search(entry.text):
        return (found["code"], found["signal"]) not in _ASKED_TO_END
    return entry.severity in _GRAVE


def _keep(kept: dict[object, _Value], key: object, value: _Value) -> None:
    kept[key] = value
    if len(kept) > _KEPT:
        del kept[next(iter(kept))]
