"""boot: lines -> tracebacks, in all the shapes that loggers, terminals and two workers at once leave them in."""

import re
from collections import deque
from collections.abc import Iterable, Sequence

from buddy_tui.boot import shapes
from buddy_tui.boot.boxes import TOP, Box
from buddy_tui.boot.callers import exception_follows, frame_follows
from buddy_tui.boot.chains import FARTHEST, MOST_AT_ONCE, Marker, tracebacks_of
from buddy_tui.boot.groups import Group
from buddy_tui.boot.parts import Part, Stage, Take
from buddy_tui.boot.values import Line, Traceback

_MOST_ALONE = 20  # lone last lines of exceptions that are told
_ALIKE = 6  # lines that show that two workers do the same


def find(lines: Sequence[Line]) -> tuple[Traceback, ...]:
    """Find the tracebacks in the lines of one source (one container of one instance), given in order of time.

    They come in order of their first line; indices are positions in `lines`. Two that were written at once are told
    apart by entry, by what a logger put before them, by which frame calls which, and by running alike. What has
    neither header nor exception is only told when nothing else says the same. Linear in time; never raises.
    """
    return _Reader(groups=True).read(enumerate(lines))


def _find_inside(lines: Iterable[tuple[int, Line]]) -> tuple[Traceback, ...]:
    return _Reader(groups=False).read(lines)


class _Reader:
    """Reads line after line. `_open` are parts that may still take lines, `_done` those that a chain may go on from."""

    def __init__(self, *, groups: bool) -> None:
        self._groups = groups
        self._open: list[Part] = []
        self._done: deque[Part] = deque(maxlen=MOST_AT_ONCE)
        self._parts: list[Part] = []
        self._markers: list[Marker] = []
        self._alone: list[Part] = []
        self._is_whole_seen = False
        self._held: tuple[int, Line] | None = None

    def read(self, lines: Iterable[tuple[int, Line]]) -> tuple[Traceback, ...]:
        for at, line in lines:
            text = line.text
            if (
                self._open
                or '", line ' in text
                or "recent call" in text
                or 'File "' in text
                or "above exception" in text
                or "Call stack:" in text
            ):
                self._line(at, line)
            elif "rror" in text or "xception" in text:
                self._lone(at, line)
        self._end()
        return tracebacks_of(self._told(), self._markers)

    def _end(self) -> None:
        """Give half a frame, where the log was cut, to the traceback that waits for it."""
        waiting = [part for part in self._open if part.is_waiting and part.frames]
        if self._held and waiting:
            waiting[-1].take_line(*self._held, "")
        self._adopt()

    def _adopt(self) -> None:
        """Give a lone last line to the frames right below it, where these end in none: so it is told in chats."""
        lacking = {
            part.lines[0]: part for part in self._parts if part.frames and not (part.type or part.stack)
        }
        for alone in self._alone:
            below = lacking.get(alone.last + 1)
            if below and not (alone.frames or alone.is_followed):
                below.adopt(alone)
                self._parts.remove(alone)

    def _lone(self, at: int, line: Line) -> None:
        """Take an exception's last line for a traceback where nothing else is one: people paste that line alone."""
        found = shapes.LONE.match(line.text)
        if found is None or self._is_whole_seen:
            return
        part = Part(headed=False)
        self._start(part, at, line)
        part.forget()
        part.feed(at, line, Take.EXCEPTION, line.text[found.start(1) :])
        self._alone.append(part)

    def _told(self) -> list[Part]:
        """Return all parts, without lone lines where anything is told better, unless a chain goes on from them."""
        linked = {id(marker.before) for marker in self._markers}
        known = any(part.frames and part.type for part in self._parts)
        few = self._alone if known else self._alone[:-_MOST_ALONE]
        left_out = {id(part) for part in few if not part.frames} - linked
        return [part for part in self._parts if id(part) not in left_out]

    def _line(self, at: int, line: Line) -> None:
        if self._held and self._join(at, line):
            return
        self._expire(at)
        if any(isinstance(part, Box | Group) and part.swallows(at, line) for part in self._open):
            self._settle()
        elif shapes.HEADER in line.text and self._header(at, line):
            return
        elif shapes.is_marker(line.text):
            self._marker(at, line)
        elif shapes.is_stack_header(line.text):
            self._start(Part(stack=True), at, line)
        elif 'File "' in line.text:
            self._frame(at, line)
        else:
            self._other(at, line)

    def _start(self, part: Part, at: int, line: Line) -> None:
        if len(self._open) >= MOST_AT_ONCE:
            self._close(self._open[0])
        self._open.append(part)
        self._parts.append(part)
        part.take_line(at, line, shapes.HEADER)

    def _close(self, part: Part) -> None:
        self._open.remove(part)
        self._done.append(part)
        self._is_whole_seen = self._is_whole_seen or bool(part.frames and part.type)

    def _expire(self, at: int) -> None:
        for part in [part for part in self._open if at - part.last > FARTHEST]:
            self._close(part)

    def _settle(self) -> None:
        for part in [part for part in self._open if part.stage is Stage.DONE]:
            self._close(part)

    def _header(self, at: int, line: Line) -> bool:
        text = line.text
        start = text.find(shapes.HEADER)
        rest = text[start + len(shapes.HEADER) :]
        if rest.strip(" :"):
            edge = max(text.rfind(corner, 0, start) for corner in "╭┌╔+")
            if edge < 0 or not TOP.match(text[edge:]):
                return False
            self._start(Box(text[:edge]), at, line)
            return True
        prefix = text[:start]
        if prefix.rstrip().endswith("Exception Group") and self._groups:
            prefix = prefix.rstrip().removesuffix("Exception Group").rstrip().removesuffix("+")
            group = Group(prefix, _find_inside)
            group.keep(at, line, f"| {shapes.HEADER}:")
            self._start(group, at, line)
        else:
            self._start(Part(prefix), at, line)
        return True

    def _marker(self, at: int, line: Line) -> None:
        """Note which part a marker follows on; what comes after it is decided when all is read."""
        start = max(line.text.find("During"), line.text.find("The above"), 0)
        key, text = shapes.key(line.text[:start]), line.text[start:].strip()
        near = [part for part in (*self._done, *self._open) if at - part.last <= FARTHEST]
        recent = [part for part in near if not (part.is_followed or part.stack)]
        ended = [part for part in recent if not part.is_waiting]

        def likelihood(part: Part) -> tuple[int, ...]:
            return part.entry == line.entry, part.key == key, self._was_followed(part, text), part.last

        before = max(ended or recent, key=likelihood, default=None)
        if before is None:
            before = Part(headed=False)
            self._parts.append(before)
        before.take_line(at, line, line.text)
        before.is_followed = True
        self._markers.append(Marker(at, key, text, before))
        if before in self._open:
            self._close(before)

    def _was_followed(self, part: Part, text: str) -> int:
        """Say whether another worker's same exception was followed by the same marker (1), by another (-1) or none."""
        for marker in self._markers[-MOST_AT_ONCE:]:
            if part.is_like(marker.before):
                return 1 if marker.text == text else -1
        return 0

    def _frame(self, at: int, line: Line) -> None:
        """Take a frame. A line that begins one and does not end it is held: it may have been broken in two."""
        found = shapes.FRAME.search(line.text)
        if found:
            self._take_frame(at, line, found)
        else:
            self._held = (at, line)

    def _join(self, at: int, line: Line) -> bool:
        """Join a line with the one that was held; tell whether the two were a frame."""
        if self._held is None:
            return False
        (first_at, first), self._held = self._held, None
        more = line.text.strip() if at == first_at + 1 else ""
        for joined in (f"{first.text}{more}", f"{first.text} {more}"):
            found = shapes.FRAME.search(joined) if more else None
            if found:
                self._take_frame(first_at, first, found).take_line(at, line, "")
                return True
        self._other(first_at, first)
        return False

    def _take_frame(self, at: int, line: Line, found: re.Match[str]) -> Part:
        prefix = line.text[: found.start()]
        fitting = [part for part in self._open if part.is_waiting and part.fits(prefix)]
        fitting = [part for part in fitting if part.is_of(line.text)] or fitting
        if not fitting:
            part = Part(prefix, headed=False)
            self._start(part, at, line)
            part.forget()
        elif len(fitting) == 1:
            part = fitting[0]
        else:
            key = shapes.key(prefix.removesuffix(">"))
            part = max(
                fitting,
                key=lambda one: (
                    self._fit(one, at, line, key) + frame_follows(one, found) + self._twin(one, found[0])
                ),
            )
        part.take_frame(at, line, found, prefix)
        return part

    def _other(self, at: int, line: Line) -> None:
        """Give a line to the part that it fits best, if any."""
        offers = [(part, *self._take(part, at, line)) for part in (*self._open,)]
        taken = [offer for offer in offers if offer[1] is not Take.NOTHING]
        taken = [offer for offer in taken if offer[0].is_of(line.text)] or taken
        if taken:
            best = taken[0] if len(taken) == 1 else max(taken, key=lambda offer: self._worth(offer, at, line))
            best[0].feed(at, line, best[1], best[2])

    def _worth(self, offer: tuple[Part, Take, str], at: int, line: Line) -> float:
        """Say how good it is that a part takes a line."""
        part, take, body = offer
        worth = self._fit(part, at, line, part.key_of(line.text)) + self._twin(part, body)
        if take is Take.EXCEPTION:
            return worth + exception_follows(part, body)
        if take is Take.SOURCE and part.stage is Stage.FRAME:
            return worth + 6.0
        return worth - (5.0 if take is Take.MORE else 0.0)

    def _take(self, part: Part, at: int, line: Line) -> tuple[Take, str]:
        """Tell as what a part would take a line. Where another worker's ran alike, it takes what that one took."""
        take, body = part.takes(at, line)
        ahead = self._ahead(part) if take is Take.NOTHING else []
        for other in ahead:
            if body and other.fed[len(part.fed)] == body:
                return other.taken[len(part.fed)], body
        if take is Take.NOTHING and not ahead and part.is_ended_by(line.text):
            self._close(part)
        return take, body

    def _ahead(self, part: Part) -> list[Part]:
        """Return other workers' parts that ran like this one, and are further on."""
        if len(self._open) == 1 and not self._done:
            return []
        so_far = len(part.fed)
        few = part.fed[-_ALIKE:]
        return [
            other
            for other in (*self._open, *self._done)
            if other is not part and len(other.fed) > so_far and other.fed[so_far - len(few) : so_far] == few
        ]

    def _twin(self, part: Part, body: str) -> float:
        """Say whether another worker, whose traceback ran alike so far, went on with this very line."""
        ahead = self._ahead(part)
        if any(other.fed[len(part.fed)] == body for other in ahead):
            return 30.0
        if ahead:
            return -30.0 if len(part.fed) > 1 else -2.0
        return -3.0 if part.fed and part.fed[-1] == body else 0.0

    @staticmethod
    def _fit(part: Part, at: int, line: Line, key: str) -> float:
        """Say how near a line is to a part: same entry, same writer, soon after."""
        if line.entry == part.entry:
            return 100.0
        return (40.0 if key == part.key else 0.0) - min(at - part.last, 50) / 5
