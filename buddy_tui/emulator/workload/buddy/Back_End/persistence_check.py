"""Proves that the session store keeps what it is given, and says how long it will."""

from Back_End.error_catalog import NotFound
from Back_End.session_store import MemorySessions


class PersistenceCheck:
    def __init__(self, sessions: MemorySessions) -> None:
        self._sessions = sessions

    def run(self) -> dict[str, object]:
        """Write, read and delete a session."""
        session = self._sessions.create()
        try:
            works = self._sessions.get(session.id).id == session.id
            self._sessions.delete(session.id)
        except NotFound:
            works = False
        return {"store": self._sessions.kind, "durable": self._sessions.durable, "round_trip": works}
