"""The identity line, which is never hidden and never lies."""

import pytest

from buddy_tui.model import Directory, RegionView
from screens.widgets.header import IdentityHeader, header_line, identity
from screens.words import Cell
from tests import make
from tests.screens import incident
from tests.screens.stage import Script, frame, on_stage, settings, settle

WHO = identity(
    settings(impersonate="deployer@acme-prod.iam.gserviceaccount.com"), "acme-prod", "europe-west1", "api"
)
LIVE = Cell("● live 3s", "ok")


@pytest.mark.parametrize(
    ("width", "account"),
    [
        (140, "alice@example.com → deployer@acme-prod.iam.gserviceaccount.com"),
        (100, "alice → deployer"),
        (67, "→ deployer"),
        (58, ""),
    ],
)
def test_the_account_shortens_first(width: int, account: str) -> None:
    line = header_line(WHO, LIVE, width).plain

    assert line.rstrip() == line[: width - 1].rstrip()
    assert "acme-prod / europe-west1 / api" in line
    assert account in line
    assert ("→" in line) == bool(account)


@pytest.mark.parametrize("width", range(40, 141))
def test_environment_service_mode_and_freshness_are_there_at_every_width(width: int) -> None:
    stale = Cell("! stale 42s: Cloud Run does not answer", "bad")
    for mode in ("yes", ""):
        who = identity(
            settings(read_only=mode), "acme-prod-with-a-long-name", "northamerica-northeast1", "api"
        )

        line = header_line(who, stale, width)

        assert line.cell_length == width
        for part in (" PROD ", "api", "[READ-ONLY]" if mode else "[RW]", "! stale 42s"):
            assert part in line.plain


def test_an_environment_that_nobody_named_says_so() -> None:
    assert header_line(identity(settings(environment=""), "p"), LIVE, 80).plain.startswith(" ENV? ")


@pytest.mark.parametrize("word", ["PROD", "STAGING", "DEV", "DEMO", "canary-land"])
def test_the_environment_is_a_word_and_not_only_a_colour(word: str) -> None:
    assert f" {word.upper()} " in header_line(identity(settings(environment=word), "p"), LIVE, 80).plain


async def test_the_age_ticks_without_a_new_snapshot_and_draws_nothing_else() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        before = frame(app).splitlines()
        app.pass_time(4)

        app.screen.query_one(IdentityHeader).tick()
        await settle(pilot)

        after = frame(app).splitlines()
        assert "● live 3s" in before[0]
        assert "● live 7s" in after[0]
        assert after[1:] == before[1:]


async def test_a_look_that_is_overdue_is_called_late() -> None:
    async with on_stage(incident.SNAPSHOT) as (app, pilot):
        app.pass_time(60)
        app.screen.query_one(IdentityHeader).tick()
        await settle(pilot)

        assert "! late 1m" in frame(app)


async def test_one_region_in_trouble_leaves_the_directory_live_and_all_of_them_do_not() -> None:
    denied = make.trouble("Denied.")
    one = Directory("p", (RegionView("a", (), make.NOW), RegionView("b", trouble=denied)), next_in=5)
    every = Directory("p", (RegionView("a", trouble=denied), RegionView("b", trouble=denied)), next_in=5)
    feed = Script(one)
    async with on_stage(of=settings(service="", regions=()), services=feed) as (app, pilot):
        assert "● live 0s" in frame(app)

        feed.put(every)
        await settle(pilot)

        assert "! no data: Denied." in frame(app)
