"""POST /sessions, GET and DELETE /sessions/{id}."""

from Back_End.audit_trail import AuditTrail
from Back_End.http_request import Request
from Back_End.http_response import Response
from Back_End.session_store import MemorySessions


class SessionApi:
    def __init__(self, sessions: MemorySessions, audit: AuditTrail) -> None:
        self._sessions = sessions
        self._audit = audit

    def create(self, _request: Request, _name: str) -> Response:
        session = self._sessions.create()
        self._audit.note("created", session.id)
        return Response({"session": session.as_json()}, 201)

    def show(self, _request: Request, name: str) -> Response:
        return Response({"session": self._sessions.get(name).as_json()})

    def delete(self, _request: Request, name: str) -> Response:
        self._sessions.delete(name)
        self._audit.note("deleted", name)
        return Response({"deleted": name})
