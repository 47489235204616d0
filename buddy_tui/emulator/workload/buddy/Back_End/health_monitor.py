"""Asks every part of the backend how it is."""

from Back_End.persistence_check import PersistenceCheck
from Back_End.request_counter import RequestCounter
from Back_End.tool_registry import ToolRegistry


class HealthMonitor:
    def __init__(self, persistence: PersistenceCheck, tools: ToolRegistry, requests: RequestCounter) -> None:
        self._persistence = persistence
        self._tools = tools
        self._requests = requests

    def parts(self) -> dict[str, str]:
        """Name each part and how it is: `ok`, or what is wrong."""
        return {
            "sessions": "ok" if self._persistence.run()["round_trip"] else "the store loses sessions",
            "tools": "ok" if self._tools.names() else "no tools",
            "requests": "ok" if not self._requests.failures() else f"{self._requests.failures()} failed",
        }
