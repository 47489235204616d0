"""The first wall against hostile text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.clean import clean, clean_line

HARMLESS = "buddy-app-00028-bsx", "größer 漢字 🙂", "[/srv/app/main.py]", "a\nb\tc", ""


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b]52;c;cm0gLXJmIH4=\x07copied", "copied"),
        ("\x1b]0;owned\x1b\\title", "title"),
        ("\x1b[2Jgone", "gone"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1bPq#0\x1b\\dcs", "dcs"),
        ("\x9b2Jc1", "<U+009B>2Jc1"),
        ("user\u202etxt.exe", "user<U+202E>txt.exe"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("bell\x07", "bell^G"),
        ("cr\rover", "cr^Mover"),
        ("del\x7f", "del^?"),
        ("nul\x00", "nul^@"),
    ],
)
def test_what_could_steer_a_terminal_becomes_visible_or_goes(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


def test_a_line_is_one_line() -> None:
    assert clean_line("one\r\ntwo\tthree\n") == "one two three"


@given(st.text(), st.sampled_from(["", "\x1b", "\x1b]", "\x1b[", "\x9d", "\x1b\x1b["]), st.text())
def test_nothing_unprintable_is_left_and_cleaning_twice_is_cleaning_once(
    left: str, sequence: str, right: str
) -> None:
    once = clean(left + sequence + right)

    assert all(char.isprintable() or char in "\n\t" for char in once)
    assert clean(once) == once
