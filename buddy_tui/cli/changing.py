"""cli: what every verb that changes something has in common: its guards, and how a plan is made, shown and applied."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import settle, with_project
from buddy_tui.cli.target import find
from buddy_tui.errors import ExitCode, Refused, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.actions.drafting import Terms
    from buddy_tui.actions.values import Plan, Progress
    from buddy_tui.config import Settings
    from buddy_tui.gateway import Cloud
    from buddy_tui.journal.keep import Journal
    from buddy_tui.model import Revision, Service


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Guard:
    """How a change is confirmed. An option that was not given is empty or false."""

    dry_run: Annotated[bool, Parameter(name="--dry-run", help="Show the plan, change nothing.")] = False
    yes: Annotated[bool, Parameter(name="--yes", help="Do not ask. In production only with --confirm.")] = (
        False
    )
    confirm: Annotated[str, Parameter(name="--confirm", help="The service's name, typed out.")] = ""
    reason: Annotated[str, Parameter(name="--reason", help="Why; it is kept in the journal.")] = ""
    approve: Annotated[str, Parameter(name="--approve", help="Do it only if the plan has this hash.")] = ""
    json: Annotated[bool, Parameter(name="--json", help="Print JSON, schema buddy.change/1.")] = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What a plan is made from: one look at a service, the journal, and on whose terms."""

    cloud: "Cloud"
    settings: "Settings"
    service: "Service"
    revisions: "tuple[Revision, ...]"
    journal: "Journal"
    terms: "Terms"


Planner = Callable[[Scene], "Awaitable[Plan]"]
# Does what was planned and confirmed, tells how it ended, and returns the exit code.
Conclude = Callable[[Scene, "Plan", Guard], Awaitable[int]]


def change(
    planner: Planner, context: Context, guard: Guard, service: str = "", conclude: Conclude | None = None
) -> int:
    """Plan, confirm, apply and prove one change; `service` is meant where the context names none."""
    return asyncio.run(_changed(planner, context, guard, service, conclude or _concluded))


async def _changed(planner: Planner, context: Context, guard: Guard, service: str, conclude: Conclude) -> int:
    flags = context.flags()
    settings = with_project(settle(flags))
    if service and not settings.service:
        settings = with_project(settle({**flags, "service": service}))
    from buddy_tui import gcp

    cloud = await gcp.connect(settings)
    try:
        scene = await _looked(cloud, settings)
        plan = await planner(scene)
        return await _decided(scene, plan, guard, conclude)
    finally:
        await cloud.close()


async def _looked(cloud: "Cloud", settings: "Settings") -> Scene:
    from buddy_tui.actions.drafting import Terms
    from buddy_tui.actions.reconcile import reconcile
    from buddy_tui.journal.keep import Journal

    name, notes = await find(cloud, settings)
    journal = Journal()
    found = () if settings.read_only else await reconcile(journal, cloud, now)
    for note in (*notes, *(one.sentence for one in found)):
        print(f"buddy-tui: {note}", file=sys.stderr)
    service, revisions = await asyncio.gather(cloud.service(name), cloud.revisions(name))
    terms = Terms.of(settings, now())
    return Scene(cloud, settings, service, revisions, journal, terms)


async def _decided(scene: Scene, plan: "Plan", guard: Guard, conclude: Conclude) -> int:
    from buddy_tui.actions.drafting import nothing_to_do
    from buddy_tui.cli.changed import plan_as_json, plan_as_text

    if guard.dry_run or plan.refusal:
        print((plan_as_json if guard.json else plan_as_text)(plan), end="")
        done = not plan.refusal or nothing_to_do(plan)
        return ExitCode.OK if done else ExitCode.REFUSED
    if not guard.json:
        print(plan_as_text(plan), end="", file=sys.stderr)
    check(scene.settings, plan, guard)
    return await conclude(scene, plan, guard)


def check(settings: "Settings", plan: "Plan", guard: Guard) -> None:
    """Let nothing pass that was not meant; ask where that is possible. Raises Refused with the way on."""
    service = plan.name.service
    if settings.read_only:
        raise Refused(f"{settings.read_only.origin} says that nothing may be changed.", "Use --dry-run.")
    if guard.approve and guard.approve != plan.hash:
        raise Refused(
            f"The plan is {plan.hash} now, not {clean_line(guard.approve)}: the service has changed since.",
            "Look at it again with --dry-run.",
        )
    if plan.needs_reason and not guard.reason.strip():
        raise Refused("This change wants a reason.", "Say it with --reason TEXT.")
    if guard.confirm and guard.confirm != service:
        raise Refused(f"--confirm says {clean_line(guard.confirm)}, and the service is {service}.")
    if guard.yes or guard.approve:
        if settings.production and guard.confirm != service:
            raise Refused("This is production: --yes alone changes nothing.", f"Add --confirm {service}")
        return
    if settings.production:
        ask(service, f"--yes --confirm {service}")
    else:
        ask()


def ask(wanted: str = "yes", unasked: str = "--yes") -> None:
    """Ask on the terminal for a word; where there is none nothing is done, and `unasked` is the way. Raises Refused."""
    if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
        raise Refused("Nobody can be asked here.", unasked)
    print(f"Type {wanted} to do it: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != wanted:
        raise Refused("Not confirmed; nothing was changed.")


async def _applied(scene: Scene, plan: "Plan", guard: Guard) -> "Progress":
    from buddy_tui import gcp
    from buddy_tui.actions.apply import apply

    stream = apply(
        plan,
        reads=scene.cloud,
        writes=gcp.writes(scene.cloud),
        journal=scene.journal,
        clock=now,
        who=scene.terms.who,
        acting=scene.terms.acting,
        reason=clean_line(guard.reason),
    )
    said: set[str] = set()
    async with aclosing(stream) as values:
        progress = await anext(values)
        async for later in values:
            progress = later
            _narrate(progress, said)
    return progress


def _narrate(progress: "Progress", said: set[str]) -> None:
    """Tell each step once, when it is over."""
    for step in progress.steps:
        if step.said and step.state != "running" and step.name not in said:
            said.add(step.name)
            print(f"  {step.title}: {step.said}", file=sys.stderr, flush=True)


async def _concluded(scene: Scene, plan: "Plan", guard: Guard) -> int:
    from buddy_tui.cli.changed import code_of, progress_as_json, progress_as_text

    progress = await _applied(scene, plan, guard)
    print((progress_as_json if guard.json else progress_as_text)(progress), end="")
    return code_of(progress)


def need(value: str | None, what: str, way_out: str) -> str:
    """Return a value that a verb cannot do without. Raises UsageProblem."""
    if value is None or not value.strip():
        raise UsageProblem(what, way_out)
    return value


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
