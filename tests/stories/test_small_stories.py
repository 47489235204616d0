"""The small stories: each leaves exactly the state that it promises."""

import pytest
from google.cloud import run_v2

from buddy_tui.emulator.stories import STORIES, find
from tests.stories.played import Played, play, short

_FAILED = run_v2.Condition.State.CONDITION_FAILED
_SUCCEEDED = run_v2.Condition.State.CONDITION_SUCCEEDED

Targets = list[tuple[str, int, str]]


def _targets(told: "list[run_v2.TrafficTarget] | list[run_v2.TrafficTargetStatus]") -> Targets:
    return [(one.revision, one.percent, one.tag) for one in told]


def _the_service(played: Played) -> run_v2.Service:
    (service,) = played.services.values()
    return service


def test_healthy_has_one_good_revision_that_follows_latest() -> None:
    played = play("healthy")
    service = _the_service(played)

    assert [short(one.name) for one in played.revisions] == ["buddy-app-00001-gdk"]
    assert service.terminal_condition.state == _SUCCEEDED
    assert not service.traffic
    assert _targets(list(service.traffic_statuses)) == [("", 100, "")]
    assert short(service.latest_ready_revision) == "buddy-app-00001-gdk"


def test_split_shares_the_traffic_under_two_tags() -> None:
    service = _the_service(play("split"))
    wanted = [("buddy-app-00001-gdk", 50, "stable"), ("buddy-app-00002-rpl", 50, "candidate")]

    assert _targets(list(service.traffic)) == wanted
    assert _targets(list(service.traffic_statuses)) == wanted
    assert len({one.uri for one in service.traffic_statuses}) == 2


def test_diverged_wants_what_never_started_and_serves_what_did() -> None:
    service = _the_service(play("diverged"))

    assert ("buddy-app-00002-rpl", 0, "candidate") in _targets(list(service.traffic))
    assert _targets(list(service.traffic_statuses)) == [("", 100, "")]
    assert service.generation != service.observed_generation
    assert service.terminal_condition.state == _FAILED


def test_a_split_with_latest_serves_the_newest_without_its_name() -> None:
    service = _the_service(play("latest-split"))
    wanted = [("buddy-app-00001-gdk", 50, "stable"), ("", 50, "newest")]

    assert _targets(list(service.traffic)) == wanted
    assert _targets(list(service.traffic_statuses)) == wanted
    assert short(service.latest_ready_revision) == "buddy-app-00002-rpl"


def test_an_image_that_is_gone_is_known_to_nobody_but_the_registry() -> None:
    played = play("image-gone")
    service = _the_service(played)

    assert [short(one.name)[-9:] for one in played.revisions] == ["00003-w8c", "00002-rpl", "00001-gdk"]
    assert len({one.containers[0].image for one in played.revisions}) == 3
    assert _targets(list(service.traffic_statuses)) == [("", 100, "")]
    assert service.terminal_condition.state == _SUCCEEDED


def test_empty_has_never_been_ready() -> None:
    played = play("empty")
    service = _the_service(played)

    assert len(played.revisions) == 1
    assert not service.latest_ready_revision
    assert not service.traffic_statuses
    assert service.terminal_condition.state == _FAILED


def test_many_has_a_thousand_revisions_of_forty_services_in_three_regions() -> None:
    played = play("many")
    owners = [one.service for one in played.revisions]

    assert len(owners) == 1000
    assert len(played.services) == len(set(owners)) == 40
    assert len({one.name.split("/")[3] for one in played.services.values()}) == 3
    assert max(map(owners.count, set(owners))) >= 400
    assert len({one.containers[0].image for one in played.revisions}) == 1
    assert {one.terminal_condition.state for one in played.services.values()} == {_SUCCEEDED}


def test_a_story_is_found_by_its_name() -> None:
    assert [find(story.name) for story in STORIES] == list(STORIES)


def test_an_unknown_story_names_those_that_are() -> None:
    names = ", ".join(story.name for story in STORIES)
    with pytest.raises(ValueError, match=rf"no story 'budy'.*{names}"):
        find("budy")
