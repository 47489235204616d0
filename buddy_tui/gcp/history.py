"""gcp: who changed a service, from its audit log, and what we may do there.

An audit entry holds the whole request, environment values among it. Of that, the traffic list and the name of the
program are read, and nothing else leaves this file.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.iam.v1.iam_policy_pb2 import TestIamPermissionsRequest
from google.protobuf.struct_pb2 import ListValue, Struct, Value

from buddy_tui.clean import clean_line
from buddy_tui.gateway import TrafficChange
from buddy_tui.gcp import convert, log_entries
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY
from buddy_tui.gcp.logs import GoogleLogs
from buddy_tui.log_scope import filter_of, nanoseconds
from buddy_tui.model import LogEntry, LogScope, ServiceName, TrafficTarget

_MOST = 200
# Where changes are rare, Google answers a long time with pages that are not full.
_MOST_PAGES = 3
# Those of v1 and v2 of the API, and of Cloud Functions, which calls Cloud Run from inside.
_METHODS = "[.](Create|Replace|Update)(Internal)?Service$"
_COMMAND = re.compile(r"\bcommand/(gcloud[\w.-]+)")
_LATEST = ("TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "LATEST", 1.0)


class GoogleHistory(GoogleLogs):
    """Looks at what was done to a service."""

    async def traffic_changes(self, name: ServiceName, since: datetime) -> tuple[TrafficChange, ...]:
        """List who changed the service since then, newest first, at most 200.

        Usually one call of the log's quota, at most three. Raises Denied, with roles/logging.viewer, and as `log_page`.
        """
        scope = LogScope(name, since=nanoseconds(since), activity=True)
        log = f"projects/{name.project}/logs/cloudaudit.googleapis.com%2Factivity"
        asked = f'{filter_of(scope)} AND logName="{log}" AND protoPayload.methodName=~"{_METHODS}"'
        found: list[TrafficChange] = []
        token = ""
        for _ in range(_MOST_PAGES):
            page = await self.log_page(name.project, asked, token=token, size=_MOST, newest_first=True)
            found += filter(None, map(_change, page.entries))
            if len(found) >= _MOST or not (token := page.token):
                break
        return tuple(found[:_MOST])

    async def permissions(self, name: ServiceName, wanted: Sequence[str]) -> frozenset[str]:
        """Return which of these permissions on a service we hold; those of other products (`iam.…`) cannot be asked."""
        request = TestIamPermissionsRequest(resource=name.path, permissions=wanted)
        with self.translated(name.project, name.region, f"service {name.service}"):
            told: Any = await self.clients.services.test_iam_permissions(
                request, retry=RETRY, timeout=CALL_SECONDS
            )
        return frozenset(wanted) & frozenset(told.permissions)


def _change(entry: LogEntry) -> TrafficChange | None:
    """Read one entry; `None` where it says no time."""
    raw: Any = entry.raw
    when = convert.moment(raw, "timestamp")
    if when is None:
        return None
    audit = log_entries.audit_record(raw.proto_payload)
    who = audit.authentication_info
    method = clean_line(audit.method_name.rpartition(".")[2])
    return TrafficChange(
        when,
        by=clean_line(who.principal_email or who.principal_subject),
        agent=_agent(audit.request_metadata.caller_supplied_user_agent, audit.request),
        method=method,
        targets=_targets(audit.request, created=method.startswith("Create")),
        accepted=not audit.status.code,
    )


def _agent(user_agent: str, request: Struct) -> str:
    """Name the program in few words: a gcloud command, else the first of its user agent.

    A browser's is nothing to go by; there, and where there is none, what Cloud Run itself was told counts.
    """
    if command := _COMMAND.search(user_agent):
        return clean_line(command[1].replace(".", " "))
    first = clean_line(user_agent).partition(" ")[0].partition(",")[0]
    if first and not first.startswith("Mozilla/"):
        return first
    annotations = _at(request, "service", "metadata", "annotations")
    told = _at(annotations, "run.googleapis.com/client-name") or _at(request, "service", "client")
    return clean_line(told) if isinstance(told, str) else first


def _targets(request: Struct, *, created: bool) -> tuple[TrafficTarget, ...] | None:
    """Return the traffic list that was asked for; `None` where it does not say, or was about something else.

    v1 of the API always writes a whole service, v2 what its mask names. How audit logs spell a mask is unverified, and
    so is whether one that is missing was left out by the caller: without it an absent list says nothing.
    """
    service = _at(request, "service")
    spec = _at(service, "spec") or _at(request, "spec")
    holder, whole = (spec, True) if isinstance(spec, Struct) else (service, created)
    if not isinstance(holder, Struct):
        return None
    mask = _mask(_at(request, "updateMask"))
    told = _at(holder, "traffic")
    if mask and not {"traffic", "*"} & mask:
        return None
    if isinstance(told, ListValue):
        return _list(told)
    return () if told is None and (whole or mask) else None


def _mask(told: object) -> frozenset[str]:
    paths = _at(told, "paths")
    if isinstance(paths, ListValue):
        return frozenset(map(str, map(_plain, paths.values)))
    return frozenset(told.split(",")) if isinstance(told, str) and told else frozenset()


def _list(told: ListValue) -> tuple[TrafficTarget, ...] | None:
    """Read a list of Knative's or v2's targets; one that cannot be read makes the whole list unknown."""
    targets = [_target(_plain(one)) for one in told.values]
    known = tuple(one for one in targets if one)
    return known if len(known) == len(targets) else None


def _target(told: object) -> TrafficTarget | None:
    revision = _at(told, "revisionName") or _at(told, "revision") or ""
    percent, tag = _at(told, "percent") or 0, _at(told, "tag") or ""
    if not (isinstance(told, Struct) and isinstance(revision, str) and isinstance(tag, str)):
        return None
    if not isinstance(percent, int | float) or not 0 <= percent <= 100:
        return None
    latest = not revision or bool(_at(told, "latestRevision")) or _at(told, "type") in _LATEST
    name = "" if latest else clean_line(revision.rpartition("/")[2])
    return TrafficTarget(name, int(percent), clean_line(tag), latest=latest)


def _at(value: object, *keys: str) -> object:
    """Return what lies at these keys of a structure, `None` where there is nothing."""
    for key in keys:
        value = _plain(value.fields.get(key)) if isinstance(value, Struct) else None
    return value


def _plain(value: Value | None) -> object:
    kind = value.WhichOneof("kind") if value is not None else None
    return None if kind in {None, "null_value"} else getattr(value, str(kind))
