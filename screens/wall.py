"""The second wall: no byte that steers a terminal leaves a widget, whatever text got into it.

Textual passes control characters in content on to the terminal, where OSC 52 writes the clipboard and CSI 2J clears
the screen. These filters see every segment of every widget just before it is written.
"""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0, DEL and C1; marks, embeddings, overrides and isolates of bidirectional text; the two Unicode line breaks.
_STEERING = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)]
)

_ASCII = str.maketrans(
    {
        **dict.fromkeys("─╌╍▔", "-"),
        **dict.fromkeys("│┃║▏▎▍▌▐▕╎┆", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝┏┓┗┛", "+"),
        **dict.fromkeys("█▇▀■", "#"),
        # The heights of a sparkline, told apart by their ink.
        **dict(zip("▁▂▃▄▅▆", "_.-=+*", strict=True)),
        **dict.fromkeys("‘’", "'"),  # noqa: RUF001
        **dict.fromkeys("“”", '"'),
        "━": "=",
        "┅": "~",
        "┄": ".",
        "✓": "+",
        "✗": "x",
        "–": "-",  # noqa: RUF001
        "—": "-",
        "●": "*",
        "•": "*",
        "▸": ">",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "⏎": "<",
        "…": "~",
        "·": ".",
        "×": "x",  # noqa: RUF001
    }
)


class Wall(LineFilter):
    """Deletes what would steer the terminal or turn the reading direction."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without control characters; a segment with nothing left is dropped."""
        del background
        if all(text.isprintable() and control is None for text, _, control in segments):
            return segments
        kept = (Segment(text.translate(_STEERING), style) for text, style, control in segments if not control)
        return [segment for segment in kept if segment.text]


class Ascii(LineFilter):
    """Draws with ASCII alone, cell for cell, so that the layout stays as it is."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII; what has no likeness becomes one `?` for each cell."""
        del background
        return [
            segment if segment.text.isascii() else Segment(_to_ascii(segment.text), segment.style)
            for segment in segments
        ]


@lru_cache(4096)
def _to_ascii(text: str) -> str:
    likened = text.translate(_ASCII)
    if likened.isascii():
        return likened
    cells = cell_len(likened)  # joined emoji are narrower together than one by one
    return "".join(map(_ascii_char, likened))[:cells].ljust(cells)


def _ascii_char(char: str) -> str:
    return char if char.isascii() else "?" * cell_len(char)


def speaks_unicode(encoding: str | None) -> bool:
    """Tell whether a terminal of that encoding (`sys.stdout.encoding`) can show our glyphs."""
    return (encoding or "").lower().replace("_", "-") in {"utf-8", "utf8", "utf-16", "utf-32", "cp65001"}
