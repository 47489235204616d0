"""Who changed which session: the latest changes, for the monitor."""

from collections import deque
from datetime import UTC, datetime


class AuditTrail:
    def __init__(self, keep: int = 100) -> None:
        self._entries: deque[dict[str, str]] = deque(maxlen=keep)

    def note(self, action: str, session_id: str) -> None:
        at = datetime.now(UTC).isoformat()
        self._entries.append({"at": at, "action": action, "session": session_id})

    def latest(self, count: int = 10) -> list[dict[str, str]]:
        return list(self._entries)[-count:]
