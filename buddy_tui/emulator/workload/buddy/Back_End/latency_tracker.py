"""How long the latest requests took."""

from collections import deque


class LatencyTracker:
    def __init__(self, keep: int = 500) -> None:
        self._seconds: deque[float] = deque(maxlen=keep)

    def add(self, seconds: float) -> None:
        self._seconds.append(seconds)

    def percentile(self, share: float) -> float:
        """Return milliseconds that `share` (0..1) of the requests did not exceed; 0 before the first request."""
        ordered = sorted(self._seconds)
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 3) if ordered else 0.0

    def as_json(self) -> dict[str, float]:
        return {"p50": self.percentile(0.5), "p95": self.percentile(0.95)}
