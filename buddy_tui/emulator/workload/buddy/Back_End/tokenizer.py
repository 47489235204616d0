"""Cuts text into words and signs, roughly as a language model counts them."""

import re

from Back_End.text_cleaner import clean

_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(clean(text))


def lower_words(text: str) -> list[str]:
    return [token.lower() for token in tokens(text) if token[0].isalnum()]
