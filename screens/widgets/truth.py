"""The truth panel: pinned or not, what the next deployment gets, and what is wrong, in words."""

import re

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean_line
from buddy_tui.traffic import TrafficTruth

# A headline begins with its badge in capitals, e.g. `PINNED to api-00041-kub`.
_BADGE = re.compile(r"[A-Z]+(?: [A-Z]+)*(?=[ :]|$)")


class TruthPanel(Widget):
    """The headline as a badge, and below it the notes; what has no room is counted."""

    DEFAULT_CSS = """
    TruthPanel { height: auto; }
    """

    truth: reactive[TrafficTruth | None] = reactive(None, layout=True)
    most: reactive[int] = reactive(6, layout=True)

    def render(self) -> Content:
        """Lay out at most `most` lines."""
        if self.truth is None:
            return Content("")
        return Content("\n").join(_lines(self.truth, self.size.width, self.most))

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of lines in `width` cells."""
        return len(_lines(self.truth, width, self.most)) if self.truth else 1


def headline(truth: TrafficTruth) -> Content:
    """Return the headline with its badge: yellow when pinned or diverged, red when it is broken."""
    text = clean_line(truth.headline)
    found = _BADGE.match(text)
    badge = found.group() if found else ""
    rest = text[len(badge) :].removeprefix(":").strip()
    colour = "$success"
    if truth.pinned or truth.diverged:
        colour = "$warning"
    if badge == "NOT DONE" or not any(share.percent for share in truth.effective):
        colour = "$error"
    return Content.assemble((f" {badge} ", f"bold $background on {colour}"), (f" {rest}", "bold"))


def _lines(truth: TrafficTruth, width: int, most: int) -> list[Content]:
    width = max(width, 10)
    lines = [headline(truth).truncate(width, ellipsis=True)]
    for done, note in enumerate(truth.notes):
        style = "$text-warning" if note.split(":")[0].isupper() else "$text-muted"
        wrapped = Content.assemble((clean_line(note), style)).wrap(width - 2)
        if len(lines) + len(wrapped) > most:
            more = Content.assemble((f"  +{len(truth.notes) - done} more: d", "$text-primary"))
            if done:
                lines[-1] = lines[-1].truncate(width - more.cell_length, ellipsis=True)
            if lines[-1].cell_length + more.cell_length <= width:
                lines[-1] += more
            break
        lines += [Content.assemble("  ", line) for line in wrapped]
    return lines
