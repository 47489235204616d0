"""The traffic bar: what was asked for above what is, each as a bar and in words."""

from collections.abc import Iterable

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean_line
from buddy_tui.traffic import Share, TrafficTruth

# One fill and one colour for each share, so that neither has to be told apart alone.
_FILLS = (("━", "$text-success"), ("╍", "$text-primary"), ("┅", "$text-warning"), ("┄", "$text-muted"))
_LABELS = ("desired", "effective")


class TrafficBar(Widget):
    """Two lines, desired and effective."""

    DEFAULT_CSS = """
    TrafficBar { height: 2; }
    """

    truth: reactive[TrafficTruth | None] = reactive(None)
    service: reactive[str] = reactive("")

    def render(self) -> Content:
        """Draw both lines in the width at hand."""
        if self.truth is None:
            return Content("")
        lists = (self.truth.desired, self.truth.effective)
        order = tuple(
            dict.fromkeys(share.revision for shares in reversed(lists) for share in shares if share.percent)
        )
        lines = (
            bar_line(label, shares, order, self.service, self.size.width)
            for label, shares in zip(_LABELS, lists, strict=True)
        )
        return Content("\n").join(lines)


def bar_line(
    label: str, shares: Iterable[Share], order: tuple[str, ...], service: str, width: int
) -> Content:
    """Draw one traffic list: label, bar, and for each revision its fill, percent, name and tags.

    `order` gives a revision the same fill in both lists. Names lose the service's prefix when there is no room.
    """
    serving = [share for share in shares if share.percent]
    size = max(8, width // 4)
    parts = [(_FILLS[order.index(share.revision) % len(_FILLS)], share) for share in serving]
    bar = Content.assemble(*((fill * cells, style) for (fill, style), cells in _cells(parts, size)))
    room = width - len(f"{label:<11}") - size - 2
    legends = (_legend(parts, service, short=short) for short in (False, True))
    legend = next((one for one in legends if one.cell_length <= room), None)
    legend = legend or _legend(parts, service, short=True).truncate(max(1, room), ellipsis=True)
    return Content.assemble(
        (f"{label:<11}", "$text-muted"), bar.pad_right(size - bar.cell_length), "  ", legend
    )


_Part = tuple[tuple[str, str], Share]


def _cells(parts: list[_Part], size: int) -> Iterable[tuple[tuple[str, str], int]]:
    """Share `size` cells out by percent; everybody who serves gets one, and a full hundred fills the bar."""
    total = done = 0
    for fill, share in parts:
        total += share.percent
        end = max(done + 1, round(size * min(total, 100) / 100))
        yield fill, end - done
        done = end


def _legend(parts: list[_Part], service: str, *, short: bool) -> Content:
    if not parts:
        return Content.assemble(("nothing", "bold $text-error"))
    prefix = f"{service}-" if short else ""
    return Content("   ").join(
        Content.assemble((f"{fill} ", style), f"{share.percent}% {_named(share, prefix)}")
        for (fill, style), share in parts
    )


def _named(share: Share, prefix: str) -> str:
    name = clean_line(share.revision).removeprefix(prefix) or "LATEST"
    marks = (*(["latest"] if share.latest and share.revision else []), *map(clean_line, share.tags))
    return f"{name} ({', '.join(marks)})" if marks and cell_len(name) else name
