from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.actions.arithmetic import LATEST
from buddy_tui.actions.drafting import Terms, nothing_to_do
from buddy_tui.actions.marks import Lock, RolledBack, lock_values, rolled_back_values
from buddy_tui.actions.promote import promote
from buddy_tui.actions.restore_latest import restore_latest
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.split import split
from buddy_tui.actions.tags import tag, untag
from buddy_tui.actions.undo import put_back, undo
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.model import Container, Revision, RevisionState, Service
from tests import make

OLD, MID, NEW, BROKEN, UNBORN = (f"api-0000{number}-{chr(96 + number) * 3}" for number in range(1, 6))
ME, BOB = "me@example.com", "bob@example.com"
TERMS = Terms(make.NOW, who=ME)
REVISIONS = (
    make.revision(UNBORN, state=RevisionState.PENDING, created=make.NOW),
    make.failed(BROKEN, created=make.NOW - timedelta(hours=1)),
    make.revision(NEW, created=make.NOW - timedelta(hours=2)),
    make.revision(MID, created=make.NOW - timedelta(hours=3)),
    make.revision(OLD, created=make.NOW - timedelta(hours=4), state=RevisionState.RETIRED),
)
PINNED = make.service(
    desired=(make.target(MID, 100, "stable"), make.target(NEW, 0, "canary")),
    effective=(make.target(MID, 100, "stable"), make.target(NEW, 0, "canary")),
    latest_created=NEW,
    latest_ready=NEW,
)
FOLLOWING = make.service(
    desired=(), effective=(make.latest(100, revision=NEW),), latest_created=NEW, latest_ready=NEW
)


def _marked(service: Service, values: dict[str, str | None]) -> Service:
    return replace(service, annotations=tuple((key, str(value)) for key, value in values.items()))


def _said(plan: Plan) -> str:
    return "\n".join((*plan.also, *plan.warnings, *plan.irrevocable))


def test_a_roll_back_pins_everything_by_name_and_keeps_every_tag() -> None:
    service = replace(
        PINNED, desired=(make.latest(90, "x"), make.target(OLD, 10, "prev"), make.target(NEW, 0, "y"))
    )

    plan = roll_back(service, REVISIONS, OLD, TERMS)

    assert plan == Plan(
        verb=Verb.ROLL_BACK,
        name=make.NAME,
        title=f"Roll back api to {OLD}",
        before=service.desired,
        after=(
            make.target(OLD, 100),
            make.latest(0, "x"),
            make.target(OLD, 0, "prev"),
            make.target(NEW, 0, "y"),
        ),
        etag='"etag-1"',
        state=plan.state,
        revision=OLD,
        also=(
            "The next deployment will get 0 %: traffic is pinned by name, until it is restored to the latest.",
            f"Tags stay: x on LATEST, prev on {OLD}, y on {NEW}.",
        ),
        warnings=(
            f"Traffic is not where it was asked to be: asked for {NEW} 90 %, {OLD} 10 %; effective is {MID} 100 %.",
            f"{OLD} is retired: it wakes up when traffic comes, and its first requests are slow.",
        ),
        irrevocable=(
            "What was written to databases and buckets meanwhile stays written.",
            "Requests under way end on the revision where they began.",
        ),
        command=f"gcloud run services update-traffic api --to-revisions {OLD}=100 "
        "--region europe-west1 --project acme-prod",
        undo_command=f"gcloud run services update-traffic api --to-revisions LATEST=90,{OLD}=10 "
        "--region europe-west1 --project acme-prod",
        needs_reason=True,
        rolled_back_from=MID,
    )


def test_a_roll_back_to_what_latest_means_pins_it_and_takes_traffic_from_nobody() -> None:
    plan = roll_back(FOLLOWING, REVISIONS, NEW, TERMS)

    assert (plan.refusal, plan.rolled_back_from) == ("", "")
    assert plan.after == (make.target(NEW, 100),)


def test_a_roll_back_of_a_broken_or_poisoned_list_is_possible_and_tells_what_leaves_it() -> None:
    broken = replace(
        PINNED, desired=(make.target(NEW, 40), make.target(BROKEN, 20), make.target("api-00000-zzz", 5))
    )

    plan = roll_back(broken, REVISIONS, MID, TERMS)

    assert (plan.refusal, plan.after) == ("", (make.target(MID, 100),))
    assert f"{BROKEN}, which cannot serve, leaves the list." in plan.also
    assert "api-00000-zzz, which cannot serve, leaves the list." in plan.also


def test_a_tag_that_keeps_a_failed_revision_in_the_list_is_warned_of_first() -> None:
    service = replace(
        PINNED, desired=(make.latest(100), make.target(BROKEN, 0, "bad"), make.target("gone", 0, "z"))
    )

    plan = roll_back(service, REVISIONS, MID, TERMS)

    assert plan.warnings[:2] == (
        f"The list still names {BROKEN}, which failed: Cloud Run may report its failure again, and leave traffic where it is.",
        "The list still names gone, which is gone: Cloud Run may refuse it until that is taken out.",
    )


@pytest.mark.parametrize(
    ("plan", "refusal", "hint"),
    [
        (
            roll_back(PINNED, REVISIONS, "api-00002-bbc", TERMS),
            "api has no revision api-00002-bbc.",
            f"Near: {MID}",
        ),
        (
            roll_back(PINNED, REVISIONS, BROKEN, TERMS),
            f"{BROKEN} failed (did not start) and cannot serve.",
            "Choose",
        ),
        (
            roll_back(PINNED, REVISIONS, UNBORN, TERMS),
            f"{UNBORN} was never ready so far and cannot serve.",
            "Wait",
        ),
        (roll_back(PINNED, REVISIONS, MID, TERMS), "Nothing to do: api is asked to be so already.", ""),
        (
            roll_back(make.service(latest_created="", latest_ready="", effective=()), (), "x", TERMS),
            "Nothing was ever deployed: the first deployment takes 100 %, it cannot be without traffic.",
            "Deploy",
        ),
        (
            split(PINNED, REVISIONS, {MID: 60, NEW: 60}, TERMS),
            "Over 100% of traffic is specified.",
            "Name percents",
        ),
        (
            split(PINNED, REVISIONS, {MID: 60}, TERMS),
            "Every target with traffic is updated but 100% of traffic has not been specified.",
            "Name percents",
        ),
        (split(PINNED, REVISIONS, {}, TERMS), "No percent was named.", ""),
        (
            split(PINNED, REVISIONS, {BROKEN: 10}, TERMS),
            f"{BROKEN} failed (did not start) and cannot serve.",
            "",
        ),
        (
            split(PINNED, REVISIONS, {MID: 100, NEW: 0}, TERMS),
            "Nothing to do: api is asked to be so already.",
            "",
        ),
        (
            split(replace(PINNED, latest_ready=""), REVISIONS, {LATEST: 10}, TERMS),
            "No revision was ever ready, so LATEST means nothing.",
            "Deploy",
        ),
        (
            split(replace(PINNED, desired=(make.target(MID, 90),)), REVISIONS, {NEW: 10}, TERMS),
            "Current traffic allocation of 90 is not 100 percent",
            "Roll back, or restore the latest",
        ),
        (promote(PINNED, REVISIONS, NEW, 0, TERMS), "0 % is no step: a promotion gives 1 to 100 %.", "split"),
        (
            promote(PINNED, REVISIONS, NEW, 101, TERMS),
            "101 % is no step: a promotion gives 1 to 100 %.",
            "split",
        ),
        (promote(PINNED, REVISIONS, MID, 50, TERMS), f"{MID} has 100 % already.", "split"),
        (promote(PINNED, REVISIONS, MID, 100, TERMS), "Nothing to do: api is asked to be so already.", ""),
        (
            promote(PINNED, REVISIONS, UNBORN, 10, TERMS),
            f"{UNBORN} was never ready so far and cannot serve.",
            "",
        ),
        (
            promote(FOLLOWING, REVISIONS, NEW, 10, TERMS),
            f"LATEST means {NEW}, which gets 100 % by that already.",
            "Roll back first",
        ),
        (restore_latest(FOLLOWING, REVISIONS, TERMS), "Nothing to do: api is asked to be so already.", ""),
        (
            restore_latest(replace(PINNED, latest_ready=""), REVISIONS, TERMS),
            "No revision was ever ready, so LATEST means nothing.",
            "",
        ),
        (tag(PINNED, REVISIONS, "stable", MID, TERMS), "Nothing to do: api is asked to be so already.", ""),
        (
            tag(PINNED, REVISIONS, "xyz", BROKEN, TERMS),
            f"{BROKEN} failed (did not start) and cannot serve.",
            "",
        ),
        (
            tag(PINNED, REVISIONS, "x" * 44, MID, TERMS),
            f"Tag and service name together may have 46 characters; {'x' * 44} and api have 47.",
            "Tags have",
        ),
        (untag(PINNED, REVISIONS, "blue", TERMS), "There is no tag blue.", "There are: stable, canary."),
        (untag(FOLLOWING, REVISIONS, "blue", TERMS), "There is no tag blue.", "There is no tag at all."),
        (
            undo(PINNED, REVISIONS, (make.target("a", 100), make.target("b", 0, "t")), TERMS),
            "The former list cannot come back: a, b are gone.",
            "Roll back to",
        ),
        (
            undo(PINNED, REVISIONS, (make.target(MID, 90),), TERMS),
            "The former list does not add up to 100 %.",
            "Roll back to",
        ),
        (
            undo(PINNED, REVISIONS, (make.target(MID, 110), make.target(NEW, -10)), TERMS),
            "The former list does not add up to 100 %.",
            "Roll back to",
        ),
        (
            undo(PINNED, REVISIONS, (make.target(BROKEN, 100),), TERMS),
            f"{BROKEN} failed (did not start) and cannot serve.",
            "Choose",
        ),
        (undo(PINNED, REVISIONS, PINNED.desired, TERMS), "Nothing to do: api is asked to be so already.", ""),
        (put_back(PINNED, PINNED.desired, TERMS), "Nothing to do: api is asked to be so already.", ""),
    ],
)
def test_a_plan_that_may_not_be_done_says_why_and_offers_nothing_to_copy(
    plan: Plan, refusal: str, hint: str
) -> None:
    assert plan.refusal == refusal
    assert hint in plan.hint
    assert nothing_to_do(plan) is refusal.startswith("Nothing to do")
    assert (plan.command, plan.undo_command, _said(plan)) == ("", "", "")


@pytest.mark.parametrize("name", ["", "1a", "Canary", "a_b", "-a", "a-", "a b", "é", "a\n"])
def test_a_tag_has_lower_case_letters_digits_and_hyphens_alone(name: str) -> None:
    assert tag(PINNED, REVISIONS, name, MID, TERMS).refusal == f"{name!r} cannot be a tag."


@pytest.mark.parametrize("name", ["a-1", "a1b", "v1-2-3", "x" * 43])
def test_a_tag_may_be_as_long_as_the_name_of_the_service_leaves_room(name: str) -> None:
    assert tag(PINNED, REVISIONS, name, MID, TERMS).refusal == ""


def test_a_tag_warns_from_whom_it_moves_and_leaves_traffic_alone() -> None:
    plan = tag(PINNED, REVISIONS, "stable", LATEST, TERMS)

    assert plan.after == (make.target(MID, 100), make.target(NEW, 0, "canary"), make.latest(0, "stable"))
    assert plan.warnings[0] == f"Tag stable is on {MID} now: who uses its address gets another revision."
    assert plan.also == (
        "Traffic stays as it is.",
        f"Tag stable moves from {MID} to LATEST.",
        f"A tag stays: canary on {NEW}.",
    )
    assert plan.irrevocable == ()


def test_a_tag_is_taken_away_with_its_address() -> None:
    plan = untag(PINNED, REVISIONS, "canary", TERMS)

    assert plan.after == (make.target(MID, 100, "stable"),)
    assert f"Tag canary is taken from {NEW}, and its address ends." in plan.also
    assert (plan.revision, plan.warnings) == (NEW, ())


def test_a_step_of_a_promotion_takes_from_the_others_as_they_stand() -> None:
    split_now = replace(
        PINNED, desired=(make.target(MID, 60), make.target(OLD, 40), make.target(NEW, 0, "canary"))
    )

    plan = promote(split_now, REVISIONS, NEW, 50, TERMS)

    assert plan.after == (
        make.target(OLD, 20),
        make.target(MID, 30),
        make.target(NEW, 50),
        make.target(NEW, 0, "canary"),
    )
    assert plan.title == f"Promote {NEW} to 50 %"


def test_the_last_step_stays_pinned_and_says_so() -> None:
    plan = promote(PINNED, REVISIONS, NEW, 100, TERMS)

    assert plan.also[0] == (
        "The service stays pinned: the next deployment gets 0 %, until traffic is restored to the latest."
    )
    assert plan.warnings == (f"{NEW} is newer than all that serve: this may be its first traffic.",)


def test_restoring_the_latest_warns_when_that_is_another_revision_than_the_one_that_serves() -> None:
    plan = restore_latest(replace(PINNED, latest_created=BROKEN), REVISIONS, TERMS)

    assert plan.after == (make.latest(100), make.target(MID, 0, "stable"), make.target(NEW, 0, "canary"))
    assert plan.also[0] == (
        "The service follows the latest revision again. The next deployment takes 100 % as soon as it is ready."
    )
    assert plan.warnings[:2] == (
        f"LATEST means {NEW}, and what serves now is {MID} 100 %.",
        f"LATEST means {NEW}, not the newest revision, {BROKEN}.",
    )
    assert "--to-latest" in plan.command


def test_restoring_the_latest_to_what_serves_already_has_nothing_to_fear() -> None:
    service = replace(PINNED, latest_created=MID, latest_ready=MID)

    assert restore_latest(service, REVISIONS, TERMS).warnings == ()


def test_traffic_for_what_was_rolled_back_from_is_warned_of_and_ends_the_roll_back() -> None:
    mark = RolledBack(NEW, MID, make.NOW, BOB)
    service = _marked(PINNED, rolled_back_values(mark))

    plans = (restore_latest(service, REVISIONS, TERMS), promote(service, REVISIONS, NEW, 10, TERMS))

    for plan in plans:
        assert plan.warnings[0] == f"{NEW} is what was rolled back from at 2026-11-23 12:00 UTC by {BOB}."
        assert f"This ends the roll-back from {NEW} to {MID} by {BOB}." in plan.also


def test_a_split_that_names_what_latest_means_says_what_it_gets_in_all() -> None:
    plan = split(PINNED, REVISIONS, {NEW: 30, LATEST: 20}, TERMS)

    assert plan.after[:3] == (make.target(MID, 50), make.target(NEW, 30), make.latest(20))
    assert f"LATEST means {NEW} now, which is named too: it gets 50 % in all." in plan.warnings
    assert plan.also[0].endswith("The next deployment takes 20 % as soon as it is ready.")


def test_somebody_elses_lock_is_a_warning_and_our_own_is_none() -> None:
    until = make.NOW + timedelta(minutes=3)
    lock = Lock(Verb.PROMOTE, BOB, until, "0123456789ab")
    service = _marked(PINNED, lock_values(lock))

    plan = roll_back(service, REVISIONS, NEW, TERMS)

    said = f"{BOB} is at work on this service (promote), until 12:03:00 UTC at most."
    assert (plan.refusal, plan.warnings[0]) == ("", said)
    assert said not in roll_back(service, REVISIONS, NEW, replace(TERMS, who=BOB)).warnings
    assert said not in roll_back(service, REVISIONS, NEW, replace(TERMS, now=until)).warnings


def test_a_change_while_cloud_run_is_still_at_work_is_warned_of() -> None:
    plan = promote(replace(PINNED, reconciling=True), REVISIONS, NEW, 10, TERMS)

    assert (
        plan.warnings[0] == "Cloud Run is still at work on the last change: traffic may move before this one."
    )


def test_a_revision_without_warm_instances_is_warned_of_where_some_are_kept() -> None:
    warm = replace(REVISIONS[3], min_instances=3)
    some = replace(REVISIONS[2], min_instances=1)

    assert (
        f"{NEW} keeps no instance warm, where 3 are kept now: its first requests may wait for a start."
        in promote(PINNED, (REVISIONS[2], warm), NEW, 10, TERMS).warnings
    )
    assert f"{NEW} keeps 1 instance warm" in _said(promote(PINNED, (some, warm), NEW, 10, TERMS))


def test_a_secret_of_the_revision_that_gets_traffic_is_something_no_undo_brings_back() -> None:
    secretive = replace(REVISIONS[2], containers=(Container(secret_names=("KEY",)),))

    said = "A secret bound to its latest version is read anew at each start: no undo brings its former value back."
    assert said in promote(PINNED, (secretive, REVISIONS[3]), NEW, 10, TERMS).irrevocable
    assert said not in promote(PINNED, REVISIONS, NEW, 10, TERMS).irrevocable


def test_an_undo_brings_back_the_exact_list_and_says_what_goes_with_it() -> None:
    former = (make.target(OLD, 0, "old"), make.latest(70, "live"), make.target(MID, 30))

    plan = undo(PINNED, REVISIONS, former, TERMS)

    assert plan.after == former
    assert plan.warnings[0] == f"LATEST means {NEW} now: it may have meant another revision then."
    assert f"Tag canary is taken from {NEW}, and its address ends." in plan.also
    assert plan.title == "Undo the last change of api"


def test_an_undo_of_somebody_elses_change_names_them_and_wants_a_reason() -> None:
    former = (make.target(NEW, 100),)

    theirs, ours = (undo(PINNED, REVISIONS, former, TERMS, by=by) for by in (BOB, ME))

    assert (theirs.title, theirs.needs_reason) == (f"Undo the last change of api, made by {BOB}", True)
    assert (ours.title, ours.needs_reason) == ("Undo the last change of api", False)
    assert undo(PINNED, REVISIONS, former, replace(TERMS, production=True)).needs_reason


# A decision moves no traffic, and a deployment is planned in a room of its own: both have tests of their own.
ELSEWHERE = {Verb.STAY_PINNED, Verb.DEPLOY}


def _plans(terms: Terms) -> dict[str, Plan]:
    return {
        "rollback": roll_back(PINNED, REVISIONS, NEW, terms),
        "promote": promote(PINNED, REVISIONS, NEW, 10, terms),
        "split": split(PINNED, REVISIONS, {NEW: 10}, terms),
        "tag": tag(PINNED, REVISIONS, "xyz", MID, terms),
        "untag": untag(PINNED, REVISIONS, "canary", terms),
        "restore-latest": restore_latest(PINNED, REVISIONS, terms),
        "undo": undo(PINNED, REVISIONS, (), terms),
        "put-back": put_back(PINNED, (), terms),
    }


def test_production_wants_a_reason_for_everything_that_a_person_does() -> None:
    plain, production = _plans(TERMS), _plans(replace(TERMS, production=True))

    assert {verb for verb, plan in plain.items() if plan.needs_reason} == {"rollback"}
    assert {verb for verb, plan in production.items() if not plan.needs_reason} == {"put-back"}
    assert {plan.verb for plan in plain.values()} == set(Verb) - ELSEWHERE


def test_the_same_change_of_the_same_state_has_one_hash_whoever_plans_it_and_when() -> None:
    later = Terms(make.NOW + timedelta(hours=1), production=True, who=BOB, acting="sa@example.com")

    assert {verb: plan.hash for verb, plan in _plans(later).items()} == {
        verb: plan.hash for verb, plan in _plans(TERMS).items()
    }
    assert len({plan.hash for plan in _plans(TERMS).values()}) == len(set(Verb) - ELSEWHERE)


def test_every_command_names_the_account_that_we_act_as() -> None:
    for plan in _plans(replace(TERMS, acting="sa@example.com")).values():
        assert plan.command.endswith("--impersonate-service-account sa@example.com")
        assert plan.undo_command.endswith("--impersonate-service-account sa@example.com")


@pytest.mark.parametrize("revisions", [REVISIONS, REVISIONS[2:], tuple(reversed(REVISIONS))])
def test_a_plan_is_the_same_each_time(revisions: tuple[Revision, ...]) -> None:
    assert roll_back(PINNED, revisions, OLD, TERMS) == roll_back(PINNED, list(revisions), OLD, TERMS)
