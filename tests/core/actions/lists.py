"""Traffic lists as they may stand on the wire, at random: tags beside percents, LATEST, one revision several times."""

import random

from buddy_tui.actions.arithmetic import LATEST
from buddy_tui.actions.values import Targets
from buddy_tui.model import TrafficTarget

REVISIONS = tuple(f"api-{number:05}-{chr(96 + number) * 3}" for number in range(1, 7))
KEYS = (*REVISIONS, LATEST)
TAGS = ("blue", "canary", "green", "prev", "stable", "x")


def entry(key: str, percent: int = 0, tag: str = "") -> TrafficTarget:
    return TrafficTarget("" if key == LATEST else key, percent, tag, latest=key == LATEST)


def any_list(chance: random.Random) -> Targets:
    """Return a list that adds up to 100, seldom an empty one."""
    if chance.random() < 0.03:
        return ()
    tags = chance.sample(TAGS, chance.randint(0, 4))
    parts = _parts(chance, 100, chance.choice((1, 1, 2, 2, 3, 4, 5, 6)))
    keys = chance.choices(KEYS, k=len(parts)) if chance.random() < 0.2 else chance.sample(KEYS, len(parts))
    told = [
        entry(key, part, tags.pop() if tags and chance.random() < 0.3 else "")
        for key, part in zip(keys, parts, strict=True)
    ]
    told += [entry(chance.choice(KEYS), 0, tag) for tag in tags]
    chance.shuffle(told)
    return tuple(told)


def any_percents(chance: random.Random) -> dict[str, int]:
    """Return percents for some keys, mostly such as gcloud takes."""
    keys = chance.sample(KEYS, chance.randint(1, 4))
    if chance.random() < 0.1:
        return {key: chance.randint(-5, 120) for key in keys}
    total = 100 if chance.random() < 0.3 else chance.randint(0, 100)
    return {
        key: chance.choice((part, part, part, 0))
        for key, part in zip(keys, _shares(chance, total, len(keys)), strict=True)
    }


def _parts(chance: random.Random, total: int, count: int) -> list[int]:
    cuts = sorted(chance.sample(range(1, total), count - 1))
    return [after - before for before, after in zip((0, *cuts), (*cuts, total), strict=True)]


def _shares(chance: random.Random, total: int, count: int) -> list[int]:
    cuts = sorted(chance.randint(0, total) for _ in range(count - 1))
    return [after - before for before, after in zip((0, *cuts), (*cuts, total), strict=True)]
