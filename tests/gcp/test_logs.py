"""Cloud Logging through the official client: pages, tails, and errors in our words."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import grpc
import pytest
from google.cloud.logging_v2 import types

from buddy_tui.errors import BuddyError, Denied, OverQuota, ServerTrouble, Unreachable, UsageProblem
from buddy_tui.gateway import LogPage, Tailed
from tests.gcp.logging_server import Logging, Message, running
from tests.gcp.test_log_entries import message

Page, Answer = types.ListLogEntriesResponse.pb(), types.TailLogEntriesResponse.pb()
GRANT = (
    "gcloud projects add-iam-policy-binding acme-prod --member=user:YOUR_ACCOUNT --role=roles/logging.viewer"
)


def rows(*texts: str) -> list[Message]:
    return [message(textPayload=text, insertId=text) for text in texts]


def texts(page: LogPage | Tailed) -> list[str]:
    return [entry.text for entry in page.entries]


async def test_a_page_is_asked_for_as_wanted_and_comes_with_its_token() -> None:
    logging = Logging(pages=[Page(entries=rows("a", "b"), next_page_token="more")])  # noqa: S106 - no secret
    async with running(logging) as cloud:
        page = await cloud.log_page("acme-prod", "severity>=ERROR", token="t", size=7, newest_first=True)  # noqa: S106

    (asked,) = logging.asked
    assert (texts(page), page.token) == (["a", "b"], "more")
    assert list(asked.resource_names) == ["projects/acme-prod"]
    assert (asked.filter, asked.page_token, asked.page_size) == ("severity>=ERROR", "t", 7)
    assert asked.order_by == "timestamp desc"


async def test_an_empty_page_may_have_a_next_one() -> None:
    logging = Logging(pages=[Page(next_page_token="more")])  # noqa: S106
    async with running(logging) as cloud:
        assert await cloud.log_page("acme-prod", "") == LogPage((), "more")

    assert logging.asked[0].order_by == "timestamp asc"


async def test_a_tail_says_that_it_is_open_then_delivers_until_closed_and_keeps_asking() -> None:
    answer = Answer(entries=rows("a", "b"))
    answer.suppression_info.add(reason=1, suppressed_count=2)
    answer.suppression_info.add(reason=2, suppressed_count=3)
    logging = Logging(answers=[answer, Answer(entries=rows("c"))])
    async with running(logging) as cloud, aclosing(cloud.tail("acme-prod", "severity>=ERROR")) as tail:
        told = [await anext(tail) for _ in range(3)]

        assert [texts(one) for one in told] == [[], ["a", "b"], ["c"]]
        assert [one.suppressed for one in told] == [0, 5, 0]
        assert (logging.open, logging.half_closed) == (1, 0)
        assert (logging.asked[0].filter, logging.asked[0].buffer_window.seconds) == ("severity>=ERROR", 1)

        await tail.aclose()
        await _until_closed(logging)


async def test_a_tail_whose_reader_is_cancelled_is_closed() -> None:
    logging = Logging()
    async with running(logging) as cloud:

        async def read() -> None:
            async with aclosing(cloud.tail("acme-prod", "")) as tail:
                async for _ in tail:
                    pass

        reader = asyncio.create_task(read())
        while not logging.asked:  # noqa: ASYNC110 - in another task of gRPC's
            await asyncio.sleep(0.01)
        reader.cancel()
        await asyncio.wait({reader})

        await _until_closed(logging)


async def _until_closed(logging: Logging) -> None:
    async with asyncio.timeout(5):
        while logging.open:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("code", "words", "kind", "sentence", "hint"),
    [
        (
            grpc.StatusCode.PERMISSION_DENIED,
            "Permission 'logging.logEntries.list' denied on resource (or it may not exist).",
            Denied,
            "You lack logging.logEntries.list on project acme-prod; roles/logging.viewer has it.",
            GRANT,
        ),
        (
            grpc.StatusCode.PERMISSION_DENIED,
            "Access is denied or has changed.",
            Denied,
            "You lack logging.logEntries.list on project acme-prod; roles/logging.viewer has it.",
            GRANT,
        ),
        (
            grpc.StatusCode.UNAVAILABLE,
            "The service is currently unavailable.",
            ServerTrouble,
            "is unavailable: The service is currently unavailable.",
            "",
        ),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded", Unreachable, "did not answer", ""),
        (
            grpc.StatusCode.INVALID_ARGUMENT,
            "Unparseable filter: syntax error at line 1",
            UsageProblem,
            "Cloud Logging did not accept the log filter: Unparseable filter: syntax error at line 1.",
            "",
        ),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Quota exceeded for quota metric 'Read requests'.",
            OverQuota,
            "Google's quota is used up: Quota exceeded for quota metric 'Read requests'",
            "Looking again more slowly helps.",
        ),
    ],
)
async def test_a_list_that_fails_says_why(
    code: grpc.StatusCode, words: str, kind: type[BuddyError], sentence: str, hint: str
) -> None:
    logging = Logging(ends=(code, words))
    async with running(logging) as cloud:
        with pytest.raises(kind) as failed:
            await cloud.log_page("acme-prod", "")

    assert type(failed.value) is kind
    assert sentence in str(failed.value)
    assert failed.value.hint.startswith(hint)
    assert len(logging.asked) == 1


async def _listen(tail: AsyncGenerator[Tailed, None], told: list[str]) -> None:
    async for tailed in tail:
        told += texts(tailed)


@pytest.mark.parametrize(
    ("code", "words", "kind", "sentence"),
    [
        (
            grpc.StatusCode.PERMISSION_DENIED,
            "Access is denied or has changed.",
            Denied,
            "You lack logging.logEntries.list on project acme-prod; roles/logging.viewer has it.",
        ),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Too many open tail sessions.",
            OverQuota,
            "No log tail is to be had: Too many open tail sessions",
        ),
        (
            grpc.StatusCode.OUT_OF_RANGE,
            "Maximum duration reached.",
            Unreachable,
            "Google has ended the log tail: it was open for as long as it may be.",
        ),
        (grpc.StatusCode.UNAVAILABLE, "Socket closed", Unreachable, "the connection was cut."),
    ],
)
async def test_a_tail_that_breaks_says_why_after_what_it_had(
    code: grpc.StatusCode, words: str, kind: type[BuddyError], sentence: str
) -> None:
    logging = Logging(answers=[Answer(entries=rows("a"))], ends=(code, words))
    told: list[str] = []
    async with running(logging) as cloud, aclosing(cloud.tail("acme-prod", "")) as tail:
        with pytest.raises(kind) as failed:
            await _listen(tail, told)

    assert told == ["a"]
    assert sentence in str(failed.value)


async def test_a_tail_that_is_refused_never_said_that_it_is_open() -> None:
    logging = Logging(ends=(grpc.StatusCode.PERMISSION_DENIED, "Access is denied or has changed."))
    async with running(logging) as cloud, aclosing(cloud.tail("acme-prod", "")) as tail:
        with pytest.raises(Denied):
            await anext(tail)
