"""The colours can be read, and every tone has one."""

import pytest
from textual.color import Color

from screens.theme import BUDDY, TONES, toned
from screens.words import Cell

TEXTS = ("text-success", "text-warning", "text-error", "text-primary", "text-muted")
GROUNDS = (BUDDY.background, BUDDY.surface, BUDDY.panel, BUDDY.variables["block-cursor-background"])


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = (part / 255 for part in Color.parse(colour).rgb)
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", [BUDDY.foreground, *(BUDDY.variables[name] for name in TEXTS)])
def test_text_has_the_contrast_that_wcag_asks_for(text: str, ground: str) -> None:
    assert contrast(text, ground or "") >= 4.5


@pytest.mark.parametrize("chip", [BUDDY.error, BUDDY.warning, BUDDY.success, BUDDY.primary, BUDDY.secondary])
def test_a_badge_can_be_read_too(chip: str | None) -> None:
    assert chip is not None
    assert contrast(BUDDY.background or "", chip) >= 4.5


@pytest.mark.parametrize("tone", TONES)
def test_a_toned_cell_keeps_its_text_as_it_is(tone: str) -> None:
    assert toned(Cell("[red]x[/]", tone)) == (("[red]x[/]", TONES[tone]),)
