"""Walks a message through the whole backend without leaving a trace."""

from Back_End.cost_estimator import CostEstimator
from Back_End.message_model import from_user
from Back_End.prompt_builder import PromptBuilder
from Back_End.reply_writer import ReplyWriter
from Back_End.session_model import Session


class FlowTester:
    def __init__(self, prompts: PromptBuilder, costs: CostEstimator, replies: ReplyWriter) -> None:
        self._prompts = prompts
        self._costs = costs
        self._replies = replies

    def run(self) -> list[dict[str, object]]:
        """Return the steps in order, each with what it found."""
        session, message = Session(), from_user("Please calculate 6 * 7")
        session.add(message)
        reply = self._replies.write(session, message.intent, message.text)
        return [
            {"step": "understand", "ok": message.intent == "calculate", "found": message.intent},
            {"step": "prompt", "ok": message.text in self._prompts.build(session), "found": "built"},
            {"step": "estimate", "ok": self._costs.cents(session) > 0, "found": self._costs.cents(session)},
            {"step": "answer", "ok": reply == "6 * 7 = 42", "found": reply},
        ]
