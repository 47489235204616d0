"""Hostile text made harmless: the first wall, applied where a foreign string enters the model.

Log lines, HTTP bodies, names, labels and messages may hold terminal sequences (OSC 52 writes the clipboard,
CSI 2J clears the screen), C1 controls and bidirectional overrides. Textual passes them on as they are.
"""

_KEPT = "\n\t"


def clean(text: str) -> str:
    r"""Return `text` without terminal sequences, every other unprintable character as a visible escape.

    Newlines (of Windows too) and tabs stay. `"\x07"` becomes `^G`, `"\x9b"` becomes `<U+009B>`, `"\u202e"` becomes `<U+202E>`.
    Never raises; printable text comes back as the same object.
    """
    if text.isprintable():
        return text
    from wcwidth import strip_sequences  # its tables load slowly, and most text needs none

    return "".join(map(_visible, strip_sequences(text).replace("\r\n", "\n")))


def clean_line(text: str) -> str:
    """Return `text` cleaned and on one line: newlines and tabs become single blanks."""
    return " ".join(clean(text).split())


def _visible(char: str) -> str:
    if char.isprintable() or char in _KEPT:
        return char
    code = ord(char)
    if code < 0x20:
        return f"^{chr(code + 0x40)}"
    return "^?" if code == 0x7F else f"<U+{code:04X}>"
