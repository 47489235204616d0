"""How many tokens an answer will take."""

from Back_End.prompt_builder import PromptBuilder
from Back_End.session_model import Session
from Back_End.tokenizer import tokens

_ANSWER_TOKENS = 60


class TokenCounter:
    def __init__(self, prompts: PromptBuilder) -> None:
        self._prompts = prompts

    def expected(self, session: Session) -> int:
        """Count the prompt's tokens and allow for an answer of usual length."""
        return len(tokens(self._prompts.build(session))) + _ANSWER_TOKENS
