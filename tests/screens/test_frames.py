"""Every screen and state at both sizes, as text."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from buddy_tui.app import BuddyApp
from buddy_tui.config import Settings
from buddy_tui.model import Directory, RegionView, Snapshot
from tests import make
from tests.make import NOW
from tests.screens import boots, incident
from tests.screens.stage import SIZES, Script, on_stage, settings, settle

BUDDY = settings(
    service="buddy-app",
    project="buddy-demo",
    regions=("us-central1",),
    environment="DEMO",
    account="micha@example.com",
    impersonate="buddy-deployer@buddy-demo.iam.gserviceaccount.com",
)
ALL = settings(service="", regions=(), read_only="yes")
EMPTY = make.service(desired=(), effective=(), latest_created="", latest_ready="")


@dataclass(frozen=True)
class Look:
    """One frame: what is fed, and which keys are pressed."""

    of: Settings
    service: tuple[object, ...] = ()
    services: tuple[object, ...] = ()
    boot_log: tuple[object, ...] = ()
    keys: tuple[str, ...] = ()


LOOKS = {
    "service": Look(BUDDY, (incident.SNAPSHOT,)),
    "service-explained": Look(BUDDY, (boots.EXPLAINED,)),
    "service-explained-describe": Look(BUDDY, (boots.EXPLAINED,), keys=("d",)),
    "service-describe": Look(BUDDY, (incident.SNAPSHOT,), keys=("d",)),
    "service-help": Look(BUDDY, (incident.SNAPSHOT,), keys=("question_mark",)),
    "service-palette": Look(BUDDY, (incident.SNAPSHOT,), keys=("colon",)),
    "service-filter": Look(BUDDY, (incident.SNAPSHOT,), keys=("slash", *"0003", "space", *"!36", "enter")),
    "service-no-match": Look(BUDDY, (incident.SNAPSHOT,), keys=("slash", *"zzz")),
    "service-split": Look(settings(), (incident.SPLIT,)),
    "service-empty": Look(settings(), (replace(incident.SPLIT, service=EMPTY, revisions=()),)),
    "service-loading": Look(BUDDY),
    "service-stale": Look(
        BUDDY,
        (replace(incident.SNAPSHOT, as_of=NOW - timedelta(seconds=42), trouble=incident.OFFLINE),),
    ),
    "service-denied": Look(BUDDY, (Snapshot(incident.NAME, trouble=incident.DENIED),)),
    "service-signed-out": Look(BUDDY, (Snapshot(incident.NAME, trouble=incident.SIGNED_OUT),)),
    "service-offline": Look(BUDDY, (Snapshot(incident.NAME, trouble=incident.OFFLINE),)),
    "service-ascii": Look(replace(BUDDY, ascii=BUDDY.project), (incident.SNAPSHOT,)),
    **{
        f"boot-log-{name}": Look(BUDDY, (incident.SNAPSHOT,), boot_log=fed, keys=("enter", *keys))
        for name, fed, keys in (
            ("certain", (boots.BOOT,), ()),
            ("likely", (boots.LIKELY,), ()),
            ("incomplete", (boots.INCOMPLETE,), ()),
            ("no-output", (boots.NO_OUTPUT,), ()),
            ("up", (boots.UP,), ()),
            ("waiting", (boots.CONNECTING,), ()),
            ("nothing", (boots.NOTHING,), ()),
            ("denied", (boots.DENIED,), ()),
            ("polling", (boots.POLLING,), ()),
            ("filter", (boots.BOOT,), ("slash", *"probe", "enter")),
            ("full", (boots.BOOT,), ("f",)),
            ("evidence", (boots.BOOT,), ("e", "e")),
            ("describe", (boots.LIKELY,), ("d",)),
            ("help", (boots.BOOT,), ("question_mark",)),
        )
    },
    "services": Look(ALL, services=(incident.DIRECTORY,)),
    "services-help": Look(ALL, services=(incident.DIRECTORY,), keys=("question_mark",)),
    "services-empty": Look(ALL, services=(Directory("acme-prod", (RegionView("europe-west1", (), NOW),)),)),
    "services-loading": Look(ALL),
    "services-denied": Look(ALL, services=(Directory("acme-prod", trouble=incident.DENIED),)),
}


@pytest.mark.parametrize("size", SIZES, ids=("narrow", "wide"))
@pytest.mark.parametrize("name", LOOKS)
async def test_a_screen_looks_as_it_was_reviewed(
    name: str, size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    look = LOOKS[name]

    services, boot_log = Script(*look.services), Script(*look.boot_log)
    async with on_stage(*look.service, size=size, of=look.of, services=services, boot_log=boot_log) as (
        app,
        pilot,
    ):
        for key in look.keys:
            await pilot.press(key)
            await settle(pilot)

        matches_frame(app, name)


@pytest.mark.parametrize("size", [(60, 16), (40, 8), (39, 20), (80, 7)])
async def test_below_80x24_columns_go_but_header_and_keys_stay(
    size: tuple[int, int], matches_frame: Callable[[BuddyApp, str], None]
) -> None:
    async with on_stage(incident.SNAPSHOT, size=size, of=BUDDY) as (app, _pilot):
        matches_frame(app, "small")


async def test_the_picture_for_the_readme_is_the_same_each_time() -> None:
    pictures = set()
    for _ in range(2):
        async with on_stage(incident.SNAPSHOT, size=(100, 30), of=BUDDY) as (app, _pilot):
            pictures.add(app.export_screenshot(simplify=True))

    assert len(pictures) == 1
    assert "PINNED" in pictures.pop()
