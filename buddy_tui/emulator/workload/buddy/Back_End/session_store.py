"""Where sessions are kept. For now in this instance's memory: another instance does not see them."""

from Back_End.error_catalog import NotFound
from Back_End.session_model import Session


class MemorySessions:
    """The one store so far. A durable one needs the same four methods and `durable = True`."""

    kind = "memory"
    durable = False

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def create(self) -> Session:
        session = Session()
        self.save(session)
        return session

    def get(self, session_id: str) -> Session:
        if session_id not in self._sessions:
            raise NotFound(f"There is no session '{session_id}' on this instance.")
        return self._sessions[session_id]

    def save(self, session: Session) -> None:
        self._sessions[session.id] = session

    def delete(self, session_id: str) -> None:
        self.get(session_id)
        del self._sessions[session_id]

    def __len__(self) -> int:
        return len(self._sessions)
