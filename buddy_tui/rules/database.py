"""rules: a database or cache that the program needs while it starts, and that does not answer as it should."""

import re
from dataclasses import replace
from typing import NamedTuple

from buddy_tui.boot.values import Mark, Outcome, Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import (
    about,
    at_of,
    chain_of,
    ended,
    gcloud,
    last_event,
    last_hit,
    raised,
    root_of,
    service_account_of,
    update,
)

# What only drivers raise, under whatever name it was printed.
_DRIVER_ERRORS = frozenset(
    {"OperationalError", "ProgrammingError", "InterfaceError", "ServerSelectionTimeoutError"}
)
# Other exceptions of drivers that mean the server, the way to it, or its schema, and not the program's own code.
_DRIVER_TYPE = re.compile(
    r"^(?:redis|aioredis|valkey)\.exceptions\."
    r"|^(?:psycopg2?|asyncpg|sqlalchemy|pymysql|MySQLdb|mysql|aiomysql|django\.db|pymongo|oracledb|pyodbc|pymssql|neo4j)\b.*\."
    r"(?:DatabaseError|InternalError|DBAPIError|PoolTimeout|AutoReconnect|NetworkTimeout|OperationFailure|ServiceUnavailable"
    r"|AuthError|ConnectionDoesNotExistError|CannotConnectNowError|TooManyConnectionsError|Undefined(?:Table|Column)\w*"
    r"|Invalid(?:Password|CatalogName|AuthorizationSpecification)\w*)$",
)
# What has a cause of its own, whatever it says of a database.
_OTHER_CAUSE = frozenset(
    {"ImportError", "ModuleNotFoundError", "SyntaxError", "NameError", "AttributeError", "KeyError"}
)
_DRIVER = re.compile(
    r"[/\\](?:asyncpg|psycopg|psycopg2|psycopg_pool|sqlalchemy|pymysql|MySQLdb|mysql|aiomysql|aiosqlite|sqlite3|redis|aioredis"
    r"|pymongo|motor|tortoise|peewee|databases|oracledb|pymssql|pyodbc|cassandra|neo4j|clickhouse_connect|clickhouse_driver"
    r"|elasticsearch|google[/\\]cloud[/\\]sql)[/\\.]|django[/\\]db[/\\]",
)
_NETWORK = re.compile(
    r"Connection(?:Refused|Reset|Aborted)?Error|TimeoutError|gaierror|CancelledError|OSError|BrokenPipeError|FileNotFoundError|Timeout$"
)
_DATABASE = re.compile(
    r"\b(?:database|postgres(?:ql)?|mysql|mariadb|cloud ?sql|redis|valkey|mongo(?:db)?|sqlite|db)\b",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"time(?:d)? ?-?out|refused|unreachable|not (?:be )?reach|unavailable|(?:could|can|did) ?n(?:o|')t connect|cannot connect"
    r"|(?:un|not )able to connect|connection (?:failed|error|closed|reset)|failed to connect|connect(?:ion)? .*fail|not ready|max retries",
    re.IGNORECASE,
)  # fmt: skip
# Words that only a server or driver of a database says.
_WORDS = re.compile(
    r"connection to server (?:at|on) .*failed|could not translate host name|Can't connect to (?:MySQL|local) server"
    r"|password authentication failed for user|no such table: |relation \"[^\"]+\" does not exist"
    r"|database \"[^\"]+\" does not exist|Error \d+ connecting to \S+:\d+|No servers found yet|ServerSelectionTimeoutError"
    r"|remaining connection slots are reserved|unable to open database file|Access denied for user '"
    r"|Connect call failed \('[^']+', (?:5432|3306|6379|27017|1433)\)|ECONNREFUSED \S+:(?:5432|3306|6379|27017|1433)\b",
)
_INSTANCE = re.compile(r"/cloudsql/([\w.-]+:[\w-]+:[\w-]+)")
_SCHEMA = re.compile(
    r"no such (?:table|column)|relation \"|does not exist|Unknown column|doesn't exist|Undefined(?:Table|Column)"
)


class _Remedy(NamedTuple):
    """What the words mean: in a few words, in half a sentence, and the flags of an update that mends it."""

    words: re.Pattern[str]
    short: str
    why: str
    flags: tuple[str, ...]


_REMEDIES = (
    _Remedy(
        re.compile(
            r"authentication failed|Access denied|InvalidPassword|WRONGPASS|NOAUTH|AuthenticationError|bad auth",
            re.IGNORECASE,
        ),
        "database refuses the password",
        "it refuses the user or the password",
        ("--update-secrets=DB_PASSWORD=SECRET:latest",),
    ),
    _Remedy(
        re.compile(
            r"could not translate host name|Name or service not known|getaddrinfo|name resolution|nodename nor servname",
            re.IGNORECASE,
        ),
        "database host unknown",
        "the name of its host is not known there",
        ("--update-env-vars=DB_HOST=VALUE",),
    ),
    _Remedy(
        re.compile(r"\b(?:localhost|127\.0\.0\.1|::1)\b"),
        "no database on localhost",
        "it is looked for on localhost, where only the container itself is",
        ("--update-env-vars=DB_HOST=VALUE",),
    ),
    _Remedy(
        re.compile(r"\b(?:10\.\d+|172\.(?:1[6-9]|2\d|3[01])|192\.168)\.\d+\.\d+\b"),
        "no way to the database",
        "its private address cannot be reached from the revision",
        ("--network=NETWORK", "--subnet=SUBNET", "--vpc-egress=private-ranges-only"),
    ),
)


def database_at_startup(evidence: Evidence) -> Finding | None:
    """Tell of a database or cache whose trouble ended the program while it started."""
    root = root_of(evidence)
    if root is None:
        return _said(evidence)
    if root.name in _DRIVER_ERRORS or _DRIVER_TYPE.search(root.type):
        return raised(evidence, _finding(evidence, _told(evidence), Confidence.CERTAIN))
    if root.name not in _OTHER_CAUSE and _speaks_of_a_database(evidence, root):
        return raised(evidence, _finding(evidence, _told(evidence), Confidence.LIKELY))
    return None


def _speaks_of_a_database(evidence: Evidence, root: Raised) -> bool:
    if _WORDS.search(root.message):
        return True
    through_driver = any(_DRIVER.search(frame.file) for frame in root.frames)
    if _NETWORK.search(root.name) and (through_driver or _INSTANCE.search(root.message)):
        return True
    return any(_DATABASE.search(one.message) and _TROUBLE.search(one.message) for one in chain_of(evidence))


def _told(evidence: Evidence) -> str:
    return "\n".join(f"{one.type}: {one.message}" for one in chain_of(evidence))


def _said(evidence: Evidence) -> Finding | None:
    waits = evidence.boot.outcome is Outcome.UNREACHABLE
    hit = last_hit(evidence, _WORDS) if waits or ended(evidence) else None
    if hit is None:
        return None
    end = last_event(evidence, Mark.EXIT, Mark.WORKER_DIED, Mark.GAVE_UP)
    finding = _finding(evidence, hit.match.string, Confidence.UNSURE if waits else Confidence.LIKELY)
    doubt = (
        "No exception shows that this ended the boot: it is the last thing said of a database before the end."
    )
    return about(
        evidence,
        replace(finding, evidence=evidence.quote(hit.at, *at_of(end)), uncertain=(*finding.uncertain, doubt)),
    )


def _finding(evidence: Evidence, told: str, confidence: Confidence) -> Finding:
    short, why, fix = _remedy(evidence, told)
    return Finding(
        cause=Cause.DATABASE_AT_STARTUP,
        confidence=confidence,
        boots=False,
        summary=f"The program needs its database while it starts, and {why}.",
        observed="The last thing before the end is an error of the database or of the way to it.",
        short=short,
        fix=fix,
    )


def _remedy(evidence: Evidence, told: str) -> tuple[str, str, tuple[str, ...]]:
    """Return what is wrong in a few words and in half a sentence, and the commands that mend it."""
    if _SCHEMA.search(told):
        migrate = gcloud("run", "jobs", "execute", "MIGRATION_JOB", "--region=REGION", "--wait")
        return "schema is not migrated", "the database lacks a table, a column or itself", (migrate,)
    if instance := _INSTANCE.search(told):
        return (
            "Cloud SQL does not answer",
            "its Cloud SQL socket does not answer",
            _attach(evidence, instance[1]),
        )
    for remedy in _REMEDIES:
        if remedy.words.search(told):
            return remedy.short, remedy.why, (update(evidence, *remedy.flags),)
    return "database does not answer", "it does not answer", _attach(evidence, "PROJECT:REGION:INSTANCE")


def _attach(evidence: Evidence, instance: str) -> tuple[str, ...]:
    member = f"--member=serviceAccount:{service_account_of(evidence)}"
    project = instance.partition(":")[0]
    return (
        update(evidence, f"--add-cloudsql-instances={instance}"),
        gcloud("projects", "add-iam-policy-binding", project, member, "--role=roles/cloudsql.client"),
    )
