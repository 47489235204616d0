"""Keeps notes in a session."""

from Back_End.session_model import Session
from Back_End.text_cleaner import clean

_OPENINGS = ("remember that", "remember", "note that", "note", "write down")


def take_note(session: Session, text: str) -> str:
    """Keep what follows the opening words of `text`."""
    note = clean(text)
    for opening in _OPENINGS:
        if note.lower().startswith(opening):
            note = note[len(opening) :].lstrip(" :,")
            break
    session.notes.append(note)
    return f"Noted, number {len(session.notes)}: {note}"
