"""deploy: what the journal keeps of a deployment, so that whoever comes next can go on with it."""

import asyncio
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from buddy_tui.actions.recording import Author, recorded
from buddy_tui.actions.values import Ending, Plan, Verb
from buddy_tui.deploy.values import Release, Stage
from buddy_tui.journal.keep import Journal
from buddy_tui.journal.values import Kind, Record
from buddy_tui.model import ServiceName
from buddy_tui.watch import Clock

# What a release is beyond its plan; texts of the plan are for whoever confirms it.
_KEPT = ("tag", "image", "files", "size", "digest", "object", "dockerfile", "first")


@dataclass(frozen=True, slots=True)
class Known:
    """What was proved of a deployment so far.

    - `archive`: SHA-256 of the whole archive, hex
    - `source`, `build`, `image`: the uploaded archive, the name of its build, the image by its digest
    - `asked`: the revision may have been asked for
    - `failed`: why the candidate is being taken back
    """

    archive: str = ""
    source: str = ""
    build: str = ""
    image: str = ""
    asked: bool = False
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A deployment that nobody brought to its end: what it was to be, how far it came, and who began it when."""

    release: Release
    known: Known
    author: Author
    began: datetime


class Memory:
    """The journal's lines about one deployment."""

    def __init__(
        self, journal: Journal, release: Release, author: Author, clock: Clock, known: Known | None = None
    ) -> None:
        self.known = known or Known()
        self.author = author
        self._journal = journal
        self._release = release
        self._clock = clock

    async def begin(self) -> None:
        """Write down what will be done. Raises Unwritable."""
        await self._write(Kind.INTENT, data=_dumped(self._release))

    async def note(self, stage: Stage, sentence: str, **proved: Any) -> None:  # noqa: ANN401 - any field of Known
        """Write down what was proved, and then know it. Raises Unwritable."""
        known = replace(self.known, **proved)
        data = json.dumps({"stage": stage.value, **proved})
        await self._write(Kind.NOTE, sentence=sentence, data=data)
        self.known = known

    async def end(self, ending: Ending, sentence: str) -> None:
        """Write down what became of it: nobody goes on with it any more. Raises Unwritable."""
        await self._write(Kind.OUTCOME, outcome=ending.value, sentence=sentence)

    async def _write(self, kind: Kind, **over: Any) -> None:  # noqa: ANN401 - any field of a Record
        release = self._release
        record = recorded(kind, release.id, self._clock(), release.plan, self.author, **over)
        await asyncio.to_thread(self._journal.write, record)


def left(journal: Journal, name: ServiceName) -> Left | None:
    """Return the deployment of a service that has not come to its end, the oldest where there are several."""
    begun: dict[str, Left] = {}
    for record in journal.read().records:
        if record.verb != Verb.DEPLOY or record.name != name:
            continue
        if record.kind is Kind.INTENT and (one := _left(record)):
            begun[record.id] = one
        elif record.kind is Kind.OUTCOME:
            begun.pop(record.id, None)
        elif record.id in begun:
            begun[record.id] = replace(begun[record.id], known=_more(begun[record.id].known, record.data))
    return next(iter(begun.values()), None)


def _left(record: Record) -> Left | None:
    """Return the deployment that an intent tells of; `None` where it cannot be understood."""
    try:
        told = json.loads(record.data)
        plan = Plan(
            verb=Verb.DEPLOY,
            name=record.name,
            title=f"Deploy {record.revision}",
            before=record.before,
            after=record.after,
            etag=record.etag,
            state=str(told["state"]),
            revision=record.revision,
            command=record.command,
            undo_command=record.undo_command,
        )
        root = Path(told["root"]) if told["root"] else None
        kept = {key: told[key] for key in _KEPT}
        overruled = tuple(map(str, told["overruled"]))
    except (ValueError, TypeError, KeyError):
        return None
    release = Release(plan, record.id, record.revision, root=root, overruled=overruled, **kept)
    author = Author(record.who, record.acting, record.reason, record.evidence)
    return Left(release, Known(), author, record.at)


def _more(known: Known, data: str) -> Known:
    try:
        told = json.loads(data)
        return replace(known, **{key: told[key] for key in asdict(known) if key in told})
    except (ValueError, TypeError, AttributeError):
        return known


def _dumped(release: Release) -> str:
    kept = {key: getattr(release, key) for key in _KEPT}
    root = str(release.root) if release.root else ""
    told = {"state": release.plan.state, "root": root, "overruled": release.overruled}
    return json.dumps({**kept, **told})
