"""report: names and secrets hidden in every text of a value, the same person always under the same name."""

import re
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from buddy_tui.clean import clean_line
from buddy_tui.redact import redact
from buddy_tui.report.values import Report
from buddy_tui.verify.values import Checklist

_Value = TypeVar("_Value")

_MASK = "***"
_ADDRESS = re.compile(r"[\w.%+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
# Whoever has no address is known by a long name: `principal://iam.googleapis.com/…/subject/ana`.
_SUBJECT = re.compile(r"[:/@]")
# The folder of a person is named after them.
_HOME = re.compile(r"(?i)(?:/home/|/Users/|\b[a-z]:\\Users\\)[^/\\\s:'\"]+")
_ROBOT = ".gserviceaccount.com"
# What `redact` leaves alone, for a boot log seldom has it: headers, cookies, and tokens of Google and AWS.
_MASKED = (
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,60}(?:key|token))(\s*[:=]\s*)\S.*"), rf"\1\2{_MASK}"),
    (
        re.compile(
            r"(?i)\b([\w.-]{0,60}(?:passw(?:or)?d|pwd|secret|token|api[_-]?key)[\w.-]{0,60}:\s+)(?=\S*\d)\S{6,}"
        ),
        rf"\1{_MASK}",
    ),
    (re.compile(r"(?i)([?&][\w.-]{0,60}(?:key|token|secret|password|signature|sig|code)=)[^\s&#]+"), rf"\1{_MASK}"),
    (re.compile(r"\bya29\.[\w.-]{10,}|\bGOCSPX-[\w-]{10,}|\b1//0[\w-]{20,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), _MASK),
    (re.compile(r"\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"), _MASK),
)  # fmt: skip


class People:
    """Who is who in one report: `operator-1` is the first who is met. With `shown`, addresses stay as they are."""

    def __init__(self, *, shown: bool = False) -> None:
        self._shown = shown
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def called(self, account: str) -> str:
        """Return what somebody is called, by their address, or by any other name that they signed with."""
        if self._shown or not account:
            return account
        key = account.casefold()
        if key not in self._names:
            kind = "service-account" if key.endswith(_ROBOT) else "operator"
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[key] = f"{kind}-{self._counts[kind]}"
        return self._names[key]

    def safe(self, text: str) -> str:
        """Return a text on one line, without secrets, and without anybody's address unless they are shown."""
        text = redact(clean_line(text))
        for pattern, masked in _MASKED:
            text = pattern.sub(masked, text)
        if self._shown:
            return text
        text = _HOME.sub("~", text)
        text = _ADDRESS.sub(lambda found: self.called(found[0]), text)
        for key, name in self._names.items():
            if not _ADDRESS.fullmatch(key) and _SUBJECT.search(key):
                text = re.sub(re.escape(key), name, text, flags=re.IGNORECASE)
        return text


def hidden(report: Report, people: People) -> Report:
    """Return a report that tells no secret, and nobody's address unless they are shown.

    Who comes first in the timeline is `operator-1`.
    """
    timeline = tuple(replace(one, by=people.called(one.by)) for one in report.timeline)
    return _hidden(replace(report, timeline=timeline), people)


def hidden_checklist(checklist: Checklist, people: People) -> Checklist:
    """Return a checklist that tells no secret, and nobody's name unless they are shown."""
    lines = tuple(replace(one, by=people.called(one.by)) for one in checklist.lines)
    return _hidden(replace(checklist, lines=lines), people)


def _hidden(value: _Value, people: People) -> _Value:
    """Return the same value with every text of it made safe; names of what there is (enumerations) stay."""
    made: Any = value
    if type(value) is str:  # no enumeration, which is a text as well
        made = people.safe(str(value))
    elif isinstance(value, tuple):
        made = tuple(_hidden(one, people) for one in value)
    elif is_dataclass(value) and not isinstance(value, type | datetime):
        texts = {one.name: _hidden(getattr(value, one.name), people) for one in fields(value)}
        made = replace(value, **texts)
    return made  # type: ignore[no-any-return]
