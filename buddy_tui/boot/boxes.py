"""boot: tracebacks that rich drew into boxes."""

import re

from buddy_tui.boot.frames import is_project
from buddy_tui.boot.parts import Part, Stage
from buddy_tui.boot.values import Frame, Line

TOP = re.compile(r"[╭┌╔+][─━═-]+ ?(?:Traceback \(most recent call last\) ?)?[─━═-]*[╮┐╗+]?$")
_BOTTOM = re.compile(r"[╰└╚+][─━═-]{3,}[╯┘╝+]?$")
_SIDES = "│┃║|"
_CODE = re.compile(r"(?P<here>[❱>?]\s*)?(?P<line>\d{1,9})(?:\s(?P<source>.*))?$")
_PLACE = re.compile(r"(?P<file>\S.*?):(?P<line>\d{1,9})(?: in (?P<function>\S.*))?$")
_NAMELESS = re.compile(r"in (?P<function>\S+):(?P<line>\d{1,9})$")
_NUMBERED = re.compile(r":\d{1,9}(?: in)?$")
_MOST_PIECES = 20


class Box(Part):
    """A traceback in a box; its exception stands below the box, and is read as any other.

    A second box without a title shows the source of a syntax error.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix)
        self.boxed = True
        self.stage = Stage.BOX
        self._place: list[str] = []
        self._place_at = -1

    def swallows(self, at: int, line: Line) -> bool:
        """Take a line if it is the box's."""
        text = self.body(line.text)
        text = text.strip() if text else ""
        if self.stage is Stage.SOURCE and at == self.last + 1 and TOP.match(text) and self.frames:
            self.stage = Stage.BOX
        elif self.stage is not Stage.BOX or text[:1] not in (*_SIDES, *"╰└╚+"):
            return False
        elif _BOTTOM.match(text):
            self.stage = Stage.SOURCE
        else:
            self._content(at, text[1:].removesuffix(text[0]).rstrip())
        self.take_line(at, line, text)
        return True

    def _content(self, at: int, text: str) -> None:
        """Read a line of the box: a place, which may be broken over lines, or code."""
        stripped = text.strip()
        code = _CODE.match(stripped)
        nameless = _NAMELESS.match(stripped)
        if not stripped or stripped[0] in "╭╰│┌└|+":
            self._place = []
        elif self._place:
            self._place.append(stripped)
            self._read_place()
        elif nameless:
            self.frames.append(Frame("", int(nameless["line"]), nameless["function"], project=False, at=at))
        elif code:
            if code["here"] and self.frames and not self.frames[-1].source:
                self._amend(source=(code["source"] or "").replace("│", " ").strip())
        else:
            self._place, self._place_at = [stripped], at
            self._read_place()

    def _read_place(self) -> None:
        """Read where a frame is. A syntax error's has no function, and its source follows."""
        if len(self._place) > _MOST_PIECES:
            return
        joined = ""
        for piece in self._place:
            broken = joined and (not _NUMBERED.search(joined) or piece[0].isdigit())
            joined += piece if broken or not joined else f" {piece}"
        found = _PLACE.match(joined)
        known = bool(self.frames) and self.frames[-1].at == self._place_at
        if found:
            file, function = found["file"], found["function"] or ""
            frame = Frame(file, int(found["line"]), function, project=is_project(file), at=self._place_at)
            self.frames[-1 if known else len(self.frames) :] = [frame]
        elif known and not self.frames[-1].function and not joined.endswith(" in"):
            self._amend(source=self.frames[-1].source or self._place[-1])
