"""verify: what Cloud Run's request log of the last hour says: error rate, sessions, the frontend's monitor.

Requests of our own probes are left out by their user agent, in Cloud Logging's language with `NOT field:`: a negated
comparison (`!=`) would leave out entries that have no such field as well.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from buddy_tui.gateway import LogReads
from buddy_tui.log_scope import filter_of, nanoseconds
from buddy_tui.model import LogEntry, LogScope, Revision, ServiceName
from buddy_tui.probes.measure import bound, failing
from buddy_tui.question import Ask, SessionPlan
from buddy_tui.verify.plan import answer
from buddy_tui.verify.values import Answered, Line

REQUESTED = ("error-rate", "session-logs", "monitor-fed")
MONITOR = "/system/health"
_HOUR = timedelta(hours=1)
_MOST = 1000
_MOST_CALLS = 3
# So large a share of 5xx answers is borne with; and how large it may be at most, for all that was seen.
_BORNE, _AT_MOST = 0.01, 0.05
# Fewer requests than these prove nothing.
_LEAST = 20
_LEAST_SESSIONS = 3
# As `buddy_tui.payload.request_line` writes it.
_LINE = re.compile(r"(?P<method>\S+) (?P<status>\d+) (?P<took>\d+)ms (?P<path>/.*)")
# What leaves the requests of our own probes out, and nothing that has no such field.
OTHERS = 'NOT httpRequest.userAgent:"buddy-tui"'


class Request(NamedTuple):
    """A request that was answered. `when` is in nanoseconds since the epoch, `took` in milliseconds; `path` has no query."""

    method: str
    status: int
    path: str
    when: int
    took: int = 0


@dataclass(frozen=True, slots=True)
class Requests:
    """What was asked of a revision from `since` on, newest first. With `cut` there are more, which were not read."""

    found: tuple[Request, ...]
    since: datetime
    cut: bool = False

    @property
    def span(self) -> str:
        """Since when, in words."""
        return f"since {self.since:%H:%M} UTC"


async def requests(
    logs: LogReads, name: ServiceName, revision: Revision, now: datetime, *paths: str
) -> Requests:
    """Read the newest 1,000 requests of the last hour, own probes left out; those to `paths` alone if any are given.

    At most three list calls. Raises BuddyError when the log cannot be read.
    """
    since = max(now - _HOUR, revision.created or now - _HOUR)
    text = requests_filter(LogScope(name, revision.name, nanoseconds(since)), paths)
    found: list[Request] = []
    token = ""
    for _ in range(_MOST_CALLS):
        page = await logs.log_page(
            name.project, text, token=token, size=_MOST - len(found), newest_first=True
        )
        found += filter(None, map(request_of, page.entries))
        token = page.token
        if not token or len(found) >= _MOST:
            break
    if token and found:
        since = datetime.fromtimestamp(found[-1].when / 1e9, UTC)
    return Requests(tuple(found), since, cut=bool(token))


def requests_filter(scope: LogScope, paths: Iterable[str] = ()) -> str:
    """Return the query for the requests of a scope, without those of our own probes."""
    urls = " OR ".join(f"httpRequest.requestUrl:{_quoted(path)}" for path in paths)
    parts = [
        filter_of(scope),
        f'logName="projects/{scope.service.project}/logs/run.googleapis.com%2Frequests"',
        OTHERS,
        *([f"({urls})"] if urls else []),
    ]
    return " AND ".join(parts)


def error_rate(asked: Requests, at: datetime) -> Line:
    """Tell whether too many answers are 5xx; a small number of requests proves neither."""
    total = len(asked.found)
    good = sum(one.status < 500 for one in asked.found)
    if not total:
        nobody = f"No request but our own came {asked.span}{_more(asked)}. Traffic on it would tell."
        return answer("error-rate", Answered.UNKNOWN, nobody, "log", at)
    least, most = failing(good, total)
    newest = "The newest requests" if asked.cut else "Requests"
    evidence = f"{newest} {asked.span} that were not answered with 5xx: {bound(good, total)}"
    if total >= _LEAST and least > _BORNE:
        return answer("error-rate", Answered.NO, f"{evidence}.", "log", at)
    if total - good <= _BORNE * total and most < _AT_MOST:
        return answer("error-rate", Answered.YES, f"{evidence}.", "log", at)
    return answer("error-rate", Answered.UNKNOWN, f"{evidence}: that settles nothing.", "log", at)


def sessions_in_production(asked: Requests, plan: SessionPlan, at: datetime) -> Line:
    """Tell whether sessions are created and read by somebody else than our probes."""
    counts = {
        verb: [one.status < 400 for one in asked.found if _is_of(one, ask)]
        for verb, ask in (("create", plan.create), ("retrieve", plan.read))
    }
    seen = (f"{sum(good):,} of {len(good):,} to {verb} one" for verb, good in counts.items())
    evidence = f"Requests for sessions {asked.span} that went well: {', '.join(seen)}{_more(asked)}."
    if all(any(good) for good in counts.values()):
        answered = Answered.YES
    elif any(len(good) >= _LEAST_SESSIONS and not any(good) for good in counts.values()):
        answered = Answered.NO
    else:
        answered = Answered.UNKNOWN
        evidence = f"{evidence} One of each by somebody else than our probes would tell."
    return answer("session-logs", answered, evidence, "log", at)


def monitor_fed(asked: Requests, at: datetime) -> Line:
    """Tell whether somebody else than our probes, so the frontend's monitor, gets answers."""
    good = [one.status < 400 for one in asked.found if (one.method, one.path) == ("GET", MONITOR)]
    if not good:
        nobody = f"Nobody but our own probes asked for {MONITOR} {asked.span}{_more(asked)}. Open the frontend, then look again."
        return answer("monitor-fed", Answered.UNKNOWN, nobody, "log", at)
    evidence = f"{sum(good):,} of {len(good):,} requests for {MONITOR} {asked.span} were answered well{_more(asked)}."
    return answer("monitor-fed", Answered.YES if any(good) else Answered.NO, evidence, "log", at)


def session_paths(plan: SessionPlan) -> tuple[str, ...]:
    """Return what the URL of a session's request has in it, as far as that does not change; none if that is nothing."""
    paths = [_path(ask).partition("{")[0].rstrip("/") for ask in (plan.create, plan.read)]
    return tuple(dict.fromkeys(paths)) if all(paths) else ()


def _more(asked: Requests) -> str:
    return "; older ones were not read" if asked.cut else ""


def request_of(entry: LogEntry) -> Request | None:
    """Return the request that an entry tells of; `None` where it is no line of the request log."""
    line = _LINE.fullmatch(entry.text.partition("\n")[0]) if entry.log == "requests" else None
    if line is None:
        return None
    return Request(line["method"], int(line["status"]), line["path"], entry.when, int(line["took"]))


def _is_of(request: Request, ask: Ask) -> bool:
    pattern = re.sub(r"\\\{(?:id|mark)\\\}", "[^/]+", re.escape(_path(ask)))
    return request.method == ask.method and re.fullmatch(pattern, request.path) is not None


def _path(ask: Ask) -> str:
    return ask.path.partition("?")[0]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
