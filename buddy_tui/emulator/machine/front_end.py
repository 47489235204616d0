"""The front end: who may come in, before a request reaches an instance."""

import secrets
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Protocol

import jwt
from aiohttp import hdrs, web

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.identity import Identities
from buddy_tui.emulator.machine.refusals import (
    BAD_TOKEN,
    NO_INVOKER,
    NO_TOKEN,
    NOT_FOUND,
    PROHIBITED,
    Refusal,
)
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.run.access import Access

# Where both headers are sent, only the first is looked at; the other is the application's own.
_SERVERLESS = "X-Serverless-Authorization"
_REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"


class Services(Protocol):
    """Where the front end learns who may call a service; the world."""

    def access(self, where: Where) -> Access:
        """Tell who may call; a NOT_FOUND Problem for an unknown service."""


class FrontEnd:
    """Decides about every request. All of them come from outside Google: there is no other side on this machine."""

    def __init__(self, services: Services, identities: Identities, faults: Faults) -> None:
        self._services = services
        self._identities = identities
        self._faults = faults

    def admit(self, service: Where, request: web.BaseRequest) -> Refusal | str:
        """Return the name of the header whose token let `request` in ("" where none is needed), or why it may not.

        Raises a NOT_FOUND Problem for an unknown service.
        """
        access = self._services.access(service)
        if not access.reachable:
            return NOT_FOUND
        if self._faults.organisation_policy:
            identity = secrets.token_urlsafe(40)
            return replace(
                PROHIBITED, text=f"{PROHIBITED.text} vpcServiceControlsUniqueIdentifier: {identity}"
            )
        return "" if access.public else self._identify(access, request)

    def _identify(self, access: Access, request: web.BaseRequest) -> Refusal | str:
        header = _SERVERLESS if request.headers.get(_SERVERLESS) else hdrs.AUTHORIZATION
        given = request.headers.getall(header, [])
        if not any(given):
            return NO_TOKEN
        try:
            email = self._identities.email(_bearer(given), access.audiences)
        except jwt.InvalidTokenError:
            return BAD_TOKEN
        return header if access.invites(email) else NO_INVOKER


def remove_signature(headers: MutableMapping[str, str], header: str) -> None:
    """Leave of a checked token what the application may read, and nothing that it could call others with."""
    claims, _, _ = headers[header].rpartition(".")
    headers[header] = f"{claims}.{_REMOVED}"


def _bearer(given: list[str]) -> str:
    """Return the token. Two headers, or another scheme, are a wrong format to Google and no missing token."""
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer":
        raise jwt.InvalidTokenError
    return token.strip()
