"""The pictures of README and docs/ are what the program draws."""

import re
import tempfile
from pathlib import Path

import pytest

from buddy_tui.doctor.checks import CHECKS
from tests.stories.picture import DOCS, TELLINGS, draw, words

_LARGEST = 80_000


@pytest.mark.skipif(
    len(tempfile.gettempdir()) != len("/tmp"),  # noqa: S108 - only its length
    reason="where temporary folders have other names, lines break elsewhere",
)
@pytest.mark.parametrize("story", TELLINGS)
def test_the_pictures_of_a_story_are_what_the_program_draws(story: str) -> None:
    """If not: `python -m tests.stories.picture`, and look at them."""
    drawn = draw(story)

    assert drawn
    for name, svg in drawn.items():
        kept = (DOCS / f"{name}.svg").read_text(encoding="utf-8")
        assert _said(name, kept) == _said(name, svg), name


def _said(name: str, svg: str) -> list[str]:
    if name == "doctor":  # it tells of this very machine
        return [one.name for one in CHECKS if re.search(rf">{re.escape(one.name)}\b", svg)]
    return words(name, svg)


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_is_small_and_asks_nobody_for_anything(path: Path) -> None:
    svg = path.read_text(encoding="utf-8")

    assert len(svg) < _LARGEST
    assert re.findall(r"(?:url|href)\W+https?:", svg) == []
    assert "@font-face" not in svg
