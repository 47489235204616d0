"""Our Firestore against Google's own emulator: the same questions through firebase-admin, and the same answers."""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping

import pytest

from buddy_tui.emulator.official import UnfitJava
from tests.emulator.firestore_differential import recorded
from tests.emulator.firestore_differential.bench import answers
from tests.emulator.firestore_differential.script import CHECKS
from tests.emulator.firestore_differential.servers import OFFICIAL, official, ours


def test_there_are_enough_checks_and_each_has_its_own_name() -> None:
    names = Counter(check.name for check in CHECKS)

    assert len(names) >= 120
    assert [name for name, times in names.items() if times > 1] == []


def test_every_check_has_an_answer_of_the_official_emulator_on_record() -> None:
    assert set(recorded.read()) == {check.name for check in CHECKS}


@pytest.mark.skipif(
    OFFICIAL is None, reason="no Cloud SDK with the Firestore emulator, or no Java, is installed"
)
@pytest.mark.timeout(300)
async def test_our_firestore_answers_as_the_official_one_does() -> None:
    try:
        async with official() as theirs, ours() as own:
            expected, given = await asyncio.gather(answers(theirs, CHECKS), answers(own, CHECKS))
    except UnfitJava as problem:
        pytest.skip(str(problem))

    _compare(expected, given)


@pytest.mark.skipif(OFFICIAL is not None, reason="the official emulator is installed and asked itself")
@pytest.mark.timeout(300)
async def test_our_firestore_answers_as_the_official_one_did() -> None:
    async with ours() as own:
        given = await answers(own, CHECKS)

    _compare(recorded.read(), given)


def _compare(expected: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Fail with all differences at once."""
    differences = [
        _difference(name, answer, given[name]) for name, answer in expected.items() if given[name] != answer
    ]
    assert not differences, "\n".join(
        [f"{len(differences)} of {len(expected)} answers differ:", *differences]
    )


def _difference(name: str, expected: str, given: str) -> str:
    """Show both answers from a little before they part."""
    start = max(0, len(os.path.commonprefix([expected, given])) - 60)  # noqa: RUF071 - letters are meant
    return f"{name}\n  official: {expected[start:][:400]}\n  ours:     {given[start:][:400]}"
