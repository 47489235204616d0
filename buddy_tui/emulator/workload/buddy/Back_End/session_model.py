"""One conversation: its messages and what was noted in it."""

import uuid
from dataclasses import dataclass, field

from Back_End.message_model import Message


@dataclass
class Session:
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    messages: list[Message] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, message: Message) -> None:
        self.messages.append(message)

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "messages": [message.as_json() for message in self.messages],
            "notes": list(self.notes),
        }
