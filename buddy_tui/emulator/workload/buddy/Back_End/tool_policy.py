"""Which intent may use which tool."""

_TOOLS = {"calculate": "calculator", "calendar": "calendar", "note": "notes", "plan": "goals"}


def tool_for(intent: str) -> str:
    """Return the tool's name, or an empty text when the intent needs none."""
    return _TOOLS.get(intent, "")
