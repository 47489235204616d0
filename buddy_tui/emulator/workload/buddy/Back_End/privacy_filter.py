"""Keeps addresses and long numbers out of the log."""

import re

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_LONG_NUMBER = re.compile(r"\d[\d -]{7,}\d")


def mask(text: str) -> str:
    return _LONG_NUMBER.sub("[number]", _MAIL.sub("[mail]", text))
