r"""boot: log entries as lines, with what terminals and loggers did to them undone."""

import re
from collections.abc import Sequence

from buddy_tui.boot.flat import is_flat, unfold
from buddy_tui.boot.values import Line
from buddy_tui.model import LogEntry

# A colour whose escape character was lost or made visible on the way: `[31m`, `^[[31m`, `\u001b[0m`, `#033[0m`.
# `[main]` and `[monitor:1]` are none.
_COLOUR = re.compile(
    r"(?:\^\[|\\x1[bB]|\\u001[bB]|\\033|\\e|#033|␛|\ufffd)?\[(?:\d{1,3}(?:;\d{1,3}){0,5}m|m(?![a-z][\w.-]*[\]:]))"
)
# What forums make of the quotation marks in a traceback.
_CURLED = re.compile("File \u201c|HaltServer|(?:Error|Exception): .*[\u201c\u2018]")
_STRAIGHT = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"})
# loguru's own markup, left in where a message was not parsed: `<red>…</red>`.
_MARKUP = re.compile(
    r"</?(?:light-)?(?:black|red|green|yellow|blue|magenta|cyan|white|level|bold|dim|normal|underline|italic)>|</>"
)


def lines_of(entries: Sequence[LogEntry]) -> list[Line]:
    r"""Return the lines of entries, in the order given; `Line.entry` is an index in `entries`.

    Terminal sequences, their visible leftovers, loguru's colour marks and trailing blanks are gone. A traceback
    that stands in one line, its breaks turned into blanks or literal `\n`, is several lines again; nothing else is
    split or joined. Never raises.
    """
    lines: list[Line] = []
    for index, entry in enumerate(entries):
        text = _plain(entry.text)
        for row, line in enumerate(text.split("\n") if "\n" in text else (text,)):
            if ("last):" in line or '", line ' in line or '\\", line ' in line) and is_flat(_unquoted(line)):
                lines += [Line(part.rstrip(), index, row) for part in unfold(line)]
            else:
                lines.append(Line(line.rstrip(), index, row))
    return lines


def _unquoted(line: str) -> str:
    return line.replace('\\"', '"') if "\\" in line else line


def _plain(text: str) -> str:
    if "\x1b" in text or "\x9b" in text:
        from wcwidth import strip_sequences  # its tables load slowly, and most logs need none

        text = strip_sequences(text)
    if "[0m" in text or "[m" in text or "[39m" in text or "[22m" in text:
        text = _COLOUR.sub("", text)
    if ("\u201c" in text or "\u2018" in text) and _CURLED.search(text):
        text = text.translate(_STRAIGHT)
    if "</" in text:
        text = _MARKUP.sub("", text)
    return text.removesuffix("\n")
