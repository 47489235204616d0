import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from buddy_tui.actions.arithmetic import (
    ALL_TO_LATEST,
    LATEST,
    all_to,
    changed,
    key_of,
    no_traffic,
    percents_of,
    same,
    tagged,
    tags_of,
    to_latest,
    untagged,
)
from buddy_tui.actions.values import Targets
from buddy_tui.emulator.official import usual_places
from buddy_tui.errors import UsageProblem
from tests.core.actions.lists import KEYS, TAGS, any_list, any_percents, entry

LISTS = 10_000
A, B, C, D, *_ = KEYS
_MODULE = Path("googlecloudsdk", "api_lib", "run", "traffic.py")


def _library() -> Path | None:
    """Return the `lib` folder of a Cloud SDK, if there is one on this machine."""
    gcloud = shutil.which("gcloud")
    roots = [*([Path(gcloud).resolve().parent.parent] if gcloud else []), *usual_places(os.environ)]
    return next((root / "lib" for root in roots if (root / "lib" / _MODULE).is_file()), None)


LIBRARY = _library()


Pairs = list[tuple[str, int]]
SHARED_OUT: list[tuple[Pairs, dict[str, int], Pairs]] = [
    ([(A, 33), (B, 33), (C, 34)], {D: 10}, [(A, 30), (B, 30), (C, 30), (D, 10)]),
    ([(A, 100)], {B: 10}, [(A, 90), (B, 10)]),
    ([(LATEST, 100)], {A: 25}, [(A, 25), (LATEST, 75)]),
    ([(A, 50), (B, 50)], {A: 0}, [(B, 100)]),
    ([(A, 50), (B, 50)], {C: 1}, [(A, 50), (B, 49), (C, 1)]),
    ([(A, 98), (B, 1), (C, 1)], {D: 99}, [(A, 1), (B, 0), (C, 0), (D, 99)]),
    ([(C, 10), (A, 90)], {LATEST: 100}, [(LATEST, 100)]),
    ([], {A: 40}, [(A, 40), (LATEST, 60)]),
    (
        [(A, 20), (A, 30), (B, 50)],
        {C: 0},
        [(A, 38), (B, 62)],
    ),  # the last entry of a revision alone is weighed
    ([(A, 17), (B, 16), (C, 67)], {D: 98}, [(A, 1), (B, 0), (C, 1), (D, 98)]),  # floating point decides a tie
]


@pytest.mark.parametrize(("before", "percents", "after"), SHARED_OUT)
def test_percents_are_shared_out_as_gcloud_does(
    before: Pairs, percents: dict[str, int], after: Pairs
) -> None:
    assert changed(_list(before), percents) == _list(after)


@pytest.mark.parametrize(
    ("before", "percents", "words"),
    [
        ([(A, 100)], {A: 60, B: 41}, "Over 100% of traffic is specified."),
        (
            [(A, 100)],
            {A: 60},
            "Every target with traffic is updated but 100% of traffic has not been specified.",
        ),
        ([(A, 100)], {A: 101, B: -1}, f"New traffic for target {A} is 101, not between 0 and 100"),
        ([(A, 90)], {B: 10}, "Current traffic allocation of 90 is not 100 percent"),
        ([(A, 110), (B, -10)], {C: 10}, f"Current traffic for target {B} is negative (-10)"),
    ],
)
def test_percents_that_do_not_fit_are_refused_in_gclouds_words(
    before: Pairs, percents: dict[str, int], words: str
) -> None:
    with pytest.raises(UsageProblem) as refusal:
        changed(_list(before), percents)

    assert str(refusal.value) == words
    assert refusal.value.hint


def test_a_tag_stays_when_its_revision_loses_its_traffic_and_stands_apart_then() -> None:
    before = (entry(A, 90, "stable"), entry(B, 10, "canary"))

    assert changed(before, {A: 0, B: 100}) == (entry(B, 100), entry(A, 0, "stable"), entry(B, 0, "canary"))


def test_a_tag_moves_and_leaves_the_percent_of_its_former_revision_alone() -> None:
    before = (entry(A, 90, "stable"), entry(B, 10), entry(C, 0, "canary"))

    assert tagged(before, {"stable": B, "canary": LATEST}) == (
        entry(A, 90),
        entry(B, 10),
        entry(LATEST, 0, "canary"),
        entry(B, 0, "stable"),
    )


def test_an_empty_list_follows_latest_when_something_is_added_to_it() -> None:
    assert tagged((), {"canary": A}) == (entry(LATEST, 100), entry(A, 0, "canary"))
    assert untagged((), ["canary"]) == ALL_TO_LATEST
    assert no_traffic((), A) == (entry(A, 100),)


@pytest.mark.parametrize("before", [(), (entry(B, 100, "x"), entry(A, 0, "y")), (entry(LATEST, 100, "x"),)])
def test_a_list_that_is_not_touched_stays_exactly_as_it_was(before: Targets) -> None:
    assert changed(before, {}) is before
    assert tagged(before, {}) is before
    assert untagged(before, []) is before


def test_a_broken_list_does_not_stand_in_the_way_back() -> None:
    assert all_to((entry(A, 40), entry(B, 0, "prev")), C) == (entry(C, 100), entry(B, 0, "prev"))


def test_all_to_one_key_is_what_gcloud_makes_of_100_percent() -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    for _ in range(LISTS):
        targets, key = any_list(chance), chance.choice(KEYS)

        assert all_to(targets, key) == changed(targets, {key: 100})
        assert to_latest(targets) == changed(targets, {LATEST: 100})


def test_no_change_of_percents_loses_a_tag_or_a_percent() -> None:
    chance = random.Random(2)  # noqa: S311 - no secret
    done = 0
    for _ in range(LISTS * 2):
        before, percents = any_list(chance), any_percents(chance)
        after = _or_refused(before, percents)
        if after is None:
            continue
        done += 1

        assert sum(one.percent for one in after) == 100
        assert all(0 <= one.percent <= 100 for one in after)
        assert tags_of(after) == tags_of(before)
        assert {key: percents_of(after).get(key, 0) for key in percents} == percents
    assert done > LISTS


def test_changing_twice_changes_nothing_more_when_all_percents_are_named() -> None:
    chance = random.Random(3)  # noqa: S311 - no secret
    for _ in range(LISTS):
        percents = percents_of(any_list(chance))
        once = changed(any_list(chance), percents)

        assert changed(once, percents) == once


def test_the_order_of_a_list_does_not_matter_where_each_revision_has_one_percent() -> None:
    chance = random.Random(4)  # noqa: S311 - no secret
    for _ in range(LISTS):
        before, percents = any_list(chance), any_percents(chance)
        if len(percents_of(before)) < sum(one.percent > 0 for one in before):
            continue
        other = tuple(chance.sample(before, len(before)))

        one, two = _or_refused(before, percents), _or_refused(other, percents)

        assert one is two is None or (one and two and _sorted(one) == _sorted(two))


def test_tags_are_put_moved_and_taken_and_no_percent_moves_with_them() -> None:
    chance = random.Random(5)  # noqa: S311 - no secret
    for _ in range(LISTS):
        before, put, gone = any_list(chance), _any_tags(chance), chance.sample(TAGS, 2)

        after = tagged(untagged(before, gone), put)

        assert percents_of(after) == percents_of(before)
        assert tags_of(after) == {t: k for t, k in tags_of(before).items() if t not in gone} | put


def test_two_lists_are_the_same_whatever_their_form() -> None:
    assert same((), ALL_TO_LATEST)
    assert same((entry(A, 60, "x"), entry(A, 40)), (entry(A, 0, "x"), entry(A, 100)))
    assert not same((entry(A, 100, "x"),), (entry(A, 100),))


@pytest.mark.skipif(
    LIBRARY is None, reason="no Cloud SDK on this machine: gcloud's own traffic module is not there"
)
def test_gclouds_own_module_gives_the_same_lists_and_the_same_refusals() -> None:
    chance = random.Random(6)  # noqa: S311 - no secret
    known = [_asked(_list(before), percents) for before, percents, _ in SHARED_OUT]
    cases = [*known, *(_case(chance) for _ in range(LISTS + 5_000))]

    done = subprocess.run(
        [sys.executable, "-I", "-B", str(Path(__file__).with_name("gcloud.py")), str(LIBRARY)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    for case, answer in zip(cases, theirs, strict=True):
        assert _ours(case) == answer, case
    refusals = {answer.rstrip("0123456789-,: ") for answer in theirs if isinstance(answer, str)}
    assert len(refusals) > 3
    assert sum(isinstance(answer, list) for answer in theirs) > LISTS


def _case(chance: random.Random) -> dict[str, Any]:
    targets = list(any_list(chance))
    if targets and chance.random() < 0.02:
        targets[0] = replace(targets[0], percent=targets[0].percent + 1)
    percents = any_percents(chance) if chance.random() < 0.8 else {}
    tags = _any_tags(chance) if chance.random() < 0.5 else {}
    return _asked(tuple(targets), percents, tags) | {
        "remove": chance.sample(TAGS, 2) if chance.random() < 0.3 else [],
        "latest_ready": chance.choice(KEYS[:-1]) if chance.random() < 0.2 else "",
    }


def _asked(targets: Targets, percents: dict[str, int], tags: dict[str, str] | None = None) -> dict[str, Any]:
    # gcloud is told what an empty list means, where it would refuse to see 0 percent.
    told = targets or (() if tags and not percents else ALL_TO_LATEST)
    return {
        "targets": [[key_of(one), one.percent, one.tag] for one in told],
        "percents": percents,
        "tags": tags or {},
        "remove": [],
        "latest_ready": "",
    }


def _ours(case: dict[str, Any]) -> list[list[object]] | str:
    targets = tuple(entry(*one) for one in case["targets"])
    try:
        targets = changed(tagged(untagged(targets, case["remove"]), case["tags"]), case["percents"])
    except UsageProblem as refusal:
        return str(refusal)
    if case["latest_ready"]:
        targets = no_traffic(targets, case["latest_ready"])
    return [[key_of(one), one.percent, one.tag] for one in targets]


def _any_tags(chance: random.Random) -> dict[str, str]:
    return {tag: chance.choice(KEYS) for tag in chance.sample(TAGS, chance.randint(0, 3))}


def _or_refused(before: Targets, percents: dict[str, int]) -> Targets | None:
    try:
        return changed(before, percents)
    except UsageProblem:
        return None


def _sorted(targets: Targets) -> list[tuple[str, int, str]]:
    return sorted((key_of(one), one.percent, one.tag) for one in targets)


def _list(pairs: Pairs) -> Targets:
    return tuple(entry(key, percent) for key, percent in pairs)
