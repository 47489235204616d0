"""A service that keeps sessions, in one of many ways for each of its revisions, behind a FakeDoor."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random

from buddy_tui.gateway import Document, Place
from buddy_tui.probes.values import Answer, Refusal, Target
from buddy_tui.question import Ask
from tests import make
from tests.fakes import FakeDocuments

HERE = Place("acme-prod")
ELSEWHERE = Place("acme-staging")
CANDIDATE, SERVING, OLDER = "api-00003-ccc", "api-00002-bbb", "api-00001-aaa"
REVISIONS = tuple(
    make.revision(name, created=make.NOW - timedelta(days=age))
    for age, name in enumerate((CANDIDATE, SERVING, OLDER))
)
SERVICE = make.service(
    effective=(
        make.target(SERVING, 100, "serving", "https://serving---api-abcdefghij-ew.a.run.app"),
        make.target(CANDIDATE, 0, "candidate", "https://candidate---api-abcdefghij-ew.a.run.app"),
        make.target(OLDER, 0, "older", "https://older---api-abcdefghij-ew.a.run.app"),
    ),
)


@dataclass
class Store:
    """How one revision keeps sessions.

    `place` is its database (`None`: each instance's own memory, or nothing with `forgets`). `after` is how many
    seconds pass until what it wrote is there, `reads_from` another database for its reads. `denied` are the methods
    that its account is not allowed. `named` is the id that it answers instead of the one it was given, `ahead` by how
    much its clock is wrong. `leaks` says that it deletes nothing, `cached` that instances remember what they made, and
    `stale` even what they deleted. `dates` is by how much its Date header is wrong; `changes` are what its answers say
    otherwise than its documents. `blind` answers name no instance; methods in `refuses` are not let in, and the answer to a creation is `lost`.
    """

    place: Place | None = HERE
    instances: int = 2
    forgets: bool = False
    after: float = 0.0
    reads_from: Place | None = None
    denied: tuple[str, ...] = ()
    words: str = "Internal Server Error"
    named: str = ""
    ahead: timedelta = timedelta()
    leaks: bool = False
    cached: bool = False
    stale: bool = False
    offered: bool = True
    blind: bool = False
    dates: timedelta | None = None
    changes: Mapping[str, object] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    lost: bool = False


class Application:
    """Answers for all revisions of the service; which instance answers is chance. `asked` are methods and paths."""

    def __init__(
        self, documents: FakeDocuments, clock: Callable[[], datetime], stores: dict[str, Store], seed: int = 0
    ) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.memories: dict[tuple[str, int], dict[str, dict[str, object]]] = {}
        self._documents = documents
        self._clock = clock
        self._stores = stores
        self._random = Random(seed)  # noqa: S311 - a test's own chance
        self._later: list[tuple[datetime, Document]] = []

    def __call__(self, visitor: int, target: Target, ask: Ask) -> Answer:
        self.asked.append((target.revision, ask.method, ask.path))
        self.settle()
        store = self._stores.get(target.revision, Store())
        trace = f"{len(self.asked):032x}"
        if ask.method in store.refuses:
            return Answer(
                self._clock(), trace=trace, refusal=Refusal.NOT_INVOKER, reason="May not.", fix="Grant."
            )
        status, told = self._told(store, target.revision, ask)
        if store.lost and ask.method == "POST":
            return Answer(self._clock(), 10.0, trace=trace, trouble="no answer within 10 s")
        headers: tuple[tuple[str, str], ...] = ()
        if store.dates is not None:
            headers = (("date", format_datetime(self._clock() + store.dates, usegmt=True)),)
        return Answer(self._clock(), 0.01, status, headers, json.dumps(told).encode(), trace=trace)

    def settle(self) -> None:
        """Let everything be there whose time has come."""
        due = [document for when, document in self._later if when <= self._clock()]
        self._later = [one for one in self._later if one[0] > self._clock()]
        for document in due:
            self._documents.keep(document)

    def _told(self, store: Store, revision: str, ask: Ask) -> tuple[int, dict[str, object]]:
        number = self._random.randrange(store.instances)
        who: dict[str, object] = {} if store.blind else {"instance": f"{revision[-3:]}-{number}"}
        if not store.offered:
            return 404, {**who, "error": "no such page"}
        if ask.method in store.denied:
            return 500, {**who, "error": store.words}
        memory = self.memories.setdefault((revision, number), {})
        key = ask.path.rpartition("/")[2]
        if ask.method == "POST":
            session = self._made(store, json.loads(ask.json))
            self._keep(store, memory, session)
            return 201, {**who, "session": _as_json(session)}
        found = self._found(store, memory, key)
        if ask.method == "DELETE":
            return self._deleted(store, memory, key, there=found is not None), who
        if found is None:
            return 404, {**who, "error": "no such session"}
        return 200, {**who, "session": _as_json({**found, **store.changes})}

    def _made(self, store: Store, told: dict[str, object]) -> dict[str, object]:
        return {
            "id": store.named or told.get("id") or f"own-{self._random.getrandbits(64):x}",
            "created": self._clock() + store.ahead,
            "probe": told.get("probe", ""),
        }

    def _keep(self, store: Store, memory: dict[str, dict[str, object]], session: dict[str, object]) -> None:
        key = str(session["id"])
        if store.cached:
            memory[key] = session
        if store.forgets:
            return
        if store.place is None:
            memory[key] = session
            return
        when = self._clock() + timedelta(seconds=store.after)
        document = Document(store.place, f"sessions/{key}", session, when, when, version=when)
        self._later.append((when, document))
        self.settle()

    def _found(
        self, store: Store, memory: dict[str, dict[str, object]], key: str
    ) -> dict[str, object] | None:
        place = store.reads_from or store.place
        if key in memory or place is None:
            return memory.get(key)
        document = self._documents._documents.get((place, f"sessions/{key}"))
        return document.fields if document else None

    def _deleted(self, store: Store, memory: dict[str, dict[str, object]], key: str, *, there: bool) -> int:
        if not there:
            return 404
        if not store.stale:
            memory.pop(key, None)
        if store.place is not None and not store.leaks:
            self._documents.drop(store.place, f"sessions/{key}")
        return 204


def _as_json(session: dict[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in session.items()
    }


def everywhere(**over: object) -> dict[str, Store]:
    """Return three revisions that keep sessions in Firestore, the candidate with these differences."""
    return {CANDIDATE: replace(Store(), **over), SERVING: Store(), OLDER: Store()}  # type: ignore[arg-type]
