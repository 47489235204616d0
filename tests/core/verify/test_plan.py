"""The plan: which revision it is about, and what each source of evidence makes of its lines."""

from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.boot.values import Boot, Outcome, Raised, Reading, Traceback
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import Revision, RevisionState, Service, Sources, SourceTree
from buddy_tui.sessions.values import Audit, Kept
from buddy_tui.verify.deployment import boots_without_import_errors, deployed_from_root
from buddy_tui.verify.plan import IDS, PLAN, candidate, last_good
from buddy_tui.verify.production import all_traffic, no_data_loss
from buddy_tui.verify.values import Answered
from tests import make

YES, NO, UNKNOWN = Answered.YES, Answered.NO, Answered.UNKNOWN
OLD, NEW = make.revision("api-00001-aaa"), make.revision("api-00002-bbb", source="gs://b/2.zip#1")
BROKEN = make.failed("api-00003-ccc")


def served_by(**percents: int) -> Service:
    effective = tuple(make.target(name.replace("_", "-"), percent) for name, percent in percents.items())
    return make.service(effective=effective, desired=effective)


def test_the_plan_has_its_four_sections_and_ids_of_its_own() -> None:
    assert len(set(IDS)) == len(PLAN) == 14
    assert list(dict.fromkeys(line.section for line in PLAN)) == [
        "Deployment process", "Session persistence", "System health monitor", "Production traffic",
    ]  # fmt: skip
    assert {line.answered for line in PLAN} == {Answered.PENDING}


RETIRED = replace(NEW, state=RevisionState.RETIRED)


@pytest.mark.parametrize(
    ("percents", "revisions", "expected"),
    [
        ({"api_00001_aaa": 100}, (BROKEN, NEW, OLD), NEW.name),
        ({"api_00001_aaa": 90, "api_00002_bbb": 10}, (NEW, OLD), NEW.name),
        ({"api_00001_aaa": 10, "api_00002_bbb": 90}, (NEW, OLD), NEW.name),
        ({"api_00002_bbb": 100}, (BROKEN, NEW, OLD), NEW.name),
        ({"api_00001_aaa": 100}, (BROKEN, RETIRED, OLD), OLD.name),
        ({}, (BROKEN, NEW, OLD), NEW.name),
        ({}, (BROKEN,), BROKEN.name),
    ],
    ids=["candidate", "canary", "nearly", "all", "rolled back", "nobody serves", "nothing ever worked"],
)
def test_the_plan_is_about_the_candidate_else_about_who_serves(
    percents: dict[str, int], revisions: tuple[Revision, ...], expected: str
) -> None:
    chosen = candidate(served_by(**percents), revisions)

    assert chosen is not None
    assert chosen.name == expected


def test_without_revisions_there_is_no_candidate() -> None:
    assert candidate(make.service(effective=()), ()) is None


OLDEST = make.revision("api-00000-zzz")


@pytest.mark.parametrize(
    ("percents", "revision", "expected"),
    [
        ({"api_00001_aaa": 100}, BROKEN, OLD),
        ({"api_00001_aaa": 90, "api_00003_ccc": 10}, BROKEN, OLD),
        ({"api_00003_ccc": 100}, BROKEN, RETIRED),
        ({}, BROKEN, RETIRED),
        ({"api_00003_ccc": 100}, OLDEST, None),
    ],
    ids=["serves", "serves most", "replaced", "nobody serves", "none before"],
)
def test_the_last_good_revision_is_who_is_replaced(
    percents: dict[str, int], revision: Revision, expected: Revision | None
) -> None:
    assert last_good(served_by(**percents), (BROKEN, RETIRED, OLD, OLDEST), revision) == expected


DOCKERFILE = (("Dockerfile", 'FROM python\nWORKDIR /app\nCOPY . .\nCMD exec uvicorn "Back_End.main:app"\n'),)
FILES = ("Back_End/__init__.py", "Back_End/db.py", "Back_End/main.py", "Dockerfile", "Front_End/index.html")
ROOT = SourceTree("gs://b/2.zip#1", FILES, DOCKERFILE)
PART = SourceTree("gs://b/2.zip#1", ("__init__.py", "db.py", "main.py"))
# The wrong folder, whose own Dockerfile was changed until it started.
MENDED = replace(PART, texts=(("Dockerfile", 'CMD exec uvicorn "main:app"\n'),))


@pytest.mark.parametrize(
    ("sources", "answered", "words"),
    [
        (Sources(ROOT, replace(ROOT, where="x"), "api-00001-aaa"), YES, "laid out as what api-00001-aaa was built"),
        (Sources(PART, ROOT, "api-00001-aaa"), NO, "they are Back_End/ of what api-00001-aaa was built from"),
        (Sources(PART, disk=ROOT), NO, "Back_End/ of the project on this disk"),
        (Sources(ROOT), YES, "Back_End.main, which it starts, is among them"),
        (Sources(replace(PART, texts=DOCKERFILE)), NO, "Back_End.main, which it starts, is not among them"),
        (Sources(replace(PART, texts=DOCKERFILE, cut=True)), UNKNOWN, "nothing to compare"),
        (Sources(replace(PART, texts=(("Procfile", "web: gunicorn main:app"),))), YES, "main, which it starts"),
        (Sources(MENDED, ROOT, "api-00001-aaa"), UNKNOWN, "they are Back_End/ of what api-00001-aaa was built from"),
        (Sources(PART), UNKNOWN, "nothing to compare"),
        (Sources(), UNKNOWN, "not known"),
    ],
)  # fmt: skip
def test_the_upload_tells_whether_it_was_the_projects_root(
    sources: Sources, answered: Answered, words: str
) -> None:
    line = deployed_from_root(NEW, sources, "", make.NOW)

    assert (line.answered, line.source, line.at) == (answered, "archive", make.NOW)
    assert words in line.evidence


def test_a_service_in_a_folder_of_a_larger_project_is_at_its_root_where_all_it_starts_is_there() -> None:
    inner = replace(ROOT, paths=tuple(path for path in FILES if path != "Front_End/index.html"))
    repository = SourceTree(".", (*(f"services/api/{path}" for path in FILES), "README.md"))

    assert deployed_from_root(NEW, Sources(inner, disk=repository), "", make.NOW).answered is YES


def test_a_revision_of_an_image_has_no_upload_to_tell() -> None:
    line = deployed_from_root(OLD, Sources(), "", make.NOW)

    assert line.answered is UNKNOWN
    assert line.evidence.startswith("api-00001-aaa names no source: it was deployed from an image.")
    assert "--source" in line.evidence


def test_why_an_archive_cannot_be_read_is_told() -> None:
    line = deployed_from_root(NEW, Sources(), "You may not read the bucket.", make.NOW)

    assert line.evidence == "What was uploaded is not known: You may not read the bucket."


def found(*, boots: bool | None, summary: str = "It booted.", observed: str = "") -> Finding:
    return Finding(Cause.NONE, Confidence.LIKELY, boots, summary, observed)


def caught(kind: str) -> Reading:
    traceback = Traceback((Raised(kind, "No module named 'ujson'\nmore"),))
    return Reading(boots=(Boot(NEW.name, outcome=Outcome.UP, tracebacks=(traceback,)),))


@pytest.mark.parametrize(
    ("reading", "finding", "answered", "words"),
    [
        (Reading(), found(boots=True, observed="It answered a request."), YES, "It booted. It answered a request."),
        (Reading(), found(boots=False, summary="No module named yaml."), NO, "No module named yaml."),
        (Reading(), found(boots=None, summary="The log is cut."), UNKNOWN, "Cloud Run says ready"),
        (caught("ModuleNotFoundError"), found(boots=True), NO, "survived: ModuleNotFoundError: No module named 'ujson'"),
        (caught("KeyError"), found(boots=True), YES, "It booted."),
    ],
)  # fmt: skip
def test_the_boot_log_tells_of_import_errors_the_survived_ones_too(
    reading: Reading, finding: Finding, answered: Answered, words: str
) -> None:
    line = boots_without_import_errors(NEW, reading, finding, make.NOW)

    assert line.answered is answered
    assert words in line.evidence
    assert "more" not in line.evidence


@pytest.mark.parametrize(
    ("service", "answered"),
    [
        (served_by(api_00002_bbb=100), YES),
        (served_by(api_00002_bbb=60, api_00001_aaa=40), NO),
        (served_by(api_00001_aaa=100), NO),
        (replace(served_by(api_00002_bbb=100), reconciling=True), UNKNOWN),
        (make.service(effective=()), NO),
    ],
    ids=["all", "some", "none", "moving", "nobody"],
)
def test_only_effective_traffic_counts(service: Service, answered: Answered) -> None:
    assert all_traffic(service, NEW, make.NOW).answered is answered


def test_who_has_the_traffic_is_told() -> None:
    line = all_traffic(served_by(api_00002_bbb=60, api_00001_aaa=40), NEW, make.NOW)

    assert line.evidence == "Effective: api-00002-bbb 60 %, api-00001-aaa 40 %."


KEPT = Kept(OLD.name, 128, make.NOW - timedelta(days=1), make.NOW)
AUDIT = Audit(make.NAME, "acme-prod/(default)/sessions", (KEPT,), read=130, total=130, attributed="field")
FELL = "After api-00002-bbb began (2026-11-23 06:00) 3 sessions an hour, before 41."


@pytest.mark.parametrize(
    ("audit", "answered", "words"),
    [
        (AUDIT, YES, "128 are there"),
        (replace(AUDIT, attributed="time"), YES, "which is a guess"),
        (replace(AUDIT, fell=(FELL,)), NO, f"{FELL} Sessions of api-00001-aaa: 128 are there"),
        (replace(AUDIT, fell=(FELL.replace("00002-bbb", "00009-xyz"),)), YES, "128 are there"),
        (replace(AUDIT, kept=()), UNKNOWN, "is among all 130"),
        (replace(AUDIT, kept=(), cut=True), UNKNOWN, "is among the newest 130"),
        (
            replace(AUDIT, kept=(), read=0, total=0),
            UNKNOWN,
            "There are no sessions in acme-prod/(default)/sessions; if they are elsewhere, [session] in buddy.toml says where.",
        ),
        (replace(AUDIT, trouble=make.trouble("No database.")), UNKNOWN, "No database."),
    ],
)
def test_what_is_still_there_tells_of_data_loss_and_never_more_than_it_proves(
    audit: Audit, answered: Answered, words: str
) -> None:
    line = no_data_loss(audit, NEW, OLD)

    assert (line.answered, line.source) == (answered, "firestore")
    assert words in line.evidence
    if answered is YES:
        assert "That none was deleted is not proved by that." in line.evidence


def test_without_an_earlier_good_revision_there_is_nothing_to_compare_with() -> None:
    assert no_data_loss(AUDIT, OLD, None).answered is UNKNOWN
