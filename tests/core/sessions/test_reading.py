"""Placeholders, pointers, fields that must agree, and clocks."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from buddy_tui.gateway import Document, Place
from buddy_tui.probes.values import Answer, Refusal
from buddy_tui.question import Ask, SessionPlan
from buddy_tui.sessions.fill import at_field, filled, fresh_mark, is_id, is_mark, parsed, pointed, wants_id
from buddy_tui.sessions.reading import disagreements, reading, same, skew_in_words
from buddy_tui.sessions.seen import Reading, Sight
from buddy_tui.sessions.session import pauses
from tests.make import NOW

PLAN = SessionPlan()
EXACT = NOW + timedelta(microseconds=123_456)


def answer(status: int = 200, body: object = None, **over: object) -> Answer:
    return Answer(NOW, status=status, body=json.dumps(body).encode(), **over)  # type: ignore[arg-type]


def document(**fields: object) -> Document:
    return Document(Place("acme-prod"), "sessions/1", fields, created=NOW)


def test_a_word_is_escaped_where_it_is_filled_in() -> None:
    ask = Ask("POST", "/s/{id}?m={mark}", '{"id": "{id}", "probe": "{mark}", "n": {}}')

    ready = filled(ask, id='a"b/c', mark="m&m")

    assert ready.path == "/s/a%22b%2Fc?m=m%26m"
    assert json.loads(ready.json.replace("{}", "{ }")) == {"id": 'a"b/c', "probe": "m&m", "n": {}}


def test_headers_and_requests_without_placeholders_stay_as_they_are() -> None:
    ask = Ask("GET", "/s", "", (("X", "{id}"),))

    assert filled(ask, id="1", mark="2") == ask
    assert not wants_id(ask)
    assert wants_id(Ask("PUT", "/s/{id}"))


def test_a_mark_is_new_each_time_and_can_be_an_id() -> None:
    marks = {fresh_mark() for _ in range(100)}

    assert len(marks) == 100
    assert all(is_mark(mark) and is_id(mark) for mark in marks)
    assert not is_mark("buddy-probe-1")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("8f2c", True),
        ("a.b_c~d-e", True),
        ("x" * 200, True),
        ("x" * 201, False),
        ("", False),
        (".", False),
        ("..", False),
        ("a/b", False),
        ("a b", False),
        ("a\n", False),
        ("é", False),
        ("__id__", False),
        ("a%2fb", False),
    ],
)
def test_only_plain_words_are_ids(text: str, fits: bool) -> None:  # noqa: FBT001 - a table
    assert is_id(text) is fits


def test_pointers_and_field_paths_lead_to_values_or_to_nothing() -> None:
    told = {"session": {"id": "1", "a/b": [0, 7]}, "n": None}

    assert pointed(told, "/session/id") == "1"
    assert pointed(told, "/session/a~1b/1") == 7
    assert pointed(told, "/n") is pointed(told, "/x/y") is pointed(told, "/session/id/x") is None
    assert at_field({"user": {"name": "x"}}, "user.name") == "x"
    assert at_field({"user": 1}, "user.name") is None
    assert parsed(b"\xff{") is None
    assert parsed(b"[" * 100_000) is None


@pytest.mark.parametrize(
    ("got", "sight", "words"),
    [
        (answer(200, {"session": {"id": "1"}}), Sight.FOUND, "it answers 200"),
        (answer(200, {"session": None}), Sight.MISSING, "it answers 200 without the session"),
        (answer(200, "Please log in"), Sight.MISSING, "it answers 200 without the session"),
        (answer(404), Sight.MISSING, "it answers 404"),
        (answer(410), Sight.MISSING, "it answers 410"),
        (answer(500), Sight.FAILED, "it answers 500"),
        (answer(302), Sight.FAILED, "it answers 302"),
        (answer(0, trouble="no answer within 10 s"), Sight.FAILED, "no answer within 10 s"),
        (answer(200, {"session": {"id": "1"}}, trouble="it broke off"), Sight.FAILED, "it broke off"),
        (answer(0, trouble="no route", ours=True), Sight.UNASKED, "no route"),
        (answer(403, refusal=Refusal.NOT_INVOKER, reason="May not."), Sight.UNASKED, "May not"),
    ],
)
def test_an_answer_is_taken_for_what_it_says(got: Answer, sight: Sight, words: str) -> None:
    read = reading(got, PLAN)

    assert (read.sight, read.words) == (sight, words)


def test_an_instance_is_what_the_answer_names_in_clean_text() -> None:
    assert reading(answer(200, {"instance": "i-1"}), PLAN).instance == "i-1"
    assert reading(answer(404, {"instance": 7}), PLAN).instance == "7"
    assert reading(answer(200, {"instance": {"id": 1}}), PLAN).instance == ""
    assert "\x1b" not in reading(answer(200, {"instance": "\x1b[2J" + "x" * 500}), PLAN).instance
    assert len(reading(answer(200, {"instance": "x" * 500}), PLAN).instance) <= 80
    assert reading(answer(200, {"instance": "i-1"}), SessionPlan(instance="")).instance == ""


@pytest.mark.parametrize(
    ("told", "kept", "equal"),
    [
        ("2026-11-23T12:00:00.123456+00:00", EXACT, True),
        ("2026-11-23T12:00:00.123Z", EXACT, True),
        ("2026-11-23T12:00:00Z", EXACT, True),
        ("2026-11-23T13:00:00.123456+01:00", EXACT, True),
        ("2026-11-23T12:00:00.124456Z", EXACT, False),
        ("2026-11-23T12:00:02Z", EXACT, False),
        ("yesterday", EXACT, False),
        (EXACT.timestamp(), EXACT, True),
        (int(EXACT.timestamp() * 1000), EXACT, True),
        (int(EXACT.timestamp()), EXACT, True),
        (int(EXACT.timestamp()) + 2, EXACT, False),
        (1, 1.0, True),
        (1, 2, False),
        (1, True, False),
        (True, True, True),
        ("1", 1, False),
        ("a", "a", True),
        (["a"], ["a"], True),
    ],
)
def test_times_are_compared_as_times_and_all_else_as_it_is(told: object, kept: object, equal: bool) -> None:  # noqa: FBT001
    assert same(told, kept) is equal


def test_fields_that_differ_are_named_and_their_values_are_not() -> None:
    read = Reading(Sight.FOUND, body={"session": {"id": "secret", "created": "2020-01-01T00:00:00Z"}})

    said = list(disagreements(read, document(id="other", created=NOW), PLAN))
    missing = list(disagreements(read, document(id="secret"), PLAN))
    silent = list(
        disagreements(
            Reading(Sight.FOUND, body={"session": {"id": "1"}}), document(id="1", created=NOW), PLAN
        )
    )

    assert said == [
        "/session/id of the answer is not id of the document",
        "/session/created of the answer is not created of the document",
    ]
    assert missing == ["/session/created is in the answer, and the document has no field created"]
    assert silent == ["created is in the document, and the answer has nothing at /session/created"]
    assert list(disagreements(read, document(id="secret", created="2020-01-01T00:00:00Z"), PLAN)) == []


@pytest.mark.parametrize(
    ("written", "kept", "date", "said"),
    [
        (0, 0, 0, ""),
        (59, 0, -1, ""),
        (300, 0, -0.9, "is 5 min ahead of this machine's clock"),
        (
            300,
            0,
            0,
            "the time that the service wrote into the document is 5 min ahead of this machine's clock",
        ),
        (
            -90,
            0,
            0,
            "this machine's clock is 90 s ahead of the time that the service wrote into the document",
        ),
        (0, 100, 100, "Firestore's clock is 100 s ahead of"),
        (100, 100, 100, "is 100 s ahead of this machine's clock"),
        (
            40,
            0,
            -40,
            "the time that the service wrote into the document is 80 s ahead of the service's Date header",
        ),
    ],
)
def test_clocks_that_are_a_minute_apart_are_named(
    written: float, kept: float, date: float, said: str
) -> None:
    def at(seconds: float) -> datetime:
        return NOW + timedelta(seconds=seconds)

    there = Document(Place("p"), "sessions/1", {"created": at(written).isoformat()}, created=at(kept))

    sentence = skew_in_words(PLAN, there, format_datetime(at(date), usegmt=True), NOW, NOW)

    assert said in sentence
    assert bool(sentence) is bool(said)


def test_what_no_clock_says_is_no_skew() -> None:
    garbage = document(created="soon")

    assert skew_in_words(PLAN, None, "", NOW, NOW) == ""
    assert skew_in_words(PLAN, garbage, "yesterday", NOW, NOW) == ""
    assert skew_in_words(PLAN, None, format_datetime(NOW.astimezone(UTC), usegmt=True), NOW, NOW) == ""


@pytest.mark.parametrize("seconds", [0.0, 0.05, 1.0, 5.0])
def test_pauses_make_the_whole_time_together(seconds: float) -> None:
    told = list(pauses(seconds))

    assert sum(told) == pytest.approx(seconds)
    assert all(0 < pause <= 1.0 for pause in told)
