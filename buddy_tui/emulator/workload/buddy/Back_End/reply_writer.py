"""Finds Buddy's answer: a tool's, or a sentence of its own."""

from Back_End.session_model import Session
from Back_End.tool_executor import run_tool
from Back_End.tool_registry import ToolRegistry

_SENTENCES = {
    "question": "Good question. I can calculate, count days, keep notes and make plans.",
    "small_talk": "Hello, I am Buddy. What shall we do?",
}


class ReplyWriter:
    def __init__(self, tools: ToolRegistry) -> None:
        self._tools = tools

    def write(self, session: Session, intent: str, text: str) -> str:
        return run_tool(self._tools, session, intent, text) or _SENTENCES.get(intent, _SENTENCES["question"])
