"""Our storage against an independent fake: the same calls, and the same answers."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.emulator.storage_differential.bench import Bench, benches
from tests.emulator.storage_differential.buckets import BUCKETS
from tests.emulator.storage_differential.checks import Check
from tests.emulator.storage_differential.objects import OBJECTS
from tests.emulator.storage_differential.ourselves import OURSELVES
from tests.emulator.storage_differential.pieces import PIECES
from tests.emulator.storage_differential.servers import fake, needs_fake, ours

CHECKS = tuple(check for topic in (BUCKETS, OBJECTS, PIECES, OURSELVES) for check in topic.all)

_Benches = Callable[[str], Bench]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Benches]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STORAGE_EMULATOR_HOST", raising=False)
        with ours(tmp_path_factory.mktemp("storage")) as url, benches(url) as given:
            yield given


@pytest.fixture(scope="module")
def theirs() -> Iterator[_Benches]:
    with fake() as url, benches(url) as given:
        yield given


def test_each_check_has_its_own_name() -> None:
    assert [name for name, times in Counter(check.name for check in CHECKS).items() if times > 1] == []


@needs_fake
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_our_storage_answers_as_the_fake_does_or_as_google_says(
    own: _Benches, theirs: _Benches, check: Check
) -> None:
    name = f"check-{CHECKS.index(check)}"

    given, expected = check.ask(own(name)), check.ask(theirs(name))

    if check.mistaken is None:
        assert given == expected
    else:
        assert given == check.mistaken.google, f"{check.mistaken.where}: {check.mistaken.says}"
        assert expected == check.mistaken.fake, "The fake is mistaken in another way than is known."
