"""The colours: dark, calm, and readable at 3 a.m. Every text colour has at least 4.5:1 on the background."""

from typing import Final

from textual.theme import Theme

from screens.words import Cell

# What a tone is in a style of Textual's `Content`.
TONES: Final = {
    "": "",
    "ok": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
    "info": "$text-primary",
    "dim": "$text-muted",
    "strong": "bold",
}

BUDDY = Theme(
    name="buddy",
    dark=True,
    primary="#6cb6ff",
    secondary="#8b9bb4",
    accent="#6cb6ff",
    success="#6bc46d",
    warning="#e0b04a",
    error="#ff7b72",
    foreground="#d3dae3",
    background="#10141a",
    surface="#161b22",
    panel="#1c232c",
    variables={
        "text-success": "#6bc46d",
        "text-warning": "#e0b04a",
        "text-error": "#ff7b72",
        "text-primary": "#6cb6ff",
        "text-muted": "#94a1b2",
        "block-cursor-background": "#1f3450",
        "block-cursor-foreground": "#e8eef5",
        "block-cursor-text-style": "none",
        "footer-background": "#1c232c",
        "footer-description-foreground": "#a9b4c2",
        "footer-key-foreground": "#6cb6ff",
        "input-selection-background": "#6cb6ff 35%",
        "border": "#2d3743",
        "scrollbar": "#2d3743",
        "scrollbar-hover": "#465365",
        "scrollbar-active": "#6cb6ff",
        "scrollbar-background": "#10141a",
        "scrollbar-background-hover": "#10141a",
        "scrollbar-background-active": "#10141a",
    },
)


def toned(*cells: Cell) -> tuple[tuple[str, str], ...]:
    """Return cells as parts for `Content.assemble`, which takes text as it is: there is no markup in it."""
    return tuple((cell.text, TONES[cell.tone]) for cell in cells)
