"""Makes typed text comparable."""

import unicodedata

from Back_End.input_validator import LONGEST_TEXT


def clean(text: str) -> str:
    """Return `text` on one line, without control characters, at most as long as a caller may send."""
    normal = unicodedata.normalize("NFC", text)
    printable = "".join(char if char.isprintable() else " " for char in normal)
    return " ".join(printable.split())[:LONGEST_TEXT]
