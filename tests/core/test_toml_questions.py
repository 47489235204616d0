"""buddy.toml says what is asked of a revision; what it says wrongly is told with its line, and nothing is guessed."""

from pathlib import Path

import pytest

from buddy_tui.config import resolve
from buddy_tui.errors import ConfigProblem
from buddy_tui.question import DEFAULT_QUESTIONS, Ask, Expect, Question, SessionPlan

_FULL = """\
project = "acme-prod"

[[probe]]
name = "health"
path = "/health?deep=1"

[[probe]]
name = "chat"
method = "post"
path = "/chat"
json = { message = "hi", n = 3 }
headers = { x-api-key = "${CHAT_KEY}" }
expect = { status = [200, "3xx", "404-405"], json = { "/ok" = true, "/n" = 3 }, body = "he(llo|y)" }
timeout = 2.5
critical = false
"""


def _settings(tmp_path: Path, text: str) -> tuple[tuple[Question, ...], SessionPlan]:
    (tmp_path / "buddy.toml").write_text(text, encoding="utf-8")
    settings = resolve({}, {}, tmp_path, tmp_path)
    return settings.questions, settings.session


def test_without_a_word_of_them_the_usual_questions_are_asked(tmp_path: Path) -> None:
    assert _settings(tmp_path, 'project = "acme"\n') == (DEFAULT_QUESTIONS, SessionPlan())
    assert resolve({}, {}, tmp_path / "nowhere", tmp_path / "nowhere").questions == DEFAULT_QUESTIONS


def test_all_that_can_be_said_of_a_question_is_understood(tmp_path: Path) -> None:
    health, chat = _settings(tmp_path, _FULL)[0]

    assert health == Question("health", Ask("GET", "/health?deep=1"))
    assert chat == Question(
        "chat",
        Ask("POST", "/chat", '{"message": "hi", "n": 3}', (("x-api-key", "${CHAT_KEY}"),)),
        Expect(((200, 200), (300, 399), (404, 405)), (("/ok", True), ("/n", 3)), "he(llo|y)"),
        timeout=2.5,
        critical=False,
    )


def test_a_secret_header_is_in_no_representation(tmp_path: Path) -> None:
    text = '[[probe]]\nname = "a"\npath = "/"\nheaders = { x-key = "hunter2" }\n'

    assert "hunter2" not in repr(_settings(tmp_path, text))


@pytest.mark.parametrize(
    ("table", "line", "told"),
    [
        ('path = "/"', 4, "`probe.name`: is missing"),
        ('name = "a"\npath = "//evil.example/x"', 6, "`probe.path`: should begin with one /"),
        ('name = "a"\npath = "/\\\\evil.example/x"', 6, "`probe.path`: should begin with one /"),
        ('name = "a"\npath = "https://evil.example/"', 6, "`probe.path`: should begin with one /"),
        ('name = "a"\npath = "@evil.example/"', 6, "`probe.path`: should begin with one /"),
        ('name = "a"\npath = "/x y"', 6, "`probe.path`: should begin with one /"),
        ('name = "a"\npath = "/x\\r\\nHost: evil"', 6, "`probe.path`: should begin with one /"),
        ('name = "a"\npath = "/"\nmethod = "FETCH"', 7, "`probe.method`: should be one of GET"),
        ('name = "a"\npath = "/"\ntimeout = 0', 7, "`probe.timeout`: should be more than 0"),
        ('name = "a"\npath = "/"\ntimeout = 4000', 7, "`probe.timeout`: should be more than 0"),
        ('name = "a"\npath = "/"\nheaders = { Host = "evil.example" }', 7, "`Host` is ours to say"),
        ('name = "a"\npath = "/"\nheaders = { "x y" = "1" }', 7, "`x y` cannot be sent as a header"),
        ('name = "a"\npath = "/"\nheaders = { x = "a\\nb" }', 7, "`x` cannot be sent as a header"),
        ('name = "a"\npath = "/"\njson = { at = 2026-01-01 }', 7, "what JSON has no word for"),
        ('name = "a"\npath = "/"\nexpect = { status = 99 }', 7, "should be a status such as 200"),
        ('name = "a"\npath = "/"\nexpect = { body = "(" }', 7, "is no regular expression"),
        ('name = "a"\npath = "/"\nexpect = { json = { ok = true } }', 7, "should be a JSON pointer"),
        ('name = "a"\npath = "/"\nexpect = { json = { "/ok" = [1] } }', 7, "should be text, a number"),
        ('name = "a"\npath = "/"\nretries = 3', 7, "`probe.retries`: is no setting that we know"),
        ('name = "a"\npath = "/"\nmethd = "GET"', 7, "did you mean `method`"),
        (
            'name = "a"\npath = "/"\nexpect = { stat = 200 }',
            7,
            "`probe.expect.stat`: is no setting that we know",
        ),
        ('name = 7\npath = "/"', 5, "`probe.name`: should be text, not a number"),
        ('name = "first"\npath = "/"', 5, "two probes of the name `first`"),
    ],
)
def test_a_wrong_question_is_told_with_its_line(tmp_path: Path, table: str, line: int, told: str) -> None:
    text = f"[[probe]]\nname = 'first'\npath = '/'\n[[probe]]\n{table}\n"

    with pytest.raises(ConfigProblem) as raised:
        _settings(tmp_path, text)

    assert told in str(raised.value)
    assert f"buddy.toml:{line}:" in str(raised.value)


def test_one_bracket_too_few_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match=r":1: `probe` should be a list of tables: write \[\[probe\]\]"):
        _settings(tmp_path, '[probe]\nname = "a"\npath = "/"\n')


def test_a_session_is_described_as_far_as_it_differs(tmp_path: Path) -> None:
    text = """\
[session]
id = "/id"
document = "tenants/probe/sessions/{id}"
database = "eu-sessions"
agree = { "/owner" = "owner" }
reads = 8

[session.create]
path = "/v2/sessions"
json = { owner = "{mark}" }
"""
    session = _settings(tmp_path, text)[1]

    assert session.create == Ask("POST", "/v2/sessions", '{"owner": "{mark}"}')
    assert session.read == SessionPlan().read
    assert (session.id, session.database, session.reads) == ("/id", "eu-sessions", 8)
    assert session.collection == "tenants/probe/sessions"
    assert session.agree == (("/owner", "owner"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[session]\ndocument = "sessions"', ":2: `session.document`: should be a document's path"),
        ('[session]\ndocument = "a/{id}/b/{id}"', ":2: `session.document`: should be a document's path"),
        ('[session]\nid = "session.id"', ':2: `session.id`: "session.id" should be a JSON pointer'),
        ('[session]\ndatabase = "../x"', ":2: `session.database`: is not the name"),
        ('[session]\nproject = "NO"', ":2: `session.project`: is not a project ID"),
        ("[session]\nreads = 100000", ":2: `session.reads`: should be between 1 and 100"),
        ('[session]\n[session.read]\npath = "/all"', ":2: `session.read.path`: does not say where"),
        ('[session]\ncreate = "/login"', ":2: `session.create`: should be a table, not text"),
        ('[session]\nagree = { "/x" = 3 }', ":2: `session.agree`: should be text, not a number"),
        ('[session]\nkeep = "yes"', ":2: `session.keep`: is no setting that we know"),
    ],
)
def test_a_wrong_session_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigProblem) as raised:
        _settings(tmp_path, text)

    assert told in str(raised.value)
