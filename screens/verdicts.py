"""What checks say, as marks, words and tones: a verdict by itself, and how many there are of each."""

from collections.abc import Collection
from typing import Final

from buddy_tui.preflight.values import Verdict
from buddy_tui.preflight.wording import COUNTED
from screens.words import NONE, Cell

MARKS: Final = {
    Verdict.PASS: Cell("✓ pass", "ok"),
    Verdict.WARN: Cell("! warn", "warn"),
    Verdict.FAIL: Cell("✗ FAIL", "bad"),
    Verdict.SKIPPED: Cell(f"{NONE} skipped", "dim"),
}


def counts(verdicts: Collection[Verdict]) -> tuple[Cell, ...]:
    """Return how many say what, the bad ones first; what nobody says is left out."""
    return tuple(
        Cell(f"{count} {words}  ", MARKS[verdict].tone)
        for verdict, words in COUNTED.items()
        if (count := sum(one is verdict for one in verdicts))
    )
