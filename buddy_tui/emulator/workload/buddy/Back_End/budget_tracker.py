"""How much of the day's budget is spent."""

from datetime import UTC, date, datetime

from Back_End.cost_estimator import CostEstimator
from Back_End.error_catalog import OverBudget
from Back_End.session_model import Session


class BudgetTracker:
    def __init__(self, costs: CostEstimator, daily_cents: int) -> None:
        self._costs = costs
        self._daily_cents = daily_cents
        self._day = _today()
        self._spent = 0.0

    def charge(self, session: Session) -> float:
        """Book the next answer of `session` and return its cents. Raises OverBudget, and books nothing."""
        self._turn_day()
        cents = self._costs.cents(session)
        if self._spent + cents > self._daily_cents:
            raise OverBudget("Today's budget is used up.")
        self._spent += cents
        return cents

    def as_json(self) -> dict[str, float]:
        self._turn_day()
        return {"daily_cents": self._daily_cents, "spent_cents": round(self._spent, 4)}

    def _turn_day(self) -> None:
        if self._day != _today():
            self._day, self._spent = _today(), 0.0


def _today() -> date:
    return datetime.now(UTC).date()
