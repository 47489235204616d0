"""The session probe: every way to keep sessions gets its verdict, and nothing is left of any."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buddy_tui.errors import Denied, NotFound, Unreachable, UsageProblem
from buddy_tui.gateway import Document
from buddy_tui.probes.values import Answer, Target, Verdict
from buddy_tui.question import Ask, SessionPlan
from buddy_tui.sessions.climb import climb
from buddy_tui.sessions.values import Survival
from tests import make
from tests.core.sessions.application import (
    CANDIDATE,
    ELSEWHERE,
    HERE,
    OLDER,
    REVISIONS,
    SERVICE,
    SERVING,
    Store,
    everywhere,
)
from tests.core.sessions.climbing import World, step

KINDS = {
    "firestore": (everywhere(), Survival.PERSISTED, "2 instances"),
    "memory": (everywhere(place=None), Survival.MEMORY_OF_ONE_INSTANCE, "of 2 instances, 1 finds it"),
    "wrong project": (
        everywhere(place=ELSEWHERE),
        Survival.WRONG_PROJECT_OR_DATABASE,
        "not in the default database of acme-prod",
    ),
    "nothing": (everywhere(forgets=True), Survival.NOT_STORED, "do not find it"),
    "memory of its only instance": (
        {CANDIDATE: Store(None, instances=1), SERVING: Store(ELSEWHERE), OLDER: Store()},
        Survival.LOST_BETWEEN_REVISIONS,
        "cannot be told",
    ),
    "serving reads elsewhere": (
        {CANDIDATE: Store(), SERVING: Store(ELSEWHERE), OLDER: Store()},
        Survival.LOST_BETWEEN_REVISIONS,
        f"so {SERVING} reads elsewhere",
    ),
    "further reads elsewhere": (
        {CANDIDATE: Store(), SERVING: Store(), OLDER: Store(ELSEWHERE)},
        Survival.PERSISTED,
        f"{OLDER}, which has no traffic, does not find it",
    ),
    "slow": (everywhere(after=1.0), Survival.NOT_READ_BACK_IN_TIME, "first found after 1."),
    "too slow": (everywhere(after=30.0), Survival.NOT_STORED, "do not find it"),
    "writes behind": (
        everywhere(after=5.5, cached=True, instances=1),
        Survival.LOST_BETWEEN_REVISIONS,
        "its memory or another database",
    ),
    "writes here, reads there": (
        everywhere(reads_from=ELSEWHERE),
        Survival.NOT_READ_BACK_IN_TIME,
        "no read through api-00003-ccc found it within",
    ),
    "may not write": (
        everywhere(denied=("POST",), words="403 Missing or insufficient permissions."),
        Survival.PERMISSION_DENIED,
        "lacks roles/datastore.user",
    ),
    "fails to create": (everywhere(denied=("POST",)), Survival.CREATE_FAILED, "answers 500"),
    "fails to read": (everywhere(denied=("GET",)), Survival.NOT_READ_BACK_IN_TIME, "21 of 21 reads"),
    "fails to delete": (
        everywhere(denied=("DELETE",)),
        Survival.PERSISTED,
        "did not delete it: it answers 500",
    ),
    "another clock": (everywhere(ahead=timedelta(minutes=5)), Survival.CLOCK_SKEW, "5 min ahead"),
    "another Date": (everywhere(dates=timedelta(seconds=-90)), Survival.CLOCK_SKEW, "90 s ahead"),
    "leaks": (everywhere(leaks=True), Survival.LEAKED, "we removed it"),
    "finds it after deletion": (
        everywhere(cached=True, stale=True, instances=1),
        Survival.LEAKED,
        "4 of 4 reads through api-00003-ccc found it",
    ),
    "other fields": (
        everywhere(changes={"created": "2020-01-01T00:00:00Z"}),
        Survival.FIELDS_DISAGREE,
        "created",
    ),
    "not offered": (everywhere(offered=False), Survival.NOT_OFFERED, "has no POST /sessions: it answers 404"),
    "refused": (everywhere(refuses=("GET", "POST")), Survival.REFUSED, "May not."),
}


# Where instances differ, chance decides which of them answers.
CHANCES = [(kind, seed) for kind in KINDS for seed in range(20 if "memory" in kind else 3)]


@pytest.mark.parametrize(("kind", "seed"), CHANCES)
async def test_each_way_to_keep_sessions_gets_its_verdict_and_leaves_no_document(
    kind: str, seed: int, tmp_path: Path
) -> None:
    stores, survival, said = KINDS[kind]
    world = World(stores, tmp_path, seed)

    ladder = await world.top()

    assert (ladder.survival, ladder.reason) == (survival, ladder.reason)
    assert said in ladder.reason
    assert all(one.verdict is not None and one.reason for one in ladder.steps)
    assert bool(ladder.left) is (kind == "finds it after deletion")
    assert world.door.open_visits == 0
    await world.later()
    assert world.documents == []
    assert world.markers == []


async def test_the_steps_come_first_as_pending_and_are_filled_in_their_order(tmp_path: Path) -> None:
    ladders = [one async for one in World(everywhere(), tmp_path).climb()]

    assert [one.name for one in ladders[0].steps] == [
        "create", "reopen", "firestore", "together", "across", "other", "delete", "gone",
    ]  # fmt: skip
    assert all(one.verdict is None and one.began is None for one in ladders[0].steps)
    filled = [sum(one.verdict is not None for one in ladder.steps) for ladder in ladders]
    assert filled == sorted(filled)
    assert filled[-1] == 8
    assert all(ladder.survival is None for ladder in ladders[:-1])
    running = [one for one in ladders[3].steps if one.began is not None]
    assert [one.name for one in running] == ["create", "reopen"]
    assert ladders[-1].steps[4].title == f"read it through {SERVING}, which serves"
    assert ladders[-1].serving == SERVING
    assert ladders[-1].other == OLDER


async def test_every_request_is_a_visit_of_its_own_and_its_trace_is_told(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)

    ladder = await world.top()

    visitors = [visitor for visitor, _, _ in world.door.asked]
    assert len(visitors) == len(set(visitors))
    assert len(step(ladder, "together").traces) == 20


async def test_the_revision_is_woken_before_the_session_is_made_and_that_read_is_not_counted(
    tmp_path: Path,
) -> None:
    world = World(everywhere(), tmp_path, tick=0.5)

    ladder = await world.top()

    assert [method for _, method, _ in world.application.asked[:2]] == ["GET", "POST"]
    assert step(ladder, "together").reason.startswith("20 of 20")


async def test_a_service_that_finds_what_nobody_made_proves_nothing(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    world.cloud.keep(Document(HERE, "sessions/mine", {"id": "mine", "created": make.NOW, "probe": ""}))

    ladder = await world.top(SessionPlan(read=Ask("GET", "/sessions/mine", '{"session": "{id}"}')))

    assert ladder.survival is Survival.INCONCLUSIVE
    assert "finds a session that nobody made" in ladder.reason
    assert "POST" not in [method for _, method, _ in world.application.asked]
    assert world.documents == ["sessions/mine"]


async def test_a_document_that_comes_after_patience_is_not_in_time(tmp_path: Path) -> None:
    stores = everywhere(after=5.5, cached=True, instances=1)
    stores[SERVING] = Store(ELSEWHERE)
    world = World(stores, tmp_path, tick=0.05)

    ladder = await world.top(service=replace(SERVICE, effective=SERVICE.effective[1:]))

    assert ladder.survival is Survival.NOT_READ_BACK_IN_TIME
    assert "came into Firestore only after 6." in ladder.reason


@pytest.mark.parametrize(
    ("error", "survival", "verdict"),
    [
        (
            Denied("You lack datastore.entities.get.", "gcloud grant"),
            Survival.PERMISSION_DENIED,
            Verdict.REFUSED,
        ),
        (Unreachable("Firestore does not answer."), Survival.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        (NotFound("There is no database."), Survival.WRONG_PROJECT_OR_DATABASE, Verdict.FAIL),
    ],
)
async def test_what_we_cannot_read_in_firestore_is_not_taken_for_the_services_fault(
    error: Exception, survival: Survival, verdict: Verdict, tmp_path: Path
) -> None:
    world = World(everywhere(), tmp_path)
    world.cloud.fail("document", *[error] * 40)

    ladder = await world.top()

    assert ladder.survival is survival
    assert step(ladder, "firestore").verdict is verdict
    assert str(error) in step(ladder, "firestore").reason
    assert world.documents == []
    if isinstance(error, Denied):
        assert ladder.fix == "gcloud grant"


async def test_what_cannot_be_seen_to_be_gone_is_told_and_found_by_a_later_sweep(tmp_path: Path) -> None:
    world = World(everywhere(leaks=True), tmp_path)
    world.cloud.fail("document", None, *[Unreachable("Firestore does not answer.")] * 3)

    ladder = await world.top()

    assert "cannot be seen: Firestore does not answer." in ladder.left
    assert step(ladder, "gone").verdict is Verdict.FAIL
    world.cloud._outcomes.clear()
    assert "removed" in await world.later()
    assert (world.documents, world.markers) == ([], [])


async def test_the_log_of_a_failed_request_says_that_the_service_may_not_use_firestore(
    tmp_path: Path,
) -> None:
    world = World(everywhere(denied=("POST",)), tmp_path)
    world.cloud.write(
        make.entry(0, "google.api_core.exceptions.PermissionDenied: 403 Missing", revision=CANDIDATE)
    )

    ladder = await world.top()

    assert ladder.survival is Survival.PERMISSION_DENIED
    assert "roles/datastore.user" in ladder.fix
    assert "api@acme-prod.iam.gserviceaccount.com" in ladder.reason
    asked = [about for method, about in world.cloud.calls if method == "log_page"]
    assert len(asked) == 1
    assert f'trace="projects/acme-prod/traces/{2:032x}"' in asked[0]


async def test_no_log_is_read_as_long_as_nothing_fails(tmp_path: Path) -> None:
    world = World(everywhere(place=None), tmp_path)

    await world.top()

    assert world.cloud.count("log_page") == 0


async def test_a_service_may_choose_the_id_itself(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)

    ladder = await world.top(SessionPlan(create=Ask("POST", "/sessions", '{"probe": "{mark}"}')))

    assert ladder.survival is Survival.PERSISTED
    assert any(
        path.startswith("/sessions/own-") for _, method, path in world.application.asked if method == "DELETE"
    )
    assert (world.documents, world.markers) == ([], [])


@pytest.mark.parametrize(
    "named", ["../../admin", "..", "a/b", "a?b", "a b", "x" * 201, "é", "\x1b[2J", "__name__", "%2e%2e"]
)
async def test_an_id_that_leads_elsewhere_is_not_followed(named: str, tmp_path: Path) -> None:
    world = World(everywhere(named=named), tmp_path)

    ladder = await world.top(SessionPlan(create=Ask("POST", "/sessions", '{"probe": "{mark}"}')))

    assert ladder.survival is Survival.CREATE_FAILED
    assert "names an id that is none" in ladder.reason
    assert "\x1b" not in ladder.reason
    assert not [one for one in world.application.asked if named in one[2]]
    # A path of its own making is none that Firestore could be asked for.
    assert bool(world.documents) is ("/" in named)
    assert ("whose id is not known" in ladder.left) is ("/" in named)


async def test_a_session_of_somebody_else_is_neither_compared_nor_deleted(tmp_path: Path) -> None:
    world = World(everywhere(named="victim", forgets=True), tmp_path)
    world.cloud.keep(Document(HERE, "sessions/victim", {"id": "victim", "probe": "", "created": make.NOW}))

    ladder = await world.top(SessionPlan(create=Ask("POST", "/sessions", '{"probe": "{mark}"}')))

    assert ladder.survival is Survival.INCONCLUSIVE
    assert "is not the one that was made here" in ladder.reason
    assert "victim" in ladder.left
    assert "DELETE" not in [method for _, method, _ in world.application.asked]
    await world.later()
    assert world.documents == ["sessions/victim"]
    assert "DELETE" not in [method for _, method, _ in world.application.asked]


async def test_a_service_that_ignores_the_id_that_it_was_given_is_told_so(tmp_path: Path) -> None:
    world = World(everywhere(named="own-name"), tmp_path)

    ladder = await world.top()

    assert ladder.survival is Survival.CREATE_FAILED
    assert "not under the id that was sent" in ladder.reason
    assert (world.documents, world.markers) == ([], [])


async def test_without_writes_nothing_is_sent(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    stream = climb(
        SERVICE, REVISIONS, SessionPlan(), CANDIDATE,
        door=world.door, cloud=world.cloud, writes=None, clock=world.time, marks=tmp_path,
    )  # fmt: skip

    ladders = [one async for one in stream]

    assert (ladders[-1].survival, world.door.asked, world.markers) == (Survival.REFUSED, [], [])
    assert "Read-only" in ladders[-1].reason


async def test_a_revision_without_an_address_is_refused_with_the_way_out(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)

    ladder = await world.top(service=replace(SERVICE, effective=SERVICE.effective[:1]))

    assert ladder.survival is Survival.REFUSED
    assert "no address of its own" in ladder.reason
    assert "--update-tags" in ladder.fix
    assert world.door.asked == []


async def test_an_unknown_revision_is_refused(tmp_path: Path) -> None:
    ladder = await World(everywhere(), tmp_path).top(revision="api-00009-zzz")

    assert ladder.survival is Survival.REFUSED
    assert "api-00009-zzz" in ladder.reason


async def test_a_serving_revision_without_an_address_is_no_failure(tmp_path: Path) -> None:
    effective = (make.target(SERVING, 100), *SERVICE.effective[1:])

    ladder = await World(everywhere(), tmp_path).top(service=replace(SERVICE, effective=effective))

    assert ladder.survival is Survival.PERSISTED
    assert step(ladder, "across").verdict is Verdict.REFUSED
    assert f"{SERVING}, which serves, could not be asked: No tag leads to {SERVING}" in ladder.reason
    assert "--update-tags" in ladder.fix


async def test_where_the_probed_revision_alone_serves_there_is_nothing_to_read_across(tmp_path: Path) -> None:
    ladder = await World(everywhere(), tmp_path).top(revision=SERVING)

    assert ladder.survival is Survival.PERSISTED
    assert [one.name for one in ladder.steps] == [
        "create", "reopen", "firestore", "together", "other", "delete", "gone",
    ]  # fmt: skip
    assert all(one.verdict is Verdict.PASS for one in ladder.steps)
    assert ladder.serving == ""
    assert "serves" not in ladder.reason


async def test_where_two_revisions_serve_a_session_of_one_must_be_found_by_the_other(tmp_path: Path) -> None:
    effective = (
        replace(SERVICE.effective[0], percent=60),
        replace(SERVICE.effective[1], percent=40),
        SERVICE.effective[2],
    )
    stores = {**everywhere(), CANDIDATE: Store(ELSEWHERE)}

    ladder = await World(stores, tmp_path).top(
        service=replace(SERVICE, effective=effective), revision=SERVING
    )

    assert ladder.serving == CANDIDATE
    assert ladder.survival is Survival.LOST_BETWEEN_REVISIONS


@pytest.mark.parametrize(
    ("probed", "percents", "expected"),
    [
        (SERVING, (0, 100, 0), OLDER),
        (OLDER, (0, 100, 0), CANDIDATE),
        (CANDIDATE, (0, 100, 0), OLDER),
        (SERVING, (10, 60, 30), CANDIDATE),
        (OLDER, (60, 40, 0), SERVING),
    ],
)
async def test_one_more_is_one_that_has_traffic_else_an_older_one_else_the_newest(
    probed: str, percents: tuple[int, int, int], expected: str, tmp_path: Path
) -> None:
    shares = dict(zip((CANDIDATE, SERVING, OLDER), percents, strict=True))
    effective = tuple(replace(one, percent=shares[one.revision]) for one in SERVICE.effective)

    ladder = await World(everywhere(), tmp_path).top(
        service=replace(SERVICE, effective=effective), revision=probed
    )

    assert ladder.other == expected


async def test_answers_that_name_no_instance_cannot_be_told_apart(tmp_path: Path) -> None:
    stores = everywhere(place=ELSEWHERE, blind=True)

    ladder = await World(stores, tmp_path).top(revision=CANDIDATE)
    alone = await World(stores, tmp_path).top(service=replace(SERVICE, effective=SERVICE.effective[1:2]))

    assert (
        "instances cannot be told apart: the answers have nothing at /instance"
        in step(ladder, "together").reason
    )
    assert ladder.survival is Survival.LOST_BETWEEN_REVISIONS
    assert alone.survival is Survival.INCONCLUSIVE


async def test_a_memory_shows_in_answers_that_name_no_instance(tmp_path: Path) -> None:
    ladder = await World(everywhere(place=None, blind=True), tmp_path).top()

    assert ladder.survival is Survival.MEMORY_OF_ONE_INSTANCE


async def test_no_session_is_made_where_it_cannot_be_written_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    world = World(everywhere(), tmp_path / "file")

    ladder = await world.top()

    assert ladder.survival is Survival.REFUSED
    assert world.door.asked == []


async def test_what_cannot_be_sent_is_our_own_trouble(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)

    def unset(visitor: int, target: Target, ask: Ask) -> Answer:
        raise UsageProblem("Header X asks for the environment variable NAME, which is not set.")

    world.door._answer = unset

    ladder = await world.top()

    assert ladder.survival is Survival.INCONCLUSIVE
    assert "environment variable NAME" in ladder.reason
    assert (world.markers, world.door.open_visits) == ([], 0)


async def test_a_failure_while_the_revision_wakes_is_no_reason_to_read_its_log(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path)
    usual, asked = world.door._answer, []

    def wakes(visitor: int, target: Target, ask: Ask) -> Answer:
        asked.append(ask)
        return usual(visitor, target, ask) if len(asked) > 1 else Answer(make.NOW, status=503)

    world.door._answer = wakes

    ladder = await world.top()

    assert ladder.survival is Survival.PERSISTED
    assert world.cloud.count("log_page") == 0


async def test_a_probe_whose_note_is_gone_midway_still_removes_its_session(tmp_path: Path) -> None:
    world = World(everywhere(), tmp_path / "marks")
    usual = world.door._answer

    def spoils(visitor: int, target: Target, ask: Ask) -> Answer:
        if ask.method == "POST":
            shutil.rmtree(tmp_path / "marks")
        return usual(visitor, target, ask)

    world.door._answer = spoils

    ladder = await world.top(SessionPlan(create=Ask("POST", "/sessions", '{"probe": "{mark}"}')))

    assert ladder.survival is Survival.REFUSED
    assert "cannot be written" in ladder.reason
    assert world.documents == []
