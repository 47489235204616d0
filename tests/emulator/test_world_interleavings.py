"""Whatever is written while boots succeed or fail, in whatever order, some things hold."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.conditions import FAILED, RECONCILING, SUCCEEDED
from buddy_tui.emulator.run.events import BootWanted, OperationDone
from buddy_tui.emulator.run.messages import LATEST, REVISION, Service
from tests.emulator.admin_fixture import DIED, PARENT, PLACE, SHOP, Stand

Act = Callable[[int, int], None]

# What to do, and with which of the revisions or boots that there are.
STEPS = st.tuples(
    st.sampled_from(
        ["deploy", "pin", "split", "to latest", "tag", "boot", "die", "delete", "word", "note", "hold"]
    ),
    st.integers(0, 9),
    st.integers(0, 9),
)


class Play:
    """A service that things happen to. Refusals are part of the play."""

    def __init__(self) -> None:
        self.stand = Stand()
        self.world = self.stand.world
        self.count = 0
        self.begun: set[str] = set()
        self._deploy(0, 0)

    def step(self, what: str, one: int, two: int) -> None:
        acts: dict[str, Act] = {
            "deploy": self._deploy,
            "pin": lambda one, _: self._route((self._name(one), 100, "")),
            "split": lambda one, two: self._route((self._name(one), 90, ""), (self._name(two), 10, "")),
            "to latest": lambda *_: self._route(("", 100, "")),
            "tag": lambda one, _: self._route(("", 100, ""), (self._name(one), 0, "next")),
            "boot": lambda one, _: self.world.boot_succeeded(self._boot(one), 1.0),
            "die": lambda one, _: self.world.boot_failed(self._boot(one), "HealthCheckContainerError", DIED),
            "delete": lambda one, _: self._delete(one),
            "word": lambda one, _: self._write(Service(name=SHOP, description=str(one)), "description"),
            "note": lambda one, _: self._write(
                Service(name=SHOP, annotations={"a": str(one)}), "annotations"
            ),
            "hold": lambda one, _: self._hold(stuck=one < 5),
        }
        try:
            acts[what](one, two)
        except Problem:
            return

    def _deploy(self, *_: int) -> None:
        self.count += 1
        service = Service(name=SHOP)
        service.template.containers.add(image=f"hello:{self.count}")
        if self.count == 1:
            self.begun.add(self.world.create_service(PARENT, "shop", service).name)
        else:
            self._write(service, "template")

    def _route(self, *targets: tuple[str, int, str]) -> None:
        service = Service(name=SHOP)
        for name, percent, tag in targets:
            service.traffic.add(type_=REVISION if name else LATEST, revision=name, percent=percent, tag=tag)
        self._write(service, "traffic")

    def _write(self, service: Message, path: str) -> None:
        self.begun.add(self.world.update_service(service, [path]).name)

    def _delete(self, index: int) -> None:
        self.begun.add(self.world.delete_revision(f"{SHOP}/revisions/{self._name(index)}").name)

    def _hold(self, *, stuck: bool) -> None:
        self.stand.faults.traffic_stuck = stuck
        assert self.world.retry(PLACE) or stuck

    def _name(self, index: int) -> str:
        return self._boot(index).revision

    def _boot(self, index: int) -> Where:
        wanted = [event.where for event in self.stand.events if isinstance(event, BootWanted)]
        return wanted[index % len(wanted)]


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_whatever_happens_traffic_goes_all_or_nowhere_and_every_operation_has_one_end(
    steps: list[tuple[str, int, int]],
) -> None:
    play = Play()
    for step in steps:
        play.step(*step)

        service, routed = play.world.get_service(SHOP), play.world.route(PLACE)
        assert sum(percent for _, percent in routed) in (0, 100)
        assert sum(status.percent for status in service.traffic_statuses) == sum(part for _, part in routed)
        for where, _ in routed:
            ready = {one.type_: one.state for one in play.world.get_revision(where.revision_path).conditions}
            assert (ready["Ready"], ready["Active"]) == (SUCCEEDED, SUCCEEDED)
        assert service.terminal_condition.state in (SUCCEEDED, FAILED, RECONCILING)
        assert service.reconciling == (service.terminal_condition.state == RECONCILING)
        if service.terminal_condition.state == SUCCEEDED:
            assert service.observed_generation == service.generation
            assert len(service.traffic_statuses) == max(1, len(service.traffic))
        ended = [event.name for event in play.stand.events if isinstance(event, OperationDone)]
        assert len(ended) == len(set(ended))
        assert {name for name in play.begun if play.world.get_operation(name).done} == set(ended)
        assert service.reconciling or set(ended) == play.begun
