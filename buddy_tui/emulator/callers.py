"""Callers: who calls an API of the emulator, and with what program, as its audit log will tell."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `email` is empty for the world's own operator, `agent` where no program was named.

    `method` and `request` are those of another version of the API, where it was called over one.
    """

    email: str = ""
    agent: str = ""
    method: str = ""
    request: Mapping[str, Any] | None = None


_CALLER = ContextVar("caller", default=Caller())  # noqa: B039 - it is frozen


def current() -> Caller:
    """Return who makes the call that is under way."""
    return _CALLER.get()


@contextmanager
def calling(caller: Caller) -> Iterator[None]:
    """Let what is done in this context be done by `caller`."""
    token = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(token)
