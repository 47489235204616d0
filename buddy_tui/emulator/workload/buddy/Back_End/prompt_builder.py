"""Writes the prompt of an answer: who Buddy is, what was said, what was noted."""

from Back_End.conversation_memory import ConversationMemory
from Back_End.session_model import Session

_PREAMBLE = "You are Buddy. Answer in one short paragraph."


class PromptBuilder:
    def __init__(self, memory: ConversationMemory) -> None:
        self._memory = memory

    def build(self, session: Session) -> str:
        notes = [f"note: {note}" for note in session.notes]
        return "\n".join([_PREAMBLE, *notes, *self._memory.context(session)])
