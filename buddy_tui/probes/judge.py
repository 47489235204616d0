"""probes: an answer -> a verdict. Nothing is sent from here."""

import json
import re
from http import HTTPStatus

from buddy_tui.clean import clean, clean_line
from buddy_tui.probes import pattern
from buddy_tui.probes.front_end import failure_of
from buddy_tui.probes.pointer import MISSING, equal, pointed
from buddy_tui.probes.values import Answer, Attempt, Verdict
from buddy_tui.question import Expect, Question, Scalar
from buddy_tui.redact import redact

_EXCERPT = 400
_MOST_SHOWN = 80


async def judged(question: Question, answer: Answer) -> tuple[Verdict, str]:
    """Return whether an answer is good, and why not in one line; empty for a good one.

    A redirect that could not be followed is as good as its status: somebody may expect just that.
    """
    if answer.refusal is not None:
        return Verdict.REFUSED, answer.reason
    expected = _is_expected(answer.status, question.expect)
    if answer.trouble and not (expected and 300 <= answer.status <= 399):
        return Verdict.INCONCLUSIVE if answer.ours else Verdict.FAIL, _with_status(answer)
    if failure := failure_of(answer):
        return failure
    if not expected:
        return Verdict.FAIL, f"{phrase(answer.status)}, expected {_ranges(question.expect)}"
    if wrong := _wrong_field(question.expect, answer):
        return Verdict.FAIL, wrong
    return await _searched(question.expect.pattern, answer)


async def attempt_of(question: Question, number: int, answer: Answer) -> Attempt:
    """Return an answer as the attempt with that number."""
    verdict, reason = await judged(question, answer)
    return Attempt(
        number=number,
        began=answer.began,
        took=answer.took,
        verdict=verdict,
        reason=reason,
        status=answer.status,
        trace=answer.trace,
        headers=answer.headers,
        excerpt=excerpt(answer),
        refusal=answer.refusal,
    )


def excerpt(answer: Answer) -> str:
    """Return the beginning of the body as clean text without secrets, at most 400 characters."""
    # Escapes make a text longer, so that twice as much is enough.
    text = redact(clean(answer.body[: 2 * _EXCERPT].decode("utf-8", "replace")))
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"


def phrase(status: int) -> str:
    """Return a status with its usual words, e.g. `503 Service Unavailable`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _with_status(answer: Answer) -> str:
    return f"{phrase(answer.status)}, but {answer.trouble}" if answer.status else answer.trouble


def _is_expected(status: int, expect: Expect) -> bool:
    return any(first <= status <= last for first, last in expect.statuses)


def _ranges(expect: Expect) -> str:
    return " or ".join(
        str(first) if first == last else f"{first} to {last}" for first, last in expect.statuses
    )


def _wrong_field(expect: Expect, answer: Answer) -> str:
    if not expect.fields:
        return ""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return f"the body is not JSON{' in the part that was read' if answer.cut else ''}"
    for pointer, value in expect.fields:
        found = pointed(document, pointer)
        if found is MISSING:
            return f"{pointer} is not there"
        if not equal(found, value):
            return f"{pointer} is {_told(pointer, found)}, expected {_told(pointer, value)}"
    return ""


def _told(pointer: str, value: object) -> str:
    """Return a value as it may be shown: what a field's name or its own form gives away as a secret is masked."""
    return redact(f"{pointer}={_shown(value)}").removeprefix(f"{pointer}=")


def _shown(value: object | Scalar) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = clean_line(json.dumps(value, ensure_ascii=False)[: 2 * _MOST_SHOWN])
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


async def _searched(wanted: str, answer: Answer) -> tuple[Verdict, str]:
    if not wanted:
        return Verdict.PASS, ""
    try:
        found = await pattern.found(wanted, answer.body[: 4 * pattern.MOST].decode("utf-8", "replace"))
    except re.error as error:
        return Verdict.INCONCLUSIVE, f"the pattern is no regular expression: {clean_line(str(error))}"
    if found is None:
        return Verdict.INCONCLUSIVE, "the pattern took too long to look for: it needs a simpler one"
    return (Verdict.PASS, "") if found else (Verdict.FAIL, f"the body does not match {_shown(wanted)}")
