"""cli: an incident report for scripts: `buddy.report/1`."""

import json
from datetime import UTC, datetime
from typing import Any

from buddy_tui.report.values import Impact, Moment, Report


def as_json(report: Report) -> str:
    """Return the document `buddy.report/1`. What is not known is null; times are UTC, RFC 3339.

    `status` is `none`, `open`, `mitigated` or `resolved`. `todo` is what only people can answer.
    """
    name, root = report.name, report.root
    document = {
        "schema": "buddy.report/1",
        "service": {"name": name.service, "project": name.project, "region": name.region},
        "as_of": _time(report.as_of),
        "since": _time(report.since),
        "status": report.status.value,
        "standing": report.standing,
        "summary": list(report.summary),
        "failed": list(report.failed),
        "last_good": report.last_good or None,
        "impact": _impact(report.impact) if report.impact else None,
        "timeline": [_moment(one) for one in report.timeline],
        "timeline_left_out": report.left_out,
        "root_cause": {
            "words": list(root.words),
            "cause": root.cause or None,
            "confidence": root.confidence or None,
            "evidence": list(root.evidence),
            "quotes": list(root.quotes),
            "each": list(root.each),
            "attempts": list(root.attempts),
            "unsure": list(root.unsure),
        },
        "trigger": list(report.trigger),
        "detection": list(report.detection),
        "done": list(report.done),
        "still": list(report.still),
        "actions": [{"words": one.words, "command": one.command or None} for one in report.advice],
        "todo": list(report.asked),
        "unread": list(report.unread),
        "links": [{"title": one.title, "url": one.address} for one in report.links],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _impact(impact: Impact) -> dict[str, Any]:
    return {
        "since": _time(impact.since),
        "until": _time(impact.until),
        "requests": impact.requests,
        "failed": impact.failed,
        "by_revision": dict(impact.by_revision),
        "cut": impact.cut,
        "words": list(impact.words),
    }


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "at": _time(moment.at),
        "what": moment.what.value,
        "words": moment.words,
        "revision": moment.revision or None,
        "by": moment.by or None,
        "agent": moment.agent or None,
        "why": moment.why or None,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
