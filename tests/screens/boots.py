"""Boot logs as a feed yields them: the Buddy incident's, and one for every other state."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from buddy_tui.boot.values import (
    Boot,
    BootLog,
    Event,
    Frame,
    Line,
    Mark,
    Outcome,
    Raised,
    Reading,
    Traceback,
)
from buddy_tui.finding import Cause, Confidence, Finding, Incident, Quote
from buddy_tui.model import Link, LogBatch, LogEntry, LogState, Snapshot
from tests.make import NOW
from tests.screens import incident

REVISION = incident.REVISIONS[0]
_START = int((NOW - timedelta(minutes=29)).timestamp()) * 1_000_000_000
_INSTANCE = "00a22404f7c6e1b9d2"

_TRACEBACK = """\
Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
             ^^^^^^
  File "/usr/local/lib/python3.11/site-packages/click/core.py", line 1161, in __call__
    return self.main(*args, **kwargs)
  File "/usr/local/lib/python3.11/site-packages/uvicorn/config.py", line 434, in load
    self.loaded_app = import_from_string(self.app)
  File "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py", line 22, in import_from_string
    raise exc from None
  File "/app/main.py", line 14, in <module>
    from Back_End.whiteboard_metrics import WhiteboardMetrics
ModuleNotFoundError: No module named 'Back_End'"""


def entry(
    seconds: float, text: str, log: str = "stderr", severity: str = "DEFAULT", insert_id: str = ""
) -> LogEntry:
    """Return an entry of the newest revision, so many seconds after its start."""
    return LogEntry(
        _START + int(seconds * 1e9),
        log,
        insert_id or f"{seconds:.6f}{log}",
        text,
        severity,
        REVISION.name,
        _INSTANCE,
    )


ENTRIES = (
    entry(
        0,
        "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between "
        "revisions due to deployment, traffic split adjustment, or deployment health check.",
        "system",
        "INFO",
    ),
    entry(2.3, "INFO:     Will watch for nothing", "stdout"),
    *(entry(2.9 + at / 1000, line, severity="DEFAULT") for at, line in enumerate(_TRACEBACK.split("\n"))),
    entry(3.1, "Container called exit(1).", "system", "WARNING"),
    entry(
        3.2,
        'Default STARTUP TCP probe failed 1 time consecutively for container "buddy-app-1" on port 8080. '
        "The instance was not started. Connection failed with status CANCELLED.",
        "system",
        "ERROR",
    ),
    entry(
        3.3,
        f"Ready condition status changed to False for Revision {REVISION.name} with message: "
        f"{REVISION.message.partition(' Logs for')[0]}",
        "event",
        "ERROR",
    ),
)
_RAISED_AT = 1 + len(_TRACEBACK.split("\n"))


def _events() -> Iterator[Event]:
    for mark, at, words, detail, number in (
        (Mark.START, 0, "start", "DEPLOYMENT_ROLLOUT", 0),
        (Mark.PROCESS, 1, "uvicorn", "uvicorn", 0),
        (Mark.IMPORT, 12, "import", "", 0),
        (Mark.RAISED, _RAISED_AT, "ModuleNotFoundError", "", 0),
        (Mark.EXIT, _RAISED_AT + 1, "exit", "", 1),
        (Mark.PROBE_FAILED, _RAISED_AT + 2, "probe failed", "CANCELLED", 8080),
    ):
        yield Event(mark, ENTRIES[at].when, at, words, detail, number)


_LINES = tuple(Line(one.text, at, 0) for at, one in enumerate(ENTRIES))
_FATAL = Traceback(
    (
        Raised(
            "ModuleNotFoundError",
            "No module named 'Back_End'",
            (Frame("/app/main.py", 14, "<module>", "from Back_End.whiteboard_metrics import …", at=12),),
            at=_RAISED_AT,
        ),
    ),
    tuple(range(2, _RAISED_AT + 1)),
)
READING = Reading(
    ENTRIES,
    (
        Boot(
            REVISION.name, _INSTANCE, "buddy-app-1", _LINES[:-1], tuple(_events()), (_FATAL,), _FATAL,
            Outcome.DIED, "uvicorn", "Back_End.main:app",
        ),
    ),
    _LINES[-1:],
    (Event(Mark.REJECTED, ENTRIES[-1].when, 0, "rejected"),),
)  # fmt: skip


def quote(at: int) -> Quote:
    """Return an entry as evidence."""
    return Quote(" ".join(ENTRIES[at].text.split()), at, insert_id=ENTRIES[at].insert_id)


FINDING = Finding(
    Cause.LOCAL_MODULE_MISSING,
    Confidence.CERTAIN,
    boots=False,
    summary="The uploaded folder is Back_End/ itself, so there is no package Back_End in it; the code is fine.",
    observed="/app/main.py:14 imports Back_End, and Python finds no such module.",
    short="No module named Back_End",
    exception="ModuleNotFoundError",
    missing="Back_End",
    frame="/app/main.py:14",
    fix=(
        "gcloud run deploy buddy-app --source . --region=us-central1 --project=buddy-demo",
        "Run it in the folder that holds Back_End/, Front_End/ and the Dockerfile.",
    ),
    evidence=(
        quote(_RAISED_AT),
        quote(_RAISED_AT - 1),
        Quote("37.zip has main.py at its top, and no Back_End/"),
        quote(_RAISED_AT + 1),
    ),
    chain=("main.py:14", "Back_End.whiteboard_metrics", "Back_End.budget_tracker", "Back_End.cost_estimator"),
    revision=REVISION.name,
)
LIVE = LogState(Link.LIVE, calls=3, complete=True)
BOOT = BootLog(LogBatch(ENTRIES, state=LIVE), READING, FINDING)
CONNECTING = BootLog(LogBatch())
NOTHING = BootLog(LogBatch(state=LIVE))
LIKELY = replace(
    BOOT,
    finding=replace(
        FINDING,
        confidence=Confidence.LIKELY,
        uncertain=("The source archive could not be read, so this is told from the log alone.",),
    ),
)
INCOMPLETE = replace(
    BOOT,
    finding=Finding(
        Cause.INCOMPLETE,
        Confidence.UNSURE,
        boots=None,
        summary="The log ends inside a traceback: the line that names the exception was never seen.",
        uncertain=("The rest may still come in.",),
        evidence=(quote(2),),
        revision=REVISION.name,
    ),
)
NO_OUTPUT = BootLog(
    LogBatch((ENTRIES[0], *ENTRIES[-3:]), state=LIVE),
    replace(READING, boots=()),
    Finding(
        Cause.NO_OUTPUT,
        Confidence.CERTAIN,
        boots=False,
        summary="The container ended without writing a line: only Cloud Run's own messages are there.",
        fix=("Set PYTHONUNBUFFERED=1, so that what is written before the end is not lost.",),
        revision=REVISION.name,
    ),
)
UP = BootLog(
    LogBatch(
        (
            ENTRIES[0],
            entry(2.3, "INFO:     Started server process [1]"),
            entry(2.6, "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)"),
            entry(
                2.7,
                'Default STARTUP TCP probe succeeded after 1 attempt for container "buddy-app-1" on port 8080.',
                "system",
                "INFO",
            ),
        ),
        state=LIVE,
    ),
    Reading(
        (ENTRIES[0],),
        (
            Boot(
                REVISION.name,
                _INSTANCE,
                lines=(_LINES[0],),
                events=(
                    Event(Mark.START, _START, 0, "start"),
                    Event(Mark.PROCESS, _START + 2_300_000_000, 0, "uvicorn", "uvicorn"),
                    Event(Mark.LISTENING, _START + 2_600_000_000, 0, "listening", "0.0.0.0", 8080),
                    Event(Mark.PROBE_PASSED, _START + 2_700_000_000, 0, "probe passed", "tcp", 8080),
                ),
                outcome=Outcome.UP,
            ),
        ),
    ),
    Finding(
        Cause.NONE,
        Confidence.CERTAIN,
        boots=True,
        summary="It listens on port 8080, and the startup probe got through 2.7 s after the start.",
        revision=REVISION.name,
    ),
)
DENIED = BootLog(
    LogBatch(
        state=LogState(
            Link.BROKEN,
            trouble=replace(
                incident.DENIED,
                sentence="alice@example.com may not do that: logging.logEntries.list is missing on buddy-demo.",
                hint="gcloud projects add-iam-policy-binding buddy-demo --member=user:alice@example.com "
                "--role=roles/logging.viewer",
            ),
        )
    )
)
POLLING = replace(
    BOOT,
    batch=LogBatch(
        ENTRIES,
        frozenset({2, 3}),
        LogState(
            Link.POLLING,
            "Google's quota is used up; looking every 60 s",
            calls=12,
            suppressed=40,
            reconnects=2,
            complete=True,
        ),
    ),
)

FINDINGS = tuple(
    replace(FINDING, revision=one.name) for one in incident.REVISIONS if one.name != incident.SERVING
)
INCIDENT = Incident(
    failed=tuple(one.revision for one in reversed(FINDINGS)),
    first_bad=FINDINGS[-1].revision,
    last_good=incident.SERVING,
    one_cause=True,
    cause=Cause.LOCAL_MODULE_MISSING,
    headline="9 revisions in a row, one cause: No module named Back_End",
    story=(
        "Nine different fixes, one cause: the code is fine.",
        "00028-bsx was uploaded from the project root, 00029-n6b to 00037-m2k from Back_End/.",
    ),
    changed=("source root: project root -> Back_End/",),
    fix=FINDING.fix[:1],
    confidence=Confidence.CERTAIN,
)
EXPLAINED: Snapshot = replace(incident.SNAPSHOT, findings=FINDINGS, incident=INCIDENT)
