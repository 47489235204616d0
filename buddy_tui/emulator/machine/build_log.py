"""What a build does from its source to its image, and the log that it keeps of that, in the words of Cloud Build."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.logs import entries
from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.machine.images import Built, Registry
from buddy_tui.emulator.names import Problem

if TYPE_CHECKING:
    from buddy_tui.emulator.rpc import Message


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built: `fetch` brings the archive that `source` (gs://bucket/object#generation) names.

    `buildpack` is as in `Registry.build`. A `broken` one fails at its first step.
    """

    source: str
    reference: str
    fetch: Callable[[], bytes]
    buildpack: bool | None = None
    broken: bool = False


class BuildLog:
    """The log of one build, which runs in a thread: `entries` are for who may write to the log store, afterwards."""

    def __init__(self, clock: Clock, project: str, identity: str) -> None:
        self.entries: list[Message] = []
        self._clock = clock
        self._project = project
        self._identity = identity

    def tell(self, text: str) -> None:
        """Add lines; each is an entry of its own."""
        for line in text.splitlines():
            self.entries.append(entries.build(self._project, self._identity, line, self._clock.now()))

    def run(self, registry: Registry, order: Order) -> Built:
        """Do the build. Raises BuildFailed, and Problem where the source is not there; its log has said so before.

        The lines are those of published logs of Cloud Build, without what is not done here.
        """
        self.tell(f'starting build "{self._identity}"\nFETCHSOURCE\nFetching storage object: {order.source}')
        try:
            archive = order.fetch()
        except Problem as problem:
            self.tell(f"ERROR\nERROR: could not resolve source: {problem}")
            raise
        self.tell("BUILD")
        try:
            if order.broken:
                raise BuildFailed("The build was made to fail.")  # noqa: TRY301 - told below like every other
            built = registry.build(
                archive, order.reference, order.source, buildpack=order.buildpack, tell=self.tell
            )
        except BuildFailed as failure:
            self.tell(f'ERROR\nERROR: build step 0 "buddy-tui/emulator" failed: {failure}')
            raise
        name, _, digest = built.reference.partition("@")
        self.tell(f"PUSH\nPushing {name}\ndigest: {digest}\nDONE")
        return built
