"""boot: one traceback in the making, fed line by line."""

import re
from dataclasses import replace
from enum import IntEnum

from buddy_tui.boot import shapes
from buddy_tui.boot.frames import is_compiled, is_project
from buddy_tui.boot.messages import Message
from buddy_tui.boot.values import Frame, Line, Raised

_SOON = 12  # entries
_FARTHEST_MORE = 20  # lines of other writers within a message, where a margin tells writers apart
# How a second line begins where nothing of the traceback but its last line is there: the program may have gone on.
_GOES_ON = frozenset(" \t.(")


class Stage(IntEnum):
    """What was seen last. `BOX` and `GROUP` are parts that take whole lines of their own."""

    HEAD = 0
    FRAME = 1
    SOURCE = 2
    BOX = 3
    GROUP = 4
    MESSAGE = 5
    DONE = 6


class Take(IntEnum):
    """As what a part would take a line."""

    NOTHING = 0
    SOURCE = 1
    MARKS = 2
    REPEATED = 3
    EXCEPTION = 4
    MORE = 5


Place = tuple[str, int]


class Part:
    """One traceback between two markers of a chain.

    `before` is the part that it followed from; `is_followed` says that a marker announced a next one. `fed` are the
    bodies of the lines so far, `taken` what they were taken as. A `stack` is a list of frames that ends in no
    exception; it is thrown away.
    """

    def __init__(self, prefix: str = "", *, headed: bool = True, stack: bool = False) -> None:
        self.stage = Stage.HEAD
        self.prefix = prefix
        self.headed = headed
        self.stack = stack
        self.before: Part | None = None
        self.is_followed = False
        self.lines: list[int] = []
        self.fed: list[str] = []
        self.taken: list[Take] = []
        self.frames: list[Frame] = []
        self.entry = -1
        self.type = ""
        self.key = shapes.key(prefix)
        self.boxed = False
        self._at = -1
        self._message: Message | None = None
        self._margin: shapes.Margin | None = shapes.margin(prefix)
        self._indent = -1
        self._one_entry = True
        self._is_grouped = False

    @property
    def last(self) -> int:
        """The index of the last line taken."""
        return self.lines[-1]

    @property
    def places(self) -> frozenset[Place]:
        """File and line of every frame."""
        return frozenset((frame.file, frame.line) for frame in self.frames)

    @property
    def begun(self) -> int:
        """The index of its first frame, else of its first line: headers of two workers look all alike."""
        return self.frames[0].at if self.frames else self.lines[0]

    @property
    def is_waiting(self) -> bool:
        """Whether its exception is still to come."""
        return self.stage < Stage.MESSAGE

    def close(self) -> None:
        """Finish what can only be read when nothing more comes."""

    def raised(self) -> tuple[Raised, ...]:
        """Return what was read: one exception, for an exception group its leaf first."""
        frames = tuple(self.frames)
        if self._message is None:
            return (Raised("", frames=frames),)
        return (Raised(self.type, self._message.text, frames, tuple(self._message.notes), self._at),)

    def siblings(self) -> tuple[Raised, ...]:
        """Return the further leaves of a group."""
        return ()

    def is_whole(self) -> bool:
        """Tell whether head and last line were seen. A place of a syntax error needs no header."""
        place = self.type in shapes.PLACE_ERRORS and len(self.frames) == 1 and not self.frames[0].function
        return bool(self.type) and (self.headed or place)

    def begins_like(self, other: "Part") -> bool:
        """Tell whether two begin at the same place: then they are two attempts at the same thing."""
        if not self.frames or not other.frames:
            return False
        mine, others = self.frames[0], other.frames[0]
        return (mine.line, mine.file) == (others.line, others.file)

    def is_like(self, other: "Part") -> bool:
        """Tell whether two are the same exception of two workers."""
        return self.type == other.type and self.begins_like(other)

    def passes(self, other: "Part") -> int:
        """Say whether it runs through the function where another exception was caught (2), or the file (1).

        What follows from an exception does.
        """
        if not other.frames:
            return 0
        caught = other.frames[0]
        functions = {frame.function for frame in self.frames if frame.file == caught.file}
        return (caught.function in functions) + bool(functions)

    def adopt(self, last_line: "Part") -> None:
        """Take an exception's last line that was written above the frames."""
        self.type, self._message, self._at = last_line.type, last_line._message, last_line._at  # noqa: SLF001 - alike
        self.lines = [*last_line.lines, *self.lines]

    def forget(self) -> None:
        """Forget the header, which was never seen."""
        self.lines, self.fed, self.taken = [], [], []

    def take_line(self, at: int, line: Line, body: str, take: Take = Take.NOTHING) -> None:
        """Note that a line is this part's."""
        self.lines.append(at)
        self.fed.append(body)
        self.taken.append(take)
        self._one_entry = self._one_entry and self.entry in {-1, line.entry}
        self.entry = line.entry

    def fits(self, prefix: str) -> bool:
        """Tell whether a frame that stands after this prefix can be this part's."""
        if self._indent < 0:
            return not self.boxed
        shown = shapes.margin(prefix)
        return (shown and shown.pattern) == (self._margin and self._margin.pattern)

    def key_of(self, text: str) -> str:
        """Return whose line it is, as far as its margin tells."""
        found = self._margin.pattern.match(text) if self._margin else None
        return shapes.key(found[0]) if found else ""

    def is_of(self, text: str) -> bool:
        """Tell whether a line has this part's margin, and a number in it names the writer: a process, or a thread."""
        return any(map(str.isdigit, self.key)) and self.key_of(text) == self.key

    def take_frame(self, at: int, line: Line, found: re.Match[str], prefix: str) -> None:
        """Take a frame, or the place of a syntax error."""
        if self._indent < 0:
            self._learn(prefix)
        file, function = found[1], found[3] or ""
        ours = is_project(file) and not is_compiled(file, function)
        self.frames.append(Frame(file, int(found[2]), function, project=ours, at=at))
        self.stage = Stage.FRAME
        self.take_line(at, line, found[0])

    def _learn(self, prefix: str) -> None:
        """Learn from the first frame what stands before every line, and how far frames are indented."""
        shown = shapes.margin(prefix)
        header = self._margin
        self._margin = shown
        self.key = shown.key if shown else ""
        rest = self.body(prefix) if shown else prefix
        self._indent = shapes.indent(f"{rest or ''}x")
        if shown and (header is None or header.key != shown.key):
            self._indent = max(self._indent, 1)

    def body(self, text: str) -> str | None:
        """Return a line without this part's margin, None when it has another one."""
        if self._margin is None:
            return text
        found = self._margin.pattern.match(text)
        if found is None:
            return text if self.stage is Stage.HEAD else None
        return text[found.end() :]

    def takes(self, at: int, line: Line) -> tuple[Take, str]:
        """Tell as what this part would take a line, and the line's body."""
        body = self.body(line.text)
        if body is None or self.stage in {Stage.DONE, Stage.BOX, Stage.GROUP}:
            return Take.NOTHING, ""
        near = at == self.last + 1 or line.entry == self.entry
        if self.stage is Stage.MESSAGE:
            if self._margin and self.key_of(line.text) != self.key:
                return Take.NOTHING, body
            return (Take.MORE if self._is_more(at, line, body) else Take.NOTHING), body
        if not body or body.isspace():
            return (Take.MARKS if near else Take.NOTHING), body
        return self._inside(line, body, near=near), body

    def _inside(self, line: Line, body: str, *, near: bool) -> Take:
        """Tell what a line is that comes before the exception was seen."""
        depth = shapes.indent(body)
        if self.frames:
            if "[Previous line" in body and shapes.REPEATED.match(body):
                return Take.REPEATED
            if depth > self._indent and not self._is_unindented and not self.boxed:
                return self._source(body, depth, near=near)
        if self._is_last_line(line, body, near=near):
            return Take.EXCEPTION
        if self.stage is Stage.FRAME and self._is_unindented and near and not shapes.is_logged(body.strip()):
            return Take.SOURCE
        return Take.MARKS if near and self.frames and shapes.is_marks(body) else Take.NOTHING

    def _is_last_line(self, line: Line, body: str, *, near: bool) -> bool:
        """Tell whether a line is the exception's: the less it looks like one, the nearer it must be."""
        text = body.strip() if self._margin or self.boxed or self.stage is Stage.HEAD else body
        full, _, sure = shapes.last_line(text)
        if not (near or self.headed or self.frames[-1].function):
            return False
        if sure == 3 or not full:
            return bool(full)
        if sure == 2:
            soon = line.entry - self.entry <= _SOON or self.is_of(line.text)
            return near or bool(self.frames and ("." in full or soon))
        return bool(self.frames) and ((sure == 1 and near) or (self._one_entry and line.entry == self.entry))

    @property
    def _is_unindented(self) -> bool:
        """Whether indentation was lost on the way."""
        return self._indent <= (1 if self._margin else 0)

    def _source(self, body: str, depth: int, *, near: bool) -> Take:
        if shapes.is_marks(body):
            return Take.MARKS if near or depth >= self._indent + 2 else Take.NOTHING
        below = self.stage is Stage.FRAME and depth == self._indent + 2
        return Take.SOURCE if near or below else Take.NOTHING

    def is_ended_by(self, text: str) -> bool:
        """Tell whether a line that is not the message's ends it. Another writer's does not."""
        return self.stage is Stage.MESSAGE and (self._margin is None or self.key_of(text) == self.key)

    def _is_more(self, at: int, line: Line, body: str) -> bool:
        """Tell whether a line continues the message."""
        if self._message is None:
            return False
        if line.entry == self.entry:
            return self._message.continues(body, same_entry=True)
        if self._is_reported(body):
            return True
        if len(self.fed) == 1 and body[:1] not in _GOES_ON:
            return False
        if at - self.last > (_FARTHEST_MORE if self._margin else 1):
            return False
        return self._message.continues(body, alone=self._is_grouped)

    def _is_reported(self, body: str) -> bool:
        """Tell whether a line is a frame as Error Reporting writes it, below the exception and the deepest first."""
        alone = not self.headed and self.taken[:1] == [Take.EXCEPTION]
        return alone and shapes.REPORTED.match(body) is not None

    def feed(self, at: int, line: Line, take: Take, body: str) -> None:
        """Take a line as what `takes` said."""
        self.take_line(at, line, body, take)
        if take is Take.EXCEPTION:
            self._message = Message(body, drawn=self.boxed)
            self.type = self._message.type
            self._at = at
            self._is_grouped = self._one_entry and len(self.lines) > 1
            self.stage = Stage.MESSAGE
        elif take is Take.MORE and self._message:
            if self._is_reported(body) and (found := shapes.REPORTED.match(body)):
                file, function = found[2], found[1]
                self.frames.insert(0, Frame(file, int(found[3]), function, project=is_project(file), at=at))
            else:
                self._message.add(body)
        elif take is Take.REPEATED and self.frames:
            found = shapes.REPEATED.match(body)
            self._amend(repeated=int(found[1]) if found else 0)
        elif take is Take.SOURCE:
            if self.frames and not self.frames[-1].source:
                self._amend(source=body.strip())
            self.stage = Stage.SOURCE

    def _amend(self, *, source: str | None = None, repeated: int = 0) -> None:
        frame = self.frames[-1]
        self.frames[-1] = replace(
            frame, source=frame.source if source is None else source, repeated=repeated or frame.repeated
        )
