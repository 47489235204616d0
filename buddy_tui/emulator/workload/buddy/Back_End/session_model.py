"""One conversation: its messages and what was noted in it."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from Back_End.message_model import Message, message_of


@dataclass
class Session:
    """`revision` is who began it. `probe` is the word that a monitor marks its own sessions with, else empty."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    revision: str = ""
    probe: str = ""
    messages: list[Message] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, message: Message) -> None:
        self.messages.append(message)

    def as_json(self) -> dict[str, object]:
        return {**self.as_document(), "created": self.created.isoformat()}

    def as_document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "created": self.created,
            "revision": self.revision,
            "probe": self.probe,
            "messages": [message.as_json() for message in self.messages],
            "notes": list(self.notes),
        }


def restored(document: dict[str, Any]) -> Session:
    """Return the session that was kept as `document`."""
    messages = [message_of(message) for message in document.get("messages", ())]
    return Session(**{**document, "messages": messages})
