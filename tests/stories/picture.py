"""The picture in README: the story `buddy` really played, read through the real adapter, drawn by the real app.

`python -m tests.stories.picture` draws it anew.
"""

import asyncio
import os
import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from unittest import mock

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.diagnose import Examiner
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Options, serve
from buddy_tui.emulator.story import PROJECT, REGION, SERVICE
from buddy_tui.logs import LogDesk
from buddy_tui.model import Service, ServiceName, Snapshot
from tests.screens.stage import on_stage, settle

PICTURE = Path(__file__).parents[2] / "docs" / "demo.svg"
SIZE = (110, 32)
# The evening after the ninth failure, when somebody had rolled back.
MOMENT = datetime(2026, 2, 9, 21, 30, tzinfo=UTC)


def draw() -> str:
    """Play the story and return the picture, as SVG. It asks nobody for a font."""
    return re.sub(r"\s*@font-face \{[^}]*\}", "", asyncio.run(_drawn()))


def words(svg: str) -> list[str]:
    """Return what is written in a picture, without its styles: those change with every release of Textual."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


async def _drawn() -> str:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("buddy"))
        host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
        with mock.patch.dict(os.environ, emulator.endpoints):
            snapshot = await _seen(_settings(host), ServiceName(PROJECT, REGION, SERVICE))
    async with on_stage(size=SIZE, of=_settings(host)) as (app, pilot):
        app.now = MOMENT
        app.service.put(snapshot)
        await settle(pilot)
        await pilot.press("g")
        await settle(pilot)
        return app.export_screenshot(title="buddy-tui demo", simplify=True) + "\n"


def _settings(host: str) -> Settings:
    return Settings(
        project=Known(PROJECT, "the demo"),
        regions=(Known(REGION, "the demo"),),
        service=Known(SERVICE, "the demo"),
        environment=Known("DEMO", "the demo"),
        emulated=Known(host, "the demo"),
    )


async def _seen(settings: Settings, name: ServiceName) -> Snapshot:
    cloud = await gcp.connect(settings)
    desk = LogDesk(cloud, name.project, clock=lambda: MOMENT)
    try:
        service: Service = await cloud.service(name)
        snapshot = Snapshot(name, service, await cloud.revisions(name), MOMENT)
        told: Snapshot = _still(await Examiner(desk, cloud, clock=lambda: MOMENT).told(snapshot))
    finally:
        await desk.close()
        await cloud.close()
    return told


def _still(value: Any) -> Any:  # noqa: ANN401 - any value of the model
    """Return the value without what differs from run to run: durations, ports, digests, parts of a second."""
    if isinstance(value, str) and not isinstance(value, Enum):
        text = re.sub(r"\d+\.\d\ds\b", "0.42s", value)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8080", text)
        text = re.sub(r"(\d{10})(\.?)\d{6}", r"\g<1>\g<2>000000", text)
        return re.sub(r"\b[0-9a-f]{32}\b", "0" * 32, text)
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, tuple):
        return tuple(map(_still, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _still(getattr(value, one.name)) for one in fields(value)})
    return value


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
