"""What an answer will cost."""

from Back_End.session_model import Session
from Back_End.token_counter import TokenCounter


class CostEstimator:
    def __init__(self, counter: TokenCounter, cents_per_thousand_tokens: int) -> None:
        self._counter = counter
        self._rate = cents_per_thousand_tokens

    def cents(self, session: Session) -> float:
        return self._counter.expected(session) * self._rate / 1000
