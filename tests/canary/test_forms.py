"""Each form of a secret, and each way to steer a terminal, by itself."""

import pytest

from buddy_tui.clean import clean, clean_line
from buddy_tui.redact import redact
from tests.canary.planted import HOSTILE, Place, found, person, secrets, steering


@pytest.mark.parametrize("form", range(len(secrets(Place.LOGGED))))
def test_a_secret_of_every_form_is_masked(form: int) -> None:
    text = secrets(Place.LOGGED)[form]

    assert found(text), "a canary that is not found proves nothing"
    assert found(redact(text)) == {}
    assert found(redact(f"it failed: {text}, at once")) == {}


def test_all_secrets_in_one_text_are_masked() -> None:
    assert found(redact("\n".join(secrets(Place.LOGGED)))) == {}


def test_what_steers_is_found_and_cleaned() -> None:
    assert steering(HOSTILE)
    assert steering(clean(HOSTILE)) == ""
    assert steering(clean_line(HOSTILE)) == ""


def test_people_and_our_own_tokens_are_found() -> None:
    assert found(person()).keys() == {Place.PERSON}
    assert found("Bearer eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbg").keys() == {"token"}
