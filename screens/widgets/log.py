"""A log of any length: only the lines in view are looked at, whatever comes in around them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from buddy_tui.log_filter import LogFilter
from buddy_tui.matches import Matches
from buddy_tui.shown import Lines, Place, Shown
from screens.messages import Copy
from screens.widgets.log_heads import Heads, Seek
from screens.widgets.log_keys import KEYS, MINUTES
from screens.widgets.log_lines import Look
from screens.widgets.log_window import Window
from screens.widgets.log_words import below, nothing, status

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.timer import Timer

# Seconds between two paintings of what comes in: while it is followed, and while it is only counted.
_FRAME, _COUNT = 1 / 15, 1 / 4
# So long may a piece of a search keep the keys waiting, in seconds, and so long are they listened to before the next.
_SLICE, _PAUSE = 0.008, 0.001
_MINUTE = 60_000_000_000


class LogView(Widget, can_focus=True):
    """Lines with a cursor, folded frames, a filter. It follows the end until somebody moves up."""

    BINDINGS: ClassVar["list[BindingType]"] = KEYS
    DEFAULT_CSS = """
    LogView { height: 1fr; }
    """

    class Pointed(Message):
        """The cursor is on another line; `line` is None when there is none."""

        def __init__(self, line: Shown | None) -> None:
            super().__init__()
            self.line = line

    class Changed(Message):
        """What `status()` says has changed."""

    class FullScreen(Message):
        """The log wants all the room, or gives it back."""

    missing: reactive[str] = reactive("", repaint=False)
    """The missing name, lit up in the lines of exceptions."""
    marks: reactive[frozenset[Place]] = reactive(frozenset[Place](), repaint=False)
    """Evidence, marked in the margin."""
    words: reactive[str] = reactive("", repaint=False)
    """What stands in the middle as long as there is no line."""

    def __init__(self, lines: Lines, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._filter = LogFilter()
        self._look = Look()
        self._coming: Timer | None = None
        self._looking = False
        self._told = ""
        self._take(lines)

    def _take(self, lines: Lines) -> None:
        self._lines = lines
        self._heads = Heads(lines)
        self._window = Window(self._heads, self._look)
        self._range = 0
        self._rewinding = False
        self._sought: Seek | None = None
        self._pointed: int | None = None
        self.following = True
        self._left = lines.end  # where the end was when following stopped
        lines.watch(self)

    @property
    def new_below(self) -> int:
        """How many lines came in since following stopped."""
        return 0 if self.following else self._lines.end - self._left

    def show(self, lines: Lines) -> None:
        """Show other lines, from their end."""
        wanted = self._heads.matches.wanted if self._heads.matches else LogFilter()
        self._lines.unwatch(self)
        self._take(lines)
        self.set_filter(wanted)

    def grew(self) -> None:
        """Take note that lines came in, for every batch if need be: 15 times a second at most they are painted."""
        if self._coming is None and self.is_mounted:
            self._coming = self.set_timer(_FRAME if self.following else _COUNT, self._catch_up)

    def go_to(self, place: Place) -> bool:
        """Put the cursor on a line; False when it is not there."""
        at = self._lines.find(place)
        if at is not None:
            if at < self._heads.first:
                self._range, self._heads.floor = 0, None
            self._heads.folds.unfold(at)
            self._jump(at)
        return at is not None

    def hides(self, place: Place) -> bool:
        """Tell whether a line is there, but does not pass the filter."""
        at = self._lines.find(place)
        return at is not None and self._heads.matches is not None and self._heads.near(at) != at

    def set_filter(self, wanted: LogFilter) -> None:
        """Show only what passes; an empty filter shows all, and `n` and `N` go on with the last one."""
        self._filter = wanted or self._filter
        self._heads.matches = Matches(self._lines, wanted) if wanted else None
        self._look = replace(self._look, words=wanted.words())
        self._look_on()

    def status(self) -> str:
        """Say in a few words how much is shown, and of what."""
        minutes = MINUTES.get(self._range, 0)
        return status(self._lines, self._heads.matches, following=self.following, minutes=minutes)

    def shifted(self, at: int, count: int) -> None:
        """Take note that lines were put in before line `at`."""
        self._window.shifted(at, count)
        self._left += count * (at <= self._left)
        if self._pointed is not None and at <= self._pointed:
            self._pointed += count

    def restarted(self) -> None:
        """Take note that these are other lines altogether."""
        self.show(self._lines)

    def _catch_up(self) -> None:
        self._coming = None
        if self._rewinding:
            self._rewind()
        if self._range in MINUTES:
            self._heads.floor = self._lines.recent(MINUTES[self._range] * _MINUTE)
        if self._heads.matches is not None:
            self._heads.matches.grew()
        self._look_on()

    def _look_on(self) -> None:
        """Look for matches as long as no key has to wait for it, and go on in a moment."""
        matches, until = self._heads.matches, monotonic() + _SLICE
        while matches is not None and not matches.is_done and monotonic() < until:
            matches.look()
        self._arrange()
        if matches is not None and not matches.is_done and not self._looking:
            self._looking = True
            self._soon(self._look_further)

    def _look_further(self) -> None:
        self._looking = False
        self._look_on()

    def _soon(self, go_on: Callable[[], None]) -> None:
        """Go on in a moment, by a timer: `call_later` would let nobody else have a turn until all is done."""
        self.set_timer(_PAUSE, go_on)

    def _arrange(self) -> None:
        """Work out what is in view, and paint what is different."""
        width, height = self.size
        if not width or not height:
            return
        window = self._window
        if self.following:
            window.cursor = self._lines.end
        several = self._lines.instances > 1
        window.look = self._look = replace(self._look, width=width - 1, instances=several)
        for y in window.arrange(height, nothing(self._heads.matches) or self.words, below(self.new_below)):
            self.refresh(Region(0, y, width, 1))
        self._report()

    def _report(self) -> None:
        """Tell the screen what has changed."""
        if self._window.pointed != self._pointed:
            self._pointed = self._window.pointed
            self.post_message(
                self.Pointed(None if self._pointed is None else self._lines.line(self._pointed))
            )
        if (told := self.status()) != self._told:
            self._told = told
            self.post_message(self.Changed())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Hand out the rows. They have no border and no padding, so Textual's own way to add these is left out."""
        filters, background = self.get_line_filters(), self.background_colors[1]
        strips = self._window.rows[crop.y : crop.bottom]
        strips += [self._look.blank()] * (crop.height - len(strips))
        for line_filter in filters:
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def on_mount(self) -> None:
        """Draw on the ground that the theme gives, whichever it is."""
        self.watch(self.app, "theme", self._relook, init=False)
        self._relook()

    def on_resize(self) -> None:
        """Fill the room."""
        self._arrange()

    def _relook(self) -> None:
        """Draw anew, however the lines are to look now."""
        self._look = replace(
            self._look,
            ground=self.visual_style,
            missing=self.missing,
            marks=self.marks,
        )
        self._window.forget()
        self._arrange()

    watch_missing = watch_marks = _relook

    def watch_words(self) -> None:
        """Show other words, if there is no line."""
        self._arrange()

    def action_move(self, heads: int) -> None:
        """Move the cursor. Who moves up does not want to be carried away."""
        self._settle()
        self._window.move(heads)
        self._arrange()

    def action_page(self, direction: int) -> None:
        """Move the cursor by half a page."""
        self.action_move(direction * max(1, self.size.height // 2))

    def action_range(self, number: int) -> None:
        """Show all and go to its end (0) or beginning (1), or only the last minutes."""
        self._range = number
        self._heads.floor = self._lines.recent(MINUTES[number] * _MINUTE) if number in MINUTES else None
        if number == 1:
            self._settle()
            self._rewind()
        else:
            self._follow()
        self._arrange()

    def action_follow(self) -> None:
        """Follow the end, or stay here."""
        if self.following:
            self._settle()
        else:
            self._follow()
        self._arrange()

    def _rewind(self) -> None:
        """Go to the first line, and again later as long as a file's true beginning is not known."""
        self._window.cursor = self._lines.first
        self._rewinding = not self._lines.complete

    def _follow(self) -> None:
        self._settle()
        self.following = True

    def _settle(self) -> None:
        """Stop following; a way that is under way, to a hit or to the beginning, is given up."""
        self._sought, self._rewinding = None, False
        if self.following:
            self.following, self._left = False, self._lines.end

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self._look = replace(self._look, wrapped=not self._look.wrapped)
        self._arrange()

    def action_times(self) -> None:
        """Show times, or leave the room to the text."""
        self._look = replace(self._look, times=not self._look.times)
        self._arrange()

    def action_full(self) -> None:
        """Ask for all the room."""
        self.post_message(self.FullScreen())

    def action_copy(self) -> None:
        """Copy the text under the cursor."""
        if self._window.pointed is not None:
            self.post_message(Copy(self._lines.line(self._window.pointed).text, "line"))

    def action_unfold(self) -> None:
        """Show the library frames of the traceback under the cursor, or fold them again."""
        if self._window.pointed is not None and self._heads.folds.toggle(self._window.pointed):
            self._settle()
            self._arrange()

    def action_problem(self, step: int) -> None:
        """Go to the next or the previous problem."""
        self._seek(None, step)

    def action_match(self, step: int) -> None:
        """Go to the next or the previous match of the filter, also of one that was taken away."""
        if self._heads.matches is not None:
            self.action_move(step)
        elif self._filter:
            self._seek(self._filter, step)

    def _seek(self, wanted: LogFilter | None, step: int) -> None:
        if (pointed := self._window.pointed) is not None:
            self._settle()
            self._sought = Seek(self._heads, wanted, pointed, step)
            self._seek_on(self._sought)

    def _seek_on(self, seek: Seek) -> None:
        """Search as long as no key has to wait for it, and go on in a moment; another key ends the search."""
        until = monotonic() + _SLICE
        while self._sought is seek and seek.look() and monotonic() < until:
            pass
        if self._sought is not seek:
            return
        if seek.found is not None:
            self._jump(seek.found)
        elif seek.is_done:
            self.notify(f"No further {seek.words}", timeout=2, markup=False)
        else:
            self._soon(partial(self._seek_on, seek))

    def _jump(self, at: int) -> None:
        self._settle()
        self._window.centre(at, self.size.height)
        self._arrange()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the line that was clicked; a click on the cursor unfolds."""
        at = self._window.line_at(event.y)
        if at is not None and at == self._window.pointed:
            self.action_unfold()
        elif at is not None:
            self._settle()
            self._window.cursor = at
            self._arrange()

    def on_mouse_scroll_down(self) -> None:
        """Move on."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """Move back."""
        self.action_move(-3)
