"""What a way back may meet, each a sentence before anything is done."""

import pytest

from buddy_tui.actions.hazards import crossed, hazards, moved
from buddy_tui.model import Container, Revision
from tests.core.actions.histories.build import good, name

OLD, NEW = name(2), name(3)


def _with(number: int, **over: object) -> Revision:
    return good(number, 10 - number, containers=(Container(port=8080, **over),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "current", "sentence"),
    [
        (
            good(2, 8),
            good(3, 1, labels=(("buddy-tui-irreversible", "v2"),)),
            f"{NEW} is marked irreversible and is newer than {OLD}, which may not be able to work with what it left.",
        ),
        (
            _with(2, memory="512Mi", env_names=("A", "B")),
            _with(3, memory="1Gi", env_names=("B", "C")),
            (
                f"{OLD} has other settings than {NEW}: "
                "environment without C; environment with A; memory 512Mi instead of 1Gi."
            ),
        ),
        (
            _with(2, secret_names=("key", "password")),
            _with(3, secret_names=("key", "password")),
            (
                f"{OLD} reads 2 secrets (key, password) when an instance starts: "
                "a reference to `latest` gets today's value, not that of then."
            ),
        ),
    ],
)
def test_a_hazard_is_told_in_one_sentence(target: Revision, current: Revision, sentence: str) -> None:
    assert hazards(target, current, revisions=(current, target)) == (sentence,)


def test_an_image_that_is_gone_comes_first() -> None:
    target = _with(2, secret_names=("key",))

    told = hazards(target, _with(3, secret_names=("key",)), image=False)

    assert told[0] == f"The image of {OLD} is gone from its registry: new instances may not start."
    assert len(told) == 2


def test_a_way_back_between_equals_has_no_hazard() -> None:
    assert hazards(good(2, 8), good(3, 1)) == ()
    assert hazards(good(2, 8), None, image=True) == ()


def test_the_first_mark_on_the_way_counts_and_one_at_its_start_does_not() -> None:
    marked = (("buddy-tui.dev/irreversible", ""),)
    revisions = tuple(good(number, 10 - number, labels=marked) for number in (5, 4, 3, 2))

    assert crossed(revisions[-1], revisions[0], revisions) == name(3)
    assert crossed(revisions[0], revisions[0], revisions) == ""
    assert crossed(revisions[1], None, revisions) == name(5)


def test_a_mark_that_says_no_is_none() -> None:
    revisions = (good(3, 1, labels=(("buddy-tui-irreversible", "false"),)), good(2, 8))

    assert crossed(revisions[1], revisions[0], revisions) == ""


def test_settings_are_told_by_name_and_never_by_value() -> None:
    old = good(2, 8, concurrency=80, service_account="a@x", timeout_seconds=60, max_instances=0)
    new = good(3, 1, concurrency=8, service_account="b@x", timeout_seconds=300, max_instances=5)

    assert moved(old, new) == (
        "concurrency 80 instead of 8",
        "timeout 60 s instead of 300 s",
        "service account a@x instead of b@x",
        "instances at most by default instead of 5",
    )
