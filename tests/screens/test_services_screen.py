"""What an operator does on the screen of all services."""

from dataclasses import replace

import pytest

from buddy_tui.model import Directory, RegionView
from screens.service import ServiceScreen
from screens.services import ServicesScreen
from screens.widgets.filter_bar import FilterBar
from screens.widgets.table import KeyedTable
from tests import make
from tests.make import NOW
from tests.screens import incident
from tests.screens.stage import WIDE, Script, Stage, frame, on_stage, settings, settle

ALL = settings(service="", regions=())


def shown(app: Stage) -> type:
    return type(app.screen)


async def test_services_of_several_regions_stand_side_by_side() -> None:
    async with on_stage(of=ALL, services=Script(incident.DIRECTORY), size=WIDE) as (app, _pilot):
        lines = frame(app).splitlines()

        assert any("api" in line and "europe-west1" in line and "PINNED" in line for line in lines)
        assert any("api" in line and "us-central1" in line and "100%" in line for line in lines)
        assert any("! europe-west4 was not read: run.services.list is missing." in line for line in lines)


async def test_enter_opens_a_service_and_esc_comes_back_to_the_same_row() -> None:
    async with on_stage(of=ALL, services=Script(incident.DIRECTORY)) as (app, pilot):
        await pilot.press("j", "enter")
        await settle(pilot)
        assert shown(app) is ServiceScreen
        assert app.opened_names == [make.name("worker")]

        await pilot.press("escape")
        await settle(pilot)
        assert shown(app) is ServicesScreen
        assert app.screen.query_one(KeyedTable).key == make.name("worker").path


async def test_services_are_not_looked_at_while_one_of_them_is_shown() -> None:
    async with on_stage(incident.SNAPSHOT, of=ALL, services=Script(incident.DIRECTORY)) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert shown(app) is ServiceScreen
        assert (app.services.opened, app.services.watched) == (1, 0)
        await pilot.press("question_mark")
        await settle(pilot)
        assert app.service.watched == 1

        await pilot.press("escape", "escape")
        await settle(pilot)

        assert (app.services.opened, app.services.watched) == (2, 1)
        assert app.service.watched == 0


async def test_a_region_that_was_not_read_tells_the_way_out() -> None:
    async with on_stage(of=ALL, services=Script(incident.DIRECTORY)) as (app, pilot):
        await pilot.press("j", "j", "enter")
        await settle(pilot)

        assert "Ask for roles/run.viewer." in frame(app)


async def test_a_service_without_a_region_is_looked_for_and_opened_when_there_is_one() -> None:
    found = Directory(
        "acme-prod", (RegionView("a", (make.service(make.name("api", "a")),), NOW), RegionView("b", (), NOW))
    )
    unread = replace(found, regions=(found.regions[0], RegionView("b")))
    feed = Script(unread)
    async with on_stage(of=settings(service="api", regions=()), services=feed) as (app, pilot):
        assert shown(app) is ServicesScreen

        feed.put(found)
        await settle(pilot)

        assert shown(app) is ServiceScreen
        assert app.opened_names == [make.name("api", "a")]


async def test_a_service_in_several_regions_leaves_the_choice_to_the_operator() -> None:
    async with on_stage(of=settings(service="api", regions=()), services=Script(incident.DIRECTORY)) as (
        app,
        _pilot,
    ):
        table = app.screen.query_one(KeyedTable)

        assert shown(app) is ServicesScreen
        assert [row.cells[1].text for row in table.rows] == ["europe-west1", "us-central1"]
        assert app.focused is table


async def test_a_service_that_is_nowhere_is_told_with_near_names() -> None:
    async with on_stage(of=settings(service="workr", regions=()), services=Script(incident.DIRECTORY)) as (
        app,
        _pilot,
    ):
        assert "There is no service workr in acme-prod." in frame(app)
        assert "Near it: worker." in frame(app)


@pytest.mark.parametrize(
    ("query", "regions"),
    [
        ("region:us", ["us-central1"]),
        ("!pinned", ["europe-west1", "us-central1"]),
        ("state:ready 42", ["europe-west1"]),
    ],
)
async def test_services_are_filtered_by_text_region_and_state(query: str, regions: list[str]) -> None:
    async with on_stage(of=ALL, services=Script(incident.DIRECTORY)) as (app, pilot):
        await app.screen.query_one(FilterBar).open(query)
        await settle(pilot)

        assert [row.cells[1].text for row in app.screen.query_one(KeyedTable).rows] == regions


async def test_names_commands_and_links_are_those_of_the_row() -> None:
    async with on_stage(of=ALL, services=Script(incident.DIRECTORY)) as (app, pilot):
        await pilot.press("y")
        assert app.clipboard == "api"
        await pilot.press("Y")
        assert app.clipboard == "gcloud run services describe api --region=europe-west1 --project=acme-prod"
        await pilot.press("o")
        await settle(pilot)
        assert app.opened_urls == [
            "https://console.cloud.google.com/run/detail/europe-west1/api?project=acme-prod"
        ]
