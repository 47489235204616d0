"""How much of a conversation is looked back at."""

from Back_End.session_model import Session
from Back_End.session_store import Sessions


class ConversationMemory:
    def __init__(self, sessions: Sessions, context_messages: int) -> None:
        self._sessions = sessions
        self._context_messages = context_messages

    def recall(self, session_id: str) -> Session:
        """Return the named session, or without a name one that nobody will keep."""
        return self._sessions.get(session_id) if session_id else Session()

    def context(self, session: Session) -> list[str]:
        """Return the latest messages, oldest first, one line each."""
        latest = session.messages[-self._context_messages :]
        return [f"{message.role}: {message.text}" for message in latest]

    def keep(self, session: Session) -> None:
        self._sessions.save(session)
