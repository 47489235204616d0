"""What is known about a revision or a service, as facts for the detail pane and the describe page. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from buddy_tui.finding import Finding
from buddy_tui.model import Condition, Container, Revision, Service, Trouble
from buddy_tui.redact import redact
from buddy_tui.traffic import Share, TrafficTruth
from screens.findings import finding_facts
from screens.states import condition_state, revision_state, service_state
from screens.widgets.facts import Fact
from screens.words import NONE, Cell, moment


def revision_facts(
    revision: Revision, truth: TrafficTruth, now: datetime, finding: Finding | None = None
) -> tuple[Fact, ...]:
    """Return all facts of a revision, what an incident asks for first."""
    return tuple(_revision(revision, truth, now, finding))


def service_facts(service: Service, truth: TrafficTruth, now: datetime) -> tuple[Fact, ...]:
    """Return all facts of a service."""
    return tuple(_service(service, truth, now))


def trouble_facts(trouble: Trouble) -> tuple[Fact, ...]:
    """Return what is wrong and the way out."""
    return (Fact("why", (Cell(trouble.sentence),)), *_some("way out", [trouble.hint]))


def _revision(
    revision: Revision, truth: TrafficTruth, now: datetime, finding: Finding | None
) -> Iterator[Fact]:
    yield Fact(revision.name)
    yield Fact("state", (revision_state(revision),))
    if finding:
        yield from finding_facts(finding)
    summary, more, _ = revision.message.partition("\n\n")
    yield from _some("why", [summary])
    yield Fact("traffic", tuple(_traffic(revision.name, truth)))
    yield from _some("created", [moment(revision.created, now)])
    yield from _some("by", [revision.creator])
    yield from _some("source", [revision.source])
    yield from _some("commit", [revision.commit])
    yield from _conditions(revision.conditions, told=revision.message)
    for container in revision.containers:
        yield from _container(container)
    yield Fact("Limits")
    yield from _some(
        "instances", [f"{revision.min_instances} to {revision.max_instances or 'the default maximum'}"]
    )
    yield from _some("concurrency", [f"{revision.concurrency} requests each" if revision.concurrency else ""])
    yield from _some("timeout", [f"{revision.timeout_seconds:g} s" if revision.timeout_seconds else ""])
    yield from _some("runs as", [revision.service_account])
    yield from _labels(revision.labels)
    yield from _some("logs", [revision.log_uri])
    if more:
        yield from _some("in full", [revision.message])


def _service(service: Service, truth: TrafficTruth, now: datetime) -> Iterator[Fact]:
    yield Fact(service.name.service)
    yield Fact("state", (service_state(service),))
    yield from _some("message", [service.ready.message])
    yield Fact("traffic", (Cell(truth.headline, "strong"), *map(Cell, truth.notes)))
    yield from _some("desired", map(share_in_words, truth.desired))
    yield from _some("effective", map(share_in_words, truth.effective))
    yield from _some("addresses", service.urls or [service.uri])
    yield from _some("ingress", [service.ingress])
    yield from _some("default url", ["switched off" if service.default_uri_disabled else ""])
    yield from _some("changed", [moment(service.updated, now)])
    yield from _some("by", [service.last_modifier])
    yield from _some("created", [moment(service.created, now)])
    yield from _some("newest", [service.latest_created])
    yield from _some("LATEST is", [service.latest_ready])
    yield from _some("generation", [f"{service.generation}, observed {service.observed_generation}"])
    yield from _some("etag", [service.etag])
    yield from _conditions((service.ready, *service.conditions), told=service.ready.message)
    yield from _labels(service.labels)


def share_in_words(share: Share) -> str:
    """Return a share on one line, e.g. `90% api-00041-kub, latest, tag canary`."""
    tags = [
        f"tag {tag}" + (f" at {uri}" if uri else "") for tag, uri in zip(share.tags, share.uris, strict=True)
    ]
    return ", ".join(
        [f"{share.percent}% {share.revision or 'LATEST'}", *(["latest"] if share.latest else []), *tags]
    )


def _traffic(name: str, truth: TrafficTruth) -> Iterator[Cell]:
    is_, asked = (
        next((one for one in shares if one.revision == name), Share(name))
        for shares in (truth.effective, truth.desired)
    )
    if is_.percent == asked.percent:
        yield Cell(
            f"{is_.percent}%" + (" as LATEST" if is_.latest else ""), "strong" if is_.percent else "dim"
        )
    else:
        yield Cell(f"{is_.percent}% effective, {asked.percent}% desired", "warn")
    yield from (
        Cell(f"tag {tag}  {uri}".rstrip(), "info") for tag, uri in zip(is_.tags, is_.uris, strict=True)
    )


def _conditions(conditions: Iterable[Condition], *, told: str) -> Iterator[Fact]:
    """Yield conditions as a timeline, a heading for each day, without the message that was `told` already."""
    day = ""
    for condition in sorted(conditions, key=lambda one: (one.since is None, one.since)):
        today = (
            f"Conditions on {condition.since:%Y-%m-%d} (UTC)"
            if condition.since
            else "Conditions without a time"
        )
        if today != day:
            yield Fact(today)
        day = today
        state = condition_state(condition)
        glyph, _, words = state.text.partition(" ")
        told_here = state._replace(text=f"{glyph} {condition.type} {words}")
        message = (Cell(condition.message),) if condition.message not in ("", told) else ()
        yield Fact(f"{condition.since:%H:%M:%S}" if condition.since else "", (told_here, *message))


def _container(container: Container) -> Iterator[Fact]:
    yield Fact(f"Container {container.name}".rstrip())
    yield from _some("image", [container.image])
    yield from _some("command", [redact(" ".join(container.command))])
    yield from _some("port", [str(container.port) if container.port else ""])
    yield from _some("cpu, memory", [", ".join(filter(None, (container.cpu, container.memory)))])
    yield from _some("probe", [container.startup_probe])
    yield from _some("environment", container.env_names)
    yield from _some("secrets", container.secret_names)


def _labels(labels: tuple[tuple[str, str], ...]) -> Iterator[Fact]:
    yield from _some("labels", (redact(f"{name} = {value}") for name, value in labels))


def _some(label: str, values: Iterable[str]) -> Iterator[Fact]:
    told = tuple(Cell(value) for value in values if value and value != NONE)
    if told:
        yield Fact(label, told)
