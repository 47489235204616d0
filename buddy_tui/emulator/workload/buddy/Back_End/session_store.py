"""Where sessions are kept: durable in Firestore, in this instance's memory, or nowhere."""

from typing import Protocol

from Back_End.error_catalog import Conflict, NotFound
from Back_End.session_model import Session


class Sessions(Protocol):
    """A store. `durable` ones outlive this instance, and every other instance sees what is in them."""

    kind: str
    durable: bool

    def add(self, session: Session) -> None:
        """Keep a new session; a Conflict when there is one of its id."""

    def get(self, session_id: str) -> Session:
        """Return a session; NotFound."""

    def save(self, session: Session) -> None:
        """Keep what has become of a session."""

    def delete(self, session_id: str) -> None:
        """Forget a session; NotFound."""


class MemorySessions:
    """In this instance's memory: another instance does not see them."""

    kind = "memory"
    durable = False

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def add(self, session: Session) -> None:
        if session.id in self._sessions:
            raise Conflict(f"There is a session '{session.id}' already.")
        self.save(session)

    def get(self, session_id: str) -> Session:
        if session_id not in self._sessions:
            raise NotFound(f"There is no session '{session_id}' on this instance.")
        return self._sessions[session_id]

    def save(self, session: Session) -> None:
        self._sessions[session.id] = session

    def delete(self, session_id: str) -> None:
        self.get(session_id)
        del self._sessions[session_id]


class NoSessions:
    """Nowhere: whoever begins a session is told yes, and it is forgotten."""

    kind = "none"
    durable = False

    def add(self, session: Session) -> None:
        pass

    def get(self, session_id: str) -> Session:
        raise NotFound(f"There is no session '{session_id}'.")

    def save(self, session: Session) -> None:
        pass

    def delete(self, session_id: str) -> None:
        self.get(session_id)


def open_store(kind: str) -> Sessions:
    """Return the store that is meant by `memory`, `none`, `firestore`, or `firestore:PROJECT` for another project's."""
    name, _, project = kind.partition(":")
    if name == "firestore":
        # Google's client takes most of a second to load, and not every deployment needs it.
        from Back_End.firestore_sessions import FirestoreSessions

        return FirestoreSessions(project)
    return NoSessions() if name == "none" else MemorySessions()
