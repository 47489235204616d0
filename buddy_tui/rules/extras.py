"""rules: what libraries say in words of their own when a distribution is not installed."""

import re
from dataclasses import replace

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.distributions import distribution_of, requirement_of, well_known
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.source_root import deploy_command
from buddy_tui.rules.words import blamed, flat, last_said, stated, told

_NAME = r"[\"'`]?(?P<name>[A-Za-z][\w.-]*\w)[\"'`]?"
_SURE, _LIKELY = Confidence.CERTAIN, Confidence.LIKELY
# fastapi, starlette, pydantic, httpx, pandas, importlib.metadata, setuptools, SQLAlchemy, gunicorn; the last for all.
_SAYINGS = (
    (re.compile(rf"Form data requires {_NAME} to be installed"), _SURE),
    (re.compile(rf"(?:The )?{_NAME}(?: library)? must be installed to use"), _SURE),
    (re.compile(rf"requires the {_NAME} (?:package|library) to be installed"), _SURE),
    (re.compile(rf"\bthe {_NAME} package is not installed"), _SURE),
    (re.compile(r"^(?P<name>[a-z][\w-]*\w) is not installed, run `pip install"), _SURE),
    (re.compile(rf"Missing optional dependency {_NAME}"), _SURE),
    (re.compile(r"Unable to import required dependenc(?:y|ies):? +(?P<name>\w+)"), _LIKELY),
    (re.compile(rf"No package metadata was found for {_NAME}"), _LIKELY),
    (re.compile(r"The '(?P<name>[A-Za-z][\w.-]*)[^']*' distribution was not found"), _LIKELY),
    (re.compile(r"Can't load plugin: sqlalchemy\.dialects:(?!postgres\b)(?P<name>[\w.]+)"), _LIKELY),
    (re.compile(r"class uri '[\w.]+' invalid or not found.*No module named '(?P<name>[\w.]+)'"), _SURE),
    (re.compile(r"\b\w+ worker requires (?P<name>gevent|eventlet|tornado)\b"), _LIKELY),
    (
        re.compile(r"\bpip3? install ['\"`]?(?P<name>[A-Za-z][\w.-]*\w)(?![\w.-])(?!['\"`]?(?:==|>|<|~))"),
        _LIKELY,
    ),
)
_TYPES = frozenset(
    [
        "AssertionError",
        "DistributionNotFound",
        "ImportError",
        "ModuleNotFoundError",
        "NoSuchModuleError",
        "PackageNotFoundError",
        "RuntimeError",
    ]
)
# Some extras are best asked for through the library that wants them.
_ASKED = {
    "h2": "httpx[http2]",
    "socksio": "httpx[socks]",
    "postgresql.asyncpg": "asyncpg",
    "postgresql.psycopg": "psycopg[binary]",
    "bigquery": "sqlalchemy-bigquery",
    "snowflake": "snowflake-sqlalchemy",
}
_CLASS_URI = re.compile(r"class uri '(?P<name>\w+)[\w.]*' invalid or not found")
# Words that all have which say in one line what could not be imported.
NO_IMPORT = re.compile(r"ould not import|No module named|module not found|class uri")
# What `python -m` and waitress say of a module that is not there: it may be what they start or what that imports.
NOT_STARTED = (
    re.compile(r"(?:^|\s)\S*python[\d.]*(?:\.exe)?: No module named (?P<name>[\w.]+)$"),
    re.compile(r"(?:^|\s)(?:Error: |\d\. )No module named '(?P<name>[\w.]+)'$"),
)


def extra_missing(evidence: Evidence) -> Finding | None:
    """Answer when a library says itself which distribution it misses; "No module named" is another rule's."""
    raised = blamed(evidence)
    if raised is None:
        return _tool_missing(evidence)
    found = None if raised.message.startswith("No module named") else _said(raised)
    return told(evidence, raised, _wanted(*found, evidence)) if found else None


def also_called(name: str, evidence: Evidence) -> str:
    """Return the name of the distribution that brings a module as a library gave it afterwards, else the module's."""
    for raised in evidence.boot.fatal.chain if evidence.boot.fatal else ():
        found = _said(raised)
        if found and found[1] is _SURE and found[0].replace("-", "_").lower() == name.lower():
            return found[0]
    return name


def _said(raised: Raised) -> tuple[str, Confidence] | None:
    """Return the distribution that an exception's words name as missing, and how sure these words are."""
    message = flat(raised.message, 2000)
    hits = ((pattern.search(message), sure) for pattern, sure in _SAYINGS if raised.name in _TYPES)
    return next(((found["name"], sure) for found, sure in hits if found), None)


def _wanted(name: str, sure: Confidence, evidence: Evidence) -> Finding:
    unsure = (
        f"That {name} is missing is what the library says; it may be there in a version that does not fit."
    )
    return _finding(name, sure, () if sure is _SURE else (unsure,), evidence)


def _tool_missing(evidence: Evidence) -> Finding | None:
    """Answer when a program is missing that the command starts, or a class of workers that it names."""
    said = last_said(evidence, NO_IMPORT, (_CLASS_URI, *NOT_STARTED))
    if said is None or not well_known(name := said[0].match["name"]):
        return None
    finding = replace(_finding(name, _SURE, (), evidence), exception=_shown_below(evidence, said[0].at))
    return stated(evidence, said[0], finding)


def _shown_below(evidence: Evidence, at: int) -> str:
    """Return the failed import of which gunicorn shows the traceback in its message, empty without one."""
    below = (one.root for one in evidence.boot.tracebacks if one.lines and one.lines[0] > at)
    return next((root.type for root in below if root.message.startswith("No module named")), "")


def _finding(name: str, sure: Confidence, uncertain: tuple[str, ...], evidence: Evidence) -> Finding:
    line = _ASKED.get(name) or requirement_of(name)
    return Finding(
        Cause.THIRD_PARTY_MISSING,
        sure,
        boots=False,
        summary=f"{distribution_of(name)} is not installed in the image, and a library that is there asks for it.",
        short=f"{name} is not installed",
        missing=name,
        fix=(f"requirements.txt: add the line {line}", deploy_command(evidence.revision)),
        uncertain=uncertain,
    )
