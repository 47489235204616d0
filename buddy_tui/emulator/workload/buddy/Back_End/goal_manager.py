"""Turns a wish into a plan that is kept as notes of the session."""

from Back_End.session_model import Session
from Back_End.task_planner import numbered, steps


class GoalManager:
    def __init__(self, *, planning: bool) -> None:
        self._planning = planning

    def plan(self, session: Session, text: str) -> str:
        if not self._planning:
            return "Planning is switched off."
        parts = steps(text)
        session.notes.extend(f"to do: {part}" for part in parts)
        return f"The plan: {numbered(parts)}"
