"""Which entries a view is about: as a query of Cloud Logging, and as a test of an entry that a tail delivered."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from buddy_tui.model import LogEntry, LogScope, Revision, ServiceName

_AUDIT = "cloudaudit.googleapis.com%2F"
_BUILD_LABEL = "gcb-build-id"
_FETCHING = "Fetching storage object: "


def filter_of(scope: LogScope) -> str:
    """Return the scope in Cloud Logging's query language, on one line.

    Audit entries may have empty labels, so these are also found by the resource that they name. That a build's log
    has the label `build_id` is how Cloud Build documents it; that a line of it names the source with its generation
    is how published logs look. Both are unverified here.
    """
    times = []
    if scope.since:
        times.append(f'timestamp>="{rfc3339(scope.since)}"')
    if scope.until:
        times.append(f'timestamp<="{rfc3339(scope.until)}"')
    return " AND ".join([*_parts(scope), *times])


def build_of(service: ServiceName, revision: Revision) -> LogScope | None:
    """Return the scope of the build that made a revision's image, `None` where nothing leads to it.

    Cloud Build's triggers label what they deploy with the build's id (unverified). Any other build is known by its
    source, and ran before the revision was created.
    """
    if build := dict(revision.labels).get(_BUILD_LABEL):
        return LogScope(service, revision.name, build=build)
    if not revision.source.startswith("gs://"):
        return None
    until = nanoseconds(revision.created) if revision.created else 0
    return LogScope(service, revision.name, until=until, source=revision.source)


def nanoseconds(moment: datetime) -> int:
    """Return a time as in a LogEntry."""
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def rfc3339(when: int) -> str:
    """Return nanoseconds since the epoch as Google writes a time, e.g. `2026-02-10T14:03:07.123456789Z`.

    A time that no calendar has is empty.
    """
    seconds, fraction = divmod(when, 1_000_000_000)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09}Z"
    except (OverflowError, OSError, ValueError):  # each system has its own
        return ""


def union(scopes: Iterable[LogScope]) -> str:
    """Return one filter that finds what any of the scopes is about."""
    return " OR ".join(f"({filter_of(scope)})" for scope in sorted(scopes, key=str))


def whole(scope: LogScope) -> LogScope:
    """Return the service or build that a scope is a part of, at all times: what a tail is asked for."""
    return replace(scope, revision="", among=(), since=0, until=0)


def within(scope: LogScope, entry: LogEntry) -> bool:
    """Tell whether an entry of the scope's service or build is one that the scope's own query would find."""
    if entry.when < scope.since or (scope.until and entry.when > scope.until):
        return False
    if scope.source:
        return entry.log == "build" and f"{_FETCHING}{scope.source}" in entry.text
    if scope.build or entry.log == "build":
        return entry.instance == scope.build
    if entry.log == "activity":
        return scope.activity
    if scope.among:
        return entry.revision in scope.among
    return not scope.revision or entry.revision == scope.revision


def at(scope: LogScope, entry: LogEntry, region: str, service: str) -> bool:
    """Tell whether an entry from there (empty where it does not say) is of the scope's service, or of any build."""
    if entry.log == "build":
        return True
    if region not in {"", scope.service.region}:
        return False
    name = scope.service.service
    return service == name if service else entry.revision.startswith(f"{name}-")


def _parts(scope: LogScope) -> list[str]:
    if scope.source:
        return ['resource.type="build"', f"textPayload:{_quoted(_FETCHING + scope.source)}"]
    if scope.build:
        return ['resource.type="build"', f"resource.labels.build_id={_quoted(scope.build)}"]
    logs = f"projects/{scope.service.project}/logs/{_AUDIT}"
    activity = f"logName={_quoted(logs + 'activity')}"
    traced = f"projects/{scope.service.project}/traces/{scope.trace}"
    about = _about("service_name", scope.service.service)
    if scope.among:
        about = f"({' OR '.join(_about('revision_name', name) for name in scope.among)})"
    elif scope.revision:
        about = _about("revision_name", scope.revision)
        if scope.activity:
            about = f"({about} OR ({activity} AND {_about('service_name', scope.service.service)}))"
    return [
        'resource.type="cloud_run_revision"',
        f"resource.labels.location={_quoted(scope.service.region)}",
        about,
        *([f"trace={_quoted(traced)}"] if scope.trace else []),
        f"logName!={_quoted(logs + 'data_access')}",
        *([] if scope.activity else [f"NOT {activity}"]),
    ]


def _about(label: str, name: str) -> str:
    path = re.escape(name).replace(r"\-", "-")
    named = f"/revisions/{path}$" if label == "revision_name" else f"/(services/{path}$|revisions/{path}-)"
    return f"(resource.labels.{label}={_quoted(name)} OR protoPayload.resourceName=~{_quoted(named)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
