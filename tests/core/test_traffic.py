"""Traffic truth on the shapes that services come in, each a row: what was asked, what is, what it means."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.model import Revision, RevisionState, Service, TrafficTarget
from buddy_tui.traffic import Share, in_words, shares, truth
from tests.make import failed, latest, revision, service, target

A, B, C = "api-00001-aaa", "api-00002-bbb", "api-00003-ccc"
FULL_B = f"projects/acme-prod/locations/europe-west1/services/api/revisions/{B}"
GOOD_A, GOOD_B, BAD_B, BAD_C = revision(A), revision(B), failed(B), failed(C)
PENDING_B = revision(B, state=RevisionState.PENDING, reason="", conditions=())


@dataclass(frozen=True)
class Shape:
    """A service as the wire tells it, and the truth about it."""

    about: str
    desired: tuple[TrafficTarget, ...]
    effective: tuple[TrafficTarget, ...]
    revisions: tuple[Revision, ...]
    headline: str
    ready: str = A
    created: str = ""
    pinned: bool = False
    next_percent: int = 100
    diverged: bool = False
    poisoned: tuple[str, ...] = ()
    reconciling: bool = False
    generation: int = 1
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


SHAPES = (
    Shape(
        "an empty list is all to latest",
        (), (latest(100, revision=A),), (GOOD_A,), f"FOLLOWS LATEST: {A}",
        says=("takes 100 % as soon as it is ready",), silent=("DIVERGED", "POISONED"),
    ),
    Shape("latest at 100", (latest(100),), (latest(100, revision=A),), (GOOD_A,), f"FOLLOWS LATEST: {A}"),
    Shape(
        "pinned by name to the newest",
        (target(A, 100),), (target(A, 100),), (GOOD_A,), f"PINNED to {A}",
        pinned=True, next_percent=0, says=("gets 0 %",),
    ),
    Shape(
        "rolled back: pinned to the older, the newer is good",
        (target(A, 100),), (target(A, 100),), (GOOD_B, GOOD_A), f"PINNED to {A}",
        ready=B, created=B, pinned=True, next_percent=0, silent=("LATEST means",),
    ),
    Shape(
        "rolled back: pinned to the last good one, the newer failed",
        (target(A, 100),), (target(A, 100),), (BAD_B, GOOD_A), f"PINNED to {A}",
        created=B, pinned=True, next_percent=0,
        says=(f"LATEST means {A}: the newest revision, {B}, failed (did not start)",),
        silent=("POISONED", "DIVERGED"),
    ),
    Shape(
        "latest is the latest ready, not the latest created",
        (latest(100),), (latest(100, revision=A),), (BAD_B, GOOD_A), f"FOLLOWS LATEST: {A}",
        created=B, says=(f"LATEST means {A}",), silent=("DIVERGED",),
    ),
    Shape(
        "a revision on its way up",
        (latest(100),), (latest(100, revision=A),), (PENDING_B, GOOD_A), f"FOLLOWS LATEST: {A}",
        created=B, reconciling=True, says=("still at work", "is not ready yet"),
    ),
    Shape(
        "ready, but the service has not taken note (a no-traffic deployment)",
        (target(A, 100), target(B, 0, "next")), (target(A, 100), target(B, 0, "next")), (GOOD_B, GOOD_A),
        f"PINNED to {A}", created=B, pinned=True, next_percent=0,
        says=("has not taken note of it", f"without traffic: next on {B}"),
    ),
    Shape(
        "split by name",
        (target(A, 50), target(B, 50)), (target(A, 50), target(B, 50)), (GOOD_B, GOOD_A),
        f"PINNED split: {A} 50 %, {B} 50 %", ready=B, created=B, pinned=True, next_percent=0,
    ),
    Shape(
        "split by name with tags in entries of their own",
        (target(A, 50), target(B, 50), target(A, 0, "stable"), target(B, 0, "canary")),
        (target(A, 50), target(B, 50), target(A, 0, "stable"), target(B, 0, "canary")),
        (GOOD_B, GOOD_A), f"PINNED split: {A} 50 %, {B} 50 %", ready=B, created=B, pinned=True, next_percent=0,
        silent=("Reachable by tag",),
    ),
    Shape(
        "split between a name and latest",
        (target(A, 80), latest(20)), (target(A, 80), latest(20, revision=B)), (GOOD_B, GOOD_A),
        f"SPLIT: {A} 80 %, {B} 20 %", ready=B, created=B, next_percent=20, says=("takes 20 %",),
    ),
    Shape(
        "latest in two entries",
        (latest(60), latest(40, "now")), (latest(60, revision=A), latest(40, "now", revision=A)), (GOOD_A,),
        f"FOLLOWS LATEST: {A}",
    ),
    Shape(
        "latest and the same revision by name",
        (target(A, 30), latest(70)), (target(A, 30), latest(70, revision=A)), (GOOD_A,),
        f"FOLLOWS LATEST: {A}", next_percent=70, says=("takes 70 %",),
    ),
    Shape(
        "a target by name and latest merged by the platform",
        (target(A, 30), latest(70)), (latest(100, revision=A),), (GOOD_A,), f"FOLLOWS LATEST: {A}",
        next_percent=70, silent=("DIVERGED",),
    ),
    Shape(
        "the tag-only entry comes first",
        (target(B, 0, "canary"), target(A, 100)), (target(B, 0, "canary"), target(A, 100)), (GOOD_B, GOOD_A),
        f"PINNED to {A}", ready=B, created=B, pinned=True, next_percent=0, says=(f"canary on {B}",),
    ),
    Shape(
        "a zero-percent entry without a tag means nothing",
        (target(A, 100), target(B, 0)), (target(A, 100),), (GOOD_B, GOOD_A), f"PINNED to {A}",
        ready=B, created=B, pinned=True, next_percent=0, silent=("DIVERGED", "Reachable by tag"),
    ),
    Shape(
        "a tag on latest floats, and gives latest no traffic",
        (target(A, 100), latest(0, "edge")), (target(A, 100), latest(0, "edge", revision=B)), (GOOD_B, GOOD_A),
        f"PINNED to {A}", ready=B, created=B, pinned=True, next_percent=0, says=(f"edge on {B}",),
        silent=("DIVERGED",),
    ),
    Shape(
        "poisoned by percent: a canary that failed",
        (target(A, 90), target(B, 10)), (target(A, 100),), (BAD_B, GOOD_A), f"PINNED to {A}",
        created=B, pinned=True, next_percent=0, diverged=True, poisoned=(B,),
        says=(f"asked for {A} 90 %, {B} 10 %; effective is {A} 100 %", f"still names {B}, which failed"),
    ),
    Shape(
        "poisoned by tag: a tagged candidate that failed",
        (target(A, 100), target(B, 0, "next")), (target(A, 100),), (BAD_B, GOOD_A), f"PINNED to {A}",
        created=B, pinned=True, next_percent=0, diverged=True, poisoned=(B,),
        says=(f"tag next was asked for on {B}, and is on nothing", "POISONED"),
    ),
    Shape(
        "poisoned and latest: the next deployment still counts",
        (latest(100), target(B, 0, "next")), (latest(100, revision=A),), (BAD_B, GOOD_A), f"FOLLOWS LATEST: {A}",
        created=B, diverged=True, poisoned=(B,),
    ),
    Shape(
        "traffic names a revision that is gone",
        (target(C, 100),), (target(A, 100),), (GOOD_A,), f"PINNED to {C}, yet {A} serves",
        pinned=True, next_percent=0, diverged=True, poisoned=(C,), says=(f"still names {C}, which is gone",),
    ),
    Shape(
        "revisions not listed yet: nobody is called gone",
        (target(A, 100),), (target(A, 100),), (), f"PINNED to {A}", pinned=True, next_percent=0,
        silent=("POISONED",),
    ),
    Shape(
        "accepted, and traffic did not move",
        (target(B, 100),), (target(A, 100),), (GOOD_B, GOOD_A), f"PINNED to {B}, yet {A} serves",
        ready=B, created=B, pinned=True, next_percent=0, diverged=True,
        says=(f"asked for {B} 100 %; effective is {A} 100 %",),
    ),
    Shape(
        "asked for latest, and still on the old name",
        (latest(100),), (target(A, 100),), (GOOD_B, GOOD_A), f"SERVES {A}",
        ready=B, created=B, diverged=True,
    ),
    Shape(
        "moving right now: different lists are no alarm yet",
        (target(B, 100),), (target(A, 100),), (GOOD_B, GOOD_A), f"PINNED to {B}, yet {A} serves",
        ready=B, created=B, pinned=True, next_percent=0, diverged=True, reconciling=True,
        says=("still at work",), silent=("DIVERGED",),
    ),
    Shape(
        "a tag moved by somebody",
        (target(A, 100), target(A, 0, "blue")), (target(A, 100), target(B, 0, "blue")), (GOOD_B, GOOD_A),
        f"PINNED to {A}", ready=B, created=B, pinned=True, next_percent=0, diverged=True,
        says=(f"tag blue was asked for on {A}, and is on {B}",),
    ),
    Shape(
        "a tag cleaned up by the platform",
        (target(A, 100), target(B, 0, "blue")), (target(A, 100),), (GOOD_B, GOOD_A), f"PINNED to {A}",
        ready=B, created=B, pinned=True, next_percent=0, diverged=True, says=("is on nothing",),
    ),
    Shape(
        "never deployed",
        (), (), (), "NOTHING SERVES", ready="", diverged=True,
        says=("Nothing was ever deployed: the first deployment takes 100 %",),
    ),
    Shape(
        "no revision was ever ready",
        (latest(100),), (), (BAD_B, failed(A)), "NOTHING SERVES", ready="", created=B, diverged=True,
        says=("No revision was ever ready", f"LATEST means nothing: the newest revision, {B}, failed"),
    ),
    Shape(
        "the first revision is booting",
        (), (), (revision(A, state=RevisionState.PENDING),), "NOTHING SERVES", ready="", created=A,
        reconciling=True, diverged=True, says=("is not ready yet",),
    ),
    Shape(
        "effective traffic is only tags",
        (target(A, 0, "blue"),), (target(A, 0, "blue"),), (GOOD_A,), "NOTHING SERVES",
        pinned=True, next_percent=0, says=("No revision receives traffic",),
    ),
    Shape(
        "full resource names",
        (target(FULL_B, 100),), (target(FULL_B, 100),), (revision(FULL_B), GOOD_A), f"PINNED to {B}",
        ready=FULL_B, created=FULL_B, pinned=True, next_percent=0, silent=("POISONED", "DIVERGED", "LATEST means"),
    ),
    Shape(
        "full name asked, short name effective",
        (target(FULL_B, 100),), (target(B, 100),), (GOOD_B,), f"PINNED to {B}",
        ready=B, created=B, pinned=True, next_percent=0, silent=("DIVERGED",),
    ),
    Shape(
        "serving a retired revision again",
        (target(A, 100),), (target(A, 100),), (GOOD_B, revision(A, state=RevisionState.RETIRED)), f"PINNED to {A}",
        ready=B, created=B, pinned=True, next_percent=0, silent=("POISONED",),
    ),
    Shape(
        "the last change was not taken over, though the lists agree",
        (latest(100),), (latest(100, revision=A),), (BAD_B, GOOD_A), f"FOLLOWS LATEST: {A}",
        created=B, generation=2, says=("generation 2 was asked for, 1 serves",),
    ),
    Shape(
        "asked for a name, and latest still serves",
        (target(B, 50), target(C, 50)), (latest(100, revision=A),), (revision(C), GOOD_B, GOOD_A),
        f"PINNED split: {B} 50 %, {C} 50 %, yet {A} serves", ready=A, created=C, pinned=True, next_percent=0,
        diverged=True,
    ),
    Shape(
        "asked for one name, and others still serve",
        (target(C, 100),), (target(A, 60), target(B, 40)), (revision(C), GOOD_B, GOOD_A),
        f"PINNED to {C}, yet {A} 60 %, {B} 40 % serve", ready=C, created=C, pinned=True, next_percent=0,
        diverged=True,
    ),
    Shape(
        "latest stands for nothing as long as nothing is ready",
        (latest(100),), (latest(100),), (BAD_B,), "NOTHING SERVES", ready="", created=B,
        says=("so every request fails",),
    ),
    Shape(
        "a tag on latest stands for nothing as long as nothing is ready",
        (target(B, 100), latest(0, "edge")), (latest(0, "edge"),), (BAD_B,), "NOTHING SERVES", ready="", created=B,
        pinned=True, next_percent=0, diverged=True, poisoned=(B,), says=("edge on nothing yet",),
    ),
    Shape(
        "what serves has failed since",
        (latest(100),), (latest(100, revision=B),), (BAD_B, GOOD_A), f"FOLLOWS LATEST: {B}", ready=B, created=B,
        says=(f"{B} has 100 % of the traffic, and it failed (did not start)",),
    ),
    Shape(
        "the newest revision was deleted",
        (latest(100),), (latest(100, revision=A),), (GOOD_A,), f"FOLLOWS LATEST: {A}", created=C,
        says=(f"the newest revision, {C}, is gone",),
    ),
    Shape(
        "three ways",
        (target(A, 33), target(B, 33), target(C, 34)), (target(A, 33), target(B, 33), target(C, 34)),
        (revision(C), GOOD_B, GOOD_A), f"PINNED split: {C} 34 %, {A} 33 %, {B} 33 %",
        ready=C, created=C, pinned=True, next_percent=0,
    ),
)  # fmt: skip


def made(shape: Shape) -> Service:
    return service(
        desired=shape.desired,
        effective=shape.effective,
        latest_ready=shape.ready,
        latest_created=shape.created or shape.ready,
        reconciling=shape.reconciling,
        generation=shape.generation,
        observed_generation=1,
    )


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.about)
def test_the_truth_about_a_service_is_told(shape: Shape) -> None:
    told = truth(made(shape), shape.revisions)

    assert told.headline == shape.headline
    assert told.pinned is shape.pinned
    assert told.next_deploy_percent == shape.next_percent
    assert told.diverged is shape.diverged
    assert told.poisoned == shape.poisoned
    text = " ".join(told.notes)
    assert [part for part in shape.says if part not in text] == []
    assert [part for part in shape.silent if part in text] == []


def test_there_are_enough_shapes() -> None:
    assert len({shape.about for shape in SHAPES}) >= 30


def test_all_entries_of_a_revision_are_one_share() -> None:
    joined = shares(
        (target(B, 0, "canary", "http://canary"), target(A, 70), target(B, 30), target(B, 0, "next"))
    )

    assert joined == (
        Share(A, 70),
        Share(B, 30, latest=False, tags=("canary", "next"), uris=("http://canary", "")),
    )


def test_nobody_with_traffic_is_called_nothing() -> None:
    assert in_words((Share(A, 0, tags=("blue",)),)) == "nothing"


TARGETS = st.lists(
    st.builds(
        TrafficTarget,
        revision=st.sampled_from((A, B, C)),
        percent=st.integers(0, 100),
        tag=st.sampled_from(("", "blue", "green")),
    ),
    max_size=6,
)


@given(TARGETS)
def test_joining_loses_neither_a_percent_nor_a_tag(targets: list[TrafficTarget]) -> None:
    joined = shares(targets)

    assert sum(share.percent for share in joined) == sum(each.percent for each in targets)
    assert sorted(tag for share in joined for tag in share.tags) == sorted(
        each.tag for each in targets if each.tag
    )
    assert len({share.revision for share in joined}) == len(joined)


@given(TARGETS, TARGETS)
def test_order_of_entries_changes_nothing(
    desired: list[TrafficTarget], effective: list[TrafficTarget]
) -> None:
    distinct = {each.tag: each for each in desired if each.tag}
    asked = [each for each in desired if not each.tag] + list(distinct.values())

    one = truth(service(desired=tuple(asked), effective=tuple(effective), latest_ready=A), ())
    other = truth(service(desired=tuple(reversed(asked)), effective=tuple(effective), latest_ready=A), ())

    assert (one.pinned, one.next_deploy_percent, one.diverged) == (
        other.pinned,
        other.next_deploy_percent,
        other.diverged,
    )
