"""actions: all that a ranking of ways back may use. Values, and the pure function that joins them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from buddy_tui.actions.hazards import crossed, is_irreversible, moved, same_image
from buddy_tui.actions.marks import rolled_back_of
from buddy_tui.actions.served import Span, TakenBack, Witness, now_served, served, taken_back
from buddy_tui.finding import Finding
from buddy_tui.gateway import TrafficChange
from buddy_tui.journal.values import Record
from buddy_tui.model import Revision, Service

# What is bad shows within this time, as a rule of thumb: shorter service proves little.
_LONG = timedelta(minutes=30)


class Proof(IntEnum):
    """How well a revision has proved itself by serving, the best first."""

    WHOLE = 0  # all traffic, and for long
    MOST = 1  # half of it or more, and for long
    SOME = 2  # a smaller part for long, or half or more for a short time
    TOUCHED = 3  # a smaller part for a short time
    NONE = 4


@dataclass(frozen=True, slots=True)
class Errors:
    """So many of so many requests were answered with 5xx while a revision served; own probes are left out."""

    failed: int
    of: int


@dataclass(frozen=True, slots=True)
class Boots:
    """Whether a revision answered at its own address just now. `said` says why not."""

    answers: bool
    at: datetime
    said: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one revision; what is not known is `None` or empty.

    `spans` are the latest first. `percent` is what it has of the effective traffic now. `image` tells whether its image
    is still there. `moved` are its settings that are other ones in what serves now; `same` says that nothing of it is,
    not even the image, as far as can be seen. `crossed` is a later revision that cannot be undone.
    """

    revision: Revision
    spans: tuple[Span, ...] = ()
    percent: int = 0
    errors: Errors | None = None
    image: bool | None = None
    boots: Boots | None = None
    moved: tuple[str, ...] = ()
    same: bool = False
    finding: Finding | None = None
    taken_back: TakenBack | None = None
    crossed: str = ""

    @property
    def best(self) -> Span | None:
        """The span that proves most, the latest of equals; `None` where it is not known to have served."""
        return min(self.spans, key=lambda span: (proof_of(span), -span.last.timestamp()), default=None)

    @property
    def proof(self) -> Proof:
        """How well it has proved itself."""
        return proof_of(self.best) if self.best else Proof.NONE


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of each revision at `as_of`, newest first.

    `silent` says who could not be asked, and why, in sentences. `done` means that nothing more comes.
    """

    of: tuple[Evidence, ...] = ()
    as_of: datetime | None = None
    silent: tuple[str, ...] = ()
    done: bool = False


@dataclass(slots=True)
class Facts:
    """What was found out so far, by revision; images by themselves. It grows while others answer."""

    changes: tuple[TrafficChange, ...] = ()
    records: Sequence[Record] = ()
    findings: Sequence[Finding] = ()
    errors: dict[str, Errors] = field(default_factory=dict)
    images: dict[str, bool | None] = field(default_factory=dict)
    boots: dict[str, Boots] = field(default_factory=dict)


def proof_of(span: Span) -> Proof:
    """Return what a span proves.

    A length that nobody told is taken for long: it lasted until somebody's next change. That a revision serves now,
    and nobody tells since when, proves next to nothing.
    """
    if span.witness is Witness.NOW:
        return Proof.TOUCHED
    long = span.length is None or span.length >= _LONG
    if span.percent < 50:
        return Proof.SOME if long else Proof.TOUCHED
    if not long:
        return Proof.SOME
    return Proof.WHOLE if span.percent == 100 else Proof.MOST


def joined(
    service: Service, revisions: Sequence[Revision], facts: Facts, now: datetime, silent: Iterable[str] = ()
) -> Known:
    """Join what was found out so far."""
    spans = served(service, revisions, facts.changes, facts.records, now)
    routes = now_served(service)
    current = serving(service, revisions)
    newest = next((one for one in revisions if one.name in routes), None)
    back = _taken_back(service, spans, revisions)
    marked = tuple(filter(is_irreversible, revisions))
    findings = {one.revision: one for one in facts.findings}
    by_name: dict[str, list[Span]] = {}
    for span in spans:
        by_name.setdefault(span.revision, []).append(span)

    def of(revision: Revision) -> Evidence:
        name = revision.name
        other = current if current is not revision else None
        settings = moved(revision, other) if other else ()
        return Evidence(
            revision,
            spans=tuple(by_name.get(name, ())),
            percent=routes.get(name, 0),
            errors=facts.errors.get(name),
            image=_is_there(revision, facts.images),
            boots=facts.boots.get(name),
            moved=settings,
            same=other is not None and not settings and same_image(revision, other),
            finding=findings.get(name),
            taken_back=back.get(name),
            crossed=crossed(revision, newest, marked),
        )

    return Known(tuple(map(of, revisions)), now, tuple(silent))


def serving(service: Service, revisions: Sequence[Revision]) -> Revision | None:
    """Return who has the largest part of the effective traffic, the newest of equals; `None` for nobody."""
    routes = now_served(service)
    return max(
        (one for one in revisions if one.name in routes), key=lambda one: routes[one.name], default=None
    )


def images_of(revision: Revision) -> tuple[str, ...]:
    """Return the images that a revision needs, each once."""
    return tuple(dict.fromkeys(one.image for one in revision.containers if one.image))


def _is_there(revision: Revision, images: Mapping[str, bool | None]) -> bool | None:
    """Whether all images are there: one that is gone is enough to say no."""
    told = [images.get(image) for image in images_of(revision)]
    if False in told:
        return False
    return True if told and all(told) else None


def _taken_back(
    service: Service, spans: Sequence[Span], revisions: Sequence[Revision]
) -> Mapping[str, TakenBack]:
    found = dict(taken_back(spans, revisions))
    if mark := rolled_back_of(service):
        found[mark.origin] = TakenBack(mark.to, mark.at, mark.by)
    return found
