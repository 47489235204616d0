"""A deployment is planned in full before anything is done: names, the traffic list, what to fear, the command."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.marks import Lock, lock_values
from buddy_tui.actions.values import Targets, Verb
from buddy_tui.deploy.names import new_suffix, next_revision, tag_of
from buddy_tui.deploy.plan import plan_deployment
from buddy_tui.deploy.values import Release, Source, Wish
from buddy_tui.model import Revision, Service
from buddy_tui.preflight.values import Check, Preflight, Verdict
from tests import make

OLD, BAD, NEW, TAG = "api-00028-bsx", "api-00037-vfz", "api-00038-cvc", "api-00038-cvc"
ROOT = Path("/home/alice/shop")
SOURCE = Source(ROOT, 57, 49_461, "d" * 64)
PINNED = (make.target(OLD, 100), make.target(OLD, 0, "stable"))
IMAGE = f"europe-docker.pkg.dev/acme-prod/api/api@sha256:{'1' * 64}"


def planned(
    traffic: Targets = PINNED,
    *,
    wish: Wish | None = None,
    service: Service | type[Service] | None = Service,
    preflight: Preflight | None = None,
    revisions: tuple[Revision, ...] = (make.failed(BAD), make.revision(OLD)),
    **over: Any,  # noqa: ANN401 - any field of Terms
) -> Release:
    there = (
        make.service(desired=traffic, latest_created=BAD, latest_ready=OLD) if service is Service else service
    )
    return plan_deployment(
        make.NAME,
        there,  # type: ignore[arg-type]
        revisions if there else (),
        wish or Wish(SOURCE),
        Terms(make.NOW, **over),
        id="0123456789abcdef",
        suffix="cvc",
        preflight=preflight,
    )


def judged(*checks: Check) -> Preflight:
    return Preflight(Verdict.FAIL, ROOT, checks=checks)


FAILS = Check(
    "root", Verdict.FAIL, "Back_End.main is not found from Back_End/.", "buddy-tui deploy --source .."
)


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "api-00001-cvc"),
        ([BAD, OLD], NEW),
        (["api-00009-aaa", "api-00010-aaa"], "api-00011-cvc"),
        (["api-99999-aaa"], "api-100000-cvc"),
        (["api-canary", "api-00002-abc", "api-v2-00044-abc", "other-00077-abc"], "api-00003-cvc"),
    ],
)
def test_the_next_revision_is_numbered_after_all_that_were(taken: list[str], name: str) -> None:
    assert next_revision("api", taken, "cvc") == name


def test_the_name_of_a_revision_never_gets_too_long() -> None:
    name = next_revision("s" * 60, [], "cvc")

    assert (len(name), name[-10:]) == (63, "-00001-cvc")
    assert next_revision("s" * 60, [name], "cvc").endswith("-00002-cvc")


def test_suffixes_are_three_letters_as_gcloud_makes_them() -> None:
    assert all(
        one.isalpha() and one.islower() and one[1] in "aeiou" for one in {new_suffix() for _ in range(50)}
    )


@pytest.mark.parametrize(
    ("service", "tag"),
    [
        ("api", "api-00038-cvc"),
        ("s" * 18, f"{'s' * 18}-00038-cvc"),
        ("s" * 19, "r00038-cvc"),
        ("s" * 37, "r38-cvc"),
        ("s" * 40, "r38cvc"),
        ("s" * 41, "r-cvc"),
        ("s" * 45, "r-cvc"),
    ],
)
def test_a_revision_is_tagged_by_its_own_name_as_far_as_there_is_room(service: str, tag: str) -> None:
    assert tag_of(service, f"{service}-00038-cvc") == tag


def test_a_pinned_service_gets_a_tag_and_keeps_its_list() -> None:
    release = planned()

    assert release.plan.refusal == ""
    assert release.plan.after == (*PINNED, make.target(NEW, 0, TAG))
    assert (release.revision, release.tag, release.object) == (NEW, TAG, "0123456789abcdef-dddddddddddddddd")
    assert "Traffic stays as it is." in release.plan.also
    assert not any("follows LATEST" in one for one in release.plan.warnings)


def test_what_follows_latest_is_pinned_to_what_that_means_and_says_so() -> None:
    traffic = (make.latest(100), make.target(OLD, 0, "stable"))

    release = planned(traffic)

    assert release.plan.after == (
        make.target(OLD, 100),
        make.target(OLD, 0, "stable"),
        make.target(NEW, 0, TAG),
    )
    assert f"The service follows LATEST now: it will be pinned to {OLD}." in release.plan.warnings


def test_an_empty_list_means_latest_and_is_pinned_too() -> None:
    assert planned(()).plan.after == (make.target(OLD, 100), make.target(NEW, 0, TAG))


def test_a_split_with_latest_keeps_its_percents() -> None:
    release = planned((make.target("api-00027-tzv", 30), make.latest(70)))

    assert release.plan.after == (
        make.target("api-00027-tzv", 30),
        make.target(OLD, 70),
        make.target(NEW, 0, TAG),
    )


def test_the_commands_are_gclouds_and_undoing_brings_no_latest_back() -> None:
    plan = planned((make.latest(100),), acting="deployer@acme-prod.iam.gserviceaccount.com").plan

    assert plan.command == (
        "gcloud run deploy api --source /home/alice/shop --region europe-west1 --project acme-prod "
        "--no-traffic --tag api-00038-cvc --impersonate-service-account deployer@acme-prod.iam.gserviceaccount.com"
    )
    assert "--remove-tags api-00038-cvc" in plan.undo_command
    assert "--to-latest" not in plan.undo_command


def test_the_plan_says_what_is_uploaded_and_what_stays() -> None:
    told = "\n".join(planned().plan.also)

    assert "Source: 57 files, 49,461 bytes, from /home/alice/shop." in told
    assert (
        "built with its Dockerfile into europe-west1-docker.pkg.dev/acme-prod/cloud-run-source-deploy/api"
        in told
    )
    assert f"Settings stay as {BAD} has them." in told


def test_what_should_make_somebody_hesitate_is_said() -> None:
    template = make.failed(BAD, min_instances=2)
    traffic = (make.target(OLD, 100), make.latest(0, "newest"), make.target(OLD, 0, TAG))
    looks = Check("look-alikes", Verdict.WARN, "Back-End/ and Back_End/ look alike.")

    told = "\n".join(
        planned(traffic, revisions=(template, make.revision(OLD)), preflight=judged(looks)).plan.warnings
    )

    assert f"Its settings come from {BAD}, which failed" in told
    assert "2 instances of it are kept warm and paid for as long as it has its tag." in told
    assert "Tag newest follows LATEST: it moves to the new revision as soon as that is ready." in told
    assert f"Tag {TAG} is on {OLD} now" in told
    assert "Back-End/ and Back_End/ look alike." in told


def test_somebody_elses_lock_is_a_warning() -> None:
    lock = lock_values(Lock(Verb.PROMOTE, "bob@example.com", make.NOW.replace(hour=13), "0" * 12))
    service = make.service(desired=PINNED, latest_created=BAD, latest_ready=OLD)
    locked = replace(service, annotations=tuple((key, value or "") for key, value in lock.items()))

    assert any("bob@example.com is at work" in one for one in planned(service=locked).plan.warnings)


@pytest.mark.parametrize(
    ("tag", "refusal"),
    [
        ("Candidate", "cannot be a tag"),
        ("ab", "cannot be a tag"),
        ("x" * 44, "together may have 46 characters"),
    ],
)
def test_a_tag_that_google_would_refuse_is_refused(tag: str, refusal: str) -> None:
    plan = planned(wish=Wish(SOURCE, tag=tag)).plan

    assert refusal in plan.refusal
    assert (plan.also, plan.warnings, plan.command) == ((), (), "")


def test_a_preflight_that_failed_refuses_the_deployment_and_names_the_fix() -> None:
    plan = planned(preflight=judged(FAILS)).plan

    assert plan.refusal == "The source fails its preflight: Back_End.main is not found from Back_End/."
    assert plan.hint == "buddy-tui deploy --source .."


def test_a_typed_reason_overrules_a_preflight_and_is_wanted_for_it() -> None:
    release = planned(wish=Wish(SOURCE, reason="the graph is wrong"), preflight=judged(FAILS))

    assert release.plan.refusal == ""
    assert release.overruled == ("root",)
    assert release.plan.needs_reason
    assert release.plan.warnings[0] == "The preflight failed (root), and is overruled."


@pytest.mark.parametrize("reason", ["", "   "])
def test_nothing_typed_is_no_reason(reason: str) -> None:
    assert planned(wish=Wish(SOURCE, reason=reason), preflight=judged(FAILS)).plan.refusal


def test_a_first_deployment_is_said_to_be_one_and_asks_separately() -> None:
    refused = planned(service=None)
    wished = planned(service=None, wish=Wish(SOURCE, first=True))

    assert (
        refused.plan.refusal
        == "There is no service api yet, so this one serves everything as soon as it is ready."
    )
    assert refused.plan.hint == "Say --first if that is meant."
    assert (wished.plan.refusal, wished.first, wished.revision) == ("", True, "api-00001-cvc")
    assert wished.plan.after == (make.latest(100), make.target("api-00001-cvc", 0, "api-00001-cvc"))
    assert "--no-traffic" not in wished.plan.command


def test_where_nothing_was_ever_ready_the_next_one_is_a_first_one_too() -> None:
    service = make.service(desired=(make.latest(100),), latest_created=BAD, latest_ready="")

    refused = planned(service=service)
    wished = planned(service=service, wish=Wish(SOURCE, first=True))

    assert refused.plan.refusal.startswith("No revision of api was ever ready")
    assert wished.plan.after == (make.latest(100), make.target(NEW, 0, TAG))
    assert (wished.first, wished.plan.etag) == (True, service.etag)


def test_an_image_is_deployed_as_it_is() -> None:
    release = planned(wish=Wish(image=IMAGE))

    assert (release.root, release.image, release.object) == (None, IMAGE, "")
    assert f"--image {IMAGE}" in release.plan.command
    assert release.plan.warnings == planned().plan.warnings


def test_an_image_without_its_digest_is_a_warning() -> None:
    release = planned(wish=Wish(image="europe-docker.pkg.dev/acme-prod/api/api:v1"))

    assert any("without its digest" in one for one in release.plan.warnings)


@pytest.mark.parametrize("image", ["--image", "a b", "$(id)", "x\ny", "ünicode"])
def test_what_is_no_image_is_refused(image: str) -> None:
    assert planned(wish=Wish(image=image)).plan.refusal == "That is no image that can be deployed."


def test_production_wants_a_reason() -> None:
    assert planned(production=True).plan.needs_reason
    assert not planned().plan.needs_reason
