"""doctor: what a look comes to, in one sentence."""

from collections.abc import Iterator, Sequence

from buddy_tui.doctor.values import Conclusion
from buddy_tui.preflight.values import Verdict


def sentence(told: Conclusion) -> str:
    """Return which jobs can be done and which cannot; empty where nothing is known yet."""
    return "".join(text for _, text in parts_of(told))


def parts_of(told: Conclusion) -> Iterator[tuple[Verdict, str]]:
    """Yield that sentence in parts, one for each verdict: what can be done, what cannot, what nobody knows."""
    parts = list(_parts(told))
    for at, (verdict, text) in enumerate(parts, 1):
        begun = f"{text[0].upper()}{text[1:]}" if at == 1 else f"; {text}"
        yield verdict, f"{begun}." if at == len(parts) else begun


def _parts(told: Conclusion) -> Iterator[tuple[Verdict, str]]:
    see = f" (see {_listed(told.see)})" if told.see else ""
    can, cannot, unknown = (
        tuple(words for _, words in jobs) for jobs in (told.can, told.cannot, told.unknown)
    )
    if can:
        everything = "do everything here: " if not cannot and not unknown else ""
        yield Verdict.PASS, f"you can {everything}{_listed(can)}"
    if cannot:
        nothing = not can and not unknown
        yield (
            Verdict.FAIL,
            f"you can do nothing here{see}" if nothing else f"you cannot {_listed(cannot, 'or')}{see}",
        )
    if unknown:
        yield Verdict.SKIPPED, f"whether you can {_listed(unknown, 'or')} is not known"


def _listed(words: Sequence[str], last: str = "and") -> str:
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end
