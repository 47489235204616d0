"""An answer, and what it says about the revision."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from buddy_tui.model import ServiceName
from buddy_tui.probes.front_end import Pass, refusal_of
from buddy_tui.probes.judge import attempt_of, excerpt, judged
from buddy_tui.probes.pointer import MISSING, equal, pointed
from buddy_tui.probes.values import Answer, Refusal, Target, Verdict
from buddy_tui.question import Ask, Expect, Question, Scalar
from tests import make

PAGE = (
    '<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n<title>{0}</title>\n</head>\n'
    "<body text=#000000 bgcolor=#ffffff>\n<h1>Error: {1}</h1>\n<h2>{2}</h2>\n<h2></h2>\n</body></html>\n"
)
UNAUTHORIZED = PAGE.format(
    "401 Unauthorized",
    "Unauthorized",
    "Your client does not have permission to the requested URL <code>/</code>.",
)
FORBIDDEN = PAGE.format(
    "403 Forbidden",
    "Forbidden",
    "Your client does not have permission to get URL <code>/</code> from this server.",
)
PROHIBITED = PAGE.format(
    "403 Forbidden", "Forbidden", "Request is prohibited by organization's policy. vpcService…: x"
)
CLOSED = PAGE.format("403 Forbidden", "Forbidden", "Access is forbidden.")
NOT_FOUND = PAGE.format(
    "404 Page not found", "Page not found", "The requested URL was not found on this server."
)
ROBOT = "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That was an error.</ins>"
NOT_READY = PAGE.format(
    "503 Server Error", "Server Error", "The service you requested is not available yet.<p>Please try again"
)
TARGET = Target("api-1", "https://t---api.run.app", "https://api.run.app", service=make.NAME)
SHOWN = Pass("token", "bot@acme-prod.iam.gserviceaccount.com")


def answer(body: str | bytes = b"", status: int = 200, **over: object) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    base = Answer(make.NOW, 0.012, status, body=data, trace="a" * 32)
    return replace(base, **over)  # type: ignore[arg-type]


def question(**expect: object) -> Question:
    return Question("health", Ask(), Expect(**expect))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "body", "target", "shown", "refusal", "words", "fix"),
    [
        (401, UNAUTHORIZED, TARGET, SHOWN, Refusal.UNAUTHENTICATED, "token for https://api.run.app", "gcloud auth"),
        (403, FORBIDDEN, TARGET, SHOWN, Refusal.NOT_INVOKER, "bot@acme-prod.iam", "serviceAccount:bot@acme-prod"),
        (403, FORBIDDEN, TARGET, Pass("t", "eve@acme.com"), Refusal.NOT_INVOKER, "eve@", "user:eve@acme.com"),
        (403, FORBIDDEN, TARGET, Pass("t"), Refusal.NOT_INVOKER, "This identity", "--member MEMBER"),
        (403, FORBIDDEN, TARGET, Pass(trouble="No key.", hint="do"), Refusal.NO_TOKEN, "token: No key.", "do"),
        (401, UNAUTHORIZED, TARGET, Pass(trouble="No key.", hint="do"), Refusal.NO_TOKEN, "No key.", "do"),
        (403, PROHIBITED, TARGET, SHOWN, Refusal.ORGANISATION_POLICY, "organisation policy", ""),
        (403, CLOSED, replace(TARGET, ingress="internal"), SHOWN, Refusal.INGRESS, "ingress is internal", ""),
        (404, NOT_FOUND, replace(TARGET, ingress="internal"), SHOWN, Refusal.INGRESS, "ingress is internal", ""),
        (404, NOT_FOUND, TARGET, SHOWN, Refusal.NO_ADDRESS, "knows no such address", ""),
        (404, ROBOT, TARGET, SHOWN, Refusal.NO_ADDRESS, "knows no such address", ""),
    ],
)  # fmt: skip
async def test_a_page_of_the_front_end_is_named_and_never_called_a_failure_of_the_application(
    status: int, body: str, target: Target, shown: Pass, refusal: Refusal, words: str, fix: str
) -> None:
    found = refusal_of(target, answer(body, status), shown)

    assert found is not None
    assert (found[0], words in found[1], fix in found[2]) == (refusal, True, True)
    refused = answer(body, status, refusal=found[0], reason=found[1])
    assert await judged(question(), refused) == (Verdict.REFUSED, found[1])


def test_the_command_that_lets_an_account_in_is_whole() -> None:
    found = refusal_of(
        replace(TARGET, service=ServiceName("p", "r", "api")),
        answer(FORBIDDEN, 403),
        Pass("t", "eve@acme.com"),
    )

    assert found is not None
    assert found[2] == (
        "gcloud run services add-iam-policy-binding api --member user:eve@acme.com"
        " --role roles/run.invoker --region r --project p"
    )


def test_a_proxy_before_the_service_is_named() -> None:
    got = answer(b"", 302, headers=(("x-goog-iap-generated-response", "true"),))

    found = refusal_of(TARGET, got, SHOWN)

    assert found is not None
    assert (found[0], "Identity-Aware Proxy" in found[1]) == (Refusal.UNAUTHENTICATED, True)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(
    "body",
    [
        '{"detail": "Not authenticated"}',
        "",
        "<html><title>404 Not Found</title><h1>Not Found</h1></html>",
        '{"error": "Your client does not have permission to get URL / from this server."}',
    ],
)
async def test_what_the_application_denies_is_its_own_answer(status: int, body: str) -> None:
    got = answer(body, status)

    assert refusal_of(TARGET, got, SHOWN) is None
    assert (await judged(question(), got))[0] is Verdict.FAIL


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (503, NOT_READY, Verdict.FAIL, "503 from Google's front end: no instance of the revision was ready"),
        (503, PAGE.format("503", "Server Error", "Service Unavailable"), Verdict.FAIL, "instance broke"),
        (504, PAGE.format("504", "Server Error", "upstream request timeout"), Verdict.FAIL, "longer than"),
        (429, "Rate exceeded.", Verdict.INCONCLUSIVE, "429 from Google's front end: every instance is busy"),
        (429, PAGE.format("429", "Rate exceeded", "Rate exceeded."), Verdict.INCONCLUSIVE, "is busy"),
        (429, '{"error": "slow down"}', Verdict.FAIL, "429 Too Many Requests, expected 200 to 299"),
        (503, '{"status": "down"}', Verdict.FAIL, "503 Service Unavailable, expected 200 to 299"),
    ],
)
async def test_what_no_instance_took_is_told_from_what_the_application_said(
    status: int, body: str, expected: Verdict, words: str
) -> None:
    found, reason = await judged(question(), answer(body, status))

    assert found is expected
    assert words in reason


@pytest.mark.parametrize(
    ("statuses", "status", "reason"),
    [
        (((200, 299),), 204, ""),
        (((200, 299),), 300, "300 Multiple Choices, expected 200 to 299"),
        (((200, 200), (401, 403)), 401, ""),
        (((200, 200), (401, 403)), 404, "404 Not Found, expected 200 or 401 to 403"),
        (((200, 200),), 799, "799, expected 200"),
    ],
)
async def test_a_status_is_good_in_the_ranges_that_are_expected(
    statuses: tuple[tuple[int, int], ...], status: int, reason: str
) -> None:
    found = await judged(question(statuses=statuses), answer(b"", status))

    assert found == (Verdict.FAIL if reason else Verdict.PASS, reason)


@pytest.mark.parametrize(
    ("pointer", "expected", "reason"),
    [
        ("/status", "ok", ""),
        ("/status", "up", '/status is "ok", expected "up"'),
        ("/checks/1/up", True, ""),
        ("/checks/1/up", 1, "/checks/1/up is true, expected 1"),
        ("/count", 1, ""),
        ("/count", True, "/count is 1, expected true"),
        ("/count", "1", '/count is 1, expected "1"'),
        ("/nothing", None, ""),
        ("/nope", None, "/nope is not there"),
        ("/checks/2", None, "/checks/2 is not there"),
        ("/checks", None, "/checks is a list, expected null"),
    ],
)
async def test_a_field_is_compared_with_its_type(pointer: str, expected: Scalar, reason: str) -> None:
    body = '{"status": "ok", "checks": [{"up": false}, {"up": true}], "count": 1, "nothing": null}'

    found = await judged(question(fields=((pointer, expected),)), answer(body))

    assert found == (Verdict.FAIL if reason else Verdict.PASS, reason)


@pytest.mark.parametrize(
    ("body", "cut", "reason"),
    [
        (b"<html>", False, "the body is not JSON"),
        (b"", False, "the body is not JSON"),
        (b'{"a": "\xff\xfe"}', False, "the body is not JSON"),
        (b"[" * 1_000_000, True, "the body is not JSON in the part that was read"),
        (b"1" * 10_000, False, "the body is not JSON"),
        (b'{"a": "' + b"\x1b]0;x\x07" * 9, False, "the body is not JSON"),
        (b'"text"', False, "/a is not there"),
    ],
)
async def test_a_hostile_body_is_no_json_and_no_crash(body: bytes, *, cut: bool, reason: str) -> None:
    found = await judged(question(fields=(("/a", 1),)), answer(body, cut=cut))

    assert found == (Verdict.FAIL, reason)


async def test_a_value_in_a_reason_is_clean_and_short() -> None:
    _, reason = await judged(
        question(fields=(("/a", 1),)), answer('{"a": "\\u001b[2J\\u202e' + "x" * 500 + '"}')
    )

    assert reason.isprintable()
    assert len(reason) < 130


@pytest.mark.parametrize(
    ("pattern", "body", "good"),
    [
        ("ready", b"all ready", True),
        ("ready", b"not yet", False),
        ("^ok$", b"ok", True),
        (r"up: \d+ of 3", "up: 3 of 3 \u2713".encode(), True),
        ("up|ready", b"\xff\xfe ready", True),
        ("late", b"x" * 70_000 + b"late", False),
    ],
)
async def test_a_pattern_is_looked_for_in_the_part_that_was_read(
    pattern: str, body: bytes, *, good: bool
) -> None:
    found, _ = await judged(question(pattern=pattern), answer(body))

    assert found is (Verdict.PASS if good else Verdict.FAIL)


async def test_a_pattern_that_would_take_years_is_given_up() -> None:
    began = time.perf_counter()

    found, reason = await judged(question(pattern="(a+)+$"), answer(b"a" * 60 + b"!"))

    assert (found, reason) == (
        Verdict.INCONCLUSIVE,
        "the pattern took too long to look for: it needs a simpler one",
    )
    assert time.perf_counter() - began < 10


async def test_a_pattern_that_is_none_is_our_trouble() -> None:
    found, reason = await judged(question(pattern="("), answer(b"x"))

    assert found is Verdict.INCONCLUSIVE
    assert reason.startswith("the pattern is no regular expression: ")


async def test_trouble_on_the_wire_is_a_failure_and_ours_is_none() -> None:
    late = answer(b"", 0, trouble="no answer within 10 s")
    broken = answer(b"{", 200, trouble="the answer broke off after 1 bytes")
    ours = answer(b"", 0, trouble="the name api is not known", ours=True)

    assert await judged(question(), late) == (Verdict.FAIL, "no answer within 10 s")
    assert await judged(question(), broken) == (
        Verdict.FAIL,
        "200 OK, but the answer broke off after 1 bytes",
    )
    assert await judged(question(), ours) == (Verdict.INCONCLUSIVE, "the name api is not known")


async def test_a_redirect_elsewhere_fails_unless_just_that_is_expected() -> None:
    got = answer(b"", 302, trouble="it leads on to https://login.example, …: not followed")

    found, reason = await judged(question(), got)

    assert (found, "302 Found, but it leads on to https://login.example" in reason) == (Verdict.FAIL, True)
    assert await judged(question(statuses=((302, 302),)), got) == (Verdict.PASS, "")


def test_an_excerpt_is_clean_text_of_at_most_400_characters() -> None:
    hostile = b"\x1b]52;c;AAAA\x07\x1b[2J\xff\xfe\xe2\x80\xae" + b"\x01" * 500 + b"tail"

    text = excerpt(answer(hostile))

    assert len(text) == 400
    assert text.isprintable()
    assert "\x1b" not in text


async def test_an_attempt_keeps_what_the_details_show() -> None:
    got = answer(b"down", 503, headers=(("server", "x"),), began=make.NOW + timedelta(seconds=1))

    attempt = await attempt_of(question(), 3, got)

    assert (attempt.number, attempt.began, attempt.took, attempt.status) == (3, got.began, 0.012, 503)
    assert (attempt.verdict, attempt.trace, attempt.excerpt) == (Verdict.FAIL, "a" * 32, "down")
    assert attempt.headers == (("server", "x"),)


DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "k": {"01": 2}}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/m~0n", 8),
        ("/k/01", 2),
        ("/foo/01", MISSING),
        ("/foo/-", MISSING),
        ("/foo/-1", MISSING),
        ("/foo/99999999999999999999", MISSING),
        ("/foo/bar/baz", MISSING),
        ("foo", MISSING),
    ],
)
def test_a_pointer_leads_where_rfc_6901_says(pointer: str, found: object) -> None:
    assert pointed(DOCUMENT, pointer) == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (0, False, False),
        (None, False, False),
        ("1", 1, False),
        ([], "", False),
    ],
)
def test_values_are_equal_as_in_json(one: object, other: Scalar, *, same: bool) -> None:
    assert equal(one, other) is same
