"""States, reasons, times, filters and links: the pure part of the screens."""

import shlex
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from buddy_tui import console_pages
from buddy_tui.model import Condition, ConditionState, Revision, RevisionState, Service, Trouble
from screens import links
from screens.filter import Filter
from screens.states import condition_state, revision_state, service_state
from screens.words import Cell, age, freshness, moment
from tests import make
from tests.make import NOW

TROUBLE = make.trouble()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (86_399, "23h"),
        (41 * 86_400, "41d"),
        (-5, "0s"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, words: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_time_in_full_has_its_zone_and_its_age_and_one_never_told_is_a_dash() -> None:
    assert moment(NOW - timedelta(minutes=4), NOW) == "2026-11-23 11:56:00 UTC, 4m ago"
    assert moment(None, NOW) == age(None, NOW) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("revision", "cell"),
    [
        (make.revision(), Cell("✓ ready", "ok")),
        (make.failed(), Cell("✗ failed: did not start", "bad")),
        (make.failed(reason="SomethingNew"), Cell("✗ failed: SomethingNew", "bad")),
        (make.revision(state=RevisionState.PENDING), Cell("● pending", "warn")),
        (make.revision(state=RevisionState.RETIRED, reason="Retired"), Cell("\N{EN DASH} retired", "dim")),
    ],
)
def test_a_revision_has_glyph_word_and_reason(revision: Revision, cell: Cell) -> None:
    assert revision_state(revision) == cell


@pytest.mark.parametrize("state", list(ConditionState))
def test_every_condition_has_a_word_beside_its_glyph(state: ConditionState) -> None:
    glyph, _, word = condition_state(Condition("Ready", state)).text.partition(" ")

    assert len(glyph) == 1
    assert word


def test_a_condition_that_does_not_gate_readiness_is_dim() -> None:
    assert condition_state(Condition("Active", ConditionState.FAILED, severity="info")).tone == "dim"


@pytest.mark.parametrize(
    ("service", "text"),
    [
        (make.service(), "✓ ready"),
        (
            make.service(ready=make.ready(ConditionState.FAILED, "RevisionFailed")),
            "! degraded: its revision failed",
        ),
        (make.service(ready=make.ready(ConditionState.FAILED), effective=()), "✗ failed"),
        (make.service(ready=make.ready(ConditionState.RECONCILING)), "● at work"),
    ],
)
def test_a_service_that_serves_on_after_a_failure_is_degraded_and_not_down(
    service: Service, text: str
) -> None:
    assert service_state(service).text == text


@pytest.mark.parametrize(
    ("as_of", "trouble", "text"),
    [
        (None, None, "● connecting…"),
        (NOW - timedelta(seconds=3), None, "● live 3s"),
        (NOW - timedelta(seconds=16), None, "! late 16s"),
        (NOW - timedelta(seconds=42), TROUBLE, "! stale 42s"),
        (None, TROUBLE, "! no data"),
    ],
)
def test_freshness_never_calls_old_data_live(
    as_of: datetime | None, trouble: Trouble | None, text: str
) -> None:
    assert freshness(as_of, trouble, 5.0, NOW).text == text


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("", True),
        ("   ", True),
        ("CANARY", True),
        ("canary ready", True),
        ("canary zzz", False),
        ("!canary", False),
        ("!zzz", True),
        ("!", False),
        ("state:failed", False),
        ("state:ready", True),
        ("!state:failed tag:can", True),
        ("tag:stable", False),
        ("nofield:x", False),
        ("api-00042-xez", True),
    ],
)
def test_a_filter_joins_words_inverses_and_fields(query: str, *, passes: bool) -> None:
    fields = {"state": ("ready",), "tag": ("canary", "beta")}

    assert Filter(query).accepts("api-00042-xez canary Ready", fields) is passes


def test_links_quote_what_is_put_into_them() -> None:
    odd = make.name("a/b?c", "r#1", "p&q")

    assert (
        console_pages.service_page(odd)
        == "https://console.cloud.google.com/run/detail/r%231/a%2Fb%3Fc?project=p%26q"
    )
    assert console_pages.revisions_page(make.NAME) == (
        "https://console.cloud.google.com/run/detail/europe-west1/api/revisions?project=acme-prod"
    )


def test_the_gcloud_command_reads_back_as_what_it_describes() -> None:
    hostile = replace(make.NAME, service="api; rm -rf /")

    assert links.describe_service(make.NAME) == (
        "gcloud run services describe api --region=europe-west1 --project=acme-prod"
    )
    assert shlex.split(links.describe_revision("$(id)", hostile, "sa@x.iam")) == [
        "gcloud", "run", "revisions", "describe", "$(id)",
        "--region=europe-west1", "--project=acme-prod", "--impersonate-service-account=sa@x.iam",
    ]  # fmt: skip
