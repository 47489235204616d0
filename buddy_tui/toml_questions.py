"""config: `[[probe]]` and `[session]` of buddy.toml, checked: what is asked of a service's revisions."""

import json
import re
from collections.abc import Container
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from buddy_tui.clean import clean_line
from buddy_tui.question import Ask, Expect, Question, SessionPlan

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# One slash first: two of them, or a backslash that some take for one, name another host.
_PATH = re.compile(r"/(?![/\\])[!-~]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# What decides where a request goes, how long it is, or who sent it.
_OURS = ("connection", "content-length", "host", "traceparent", "transfer-encoding", "user-agent")
_OURS_TOO = "x-serverless-authorization"
_STATUS = re.compile(r"([1-5])xx|([1-5]\d\d)(?:-([1-5]\d\d))?")
_MOST_SECONDS = 300.0
_MOST_READS = 100


class WrongQuestion(Exception):
    """A table that cannot be used: `key` is the setting in it that is wrong, the text says how."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


class _Expect(msgspec.Struct, forbid_unknown_fields=True):
    status: int | str | list[int | str] = "2xx"
    json: dict[str, Any] = {}
    body: str = ""


class _Ask(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    method: str = ""
    json: Any = None
    headers: dict[str, str] = {}


class _Probe(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    path: str
    method: str = "GET"
    json: Any = None
    headers: dict[str, str] = {}
    expect: _Expect = msgspec.field(default_factory=_Expect)
    timeout: float = 10.0
    critical: bool = True


class _Session(msgspec.Struct, forbid_unknown_fields=True):
    create: _Ask | None = None
    read: _Ask | None = None
    delete: _Ask | None = None
    id: str | None = None
    document: str | None = None
    project: str | None = None
    database: str | None = None
    agree: dict[str, str] | None = None
    mark: str | None = None
    instance: str | None = None
    reads: int | None = None
    patience: float | None = None
    timeout: float | None = None
    revision: str | None = None
    created: str | None = None


_Table = TypeVar("_Table", _Probe, _Session)
# The tables inside of others, by the key that they stand under.
_FIELDS: dict[str, type[msgspec.Struct]] = {
    "expect": _Expect,
    **dict.fromkeys(("create", "read", "delete"), _Ask),
}
_NOUNS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def question(raw: object, taken: Container[str] = ()) -> Question:
    """Read one `[[probe]]`; `taken` are names that others have. Raises WrongQuestion."""
    table = _converted(raw, _Probe)
    name = clean_line(table.name)
    if name in taken:
        raise WrongQuestion("name", f"there are two probes of the name `{name}`")
    if not name or len(name) > 40:
        raise WrongQuestion("name", "should be a short name")
    return Question(
        name,
        _ask(_Ask(table.path, table.method, table.json, table.headers), "GET", ""),
        _expect(table.expect),
        _seconds("timeout", table.timeout),
        table.critical,
    )


def session_plan(raw: object) -> SessionPlan:
    """Read `[session]`; what it does not say stays as the sample service has it. Raises WrongQuestion."""
    table, usual = _converted(raw, _Session), SessionPlan()
    told = {
        key: value
        for key in ("id", "document", "project", "database", "mark", "instance", "revision", "created")
        if (value := getattr(table, key)) is not None
    }
    _check_pointers(told, table.agree or {})
    plan = SessionPlan(
        create=_ask(table.create, "POST", "create.") if table.create else usual.create,
        read=_ask(table.read, "GET", "read.") if table.read else usual.read,
        delete=_ask(table.delete, "DELETE", "delete.") if table.delete else usual.delete,
        agree=usual.agree if table.agree is None else tuple(table.agree.items()),
        reads=usual.reads if table.reads is None else table.reads,
        patience=_seconds("patience", usual.patience if table.patience is None else table.patience),
        timeout=_seconds("timeout", usual.timeout if table.timeout is None else table.timeout),
        **told,
    )
    _check_places(plan)
    return plan


def _converted(raw: object, kind: type[_Table]) -> _Table:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise _in_words(str(error), kind) from None


def _in_words(told: str, kind: type[msgspec.Struct]) -> WrongQuestion:
    """Say in plain words what msgspec says in those of JSON."""
    found = re.search(r"at `\$\.?([^`]*)`", told)
    place = re.sub(r"\[.*?\]", "", found[1]) if found else ""
    field = re.search(r"(unknown|required) field `(.*?)`", told)
    if field is None:
        wrong = re.search(r"Expected `(.*?)`, got `(.*?)`", told)
        text = f"should be {_noun(wrong[1])}, not {_noun(wrong[2])}" if wrong else told.partition(" - at ")[0]
        return WrongQuestion(place, text)
    key = ".".join(filter(None, (place, field[2])))
    if field[1] == "required":
        return WrongQuestion(key, "is missing")
    known = _FIELDS.get(place.rpartition(".")[2], kind).__struct_fields__
    near = get_close_matches(field[2], known, 1)
    meant = f"; did you mean `{near[0]}`" if near else ""
    return WrongQuestion(key, f"is no setting that we know{meant}")


def _noun(types: str) -> str:
    names = [_NOUNS[name] for name in types.split(" | ") if name in _NOUNS]
    return " or ".join(dict.fromkeys(names)) or "something else"


def _ask(table: _Ask, usual: str, prefix: str) -> Ask:
    method = (table.method or usual).upper()
    if method not in _METHODS:
        raise WrongQuestion(f"{prefix}method", f"should be one of {', '.join(_METHODS)}")
    if not _PATH.fullmatch(table.path) or "#" in table.path:
        raise WrongQuestion(
            f"{prefix}path",
            "should begin with one / and be of plain characters: the host is always the revision's",
        )
    for name, value in table.headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable():
            raise WrongQuestion(f"{prefix}headers", f"`{clean_line(name)}` cannot be sent as a header")
        if name.lower() in (*_OURS, _OURS_TOO):
            raise WrongQuestion(f"{prefix}headers", f"`{name}` is ours to say")
    return Ask(method, table.path, _json(table.json, prefix), tuple(table.headers.items()))


def _json(value: object, prefix: str) -> str:
    if value is None:
        return ""
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise WrongQuestion(f"{prefix}json", "holds what JSON has no word for, such as a date") from None


def _expect(table: _Expect) -> Expect:
    told = table.status if isinstance(table.status, list) else [table.status]
    for pointer, value in table.json.items():
        if pointer and not pointer.startswith("/"):
            raise WrongQuestion(
                "expect.json", f'"{clean_line(pointer)}" should be a JSON pointer, e.g. "/status"'
            )
        if not isinstance(value, str | int | float | bool):
            raise WrongQuestion(
                "expect.json", f'"{clean_line(pointer)}" should be text, a number or a truth value'
            )
    try:
        re.compile(table.body)
    except re.error as error:
        raise WrongQuestion("expect.body", f"is no regular expression: {error}") from None
    return Expect(tuple(map(_statuses, told)) or Expect().statuses, tuple(table.json.items()), table.body)


def _statuses(told: int | str) -> tuple[int, int]:
    found = _STATUS.fullmatch(str(told).strip().lower())
    if not found:
        raise WrongQuestion(
            "expect.status", 'should be a status such as 200, "2xx" or "200-204", or a list of them'
        )
    if found[1]:
        return int(found[1]) * 100, int(found[1]) * 100 + 99
    return int(found[2]), int(found[3] or found[2])


def _seconds(key: str, value: float) -> float:
    if not 0 < value <= _MOST_SECONDS:
        raise WrongQuestion(key, f"should be more than 0 and at most {_MOST_SECONDS:.0f} seconds")
    return float(value)


def _check_pointers(told: dict[str, str], agree: dict[str, str]) -> None:
    pointers = {"id": told.get("id", "/"), "instance": told.get("instance", "")}
    for key, pointer in (*pointers.items(), *(("agree", one) for one in agree)):
        if (pointer or key != "instance") and not pointer.startswith("/"):
            raise WrongQuestion(key, f'"{clean_line(pointer)}" should be a JSON pointer, e.g. "/session/id"')


def _check_places(plan: SessionPlan) -> None:
    """Check what can only be right together: where the id goes, and that a document has a path of its own."""
    parts = plan.document.split("/")
    if len(parts) % 2 or not all(parts) or parts[-1] != "{id}" or "{" in plan.collection:
        raise WrongQuestion("document", 'should be a document\'s path with the id last, e.g. "sessions/{id}"')
    for key, ask in (("read.path", plan.read), ("delete.path", plan.delete)):
        if "{id}" not in ask.path + ask.json:
            raise WrongQuestion(key, "does not say where the session's {id} goes")
    if not re.fullmatch(r"\(default\)|[a-z][a-z0-9-]{2,62}", plan.database):
        raise WrongQuestion("database", "is not the name of a Firestore database")
    if plan.project and not re.fullmatch(r"(?:[a-z0-9.-]+:)?[a-z0-9][a-z0-9-]{0,61}", plan.project):
        raise WrongQuestion("project", "is not a project ID")
    if not 1 <= plan.reads <= _MOST_READS:
        raise WrongQuestion("reads", f"should be between 1 and {_MOST_READS}")
