"""rules: the code itself: what Python cannot read, and what it raises while it reads it."""

import re
from pathlib import PurePosixPath

from buddy_tui.boot.values import Frame, Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.origin import importer_of, short_file
from buddy_tui.rules.source_root import deploy_command
from buddy_tui.rules.words import at_import, blamed, deepest, flat, inside, told

_SYNTAX = frozenset({"SyntaxError", "IndentationError", "TabError"})
_NULL_BYTES = "source code string cannot contain null bytes"
# Grammar that came with a version of Python; older ones call it wrong.
_NEWER = (
    (re.compile(r"^\s*(?:match|case)\b.*:\s*$"), "3.10"),
    (re.compile(r"^\s*except\s*\*"), "3.11"),
    (re.compile(r"^\s*(?:def|class)\s+\w+\["), "3.12"),
    (re.compile(r"^\s*type\s+\w+.*="), "3.12"),
    (re.compile(r"^\s*(?:async\s+)?with\s*\("), "3.10"),
    (re.compile(r"\bf(['\"]).*\{[^}]*\1"), "3.12"),
)
_CONFLICT = re.compile(r"^\s*(?:<{4,}|>{4,}|={7})")
# What only the code can be at fault for; others may tell of the world that it was started in.
_CODE_ERRORS = frozenset(
    [
        "AttributeError",
        "IndexError",
        "NameError",
        "NotImplementedError",
        "RecursionError",
        "TypeError",
        "UnboundLocalError",
        "ZeroDivisionError",
    ]
)
# What a message gives away about versions of Python and of packages, by their own changelogs.
_HINTS = (
    (
        re.compile(r"unsupported operand type\(s\) for \|: 'type'"),
        "write Optional[X] or Union[X, Y], or FROM python:3.10 or newer",
    ),
    (
        re.compile(r"'type' object is not subscriptable"),
        "write typing.List and typing.Dict, or FROM python:3.9 or newer",
    ),
    (
        re.compile(r"unexpected keyword argument 'proxies'"),
        "requirements.txt: newer openai or anthropic, or httpx<0.28",
    ),
    (
        re.compile(r"Descriptors cannot (?:not )?be created directly"),
        "requirements.txt: protobuf<=3.20.3, or generate the code again",
    ),
    (re.compile(r"'recursive_guard'"), "requirements.txt: pydantic>=1.10.17, or FROM python:3.11"),
    (
        re.compile(r"module 'pkgutil' has no attribute 'ImpImporter'"),
        "requirements.txt: setuptools>=66, or FROM python:3.11",
    ),
    (
        re.compile(r"module 'numpy' has no attribute '(?:float|int|bool|object|typeDict)'"),
        "requirements.txt: numpy<1.24",
    ),
    (
        re.compile(r"module 'lib' has no attribute 'X509"),
        "requirements.txt: newer pyOpenSSL and cryptography",
    ),
    (
        re.compile(r"module '(?:collections|asyncio|inspect|ast|typing)' has no attribute"),
        "a newer version of the package that asks, or an older Python",
    ),
    (
        re.compile(r"Directly inherits from TypingOnly"),
        "requirements.txt: SQLAlchemy>=2.0.36, or FROM python:3.12",
    ),
    (
        re.compile(r"'Flask' object has no attribute 'before_first_request'"),
        "requirements.txt: Flask<2.3, or do it where the application is made",
    ),
)
_DJANGO_EARLY = re.compile(r"AppRegistryNotReady|isn't in an application in INSTALLED_APPS")


def syntax_error(evidence: Evidence) -> Finding | None:
    """Answer when a file cannot be parsed. What was made up at run time (`<string>`) is no file."""
    raised = blamed(evidence)
    if raised is None or not (raised.name in _SYNTAX or _NULL_BYTES in raised.message):
        return None
    place = raised.frames[-1] if raised.frames else None
    if place is not None and place.file.startswith("<") and not place.file.startswith("<frozen"):
        return None
    return told(evidence, raised, _unreadable(raised, place, evidence))


def error_at_import(evidence: Evidence) -> Finding | None:
    """Answer for whatever else was raised while the program was loaded or started: the last of the traceback rules."""
    raised = blamed(evidence)
    if raised is None or not raised.type or raised.name in {"SystemExit", "KeyboardInterrupt"}:
        return None
    return told(evidence, raised, _raised_by_code(raised, evidence))


def _unreadable(raised: Raised, place: Frame | None, evidence: Evidence) -> Finding:
    where = f"{inside(place.file)}:{place.line}" if place else "a file"
    source = place.source if place else ""
    newer = next((version for pattern, version in _NEWER if pattern.search(source)), "")
    ours = place is None or place.project
    first = f"{where}: {flat(raised.message, 120)}"
    if _CONFLICT.match(source):
        first = f"{where}: resolve the merge conflict that was committed"
    elif place is not None and not ours:
        first = f"requirements.txt: a version of {_package(place)} for the image's Python, or another Python"
    check = f"python -m py_compile {inside(place.file)}" if place and ours else ""
    older = f"Dockerfile: FROM python:{newer} or newer" if newer else ""
    return Finding(
        Cause.SYNTAX_ERROR,
        Confidence.CERTAIN,
        boots=False,
        summary=f"Python cannot read {where}: {flat(raised.message, 120)}",
        short=f"{raised.name} in {PurePosixPath(place.file).name}:{place.line}" if place else raised.name,
        fix=tuple(fix for fix in (first, older, check, deploy_command(evidence.revision)) if fix),
        uncertain=(f"The line would be right in Python {newer} and later: the image may have an older one.",)
        if newer
        else (),
    )


def _package(place: Frame) -> str:
    return short_file(place.file).partition("/")[0].removesuffix(".py")


def _raised_by_code(raised: Raised, evidence: Evidence) -> Finding:
    frame = deepest(raised, project=True)
    where = f"{inside(frame.file)}:{frame.line}" if frame else ""
    when = "while it was imported" if at_import(raised) else "while the application was started"
    said = flat(raised.message, 120)
    hint = _hint(f"{raised.type}: {said}")
    message = f": {said}" if said else ""
    place = f"{where} raised" if where else "A library raised"
    return Finding(
        Cause.ERROR_AT_IMPORT,
        _sure(raised, evidence),
        boots=False,
        summary=f"{place} {raised.name} {when}{message}",
        short=f"{raised.name}{message}",
        fix=tuple(fix for fix in (hint, _mend(where, raised), deploy_command(evidence.revision)) if fix),
        uncertain=_doubts(raised, frame),
    )


def _sure(raised: Raised, evidence: Evidence) -> Confidence:
    whole = evidence.boot.fatal is not None and evidence.boot.fatal.whole
    asked = importer_of(raised)
    if not whole or deepest(raised, project=True) is None:
        return Confidence.UNSURE
    own = asked is not None and asked.project
    if raised.name in _CODE_ERRORS and at_import(raised) and own:
        return Confidence.CERTAIN
    return Confidence.LIKELY


def _hint(said: str) -> str:
    if _DJANGO_EARLY.search(said):
        return "call django.setup() first, or list the app in INSTALLED_APPS; import models only after that"
    return next((hint for pattern, hint in _HINTS if pattern.search(said)), "")


def _mend(where: str, raised: Raised) -> str:
    if not where:
        return "run the same command on a machine with the same packages: the traceback shows where it starts"
    if raised.name == "RecursionError":
        return f"{where}: let the recursion end"
    return (
        f"{where}: correct the code, and start it once before deploying: the same error shows on any machine"
    )


def _doubts(raised: Raised, frame: Frame | None) -> tuple[str, ...]:
    asked = importer_of(raised)
    if frame is None:
        return ("No frame of the project is in the traceback.",)
    if asked is not None and not asked.project:
        return (f"It was raised in {short_file(asked.file)}: a package of another version may be at fault.",)
    return ()
