"""What the form of a sentence tells, before anybody looks at its meaning."""

from Back_End.tokenizer import lower_words

_QUESTION_WORDS = {"what", "when", "where", "which", "who", "why", "how", "is", "are", "can", "do", "does"}


def is_question(text: str) -> bool:
    words = lower_words(text)
    return text.rstrip().endswith("?") or bool(words) and words[0] in _QUESTION_WORDS


def mentions(text: str, keywords: frozenset[str]) -> int:
    """Count how many of `keywords` are in `text`."""
    return len(keywords.intersection(lower_words(text)))
