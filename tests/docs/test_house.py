"""The map of the house shows the house: its rooms, and the layers of its imports."""

import re

from tests.docs import house

MAP = house.PAGE.read_text(encoding="utf-8")


def test_every_package_is_a_room_on_the_map_and_every_room_is_there() -> None:
    rooms = MAP.partition("## The rooms")[2].partition("\n## ")[0]
    packages = {
        ".".join(path.parent.relative_to(house.ROOT).parts)
        for top in ("buddy_tui", "screens")
        for path in (house.ROOT / top).glob("*/__init__.py")
    }

    assert set(re.findall(r"^\| `([a-z_.]+)` \|", rooms, re.MULTILINE)) == packages | {"screens"}


def test_the_layers_are_those_of_the_contract() -> None:
    assert house.page() == MAP, "python -m tests.docs.house"


def test_what_it_names_is_there() -> None:
    named = re.findall(r"`([a-z_]+/[\w/]+(?:\.py)?)/?`", MAP)
    places = (house.ROOT, house.ROOT / "buddy_tui")

    assert named
    assert [one for one in named if not any((place / one).exists() for place in places)] == []


def test_every_benchmark_that_can_be_run_is_on_it() -> None:
    runs = "uv run python benchmarks/"
    programs = {
        path.stem
        for path in (house.ROOT / "benchmarks").glob("*.py")
        if f"{runs}{path.name}" in path.read_text(encoding="utf-8")
    }

    table = MAP.partition("## Benchmarks")[2]
    assert programs - set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set()


def test_it_stays_a_map() -> None:
    assert len(MAP.splitlines()) < 200
