"""Where each revision can be asked, and why some cannot."""

import re
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.errors import NotFound
from buddy_tui.model import Revision, RevisionState, Service, TrafficTarget
from buddy_tui.probes import targets_of
from buddy_tui.probes.values import Refusal, Target
from tests import make

OLD, STABLE, CANARY = "api-00040-wam", "api-00041-kub", "api-00042-xez"
REVISIONS = tuple(make.revision(one) for one in (CANARY, STABLE, OLD))


def address(tag: str) -> str:
    return f"https://{tag}---api-abcdefghij-ew.a.run.app"


def tagged(revision: str, tag: str, percent: int = 0) -> TrafficTarget:
    return make.target(revision, percent, tag, address(tag))


def service(*effective: TrafficTarget, **over: Any) -> Service:  # noqa: ANN401 - any field of Service
    return make.service(effective=effective, **over)


def test_the_address_is_the_tags_and_the_audience_is_the_services() -> None:
    (serving, canary) = targets_of(
        service(tagged(STABLE, "stable", 100), tagged(CANARY, "canary")), REVISIONS
    )

    assert serving == Target(
        STABLE,
        "https://stable---api-abcdefghij-ew.a.run.app",
        "https://api-abcdefghij-ew.a.run.app",
        ("https://stable---api-abcdefghij-ew.a.run.app",),
        100,
        service=make.NAME,
    )
    assert (canary.revision, canary.base, canary.percent) == (CANARY, address("canary"), 0)


def test_the_audience_is_the_services_even_where_it_has_others_of_its_own() -> None:
    (one,) = targets_of(
        service(tagged(STABLE, "stable", 100), custom_audiences=("https://api.example.com",)), REVISIONS
    )

    assert one.audience == "https://api-abcdefghij-ew.a.run.app"


def test_where_nobody_is_checked_no_token_is_asked_for() -> None:
    (one,) = targets_of(service(tagged(STABLE, "stable", 100), invoker_iam_disabled=True), REVISIONS)

    assert one.audience == ""


def test_a_revision_without_a_tag_is_never_asked_at_the_address_that_traffic_decides_about() -> None:
    (one,) = targets_of(service(make.latest(100, revision=STABLE)), REVISIONS)

    assert (one.base, one.origins, one.refusal) == ("", (), Refusal.NO_ADDRESS)
    assert one.reason == f"No tag leads to {STABLE}, so it has no address of its own."
    assert one.fix == (
        "gcloud run services update-traffic api --update-tags probe-00041-kub=api-00041-kub"
        " --region europe-west1 --project acme-prod"
    )


def test_a_tag_on_latest_leads_to_what_latest_stands_for() -> None:
    (one,) = targets_of(service(make.latest(100, "live", revision=STABLE, uri=address("live"))), REVISIONS)

    assert (one.revision, one.base) == (STABLE, address("live"))


def test_the_serving_revision_is_the_one_with_the_most_traffic_not_the_first_of_the_list() -> None:
    look = service(
        tagged(CANARY, "canary"), make.target(OLD, 10), make.target(STABLE, 50), tagged(STABLE, "stable", 40)
    )

    assert [(one.revision, one.percent) for one in targets_of(look, REVISIONS)] == [(STABLE, 90), (CANARY, 0)]


def test_without_a_wish_all_that_have_an_address_come_serving_ones_first_then_the_newest() -> None:
    look = service(tagged(OLD, "old"), tagged(CANARY, "canary"), tagged(STABLE, "stable", 100))

    assert [one.revision for one in targets_of(look, REVISIONS)] == [STABLE, CANARY, OLD]


def test_a_wish_gets_what_it_names_and_the_serving_revision_beside_it() -> None:
    look = service(tagged(OLD, "old"), tagged(CANARY, "canary"), tagged(STABLE, "stable", 100))

    assert [one.revision for one in targets_of(look, REVISIONS, [CANARY])] == [STABLE, CANARY]
    assert [one.revision for one in targets_of(look, REVISIONS, [STABLE])] == [STABLE]


def test_a_revision_that_is_not_there_is_named_with_its_neighbours() -> None:
    with pytest.raises(NotFound, match="no revision api-00042-xxx of service api") as raised:
        targets_of(service(tagged(STABLE, "stable", 100)), REVISIONS, ["api-00042-xxx"])

    assert CANARY in raised.value.hint


def test_a_service_that_nobody_serves_and_no_tag_leads_to_has_nobody_to_ask() -> None:
    assert targets_of(service(), REVISIONS) == ()


def test_a_disabled_address_says_how_to_enable_it() -> None:
    (one,) = targets_of(service(tagged(STABLE, "stable", 100), default_uri_disabled=True), REVISIONS)

    assert one.refusal is Refusal.ADDRESS_DISABLED
    assert one.fix == (
        "gcloud beta run services update api --default-url --region europe-west1 --project acme-prod"
    )


@pytest.mark.parametrize(
    ("state", "told", "words"),
    [
        (RevisionState.FAILED, "HealthCheckContainerError", f"{CANARY} failed: did not start."),
        (RevisionState.FAILED, "", f"{CANARY} failed."),
        (RevisionState.PENDING, "", f"{CANARY} is not ready yet."),
    ],
)
def test_a_revision_that_does_not_run_is_not_asked(state: RevisionState, told: str, words: str) -> None:
    canary = make.revision(CANARY, state=state, reason=told)
    look = service(tagged(STABLE, "stable", 100), tagged(CANARY, "canary"))

    refused = targets_of(look, (canary, *REVISIONS[1:]))[1]

    assert (refused.refusal, refused.reason) == (Refusal.NOT_RUNNING, words)


@pytest.mark.parametrize("state", [RevisionState.READY, RevisionState.RETIRED])
def test_a_revision_that_sleeps_is_asked_for_it_wakes(state: RevisionState) -> None:
    (one,) = targets_of(service(tagged(STABLE, "stable", 100)), (make.revision(STABLE, state=state),))

    assert one.refusal is None


@pytest.mark.parametrize("ingress", ["internal", "internal_load_balancer"])
def test_ingress_from_inside_alone_refuses_nobody_beforehand_for_we_may_stand_inside(ingress: str) -> None:
    (one,) = targets_of(service(tagged(STABLE, "stable", 100), ingress=ingress), REVISIONS)

    assert (one.refusal, one.ingress) == (None, ingress)


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,47}[a-z0-9]", fullmatch=True)
SUFFIXES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)


@given(
    NAMES,
    SUFFIXES,
    st.sets(st.sampled_from(["probe-00001-abc", "p-abc", "probe-abc"])),
    st.sampled_from(["{0}-{1}", "{1}"]),
)
def test_the_command_that_adds_a_tag_is_valid_or_there_is_none(
    short: str, suffix: str, taken: set[str], named: str
) -> None:
    revision = named.format(short, suffix)
    others = tuple(make.target(f"{short}-00000-zzz", 0, tag) for tag in sorted(taken))
    look = make.service(make.name(short), effective=(make.target(revision, 100), *others))

    one = targets_of(look, (Revision(revision, state=RevisionState.READY),))[0]

    assert one.refusal is Refusal.NO_ADDRESS
    if not one.fix:
        assert len(short) > 46 - len("p-x")
        return
    words = shlex.split(one.fix)
    tag, _, tagged_one = words[words.index("--update-tags") + 1].partition("=")
    assert tagged_one == revision
    assert tag not in taken
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", tag)
    assert 3 <= len(tag) <= 46 - len(short)


TARGETS = st.lists(
    st.builds(
        TrafficTarget,
        st.sampled_from([OLD, STABLE, CANARY, "api-00039-gon"]),
        st.integers(0, 100),
        st.sampled_from(["", "a", "b", "c"]),
        st.booleans(),
        st.sampled_from(["", address("a"), address("b")]),
    ),
    max_size=6,
)


@given(TARGETS, st.sets(st.sampled_from([OLD, STABLE, CANARY])))
def test_every_target_is_either_refused_in_words_or_has_an_address_of_a_tag(
    effective: list[TrafficTarget], wanted: set[str]
) -> None:
    look = service(*effective)

    targets = targets_of(look, REVISIONS, sorted(wanted))

    assert len({one.revision for one in targets}) == len(targets)
    assert wanted <= {one.revision for one in targets}
    for one in targets:
        assert bool(one.reason) is (one.refusal is not None)
        if one.refusal is None:
            assert one.base in {
                other.uri for other in effective if other.revision == one.revision and other.tag
            }
            assert one.base != look.uri
            assert one.origins == (one.base,)
    percents = [one.percent for one in targets]
    assert not percents or percents[0] == max(percents)
