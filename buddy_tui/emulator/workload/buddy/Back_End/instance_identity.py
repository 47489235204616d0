"""Who answers: the service, the revision, and this one running instance."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from Back_End.settings import Settings


@dataclass(frozen=True)
class Identity:
    """`instance` is made up at the start of the process: two instances never share one."""

    settings: Settings
    instance: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def stamp(self) -> dict[str, str]:
        return {"service": self.settings.service, "revision": self.settings.revision, "instance": self.instance}

    def uptime_seconds(self) -> float:
        return round((datetime.now(UTC) - self.started).total_seconds(), 3)
