"""What a report concludes, and from what."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.cli.reported import as_json
from buddy_tui.finding import Cause
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import TrafficTarget
from buddy_tui.report.cause import look_alikes
from buddy_tui.report.conclusion import report
from buddy_tui.report.markdown import as_markdown
from buddy_tui.report.material import Material
from buddy_tui.report.people import People, hidden
from buddy_tui.report.values import Status, What
from tests import make
from tests.core.report import material
from tests.core.report.material import BAD, GOOD, NEW, WORSE, ago


def test_failures_for_one_cause_are_the_process_and_not_the_code() -> None:
    told = report(material.failures())
    summary = " ".join(told.summary)

    assert (told.status, told.failed, told.last_good) == (Status.MITIGATED, (BAD, WORSE), GOOD)
    assert "Two deployments of api in a row failed" in summary
    assert "all for one cause" in summary
    assert "The deployment process is at fault, not the code" in summary
    assert "delete the look-alikes (Back-End/ and backend/), restore latest" in summary
    assert [one.command.split()[0] for one in told.advice] == ["gcloud", "git", "buddy-tui", "gcloud"]
    assert told.root.confidence == "certain"


def test_several_causes_are_not_made_one() -> None:
    made = material.failures()
    assert made.incident is not None
    other = material.finding(
        BAD, cause=Cause.ENV_MISSING, short="KEY is not set", missing="KEY", summary="No KEY."
    )
    made = replace(
        made,
        findings=(made.findings[0], other),
        incident=replace(made.incident, one_cause=False),
    )

    told = report(made)

    assert "one cause" not in " ".join(told.summary)
    assert "The failures have no single cause that the logs prove." in told.root.words
    assert f"{BAD}: No KEY." in told.root.each
    assert told.root.confidence == ""
    place = "--service=api --region=europe-west1 --project=acme-prod"
    assert told.advice[0].command == f"buddy-tui diagnose {WORSE} {place}"
    assert (told.root.cause, told.root.quotes) == ("", ())


def test_logs_that_nobody_could_read_leave_the_cause_unknown() -> None:
    told = report(replace(material.failures(), findings=(), incident=None, unread=("No log.",)))

    assert told.root.words == ("Why the revisions failed is not known: no log of them could be read.",)
    assert (told.root.confidence, told.unread) == ("", ("No log.",))


def test_requests_are_counted_where_there_are_any_and_not_known_otherwise() -> None:
    some = report(material.failures()).impact
    none = report(replace(material.failures(), requests=material.requests())).impact
    unread = report(replace(material.failures(), requests=None)).impact

    assert some is not None
    assert (some.requests, some.failed, some.by_revision) == (3, 1, ((GOOD, 1),))
    for impact in (none, unread):
        assert impact is not None
        assert (impact.requests, impact.failed) == (None, None)
        assert "not known" in impact.words[0]


def test_a_failure_that_had_no_traffic_says_so() -> None:
    impact = report(material.failures()).impact

    assert impact is not None
    assert "No revision that failed was ever ready, so none of them had traffic." in impact.words


def test_two_failed_promotions_are_told_with_their_gates() -> None:
    told = report(material.promotion())

    assert told.summary[0] == (
        f"Two promotions of {NEW} failed: put back (2026-11-23 07:00 UTC), then put back (2026-11-23 10:00 UTC)."
    )
    assert told.summary[1] == "Gates that failed: Requests that fail."
    assert len(told.root.evidence) == 2
    assert all("put back: Requests that fail: 41 of 100." in one for one in told.root.evidence)
    assert [one.what for one in told.timeline] == [What.DEPLOYED, What.ACTION, What.ACTION, What.PROBES]
    assert told.advice[0].words == (f"Find out what is wrong with {NEW}, and mend it before it gets traffic.")
    assert any(one.words.startswith(f"Do not restore latest yet: LATEST means {NEW}.") for one in told.advice)


def test_a_step_that_failed_is_no_promotion_of_its_own() -> None:
    made = material.promotion()
    ended = made.records[-1]
    step = [replace(ended, id="step", kind=kind, outcome=outcome) for kind, outcome in
            ((Kind.INTENT, ""), (Kind.OUTCOME, "not_done"))]  # fmt: skip

    told = report(replace(made, records=(*step, ended)))

    assert told.summary[0] == f"The promotion of {NEW} was put back (2026-11-23 10:00 UTC)."


def test_a_change_of_ours_has_the_reason_from_the_journal() -> None:
    made = material.failures()
    pinned = (make.target(GOOD, 100),)
    change = replace(made.changes[0], agent="buddy-tui/0.1")
    intent = Record(
        change.when, Kind.INTENT, "1", make.NAME, verb="rollback", who=change.by, reason="It fails.", after=pinned
    )  # fmt: skip

    told = report(replace(made, changes=(change, made.changes[1]), records=(intent,)))

    (moved,) = [one for one in told.timeline if one.what is What.TRAFFIC]
    assert moved.why == "It fails."
    assert told.asked == ()
    assert "Why: It fails." in as_markdown(told)


def test_a_change_without_a_reason_is_a_question_to_people() -> None:
    told = report(material.failures())

    assert len(told.asked) == 1
    assert told.asked[0].startswith("Why dana@example.com changed the traffic")


def test_what_was_not_read_is_not_claimed() -> None:
    made = material.failures()

    told = report(replace(made, findings=made.findings[:1], good=None))

    assert "for one cause as far as 1 of their logs tell" in told.summary[0]
    assert "Each repair" not in " ".join(told.root.words)
    assert f"the last good revision, {GOOD}, starts." in " ".join(told.root.words)


def test_a_newer_revision_that_serves_everything_resolves_it() -> None:
    made = material.failures()
    pinned = (make.target(NEW, 100),)
    service = make.service(desired=pinned, effective=pinned, latest_ready=NEW, latest_created=NEW)

    told = report(replace(made, service=service, revisions=(make.revision(NEW), *made.revisions)))

    assert told.status is Status.RESOLVED


def test_a_healthy_service_has_no_incident() -> None:
    told = report(material.healthy())

    assert told.status is Status.NONE
    assert told.summary[0].startswith("There is no incident to report")
    assert "# No incident" in as_markdown(told)
    assert "TODO" not in as_markdown(told)


@pytest.mark.parametrize(("hours", "status", "failed"), [(1.5, Status.NONE, 0), (2.5, Status.MITIGATED, 1), (9, Status.MITIGATED, 2)])  # fmt: skip
def test_since_leaves_out_what_was_before(hours: float, status: Status, failed: int) -> None:
    told = report(material.failures(), ago(hours=hours))

    assert (told.status, len(told.failed)) == (status, failed)
    earlier = "An earlier incident, which began at 2026-11-23 09:00 UTC, is not told here."
    assert (earlier in told.summary) is (status is Status.NONE)


def test_troubles_of_long_ago_are_another_incident() -> None:
    made = material.failures()
    old = replace(made.revisions[1], created=made.now - timedelta(days=30))

    told = report(replace(made, revisions=(made.revisions[0], old, made.revisions[2])))

    assert told.failed == (WORSE,)


def test_a_service_that_nobody_serves_is_open() -> None:
    made = material.failures()
    nobody = make.service(desired=(make.latest(),), effective=(), latest_ready="", latest_created=WORSE)

    assert report(replace(made, service=nobody, changes=())).status is Status.OPEN


def test_a_good_deployment_since_is_verified_and_not_deployed_again() -> None:
    made = material.failures()
    newer = make.revision(NEW, created=ago(minutes=20))

    told = report(replace(made, revisions=(newer, *made.revisions)))

    assert not [one for one in told.advice if "Deploy" in one.words]
    assert any(one.words == f"Verify {NEW} before it gets traffic." for one in told.advice)


def test_a_revision_that_lost_its_traffic_to_an_older_one_is_told() -> None:
    def change(targets: tuple[TrafficTarget, ...], **length: float) -> object:
        return replace(made.changes[0], when=ago(**length), targets=targets)

    made = material.failures()
    pinned = (make.target(GOOD, 100),)
    calm = Material(
        made.service,
        (make.revision(NEW, created=ago(hours=5)), make.revision(GOOD, created=ago(days=3))),
        made.now,
        changes=(change(pinned, hours=2), change((make.target(NEW, 100),), hours=4)),  # type: ignore[arg-type]
    )

    told = report(calm)

    assert told.summary[0].startswith(f"Traffic was taken from {NEW} and given to {GOOD}")
    assert told.since == ago(hours=4)


def test_look_alikes_are_the_folders_of_the_same_name_spelled_otherwise() -> None:
    tree = material.failures().good

    assert look_alikes(tree, "Back_End") == ("Back-End", "backend")
    assert look_alikes(tree, "docs") == ()
    assert look_alikes(None, "Back_End") == ()


def test_the_same_person_always_has_the_same_name() -> None:
    shown = hidden(report(material.failures()), People())
    page = as_markdown(shown)

    assert [one.by for one in shown.timeline if one.by] == [
        "operator-1",
        "operator-2",
        "operator-2",
        "operator-1",
    ]
    assert "Why operator-1 changed the traffic" in page
    assert "example.com" not in page


def test_names_are_told_where_they_are_asked_for() -> None:
    page = as_markdown(hidden(report(material.failures()), People(shown=True)))

    assert "dana@example.com" in page


def test_a_service_account_is_no_person() -> None:
    people = People()

    told = people.safe("by ci@acme-prod.iam.gserviceaccount.com for Ana@example.com, not ana@example.com")

    assert told == "by service-account-1 for operator-1, not operator-1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/home/micha/Buddy/main.py", "~/Buddy/main.py"),
        (r"c:\Users\micha\Buddy", r"~\Buddy"),
        ("/app/home.py", "/app/home.py"),
    ],
)
def test_the_folder_of_a_person_does_not_name_them(text: str, told: str) -> None:
    assert People().safe(text) == told
    assert People(shown=True).safe(text) == text


def test_long_text_keeps_nobody_waiting() -> None:
    people = People()

    assert len(people.safe("x-" * 100_000)) < 10_000
    assert len(people.safe("a" * 100_000)) < 10_000


def test_a_federated_subject_is_a_person_as_well() -> None:
    subject = "principal://iam.googleapis.com/locations/global/workforcePools/x/subject/ana"
    made = material.failures()
    change = replace(made.changes[0], by=subject)

    page = as_markdown(hidden(report(replace(made, changes=(change, made.changes[1]))), People()))

    assert "subject/ana" not in page
    assert "Why operator-3 changed the traffic" in page


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2hunter2",
        "authorization: hunter2",
        "Cookie: session=hunter2; a=b",
        "X-Api-Key: hunter2",
        "password: hunter2",
        "GET /chat?api_key=hunter2 HTTP/1.1",
        "DB_PASSWORD=hunter2",
        "postgresql://app:hunter2@db/x",
        "ya29.hunter2hunter2",
        "GOCSPX-hunter2hunter2",
    ],
)
def test_a_secret_is_masked(text: str) -> None:
    assert "hunter2" not in People(shown=True).safe(f"It said {text}")


@pytest.mark.parametrize(
    "secret",
    [
        "postgresql://app:hunter2@db/x",
        "Bearer hunter2hunter2",
        "API_TOKEN=hunter2",
        "https://x.example/?token=hunter2",
        "Cookie: hunter2",
    ],
)
@pytest.mark.parametrize("made", [material.failures, material.promotion], ids=["failures", "promotion"])
def test_no_secret_is_told_wherever_it_comes_from(secret: str, made: Callable[[str], Material]) -> None:
    told = hidden(report(made(f" {secret}")), People(shown=True))

    assert "hunter2" not in as_markdown(told) + as_json(told)
    assert "***" in as_markdown(told)


def steps(*, outcome: str = "put_back", percent: int = 50) -> Material:
    """Return a promotion with its beginning, one step, what the audit log has of it, and its end."""
    made = material.promotion()
    ended = replace(made.records[-1], id="run", outcome=outcome)
    split = (make.target(NEW, percent), make.target(GOOD, 100 - percent))
    records = (
        replace(ended, at=ago(hours=3), kind=Kind.NOTE, outcome="", evidence=(), sentence="The promotion began: 50 % -> 100 %."),
        replace(ended, at=ago(minutes=150), id="step", kind=Kind.INTENT, outcome="", after=split),
        replace(ended, at=ago(minutes=149), id="step", kind=Kind.OUTCOME, outcome="done", after=split),
        replace(ended, at=ago(minutes=121), id="back", kind=Kind.INTENT, verb="put-back", outcome="", after=(make.target(GOOD, 100),)),
        ended,
    )  # fmt: skip
    changes = (
        TrafficChange(ago(minutes=121), "sa@x.iam.gserviceaccount.com", "buddy-tui/1", "UpdateService", (make.target(GOOD, 100),)),
        TrafficChange(ago(minutes=150), "sa@x.iam.gserviceaccount.com", "buddy-tui/1", "UpdateService", split),
        TrafficChange(ago(days=2), "dana@example.com", "gcloud", "UpdateService", (make.target(GOOD, 100),)),
    )  # fmt: skip
    return replace(made, records=records, changes=changes)


def test_a_promotion_is_told_step_by_step_by_whom_and_each_reason_once() -> None:
    told = report(steps())

    assert [
        (one.what, one.by, one.why) for one in told.timeline if one.what in {What.TRAFFIC, What.ACTION}
    ] == [
        (What.ACTION, "ana@example.com", "a new model"),
        (What.TRAFFIC, "ana@example.com", "a new model"),
        (What.TRAFFIC, "ana@example.com", "a gate of the promotion failed"),
        (What.ACTION, "ana@example.com", ""),
    ]
    assert told.summary[0] == f"The promotion of {NEW} was put back at 50 % (2026-11-23 10:00 UTC)."
    assert told.since == ago(minutes=150)
    (done,) = told.done
    assert done.startswith(
        f"2026-11-23 10:00 UTC, ana@example.com: The promotion of {NEW} was put back at 50 %."
    )
    assert done.endswith("The former traffic came back by itself. Why it was promoted: a new model")
    assert told.impact is not None
    assert told.impact.words[-1] == (
        f"Meanwhile {GOOD} served 50 to 100 % of the traffic, {NEW} served 50 % of the traffic."
    )
    assert as_markdown(told).count("Why: a new model") == 2  # in the timeline, and as what set it off


@pytest.mark.parametrize(
    ("outcome", "evidence", "summary"),
    [
        ("refused", ("fail: Probes: 503.",), "was refused before it had any traffic"),
        ("not_done", (), "was without effect"),
        ("failed", (), "was refused by Google"),
        ("refused", ("pass: Probes: 8 of 8.",), ""),
        ("done", (), ""),
        ("conflict", (), ""),
    ],
)
def test_a_promotion_that_ended_badly_is_an_incident_and_a_guard_that_said_no_is_none(
    outcome: str, evidence: tuple[str, ...], summary: str
) -> None:
    made = material.promotion()
    ended = replace(made.records[-1], outcome=outcome, evidence=evidence)

    told = report(replace(made, records=(ended,)))

    assert told.status is (Status.MITIGATED if summary else Status.NONE)
    assert summary in told.summary[0]


def test_failures_that_a_good_deployment_ended_are_an_incident_of_their_own() -> None:
    made, later = material.failures(), material.promotion()
    older = tuple(
        replace(one, created=one.created - timedelta(days=1)) for one in made.revisions if one.created
    )
    new = make.revision(NEW, created=ago(hours=8))

    told = report(replace(made, revisions=(new, *older), records=later.records))
    everything = report(replace(made, revisions=(new, *older), records=later.records), ago(days=5))

    assert not told.failed
    assert any(one.startswith("Two deployments failed to start before that") for one in told.summary)
    assert everything.failed == (BAD, WORSE)
    assert len(everything.summary) > len(told.summary)


def test_latest_is_not_restored_while_it_means_what_went_wrong() -> None:
    told, fine = report(material.promotion()), report(material.failures())

    assert "--to-latest" not in " ".join(one.command for one in told.advice)
    assert "restore latest" not in told.summary[-1]
    assert "--to-latest" in fine.advice[-1].command
    assert "restore latest" in fine.summary[-1]


def test_logs_that_were_not_read_are_counted_once() -> None:
    made = material.failures()
    assert made.incident is not None
    several = replace(made.incident, one_cause=False)

    told = report(replace(made, findings=made.findings[:1], incident=several))

    assert told.root.each == (
        f"{WORSE}: The wrong folder was uploaded.",
        "The logs of the other one were not read.",
    )
    assert told.timeline[1].words == f"{BAD} was deployed and did not start."


def test_where_nothing_serves_it_is_said_to_give_traffic() -> None:
    made = material.failures()
    nobody = make.service(desired=(make.latest(),), effective=(), latest_ready="", latest_created=WORSE)

    told = report(replace(made, service=nobody, changes=(), revisions=made.revisions[:2]))

    assert (
        told.advice[-1].words
        == "Give a revision traffic as soon as it is verified: nothing serves until then."
    )
    assert "No revision before them was ever good." in " ".join(told.summary)
    assert "nothing that was read speaks against the code" in " ".join(told.root.words)


def test_one_failure_without_a_known_cause_is_told_as_that() -> None:
    made = material.failures()
    lost = material.finding(WORSE, cause=Cause.UNKNOWN, short="", summary="The log does not tell why.")

    told = report(
        replace(made, findings=(lost,), incident=None, revisions=(made.revisions[0], made.revisions[2]))
    )
    silent = report(
        replace(made, findings=(), incident=None, revisions=(made.revisions[0], made.revisions[2]))
    )

    assert told.root.words == ("The log does not tell why.",)
    assert told.root.each == ()
    assert told.advice[0].words == "Find the cause of the failure."
    assert silent.root.words == ("Why the revision failed is not known: no log of it could be read.",)


def test_a_fix_is_a_command_only_where_it_is_one() -> None:
    made = material.failures()
    fixes = ("requirements.txt: add the line PyYAML", "gcloud run deploy api --source .")
    missing = [
        replace(one, cause=Cause.THIRD_PARTY_MISSING, short="no yaml", summary="No yaml.", fix=fixes) for one in made.findings
    ]  # fmt: skip

    told = report(replace(made, findings=tuple(missing)))

    assert [(one.words, one.command) for one in told.advice[:3]] == [
        ("Mend the cause: No yaml.", ""),
        (fixes[0], ""),
        ("Run:", fixes[1]),
    ]


def test_a_cause_that_is_quoted_alone_leaves_no_gap_in_the_page() -> None:
    made = report(material.failures())

    page = as_markdown(replace(made, root=replace(made.root, evidence=())))

    assert "### Evidence\n\nAs it was logged:\n\n```text\n" in page
    assert "\n\n\n" not in page + as_markdown(made)
