"""Whatever one does with objects, one after the other: our storage and an independent fake look the same all along."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.storage_differential.bench import Answer, Bench, benches, tried
from tests.emulator.storage_differential.pieces import CONTENT, PIECE, send
from tests.emulator.storage_differential.servers import fake, needs_fake, ours

_NAMES = st.sampled_from(["a", "a/1", "a/2", "b", "ü/ 1%.zip"])
_SIZES = st.sampled_from([0, 1, 300, PIECE, PIECE + 7])
# What must be there for a write: anything, nothing, what was last put there, what was put there first.
_CONDITIONS = st.sampled_from(["", "none", "last", "first"])


@dataclass
class World:
    """A bucket of one of the servers, and the generations of its objects as they were put."""

    bench: Bench
    put: dict[str, list[int]]


_Step = Callable[[World], Answer]


def _make(world: World) -> Answer:
    return tried(lambda: world.bench.made().location)


def _drop(world: World) -> Answer:
    # One that holds something is left alone: the fake refuses it with another status, as is told elsewhere.
    if tried(lambda: [*world.bench.client.list_blobs(world.bench.name, retry=None)]) != []:
        return "left alone"
    return tried(world.bench.bucket.delete, retry=None)


def _put(name: str, size: int, condition: str) -> _Step:
    def step(world: World) -> Answer:
        known = world.put.get(name) or [1]
        wanted = {"": None, "none": 0, "last": known[-1], "first": known[0]}[condition]

        def put() -> Answer:
            blob = world.bench.put(name, CONTENT[:size], if_generation_match=wanted)
            world.put.setdefault(name, []).append(blob.generation)
            return world.bench.told(blob)

        return tried(put)

    return step


def _send(name: str, size: int) -> _Step:
    """Upload in pieces. Without a condition: the fake does not look at it then, as is told elsewhere."""

    def step(world: World) -> Answer:
        def put() -> Answer:
            blob = send(world.bench, CONTENT[:size], name)
            world.put.setdefault(name, []).append(blob.generation)
            return world.bench.told(blob)

        return tried(put)

    return step


def _get(name: str, which: int) -> _Step:
    """Read the metadata and the content of one of the generations that were put, or of none in particular."""

    def step(world: World) -> Answer:
        known = world.put.get(name, [])
        generation = known[which % len(known)] if which and known else None
        found = world.bench.bucket.get_blob(name, generation=generation, retry=None)
        content = tried(world.bench.bucket.blob(name, generation=generation).download_as_bytes, retry=None)
        return found and world.bench.told(found), content

    return step


def _delete(name: str) -> _Step:
    return lambda world: tried(world.bench.bucket.blob(name).delete, retry=None)


def _list(prefix: str, delimiter: str | None, size: int | None) -> _Step:
    def step(world: World) -> Answer:
        # Folders come in other pages from the fake, as is told elsewhere.
        pages = world.bench.client.list_blobs(
            world.bench.name,
            prefix=prefix,
            delimiter=delimiter,
            page_size=None if delimiter else size,
            retry=None,
        )
        return tried(lambda: ([world.bench.told(one) for one in pages], sorted(pages.prefixes)))

    return step


_STEPS = st.one_of(
    st.builds(_put, _NAMES, _SIZES, _CONDITIONS),
    st.builds(_send, _NAMES, _SIZES),
    st.builds(_get, _NAMES, st.integers(0, 3)),
    st.builds(_delete, _NAMES),
    st.builds(
        _list, st.sampled_from(["", "a", "a/"]), st.sampled_from([None, "/"]), st.sampled_from([None, 1, 2])
    ),
    st.sampled_from([_make, _drop]),
)


def _lived(world: World, steps: Sequence[_Step]) -> list[Answer]:
    return [step(world) for step in (_make, *steps, _list("", None, None))]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], tuple[World, World]]]:
    numbers = count()
    with (
        ours(tmp_path_factory.mktemp("storage")) as own,
        fake() as theirs,
        benches(own) as here,
        benches(theirs) as there,
    ):

        def fresh() -> tuple[World, World]:
            name = f"sequence-{next(numbers)}"
            return World(here(name), {}), World(there(name), {})

        yield fresh


@needs_fake
@settings(max_examples=20, deadline=None)
@given(steps=st.lists(_STEPS, min_size=3, max_size=14))
def test_after_every_step_both_storages_show_the_same(
    worlds: Callable[[], tuple[World, World]], steps: Sequence[_Step]
) -> None:
    own, theirs = worlds()

    assert _lived(own, steps) == _lived(theirs, steps)
