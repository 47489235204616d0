"""The tools that Buddy can reach for."""

from collections.abc import Callable

from Back_End.session_model import Session

Tool = Callable[[Session, str], str]


class ToolRegistry:
    def __init__(self, tools: dict[str, Tool]) -> None:
        self._tools = tools

    def names(self) -> list[str]:
        return sorted(self._tools)

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)
