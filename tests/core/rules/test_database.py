"""A database that does not answer as it should while the program starts."""

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.rules.database import database_at_startup
from tests.core.rules.evidence_of import SERVICE, START, UNREACHED, crash, ended, evidence_of

SITE = "/usr/local/lib/python3.11/site-packages"
CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY
SOCKET = '"/cloudsql/acme-prod:europe-west1:main/.s.PGSQL.5432"'
TOLD = [
    (crash("connect()", f"psycopg2.OperationalError: connection to server on socket {SOCKET} failed: No such file"),
     CERTAIN, f"{SERVICE} --add-cloudsql-instances=acme-prod:europe-west1:main"),
    (crash("connect()", 'sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) could not translate host name '
           '"db" to address: Name or service not known', f"{SITE}/sqlalchemy/engine/base.py"),
     CERTAIN, f"{SERVICE} --update-env-vars=DB_HOST=VALUE"),
    (crash("connect()", "sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) "
           'relation "users" does not exist'), CERTAIN, "gcloud run jobs execute MIGRATION_JOB"),
    (crash("query()", "sqlite3.OperationalError: no such table: users"), CERTAIN, "gcloud run jobs execute"),
    (crash("connect()", 'asyncpg.exceptions.InvalidPasswordError: password authentication failed for user "app"',
           f"{SITE}/asyncpg/connection.py"), CERTAIN, f"{SERVICE} --update-secrets=DB_PASSWORD=SECRET:latest"),
    (crash("ping()", "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused."),
     CERTAIN, f"{SERVICE} --update-env-vars=DB_HOST=VALUE"),
    (crash("ping()", "pymongo.errors.ServerSelectionTimeoutError: 10.128.0.5:27017: timed out"), CERTAIN,
     f"{SERVICE} --network=NETWORK --subnet=SUBNET"),
    (crash("connect()", "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)",
           f"{SITE}/asyncpg/connection.py"), LIKELY, f"{SERVICE} --update-env-vars=DB_HOST=VALUE"),
    (crash("connect()", "FileNotFoundError: [Errno 2] No such file or directory: "
           "'/cloudsql/acme-prod:europe-west1:main/.s.PGSQL.5432'", f"{SITE}/asyncpg/connection.py"),
     LIKELY, f"{SERVICE} --add-cloudsql-instances=acme-prod:europe-west1:main"),
    (crash("start()", "app.errors.StartupError: Database initialization timeout after 25.0s"), LIKELY,
     f"{SERVICE} --add-cloudsql-instances=PROJECT:REGION:INSTANCE"),
    (ended("Error: connect ECONNREFUSED 10.1.2.3:5432"), LIKELY, f"{SERVICE} --network=NETWORK"),
]  # fmt: skip


@pytest.mark.parametrize(("log", "confidence", "fix"), TOLD)
def test_a_database_that_ended_the_boot_is_recognised_with_what_mends_it(
    log: str, confidence: Confidence, fix: str
) -> None:
    finding = database_at_startup(evidence_of(log))

    assert finding
    assert (finding.cause, finding.confidence, finding.boots) == (
        Cause.DATABASE_AT_STARTUP,
        confidence,
        False,
    )
    assert finding.fix[0].startswith(fix)
    assert finding.evidence


@pytest.mark.parametrize(
    "log",
    [
        crash("get()", "ConnectionRefusedError: [Errno 111] Connection refused", f"{SITE}/requests/api.py"),
        crash("import psycopg2", "ModuleNotFoundError: No module named 'psycopg2'"),
        crash("check()", "RuntimeError: DATABASE_URL is not set"),
        ended("migrations are up to date"),
    ],
)
def test_what_is_not_about_a_database_is_left_alone(log: str) -> None:
    assert database_at_startup(evidence_of(log)) is None


def test_a_database_error_in_a_boot_that_came_up_is_no_cause() -> None:
    log = (
        "ERROR: connection to server at 10.1.2.3 failed, going on without",
        "INFO:     Application startup complete.",
        "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
    )

    assert database_at_startup(evidence_of(*log)) is None


def test_a_program_that_waits_for_its_database_until_the_probe_gives_up_is_unsure() -> None:
    finding = database_at_startup(evidence_of(START, "retry: connect ECONNREFUSED 10.1.2.3:5432", UNREACHED))

    assert finding
    assert finding.confidence is Confidence.UNSURE


def test_a_password_in_the_message_is_never_repeated() -> None:
    last = "sqlalchemy.exc.OperationalError: could not connect to postgresql://app:hunter2@10.1.2.3/db"

    finding = database_at_startup(evidence_of(crash("connect()", last)))

    assert finding
    assert "hunter2" not in repr(finding)
