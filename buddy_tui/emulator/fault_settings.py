"""Faults by name: set from a command line or over HTTP while the world runs."""

from collections.abc import Mapping
from dataclasses import fields
from math import isfinite
from typing import Any

from aiohttp import web

from buddy_tui.emulator.faults import Faults

_NAMES = tuple(field.name for field in fields(Faults) if field.name != "random")
_PATH = "/emulator/v1/faults"
_YES_OR_NO = (
    "traffic_stuck",
    "traffic_ignored",
    "build_fails",
    "build_hangs",
    "storage_denied",
    "organisation_policy",
)
_COUNTS = ("drop_tail_after", "lost_replies", "upload_cut")
_LISTS = {
    "denied": "permissions",
    "apis_off": "names of APIs",
    "missing_images": "image references",
    "refused_accounts": "e-mails",
    "firestore_denied": "projects or names of RPCs",
}
_SHARES = ("unavailable", "exhausted", "log_late_share", "log_double_share")
_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def as_json(faults: Faults) -> dict[str, Any]:
    """Return every fault by name; sets as sorted lists."""
    values = {name: getattr(faults, name) for name in _NAMES}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()}


def change(faults: Faults, wanted: Mapping[str, object]) -> None:
    """Set the named faults; the others stay. Values may be texts, as typed in a shell.

    Raises ValueError with a sentence when a name or value cannot be used; then nothing is changed.
    """
    values = {name: _value(name, value) for name, value in wanted.items()}
    for name, value in values.items():
        setattr(faults, name, value)


def typed(settings: tuple[str, ...]) -> dict[str, str]:
    """Read `NAME=VALUE` settings. Raises ValueError with a sentence when one has no `=`."""
    pairs = [setting.partition("=") for setting in settings]
    for name, sign, _ in pairs:
        if not sign:
            raise ValueError(f"A fault is set as NAME=VALUE, not as '{name}'.")
    return {name: value for name, _, value in pairs}


def routes(faults: Faults) -> list[web.RouteDef]:
    """Return `GET` and `POST /emulator/v1/faults`: read all, and set some. No fault strikes these two."""

    async def read(_request: web.Request) -> web.Response:
        return web.json_response(as_json(faults))

    async def write(request: web.Request) -> web.Response:
        try:
            wanted = await request.json()
            if not isinstance(wanted, dict):
                raise ValueError("Faults are set as a JSON object.")  # noqa: TRY004, TRY301 - answered below
            change(faults, wanted)
        except ValueError as problem:
            return web.json_response({"error": {"code": 400, "message": str(problem)}}, status=400)
        return web.json_response(as_json(faults))

    return [web.get(_PATH, read), web.post(_PATH, write)]


def _value(name: str, value: object) -> float | bool | frozenset[str]:
    if name not in _NAMES:
        raise ValueError(f"There is no fault '{name}'. There are: {', '.join(_NAMES)}.")
    if name in _LISTS:
        return _list(name, value)
    if name in _YES_OR_NO:
        return _yes_or_no(name, value)
    return _number(name, value)


def _list(name: str, value: object) -> frozenset[str]:
    words = [word for word in value.split(",") if word] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"The fault '{name}' wants {_LISTS[name]}.")
    return frozenset(words)


def _yes_or_no(name: str, value: object) -> bool:
    word = str(value).lower()
    if word not in _WORDS:
        raise ValueError(f"The fault '{name}' wants true or false, not '{value}'.")
    return _WORDS[word]


def _number(name: str, value: object) -> float:
    most = 1.0 if name in _SHARES else float("inf")
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not (isfinite(number) and 0 <= number <= most):
        limit = "a share from 0 to 1" if name in _SHARES else "a number from 0 on"
        raise ValueError(f"The fault '{name}' wants {limit}, not '{value}'.")
    return int(number) if name in _COUNTS else number
