"""Keeps one instance from being flooded: so many requests in any minute."""

import time
from collections import deque
from collections.abc import Callable

from Back_End.error_catalog import TooManyRequests


class RateLimiter:
    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now = now
        self._taken: deque[float] = deque()

    def take(self) -> None:
        """Let one request through. Raises TooManyRequests when this minute is full."""
        moment = self._now()
        while self._taken and moment - self._taken[0] >= 60:
            self._taken.popleft()
        if len(self._taken) >= self._per_minute:
            raise TooManyRequests("Too many requests in this minute.")
        self._taken.append(moment)
