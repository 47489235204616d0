"""A walk through every screen, in the world full of canaries: none is drawn, copied or saved, and nothing can be clicked.

The rule is that of `test_verbs`; the only screens that show a log are the boot log and a file.
"""

import pytest

from tests.canary.cases import CASES, OWN, RAW, leaks, said
from tests.canary.conftest import Planted
from tests.canary.planted import steering
from tests.canary.walk import opened, screens_there_are, walked


@pytest.fixture
def changed(planted: Planted) -> Planted:
    """Let something have been changed from here, which can be undone."""
    for case in CASES["split"]:
        assert case.shows in said("split", *case.words)
    return planted


async def test_no_screen_shows_a_canary(changed: Planted) -> None:
    planted, saves = changed, changed.home / "saved"
    walk = await walked(saves)
    file = await opened(planted.home / "boot.log")

    for sight in (*walk.sights, *file.sights):
        assert leaks(sight.text, sight.may) == {}, sight.where
        assert steering(sight.text) == "", sight.where
    assert (walk.clickable, file.clickable) == ([], [])
    unseen = screens_there_are() - {sight.where for sight in (*walk.sights, *file.sights)}
    assert not unseen, f"lead the walk in tests/canary/walk.py to these screens as well: {', '.join(unseen)}"
    for name, text in planted.files.items():
        assert leaks(text, OWN) == {}, name
        assert steering(text) == "", name
    (saved,) = saves.iterdir()
    assert leaks(saved.read_text(encoding="utf-8"), RAW) == {}
    assert steering(saved.read_text(encoding="utf-8")) == ""
