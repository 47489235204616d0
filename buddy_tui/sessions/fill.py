"""sessions: placeholders filled in without harm, and values found by JSON pointers and field paths. Pure."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from buddy_tui.probes.pointer import MISSING
from buddy_tui.probes.pointer import pointed as pointer_to
from buddy_tui.question import Ask

# Unreserved in a URL (RFC 3986), and nothing that Firestore or a log would have to escape.
_ID = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_MARK = re.compile(r"buddy-probe-[0-9a-f]{32}")


def fresh_mark() -> str:
    """Return a word that nobody ever had: 128 random bits, and whose they are."""
    return f"buddy-probe-{secrets.token_hex(16)}"


def is_mark(text: str) -> bool:
    """Tell whether this is a word as `fresh_mark` makes them."""
    return _MARK.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """Tell whether a server's word may be put into paths.

    Dots alone would lead to another path, and Firestore keeps ids like `__name__` for itself.
    """
    if _ID.fullmatch(text) is None or not text.strip("."):
        return False
    return not (text.startswith("__") and text.endswith("__"))


def filled(ask: Ask, *, id: str, mark: str) -> Ask:  # noqa: A002 - the placeholder's own name
    """Return a request with its `{id}` and `{mark}` filled in: escaped in the path, and as JSON in the body."""
    path, body = ask.path, ask.json
    for name, word in (("{id}", id), ("{mark}", mark)):
        path = path.replace(name, quote(word, safe=""))
        body = body.replace(name, json.dumps(word)[1:-1])
    return replace(ask, path=path, json=body)


def wants_id(ask: Ask) -> bool:
    """Tell whether a request has a place for an id of our choosing."""
    return "{id}" in ask.path or "{id}" in ask.json


def parsed(body: bytes) -> object:
    """Return a body as JSON, `None` where it is none."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested beyond all reason
        return None
    return value


def pointed(value: object, pointer: str) -> object:
    """Return what a JSON pointer leads to; `None` where that is null or nothing."""
    found = pointer_to(value, pointer)
    return None if found is MISSING else found


def at_field(fields: Mapping[str, object], path: str) -> object:
    """Return what is under a field path of a document, e.g. `user.name`; `None` where there is nothing."""
    value: object = fields
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
