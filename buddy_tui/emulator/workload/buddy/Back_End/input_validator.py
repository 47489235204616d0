"""Checks on what callers send."""

from Back_End.error_catalog import Problem

LONGEST_TEXT = 4000


def required_text(body: dict[str, object], field: str) -> str:
    """Return `body[field]`, which must be a text of 1 to 4,000 characters."""
    value = body.get(field)
    if not isinstance(value, str) or not value.strip():
        raise Problem(f"'{field}' must be a text.")
    if len(value) > LONGEST_TEXT:
        raise Problem(f"'{field}' is longer than {LONGEST_TEXT} characters.")
    return value


def optional_text(body: dict[str, object], field: str) -> str:
    """Return `body[field]`, or an empty text when it was not sent."""
    return required_text(body, field) if body.get(field) is not None else ""
