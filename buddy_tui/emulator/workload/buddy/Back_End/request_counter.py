"""How many requests each route answered, and how."""

from collections import Counter


class RequestCounter:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, route: str, status: int) -> None:
        self._counts[f"{route} {status // 100}xx"] += 1

    def failures(self) -> int:
        return sum(count for name, count in self._counts.items() if name.endswith("5xx"))

    def as_json(self) -> dict[str, int]:
        return dict(sorted(self._counts.items()))
