"""POST /sessions, GET and DELETE /sessions/{id}."""

import re

from Back_End.audit_trail import AuditTrail
from Back_End.error_catalog import Problem
from Back_End.http_request import Request
from Back_End.http_response import Response
from Back_End.input_validator import optional_text
from Back_End.session_model import Session
from Back_End.session_store import Sessions

_ID = re.compile(r"[A-Za-z0-9-]{16,80}")


class SessionApi:
    """`revision` is who we are."""

    def __init__(self, sessions: Sessions, audit: AuditTrail, revision: str) -> None:
        self._sessions = sessions
        self._audit = audit
        self._revision = revision

    def create(self, request: Request, _name: str) -> Response:
        """Begin a session. The caller may name it, so that a request that is sent twice does not begin two."""
        body = request.json()
        session = Session(revision=self._revision, probe=optional_text(body, "probe"))
        session.id = optional_text(body, "id") or session.id
        if not _ID.fullmatch(session.id):
            raise Problem("'id' must be 16 to 80 letters, digits and hyphens.")
        self._sessions.add(session)
        self._audit.note("created", session.id)
        return Response({"session": session.as_json()}, 201)

    def show(self, _request: Request, name: str) -> Response:
        return Response({"session": self._sessions.get(name).as_json()})

    def delete(self, _request: Request, name: str) -> Response:
        self._sessions.delete(name)
        self._audit.note("deleted", name)
        return Response({"deleted": name})
