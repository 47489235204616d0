"""A thousand revisions: 40 services in three regions, one of them with 412."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.story import Story

if TYPE_CHECKING:
    from buddy_tui.emulator.stage import Stage

_NEWEST = datetime(2026, 2, 9, 17, 0, tzinfo=UTC)
_AREAS = ("account", "basket", "catalog", "checkout", "delivery", "invoice", "search", "stock")
_KINDS = ("api", "mailer", "report", "sync", "worker")
_REGIONS = ("us-central1", "europe-west1", "asia-east1")
_LARGE = 412
_SMALL = 15
# What the server draws the end of a revision's name from.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


async def play(stage: "Stage") -> None:
    """Write the history of all services; every revision has the sample project's image and boots when it is asked."""
    stage.clock.travel(_NEWEST - timedelta(days=900))
    built = await stage.build("checkout-api", tree.read(workload.BUDDY))
    stage.clock.travel(_NEWEST)
    random = Random(40)  # noqa: S311 - names, not secrets
    for place, (service, count) in enumerate(_services()):
        region = _REGIONS[place % len(_REGIONS)]
        moments = _moments(random, count)
        names = [f"{number:05d}-{''.join(random.choices(_LETTERS, k=3))}" for number in range(1, count + 1)]
        stage.adopt(region, service, tuple(zip(names, moments, strict=True)), built)


def _services() -> Iterator[tuple[str, int]]:
    """Name the services with the number of their revisions: 412, and 588 over the other 39."""
    names = [f"{area}-{kind}" for area in _AREAS for kind in _KINDS]
    for place, name in enumerate(names):
        # 39 times 15 are 585: three services have one more.
        yield name, _LARGE if place == 0 else _SMALL + (place <= 3)


def _moments(random: Random, count: int) -> list[datetime]:
    """Return the times of `count` deployments, oldest first, some hours to some days apart."""
    ages = sorted((random.uniform(0, count * 2.0) for _ in range(count)), reverse=True)
    return [_NEWEST - timedelta(days=age) for age in ages]


STORY = Story("many", "1,000 revisions of 40 services in three regions.", play, service="")
