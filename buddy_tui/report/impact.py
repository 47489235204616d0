"""report: what people noticed, as far as the request log tells. Pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from buddy_tui.report.episode import Episode
from buddy_tui.report.material import Material
from buddy_tui.report.timeline import moves
from buddy_tui.report.values import Impact


def window(material: Material, episode: Episode) -> tuple[datetime, datetime]:
    """Return the time that counts, which begins with the first trouble.

    It ends when the traffic was last taken from what went wrong; after a revision that never started, with the next
    change of traffic, else now.
    """
    taken = [*(one.at for one in episode.back), *(one.at for one in episode.ended)]
    if episode.last in taken:
        return episode.since, min(episode.last, material.now)
    moved = next((one.at for one in moves(material, episode.last)), material.now)
    return episode.since, min(moved, material.now)


def impact(material: Material, episode: Episode) -> Impact:
    """Count the requests, and say who served meanwhile."""
    asked = material.requests
    since, until = (asked.since, asked.until) if asked else window(material, episode)
    served = tuple(_served(material, episode))
    if asked is None or not asked.found:
        why = (
            "the request log could not be read" if asked is None else "the request log has none of that time"
        )
        return Impact(since, until, words=(f"Requests that failed: not known; {why}.", *served))
    bad = Counter(one.revision for one in asked.found if one.request.status >= 500)
    failed, total = sum(bad.values()), len(asked.found)
    newest = "the newest " if asked.cut else ""
    words = f"{failed:,} of {newest}{total:,} requests were answered with 5xx"
    by = ", ".join(f"{count:,} by {name}" for name, count in bad.most_common(5))
    return Impact(
        since,
        until,
        total,
        failed,
        tuple(bad.most_common()),
        asked.cut,
        (f"{words}{f': {by}' if by else ''}.", *served),
    )


def _served(material: Material, episode: Episode) -> Iterator[str]:
    """Say whether what failed ever had traffic. Cloud Run moves none to a revision that never was ready."""
    spans = material.spans()
    failed = {one.name for one in episode.failed}
    if failed and failed.isdisjoint(span.revision for span in spans):
        yield (
            "No revision that failed was ever ready, so none of them had traffic."
            if len(failed) > 1
            else "The revision that failed was never ready, so it had no traffic."
        )
    shares: dict[str, set[int]] = {}
    end = window(material, episode)[1]
    for span in spans:
        began = span.since is None or span.since < end
        if span.revision not in failed and began and (span.until is None or span.until > episode.since):
            shares.setdefault(span.revision, set()).add(span.percent)
    if shares:
        yield f"Meanwhile {', '.join(f'{name} served {_of(percents)}' for name, percents in shares.items())}."
    elif failed:
        yield "Nothing is known to have served meanwhile."


def _of(percents: set[int]) -> str:
    """Return shares of the traffic in words."""
    low, high = min(percents), max(percents)
    if low == high:
        return "all of the traffic" if high == 100 else f"{high} % of the traffic"
    return f"{low} to {high} % of the traffic"
