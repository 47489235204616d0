"""What people want from Buddy, and the words that give it away."""

from dataclasses import dataclass

from Back_End.language_rules import mentions


@dataclass(frozen=True)
class Intent:
    name: str
    keywords: frozenset[str]

    def score(self, text: str) -> int:
        return mentions(text, self.keywords)


SMALL_TALK = Intent("small_talk", frozenset({"hello", "hi", "hey", "thanks", "bye"}))
INTENTS = (
    Intent("calculate", frozenset({"calculate", "compute", "sum", "plus", "minus", "times"})),
    Intent("calendar", frozenset({"days", "until", "date", "deadline", "christmas"})),
    Intent("note", frozenset({"note", "remember", "remind", "write"})),
    Intent("plan", frozenset({"plan", "steps", "first", "then", "finally"})),
    SMALL_TALK,
)
