"""How much of a conversation is looked back at."""

from Back_End.session_model import Session
from Back_End.session_store import MemorySessions


class ConversationMemory:
    def __init__(self, sessions: MemorySessions, context_messages: int) -> None:
        self._sessions = sessions
        self._context_messages = context_messages

    def recall(self, session_id: str) -> Session:
        """Return the named session, or a new one when no name was given."""
        return self._sessions.get(session_id) if session_id else self._sessions.create()

    def context(self, session: Session) -> list[str]:
        """Return the latest messages, oldest first, one line each."""
        latest = session.messages[-self._context_messages :]
        return [f"{message.role}: {message.text}" for message in latest]

    def keep(self, session: Session) -> None:
        self._sessions.save(session)
