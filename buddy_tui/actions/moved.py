"""actions: what somebody else changed meanwhile, and who, as far as it is told."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from buddy_tui.actions.arithmetic import same
from buddy_tui.actions.state import revised
from buddy_tui.actions.values import Plan, Targets
from buddy_tui.errors import BuddyError
from buddy_tui.gateway import HistoryReads, TrafficChange
from buddy_tui.model import Service

_ASK_WITHIN = 5.0  # seconds; whoever waits for the answer has a conflict before him
_RECENT = timedelta(minutes=30)


async def moved(
    plan: Plan, service: Service, reads: HistoryReads, now: datetime, *, since: Targets
) -> tuple[str, ...]:
    """Tell what differs from `since`, who did it, and by which program where the audit log has it already."""
    seen = plan if since == plan.before else replace(plan, before=since, state="")
    sentences = revised(seen, service) or (_nothing_of_matter(service),)
    try:
        async with asyncio.timeout(_ASK_WITHIN):
            changes = await reads.traffic_changes(plan.name, now - _RECENT)
    except (BuddyError, TimeoutError):
        return sentences
    newest = next((one for one in changes if one.accepted and _is_it(one, service)), None)
    return (*sentences, _told(newest)) if newest else sentences


def _nothing_of_matter(service: Service) -> str:
    by = f" by {service.last_modifier}" if service.last_modifier else ""
    return f"Its traffic is as it was: something else of the service was changed{by}."


def _is_it(change: TrafficChange, service: Service) -> bool:
    return change.targets is not None and same(change.targets, service.desired)


def _told(change: TrafficChange) -> str:
    agent = f", with {change.agent}" if change.agent else ""
    return f"The audit log has it: {change.by or 'somebody'} at {change.when:%Y-%m-%d %H:%M:%S} UTC{agent}."
