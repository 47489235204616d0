"""Decides what a message wants."""

from Back_End.intent_catalog import INTENTS, SMALL_TALK
from Back_End.language_rules import is_question


def classify(text: str) -> str:
    """Return the best intent's name; without any keyword a question is `question`, the rest `small_talk`."""
    best = max(INTENTS, key=lambda intent: intent.score(text))
    if best.score(text):
        return best.name
    return "question" if is_question(text) else SMALL_TALK.name
