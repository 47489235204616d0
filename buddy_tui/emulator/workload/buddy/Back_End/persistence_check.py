"""Proves that the session store keeps what it is given, and says how long it will."""

from Back_End.error_catalog import NotFound
from Back_End.session_model import Session
from Back_End.session_store import Sessions


class PersistenceCheck:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def run(self) -> dict[str, object]:
        """Write, read and delete a session."""
        session = Session(probe="persistence check")
        try:
            self._sessions.add(session)
            works = self._sessions.get(session.id).id == session.id
            self._sessions.delete(session.id)
        except NotFound:
            works = False
        return {"store": self._sessions.kind, "durable": self._sessions.durable, "round_trip": works}
