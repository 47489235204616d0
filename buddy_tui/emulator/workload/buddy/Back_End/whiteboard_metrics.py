"""The numbers on the team's whiteboard: requests, latency, money."""

from Back_End.budget_tracker import BudgetTracker
from Back_End.latency_tracker import LatencyTracker
from Back_End.request_counter import RequestCounter


class Whiteboard:
    def __init__(self, budget: BudgetTracker, latency: LatencyTracker, requests: RequestCounter) -> None:
        self._budget = budget
        self._latency = latency
        self._requests = requests

    def observe(self, route: str, status: int, seconds: float) -> None:
        self._requests.count(route, status)
        self._latency.add(seconds)

    def as_json(self) -> dict[str, object]:
        return {
            "budget": self._budget.as_json(),
            "latency_ms": self._latency.as_json(),
            "requests": self._requests.as_json(),
        }
