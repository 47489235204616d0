"""What probes, a session probe, an audit and a checklist look like: values for the screens that show them."""

from dataclasses import replace
from datetime import timedelta

from buddy_tui.model import LogBatch, LogEntry, LogState, Trouble
from buddy_tui.probes.values import Attempt, Cell, Matrix, Refusal, Target, Verdict
from buddy_tui.question import DEFAULT_QUESTIONS, Ask, Question
from buddy_tui.sessions.values import Audit, Hour, Kept, Ladder, Step, Survival
from buddy_tui.verify.values import Answered, Before, Checklist, Line
from tests.make import NOW
from tests.screens.incident import NAME

SERVING, CANARY, OLD, DOWN = (
    "buddy-app-00028-bsx",
    "buddy-app-00029-n6b",
    "buddy-app-00027-k2p",
    "buddy-app-00030-c5v",
)
QUESTIONS = (
    replace(DEFAULT_QUESTIONS[0], ask=Ask("GET", "/health", headers=(("X-Api-Key", "s3cret"),))),
    *DEFAULT_QUESTIONS[1:4],
    replace(DEFAULT_QUESTIONS[4], critical=False),
)
TAG = (
    f"gcloud run services update-traffic buddy-app --update-tags=old={OLD} "
    "--region=us-central1 --project=buddy-demo"
)
TARGETS = (
    Target(CANARY, "https://canary---buddy-app-abc-uc.a.run.app", "https://buddy-app-abc-uc.a.run.app"),
    Target(
        SERVING,
        "https://good---buddy-app-abc-uc.a.run.app",
        "https://buddy-app-abc-uc.a.run.app",
        percent=100,
    ),
    Target(
        OLD,
        refusal=Refusal.NO_ADDRESS,
        reason="No tag leads to this revision, so it has no address of its own.",
        fix=TAG,
    ),
    Target(DOWN, refusal=Refusal.NOT_RUNNING, reason="The revision never came up."),
)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
BOUND = "8 of 8: fewer than 32 % of requests fail, 95 % confidence"
BAD_BOUND = "0 of 8: more than 67 % of requests fail, 95 % confidence"


def attempt(number: int, *, good: bool = True, took: float = 0.012) -> Attempt:
    """Return an attempt; the trace of each ends with its number."""
    return Attempt(
        number,
        NOW + timedelta(seconds=number),
        took,
        Verdict.PASS if good else Verdict.FAIL,
        "" if good else "It answered 503, not 200 to 299.",
        200 if good else 503,
        f"{TRACE[:-2]}{number:02d}",
        (("content-type", "application/json"), ("server", "Google Frontend")),
        '{"status": "ok"}' if good else '{"status": "down",\n "db": "unreachable"}',
    )


TOOK = (0.012, 0.011, 0.019, 0.012, 0.045, 0.013, 0.012, 0.031)


def passing(revision: str, question: Question, tried: int = 8) -> Cell:
    """Return a cell of good attempts, settled when there are eight."""
    attempts = tuple(attempt(at + 1, took=TOOK[at % 8]) for at in range(tried))
    settled = tried >= 8
    return Cell(
        revision,
        question.name,
        Verdict.PASS if settled else None,
        tried,
        tried,
        BOUND if settled else "",
        12.4 if tried else None,
        45.0 if tried else None,
        critical=question.critical,
        attempts=(attempt(0, took=1.8), *attempts) if tried else (),
    )


def failing(revision: str, question: Question, compared: str) -> Cell:
    """Return a cell of bad attempts, compared with the serving revision."""
    shared = f"; {question.ask.path} fails on both: not this release" if compared == "same" else ""
    return replace(
        passing(revision, question),
        verdict=Verdict.FAIL,
        passed=0,
        bound=BAD_BOUND,
        reason=f'It answered 503 with {{"db": "unreachable"}}{shared}',
        fix=f"gcloud run services logs read buddy-app --revision={revision}" if compared != "same" else "",
        compared=compared,
        attempts=tuple(attempt(at + 1, good=False, took=TOOK[at]) for at in range(8)),
    )


def refused(target: Target, question: Question, refusal: Refusal | None = None) -> Cell:
    """Return a cell that was never asked."""
    return Cell(
        target.revision,
        question.name,
        Verdict.REFUSED,
        reason=target.reason,
        fix=target.fix,
        refusal=refusal or target.refusal,
        critical=question.critical,
    )


def settled(target: Target) -> tuple[Cell, ...]:
    """Return the row of a revision when all was asked."""
    health, system, flow, persistence, chat = QUESTIONS
    revision = target.revision
    if target.refusal:
        return tuple(refused(target, one) for one in QUESTIONS)
    absent = Cell(revision, flow.name, Verdict.NOT_OFFERED, 0, 1, reason="It answers 404 everywhere.")
    if revision == SERVING:
        unsure = replace(passing(revision, chat), verdict=Verdict.INCONCLUSIVE, passed=6, reason="No route.")
        return (
            passing(revision, health),
            failing(revision, system, ""),
            absent,
            passing(revision, persistence),
            unsure,
        )
    return (
        passing(revision, health),
        failing(revision, system, "same"),
        absent,
        failing(revision, persistence, "worse"),
        passing(revision, chat),
    )


DONE = Matrix(
    NAME,
    TARGETS,
    QUESTIONS,
    tuple(settled(one) for one in TARGETS),
    baseline=SERVING,
    attempts=8,
    round=1,
    began=NOW - timedelta(seconds=12),
    as_of=NOW,
    done=True,
)
EMPTY = replace(
    DONE,
    cells=tuple(
        tuple(
            refused(target, one) if target.refusal else passing(target.revision, one, 0) for one in QUESTIONS
        )
        for target in TARGETS
    ),
    done=False,
)
FILLING = replace(
    EMPTY,
    cells=(
        (
            passing(CANARY, QUESTIONS[0]),
            passing(CANARY, QUESTIONS[1], 3),
            DONE.cells[0][2],
            *EMPTY.cells[0][3:],
        ),
        (DONE.cells[1][0], DONE.cells[1][1], passing(SERVING, QUESTIONS[2], 0), *EMPTY.cells[1][3:]),
        *EMPTY.cells[2:],
    ),
)
WATCHING = replace(DONE, round=4, done=False)
NO_ADDRESS = replace(
    DONE,
    targets=tuple(
        replace(TARGETS[2], revision=one.revision, percent=one.percent, fix=TAG.replace(OLD, one.revision))
        for one in TARGETS
    ),
    cells=tuple(
        tuple(
            refused(replace(TARGETS[2], revision=one.revision, fix=TAG.replace(OLD, one.revision)), question)
            for question in QUESTIONS
        )
        for one in TARGETS
    ),
    baseline="",
)
FORBIDDEN = replace(
    TARGETS[1],
    reason="alice@example.com lacks run.routes.invoke on buddy-app.",
    fix="gcloud run services add-iam-policy-binding buddy-app --member=user:alice@example.com --role=roles/run.invoker",
)
REFUSED = replace(
    DONE,
    targets=TARGETS[:2],
    cells=tuple(
        tuple(
            refused(replace(FORBIDDEN, revision=one.revision), question, Refusal.NOT_INVOKER)
            for question in QUESTIONS
        )
        for one in TARGETS[:2]
    ),
    baseline="",
)
NOT_OFFERED = replace(
    DONE,
    targets=TARGETS[:2],
    cells=tuple(
        tuple(
            Cell(one.revision, question.name, Verdict.NOT_OFFERED, 0, 1, reason="404 everywhere.")
            for question in QUESTIONS
        )
        for one in TARGETS[:2]
    ),
)
OFFLINE = Trouble("Cloud Run does not answer.", "Check the network.", 3, NOW - timedelta(seconds=20))
NO_MATRIX = Matrix(NAME, trouble=OFFLINE, done=True)


def step(name: str, title: str, verdict: Verdict | None, took: float = 0.0, reason: str = "") -> Step:
    """Return a step; one without a verdict that took nothing has not begun."""
    return Step(name, title, verdict, NOW - timedelta(seconds=3) if verdict or took else None, took, reason)


GOOD_STEPS = (
    step("sweep", "Sweep what a killed probe left", Verdict.PASS, 0.08, "Nothing was left."),
    step("create", "Create a session on 00029-n6b", Verdict.PASS, 0.21, "201; its id is bt-7f3a90c1."),
    step("read", "Close the browser, open it again, read", Verdict.PASS, 0.05, "200 from instance 9f2c."),
    step(
        "document",
        "Read the document straight from Firestore",
        Verdict.PASS,
        0.12,
        "sessions/bt-7f3a90c1 in buddy-demo/(default); id and created agree.",
    ),
    step("crowd", "Read twenty times at once", Verdict.PASS, 0.34, "20 of 20, from 2 instances."),
    step("serving", "Read through the serving revision", Verdict.PASS, 0.06, "200 from 00028-bsx."),
    step("other", "Read through one revision more", Verdict.PASS, 0.07, "200 from 00027-k2p."),
    step("delete", "Delete it", Verdict.PASS, 0.09, "204."),
    step("gone", "Gone in Firestore too", Verdict.PASS, 0.06, "No document is left."),
)
PERSISTED = Ladder(
    NAME,
    CANARY,
    SERVING,
    OLD,
    GOOD_STEPS,
    Survival.PERSISTED,
    "Firestore holds the session, and every revision that was asked reads it.",
    swept="1 session of a probe that was killed on 2026-11-22 09:14 UTC",
    began=NOW - timedelta(seconds=4),
    as_of=NOW,
)
CLIMBING = replace(
    PERSISTED,
    steps=(
        *GOOD_STEPS[:4],
        replace(GOOD_STEPS[4], verdict=None, took=0.0, reason=""),
        *(replace(one, verdict=None, began=None, took=0.0, reason="") for one in GOOD_STEPS[5:]),
    ),
    survival=None,
    reason="",
)
MEMORY = replace(
    PERSISTED,
    steps=(
        *GOOD_STEPS[:3],
        replace(
            GOOD_STEPS[3],
            verdict=Verdict.FAIL,
            reason="There is no document sessions/bt-7f3a90c1 in buddy-demo/(default), 5 s after it was created.",
        ),
        replace(
            GOOD_STEPS[4],
            verdict=Verdict.FAIL,
            reason="9 of 20 answered 404: instance 9f2c has the session, instance 41d0 has not.",
        ),
        replace(GOOD_STEPS[5], verdict=Verdict.FAIL, reason="404 from 00028-bsx."),
        replace(GOOD_STEPS[6], verdict=Verdict.REFUSED, reason="00027-k2p has no address of its own."),
        replace(GOOD_STEPS[7], reason="204 from the instance that had it."),
        GOOD_STEPS[8],
    ),
    survival=Survival.MEMORY_OF_ONE_INSTANCE,
    reason="The session lives in the memory of the instance that made it; another instance does not know it.",
    fix="Store sessions in Firestore before answering: SESSION_STORE=firestore on the revision.",
    swept="",
)
LEAKED = replace(
    PERSISTED,
    survival=Survival.LEAKED,
    reason="It was deleted through the service and is still in Firestore.",
    left="sessions/bt-7f3a90c1 in buddy-demo/(default)",
    swept="",
)

_START = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
_WRITTEN = (
    (SERVING, (3, 2, 1, 1, 2, 4, 9, 14, 22, 31, 38, 40, 37, 33, 35, 30, 28, 31, 36, 24, 12, 3, 0, 0)),
    (CANARY, (0,) * 19 + (6, 9, 5, 3, 2)),
)
AUDIT = Audit(
    NAME,
    "buddy-demo/(default)/sessions",
    (
        Kept(CANARY, 25, NOW - timedelta(hours=4, minutes=12), NOW - timedelta(minutes=2)),
        Kept(SERVING, 466, NOW - timedelta(days=9), NOW - timedelta(hours=2)),
        Kept("", 3, NOW - timedelta(days=30), NOW - timedelta(days=29)),
    ),
    tuple(
        Hour(_START + timedelta(hours=at), revision, count)
        for revision, counts in _WRITTEN
        for at, count in enumerate(counts)
        if count
    ),
    ((_START + timedelta(hours=19, minutes=20), CANARY),),
    ("After 00029-n6b began at 08:20 UTC, 8 sessions an hour were written; in the six hours before, 32.",),
    ("3 sessions say nothing about their revision.", "Deleted sessions are not counted: they are gone."),
    total=494,
    read=494,
    cost=495,
    attributed="field",
    as_of=NOW,
)

_AT = NOW - timedelta(minutes=2)
LINES = (
    Line("deploys", "Deployment", "It deploys from the project's root", Answered.YES,
         "The archive of 00029-n6b has Back_End/main.py at its root.", "archive", _AT),
    Line("boots", "Deployment", "The revision boots and listens on PORT", Answered.YES,
         "Ready since 08:20 UTC; it listened after 3.1 s.", "snapshot", _AT),
    Line("survives", "Session persistence", "A session survives closing the browser", Answered.NO,
         "memory of one instance: 9 of 20 reads answered 404.", "probe", _AT, "alice@example.com",
         "fixed on main, goes out tomorrow"),
    Line("firestore", "Session persistence", "Sessions are in Firestore", Answered.NO,
         "There is no document sessions/bt-7f3a90c1 in buddy-demo/(default).", "firestore", _AT),
    Line("noloss", "Session persistence", "No data loss against 00028-bsx", Answered.UNKNOWN,
         "The audit would read 20 000 documents; it may read 2 000.", "firestore", _AT),
    Line("health", "Health monitor", "/system/health answers good", Answered.PENDING),
    Line("alerts", "Health monitor", "Somebody is paged when it does not", Answered.BY_HAND,
         "", "", _AT, "bob@example.com", "uptime check 'buddy' pages the on-call rota"),
    Line("errors", "Production traffic", "No 5xx among real requests since the rollout", Answered.YES,
         "0 of 1 204 requests since 08:20 UTC; ours are left out.", "log", _AT),
)  # fmt: skip
CHECKLIST = Checklist(NAME, CANARY, LINES, done=False, as_of=NOW, created=NOW - timedelta(hours=4))
_THEN = NOW - timedelta(days=9, hours=2)
NOT_SEEN_NOW = replace(
    CHECKLIST,
    lines=tuple(
        replace(one, before=Before(Answered.YES, "488 sessions of 00028-bsx are there.", "firestore", _AT - timedelta(hours=2)))
        if one.id == "noloss"
        else replace(one, answered=Answered.YES, evidence="200, 8 of 8.", source="probe", at=_AT)
        if one.answered is Answered.PENDING
        else one
        for one in LINES
    ),
    done=True,
)  # fmt: skip
KEPT_RELEASES = tuple(
    Checklist(
        NAME,
        revision,
        tuple(
            replace(one, answered=answered, evidence="200, 8 of 8." if answered is Answered.YES else one.evidence,
                    source=one.source or "probe", at=_THEN - timedelta(days=days), by="", note="")
            for one in LINES
        ),
        done=True,
        as_of=_THEN - timedelta(days=days),
        created=_THEN - timedelta(days=days, hours=1),
        kept=True,
    )
    for days, (revision, answered) in enumerate(((SERVING, Answered.YES), (OLD, Answered.UNKNOWN)))
)  # fmt: skip

LINE = LogEntry(
    int(NOW.timestamp() * 1e9),
    "stderr",
    "a1",
    "ERROR database unreachable: deadline of 2 s exceeded",
    "ERROR",
    CANARY,
)
LOGGED = LogBatch((LINE,), state=LogState(complete=True))
NOT_LOGGED = LogBatch(state=LogState(complete=True))
