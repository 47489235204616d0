"""POST /chat: a message in, Buddy's answer out."""

from Back_End.budget_tracker import BudgetTracker
from Back_End.conversation_memory import ConversationMemory
from Back_End.http_request import Request
from Back_End.http_response import Response
from Back_End.input_validator import optional_text, required_text
from Back_End.message_model import from_buddy, from_user
from Back_End.reply_writer import ReplyWriter


class ChatApi:
    def __init__(self, memory: ConversationMemory, budget: BudgetTracker, replies: ReplyWriter) -> None:
        self._memory = memory
        self._budget = budget
        self._replies = replies

    def chat(self, request: Request, _name: str) -> Response:
        """Answer `{"message": …, "session": …}`; without a session nothing of it is kept."""
        body = request.json()
        message = from_user(required_text(body, "message"))
        name = optional_text(body, "session")
        session = self._memory.recall(name)
        session.add(message)
        cents = self._budget.charge(session)
        reply = self._replies.write(session, message.intent, message.text)
        session.add(from_buddy(reply, message.intent))
        if name:
            self._memory.keep(session)
        return Response({"reply": reply, "intent": message.intent, "session": name or None, "cents": cents})
