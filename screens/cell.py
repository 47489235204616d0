"""Everything about one cell of the matrix: what was asked, each attempt, the answer, and what was logged about it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from buddy_tui.clean import clean, clean_line
from buddy_tui.model import LogEntry, LogState
from buddy_tui.probes.values import Attempt, Cell, Target, Verdict
from buddy_tui.question import Question
from buddy_tui.redact import redact
from screens.messages import Copy
from screens.probe_words import latencies, millis, numbers, reason, state, verdict
from screens.sheet import Sheet
from screens.widgets.facts import Fact, FactSheet
from screens.widgets.spark import spark
from screens.words import Cell as Word

# So many are told; the rest is counted.
_MOST_LINES, _MOST_HEADERS, _MOST_EXCERPT, _MOST_REASON = 200, 40, 4000, 200
_SPARK = 40
NO_LINES: Final = "none yet: logs lag behind a request by seconds, at times by minutes"


class CellPage(Sheet):
    """The page of a cell; the screen below hands it the log lines as they come."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_trace", "Copy trace id", id="cell.copy-trace"),
        Binding("c", "copy_fix", "Copy fix", id="cell.copy-fix"),
    ]
    facts: reactive[tuple[Fact, ...]] = reactive((), init=False)

    def __init__(self, cell: Cell, target: Target, question: Question) -> None:
        super().__init__(f"{clean_line(cell.revision)} · {clean_line(question.name)}")
        self.shown = telling(cell.attempts)
        self._fix = cell.fix or target.fix
        self._above = tuple(cell_facts(cell, target, question, self.shown))
        self._entries: list[LogEntry] = []
        self._state: LogState | None = None

    def page(self) -> ComposeResult:
        """Show the facts."""
        yield FactSheet()

    def on_mount(self) -> None:
        """Show what is known before the log was read."""
        self._tell()

    def add(self, entries: Sequence[LogEntry], log: LogState) -> None:
        """Take log lines of the request that is shown, and how far the log can be trusted."""
        self._entries = sorted([*self._entries, *entries], key=lambda one: one.when)
        self._state = log
        if self.is_mounted:
            self._tell()

    def _tell(self) -> None:
        logged = log_facts(self._entries, self._state, self.shown)
        self.query_one(FactSheet).facts = (*self._above, *logged)

    def action_copy_trace(self) -> None:
        """Copy the trace id of the attempt that is shown."""
        if self.shown and self.shown.trace:
            self.post_message(Copy(self.shown.trace, "trace id"))

    def action_copy_fix(self) -> None:
        """Copy the way out."""
        if self._fix:
            self.post_message(Copy(self._fix, "fix"))


def telling(attempts: Sequence[Attempt]) -> Attempt | None:
    """Return the attempt that tells most: the last one that was not good, else the last."""
    counted = [one for one in attempts if one.number] or list(attempts)
    bad = [one for one in counted if one.verdict is not Verdict.PASS]
    return (bad or counted)[-1] if counted else None


def cell_facts(cell: Cell, target: Target, question: Question, shown: Attempt | None) -> Iterator[Fact]:
    """Yield verdict, request, attempts and the answer of the attempt that is shown."""
    how = state(cell)
    yield Fact("verdict", (how, Word(numbers(cell, max(cell.tried, 1)), "dim")))
    yield from _some("why", reason(cell, target))
    yield from _some("fix", cell.fix or target.fix, tone="info")
    yield from _some("proves", cell.bound)
    if line := spark(latencies(cell.attempts), _SPARK):
        yield Fact("latency", (Word(f"{line}  oldest to newest, from 0"),))
    yield from _request(target, question)
    yield from _attempts(cell.attempts)
    if shown:
        yield from _answer(shown)


def _request(target: Target, question: Question) -> Iterator[Fact]:
    ask = question.ask
    yield Fact("Request")
    yield Fact(
        ask.method, (Word(redact(ask.path)), *([Word(f"at {target.base}", "dim")] if target.base else []))
    )
    names = ", ".join(dict.fromkeys(name.lower() for name, _value in ask.headers))
    yield from _some("headers", f"{names} (values are not shown)" if names else "")
    yield from _some("body", f"JSON, {len(ask.json.encode())} bytes" if ask.json else "")
    yield from _some("audience", target.audience, tone="dim")
    expected = [f"{low}" if low == high else f"{low} to {high}" for low, high in question.expect.statuses]
    fields = [redact(f"{pointer} = {value!r}") for pointer, value in question.expect.fields]
    pattern = [f"the body matches {question.expect.pattern}"] if question.expect.pattern else []
    yield Fact("expects", tuple(Word(one) for one in (f"status {', '.join(expected)}", *fields, *pattern)))
    critical = "critical" if question.critical else "not critical"
    yield Fact("", (Word(f"an answer within {question.timeout:g} s, {critical}", "dim"),))


def _attempts(attempts: Sequence[Attempt]) -> Iterator[Fact]:
    yield Fact("Attempts: status, time taken, UTC, trace id" if attempts else "Attempts: none yet")
    told = ""
    for one in attempts:
        how, status = verdict(one.verdict), str(one.status) if one.status else "no answer"
        line = f"{how.text}  {status}  {millis(one.took * 1000)}  {one.began:%H:%M:%S}  {one.trace}".rstrip()
        values = [Word(line, how.tone)]
        if one.reason and one.reason != told:
            values.append(Word(clean(one.reason)[:_MOST_REASON]))
        told = one.reason
        yield Fact(f"{one.number}" if one.number else "rinse", tuple(values))


def _answer(shown: Attempt) -> Iterator[Fact]:
    yield Fact(f"Answer of attempt {shown.number}" if shown.number else "Answer of the rinse")
    yield Fact("status", (Word(str(shown.status) if shown.status else "no answer"),))
    head = [Word(f"{name}: {value}", "dim") for name, value in shown.headers[:_MOST_HEADERS]]
    if (more := len(shown.headers) - _MOST_HEADERS) > 0:
        head.append(Word(f"and {more} more", "dim"))
    if head:
        yield Fact("head", tuple(head))
    cut = " …" if len(shown.excerpt) > _MOST_EXCERPT else ""
    body = clean(shown.excerpt[:_MOST_EXCERPT]) + cut
    yield Fact("body", tuple(Word(line) for line in (body or "empty").split("\n")))


def log_facts(entries: Sequence[LogEntry], log: LogState | None, shown: Attempt | None) -> Iterator[Fact]:
    """Yield the log lines of the request, or in words why there is none."""
    which = f" (attempt {shown.number})" if shown and shown.number else ""
    yield Fact(f"Log lines of that request{which}")
    if shown is None or not shown.trace:
        yield Fact("", (Word("no request was sent", "dim"),))
        return
    for one in entries[:_MOST_LINES]:
        yield Fact(f"{_time(one):%H:%M:%S}", (Word(f"{one.log}  {clean(one.text)}", _tone(one)),))
    if len(entries) > _MOST_LINES:
        yield Fact("", (Word(f"and {len(entries) - _MOST_LINES} more", "dim"),))
    if not entries:
        yield Fact("", (Word(_why_none(log), "warn" if log and log.trouble else "dim"),))


def _why_none(log: LogState | None) -> str:
    if log is None:
        return "reading the log …"
    return f"not read: {clean_line(log.trouble.sentence)}" if log.trouble else NO_LINES


def _time(entry: LogEntry) -> datetime:
    return datetime.fromtimestamp(entry.when / 1e9, UTC)


def _tone(entry: LogEntry) -> str:
    return "bad" if entry.severity in {"ERROR", "CRITICAL", "ALERT", "EMERGENCY"} else ""


def _some(label: str, value: str, tone: str = "") -> Iterator[Fact]:
    if value:
        yield Fact(label, (Word(value, tone),))
