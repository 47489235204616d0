"""One message of a conversation."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from Back_End.intent_classifier import classify


@dataclass(frozen=True)
class Message:
    role: str
    text: str
    intent: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, str]:
        return {"role": self.role, "text": self.text, "intent": self.intent, "at": self.at.isoformat()}


def message_of(told: dict[str, str]) -> Message:
    """Return the message that `as_json` told."""
    return Message(told["role"], told["text"], told["intent"], datetime.fromisoformat(told["at"]))


def from_user(text: str) -> Message:
    return Message("user", text, classify(text))


def from_buddy(text: str, intent: str) -> Message:
    return Message("buddy", text, intent)
