"""Runs the tool that an intent asks for."""

from Back_End.session_model import Session
from Back_End.tool_policy import tool_for
from Back_End.tool_registry import ToolRegistry


def run_tool(registry: ToolRegistry, session: Session, intent: str, text: str) -> str:
    """Return what the tool says, or an empty text when the intent has no tool."""
    tool = registry.get(tool_for(intent))
    return tool(session, text) if tool else ""
