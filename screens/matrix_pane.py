"""The first pane of the probes screen: the matrix, its headline, and what the cursor points at."""

import sys
from dataclasses import replace
from datetime import datetime, timedelta

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from buddy_tui.model import ServiceName
from buddy_tui.probes.values import Cell, Matrix, Target
from screens.probe_words import headline, preview, progress
from screens.theme import toned
from screens.widgets.matrix import MatrixTable
from screens.words import NONE, Clock, age, span
from screens.words import Cell as Word

_LEAST = (40, 8)
_PATIENCE = timedelta(seconds=2)
_STOPPED = f"{NONE} stopped before anything was asked · ctrl+r asks"


class MatrixPane(Vertical):
    """What the revisions answer, as far as it is known; the screen says whether it goes on or was stopped."""

    def __init__(self, clock: Clock, name: ServiceName, wanted: str) -> None:
        super().__init__(id="asking")
        self._clock = clock
        self._address = name
        self._wanted = wanted
        self._since: datetime = clock()
        self._drawn: dict[str, object] = {}
        self.value: Matrix | None = None
        self.watching = self.stopped = False

    def on_mount(self) -> None:
        """Let the threads that read keys and write frames have their turn ten times as often as Python would.

        Where answers come fast, the requests would keep them waiting longer than drawing takes.
        """
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(self._interval / 10)

    def on_unmount(self) -> None:
        """Leave it as it was."""
        sys.setswitchinterval(self._interval)

    def compose(self) -> ComposeResult:
        """Put the headline above the matrix, and the cell under the cursor below."""
        yield Static(id="headline", markup=False)
        yield MatrixTable(id="matrix")
        yield Static(id="preview", classes="-blank", markup=False)
        yield Static(id="note", markup=False)

    @property
    def table(self) -> MatrixTable:
        """The matrix."""
        return self.query_one(MatrixTable)

    @property
    def pointed(self) -> tuple[Cell, Target] | None:
        """The cell under the cursor and its revision's address, if there is one."""
        return self.table.pointed

    @property
    def tells(self) -> bool:
        """Whether there is room for the line that says what `s` does."""
        return bool(self.query_one("#note").display)

    @property
    def fix(self) -> str:
        """The way out for the cell under the cursor."""
        return (self.pointed[0].fix or self.pointed[1].fix) if self.pointed else ""

    @property
    def command(self) -> tuple[str, ...]:
        """Our own verb and its words that do the same without a screen."""
        return ("probe", "--watch") if self.watching else ("probe",)

    def begin(self) -> None:
        """Wait for a new stream; what an ended one brought stays until this one brings something."""
        self.stopped, self._since = False, self._clock()
        if self.value:
            self.take(replace(self.value, done=False))

    def stop(self) -> None:
        """Show that nothing more comes."""
        self.stopped = True
        if self.value:
            self.take(self.value)

    def take(self, matrix: Matrix) -> None:
        """Show what is known by now; the cursor begins on the revision that was wanted."""
        self.value = matrix
        self.table.tell(matrix, watching=self.watching, stopped=self.stopped)
        if self._wanted and matrix.targets:
            self.table.point_at(self._wanted)
            self._wanted = ""

    def show(self, note: Word) -> None:
        """Draw what stands around the matrix, as far as it changed."""
        self._put("headline", headline(self.value) if self.value else Content(""))
        self._put("note", Content.assemble(*toned(note)))
        self._stand_in()
        self.query_one("#preview").set_class(self.pointed is None, "-blank")
        if self.pointed and self.value:
            self._put("preview", preview(self.value, *self.pointed))

    def _put(self, where: str, content: Content) -> None:
        drawn = (content.plain, tuple(content.spans))
        if self._drawn.get(where) != drawn:
            self._drawn[where] = drawn
            self.query_one(f"#{where}", Static).update(content, layout=False)

    def status(self) -> Word:
        """Return on one line how far the asking has come."""
        if self.value is None:
            return Word(_STOPPED, "warn") if self.stopped else Word(f"● {self._reading()}", "info")
        aged = age(self.value.as_of, self._clock())
        return progress(self.value, watching=self.watching, stopped=self.stopped, aged=aged)

    def _reading(self) -> str:
        waited = self._clock() - self._since
        return f"Reading {self._address.service} …" + (f" {span(waited)}" if waited >= _PATIENCE else "")

    def _stand_in(self) -> None:
        size = self.screen.size
        small = size.width < _LEAST[0] or size.height < _LEAST[1]
        self.table.words = f"Too small: {_LEAST[0]}x{_LEAST[1]} needed" if small else self._why_empty()

    def _why_empty(self) -> str:
        if self.table.rows:
            return ""
        if self.value is None:
            return "Nothing was asked" if self.stopped else self._reading()
        if self.value.trouble:
            return "Nothing could be asked"
        nobody = f"{self._address.service} has no revision to ask"
        return nobody if self.value.done else "Looking for revisions …"
