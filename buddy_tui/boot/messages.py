"""boot: an exception's own words, which may go on over several lines."""

import re

from buddy_tui.boot import shapes

_RICH_NOTE = "[NOTE] "
_MOST = 400  # lines of one message
_OTHERS = ("╭", "┌", "╔", "+-", '"')  # a box, or the end of a string that held the traceback
_FIELD = re.compile(r"[\w.\-\[\]]{1,120}$")
_COMPLAINT = re.compile(r"[\[(]type=[a-z_]|^For further information visit ")


class Message:
    """What an exception says, beginning with its last line: `type: message`.

    `notes` are PEP 678's, as far as they can be told: what follows a message that Python itself writes in one line.
    `drawn` says that the traceback was drawn to a width, so that long messages are broken.
    """

    def __init__(self, line: str, *, drawn: bool = False) -> None:
        self.type, first, _ = shapes.last_line(line.strip())
        self.notes: list[str] = []
        self._lines = [first]
        self._base = shapes.indent(line)
        self._drawn = drawn
        self._count = 0

    @property
    def text(self) -> str:
        """All lines, blank ones at the end left out."""
        return "\n".join(self._lines).strip()

    def continues(self, line: str, *, same_entry: bool = False, alone: bool = False) -> bool:
        """Tell whether a line goes on with the message. Between entries that is told by what the line looks like.

        `alone` says that the traceback had been grouped into one entry; then only pydantic's list of fields, which
        the grouping does not know, may follow in others.
        """
        text = line.strip()
        is_fields = self.type.endswith("ValidationError")
        if self._count >= _MOST or self._is_said_again(text) or text.startswith(_OTHERS):
            return False
        if text.startswith(_RICH_NOTE):
            return True
        if (alone and not is_fields) or shapes.is_logged(text):
            return False
        if same_entry or not self._first or (text and shapes.indent(line) > self._base):
            return True
        if not text:
            return self._lines[-1].endswith(":")
        return bool(_FIELD.match(text) or _COMPLAINT.search(text)) if is_fields else " " in text

    @property
    def _first(self) -> str:
        return next((line for line in self._lines if line), "")

    def _is_said_again(self, text: str) -> bool:
        """Tell whether a server repeats the message after the traceback, as gunicorn does, or another worker."""
        first = self._first
        return len(first) > 3 and (text.startswith(first) or text == f"{self.type}: {first}")

    def add(self, line: str) -> None:
        """Add a line: to the message, or to the notes where the message cannot have a second line."""
        self._count += 1
        text, last = line.strip(), self._lines[-1]
        if text.startswith(_RICH_NOTE):
            self.notes.append(text.removeprefix(_RICH_NOTE))
        elif len(self._lines) > 1 or not last:
            self._lines.append(line[min(self._base, shapes.indent(line)) :].rstrip() if self._first else text)
        elif text and (self._drawn or shapes.is_wrapped(last)):
            self._lines[-1] = f"{last} {text}"
        elif shapes.has_one_line(self.type, last):
            self.notes += [text] if text else []
        else:
            self._lines.append(line[min(self._base, shapes.indent(line)) :].rstrip())
