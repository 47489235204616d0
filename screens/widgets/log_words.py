"""What a log says of itself: how much is shown of what, and why there is nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buddy_tui.matches import Matches
    from buddy_tui.shown import Lines


def status(lines: "Lines", matches: "Matches | None", *, following: bool, minutes: int) -> str:
    """Say how much is shown, and of what; `+` behind a number means that there is more to be counted."""
    return " · ".join(_statements(lines, matches, following=following, minutes=minutes))


def _statements(lines: "Lines", matches: "Matches | None", *, following: bool, minutes: int) -> Iterator[str]:
    yield "following" if following else "paused"
    many = lines.end - lines.first
    count = f"{many:,}{'' if lines.complete else '+'} line{'' if many == 1 else 's'}"
    if matches is None:
        yield count
    elif matches.is_done:
        yield f"{len(matches):,} of {count}"
    else:
        yield f"searching… {len(matches):,} hit{'' if len(matches) == 1 else 's'} so far"
    if minutes:
        yield f"last {minutes} min"
    if lines.dropped:
        yield f"{lines.dropped:,} older ones forgotten"


def nothing(matches: "Matches | None") -> str:
    """Say why no line passes a filter; empty where there is none."""
    if matches is None:
        return ""
    query = matches.wanted.query
    return f"Nothing matches {query}\nesc clears the filter" if matches.is_done else f"Looking for {query} …"


def below(new: int) -> str:
    """Say how many lines came in below while nobody followed; empty where none did."""
    return f"↓ {new:,} new line{'s' if new > 1 else ''} below · s follows" if new > 0 else ""
