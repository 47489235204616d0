"""`[release]` of buddy.toml: at what pace a service is promoted."""

from pathlib import Path

import pytest

from buddy_tui.config import resolve
from buddy_tui.errors import ConfigProblem
from buddy_tui.pacing import ReleaseSettings


def _release(folder: Path, text: str) -> ReleaseSettings:
    (folder / "buddy.toml").write_text(text, encoding="utf-8")
    return resolve({}, {}, folder, folder).release


def test_a_release_is_described_as_far_as_it_differs(tmp_path: Path) -> None:
    told = _release(tmp_path, "[release]\nsteps = [5, 25, 100]\nbake = 300\n")

    assert told == ReleaseSettings((5, 25, 100), 300.0, 20)


def test_without_a_word_of_it_the_steps_are_ten_fifty_and_a_hundred(tmp_path: Path) -> None:
    assert _release(tmp_path, 'project = "shop"\n').steps == (10, 50, 100)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps = [50, 10]", ":2: `release.steps` should rise"),
        ("steps = [10, 10]", ":2: `release.steps` should rise"),
        ("steps = []", ":2: `release.steps`: expected `array` of length >= 1"),
        ("steps = [0, 100]", ":2: `release.steps`: expected `int` >= 1"),
        ("steps = [101]", ":2: `release.steps`: expected `int` <= 100"),
        ("bake = -1", ":2: `release.bake`: expected `float` >= 0.0"),
        ('least = "many"', ":2: `release.least`: expected `int`, got `str`"),
        ("pause = 3", ":2: there is no setting `release.pause`"),
    ],
)
def test_a_release_that_cannot_be_meant_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        _release(tmp_path, f"[release]\n{text}\n")

    assert said in str(caught.value)
