"""cli: `buddy-tui deploy`: a new revision without traffic, proved; or one that was left, brought to its end."""

import asyncio
import shlex
import sys
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.changing import Guard, check, now
from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import with_project
from buddy_tui.cli.target import find
from buddy_tui.errors import ExitCode, Refused, UsageProblem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from buddy_tui.config import Settings
    from buddy_tui.deploy.memory import Left
    from buddy_tui.deploy.outside import Outside
    from buddy_tui.deploy.preparing import Prepared, Said
    from buddy_tui.deploy.values import Deployment, Release
    from buddy_tui.gateway import Cloud
    from buddy_tui.journal.keep import Journal
    from buddy_tui.model import ServiceName

_NO_OPTIONS = Context()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class DeployGuard:
    """How a deployment is confirmed. An option that was not given is empty or false."""

    dry_run: Annotated[bool, Parameter(name="--dry-run", help="Show the plan, change nothing.")] = False
    yes: Annotated[bool, Parameter(name="--yes", help="Do not ask. In production only with --confirm.")] = (
        False
    )
    confirm: Annotated[str, Parameter(name="--confirm", help="The service's name, typed out.")] = ""
    reason: Annotated[
        str, Parameter(name="--reason", help="Why, also of a preflight that fails; kept in the journal.")
    ] = ""
    json: Annotated[bool, Parameter(name="--json", help="Print JSON, schema buddy.deployment/1.")] = False

    @property
    def as_of_every_change(self) -> Guard:
        """The same for those that check any change."""
        return Guard(self.dry_run, self.yes, self.confirm, clean_line(self.reason))


_NO_GUARD = DeployGuard()


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where a deployment happens, and as whom."""

    cloud: "Cloud"
    settings: "Settings"
    name: "ServiceName"
    journal: "Journal"


def deploy(
    *,
    source: Annotated[
        str | None, Parameter(help="The folder to build; the working directory without it.")
    ] = None,
    image: Annotated[str | None, Parameter(help="Deploy this image instead, as it is.")] = None,
    tag: Annotated[str | None, Parameter(help="The new revision's tag; its own name without it.")] = None,
    first: Annotated[bool, Parameter(help="Nothing serves yet, and this shall.")] = False,
    no_boot: Annotated[bool, Parameter(help="Run nothing here: leave the smoke boot out.")] = False,
    cancel: Annotated[bool, Parameter(help="Give up the deployment that was left before its end.")] = False,
    guard: DeployGuard = _NO_GUARD,
    context: Context = _NO_OPTIONS,
) -> int:
    """Deploy a new revision without traffic, under a tag of its own, and prove that it boots and answers.

    The preflight comes first; a folder that fails it is not deployed. Ctrl-C leaves the deployment, and the next
    `deploy` goes on with it.
    """
    for option, value in (("--source", source), ("--image", image), ("--tag", tag)):
        if value is not None and not value.strip():
            raise UsageProblem(f"{option} is empty.")
    if source is not None and image is not None:
        raise UsageProblem("Which one: a source, or an image that is there already?")
    from buddy_tui.deploy.preparing import Said

    said = Said(source or ".", image or "", tag or "", first, clean_line(guard.reason), not no_boot)
    return asyncio.run(_deployed(said, guard, with_project(context.settings()), cancel=cancel))


async def _deployed(said: "Said", guard: DeployGuard, settings: "Settings", *, cancel: bool) -> int:
    from buddy_tui import gcp
    from buddy_tui.deploy.resume import unfinished
    from buddy_tui.journal.keep import Journal

    cloud = await gcp.connect(settings)
    try:
        name, notes = await find(cloud, settings)
        for note in notes:
            _tell(note)
        scene = _Scene(cloud, settings, name, Journal())
        left = await asyncio.to_thread(unfinished, scene.journal, name)
        if cancel and not left:
            _tell(f"No deployment of {name.service} was left.")
            return ExitCode.OK
        if left:
            return await _gone_on(scene, left, said, guard, cancel=cancel)
        return await _begun(scene, said, guard)
    finally:
        await cloud.close()


async def _begun(scene: _Scene, said: "Said", guard: DeployGuard) -> int:
    """Look, plan, ask, and deploy."""
    from buddy_tui.actions.drafting import Terms
    from buddy_tui.cli.changed import plan_as_text
    from buddy_tui.cli.deployed import as_json
    from buddy_tui.deploy.preparing import prepare
    from buddy_tui.deploy.values import Deployment

    settings = scene.settings
    terms = Terms.of(settings, now())
    prepared = await prepare(scene.cloud, scene.name, said, terms, _tell)
    _show_preflight(prepared)
    plan = prepared.release.plan
    if guard.dry_run or plan.refusal:
        shown = (
            as_json(Deployment(prepared.release), prepared.preflight) if guard.json else plan_as_text(plan)
        )
        print(shown, end="")
        return _code_of_plan(prepared)
    print(plan_as_text(plan), end="", file=sys.stderr)
    check(settings, plan, guard.as_of_every_change)
    return await _run(scene, prepared, guard)


async def _run(scene: _Scene, prepared: "Prepared", guard: DeployGuard) -> int:
    from buddy_tui.actions.recording import Author
    from buddy_tui.deploy.deploying import deploy as deployed

    settings = scene.settings
    author = Author.of(settings, guard.reason)
    async with _outside(scene) as outside:
        told = await _followed(deployed(prepared.release, outside, author), prepared.release)
    return _ended(told, guard, prepared)


async def _gone_on(scene: _Scene, left: "Left", said: "Said", guard: DeployGuard, *, cancel: bool) -> int:
    """Go on with what was left, or give it up; anything else has to wait."""
    from buddy_tui.cli.deployed import as_json
    from buddy_tui.deploy.control import Control
    from buddy_tui.deploy.resume import in_words, resume, under_way
    from buddy_tui.deploy.values import Deployment

    if await asyncio.to_thread(under_way, scene.journal, scene.name):
        raise Refused(
            f"A deployment of {scene.name.service} is under way in another program here.", "Wait for its end."
        )
    _tell(in_words(left))
    if not cancel and not _is_the_same(left, said):
        raise Refused(
            "That one was of another source or image.",
            f"{_again(left.release)} goes on with it; with --cancel it is given up.",
        )
    if guard.dry_run:
        _tell(f"Without --dry-run it is {'given up' if cancel else 'gone on with'}.")
        if guard.json:
            print(as_json(Deployment(left.release, sentence=in_words(left))), end="")
        return ExitCode.UNFINISHED
    _tell("It is given up." if cancel else "It is gone on with.")
    check(scene.settings, left.release.plan, guard.as_of_every_change)
    control = Control()
    if cancel:
        control.cancel()
    async with _outside(scene) as outside:
        told = await _followed(resume(left, outside, control=control), left.release)
    code = _ended(told, guard, None)
    return ExitCode.OK if cancel and code is ExitCode.PROBLEM_FOUND else code


def _is_the_same(left: "Left", said: "Said") -> bool:
    if left.release.root is None or said.image:
        return left.release.image == said.image
    return _root(said.source) == left.release.root


def _again(release: "Release") -> str:
    """Return the command that goes on with a deployment, from wherever it is given."""
    what = ("--source", str(release.root)) if release.root else ("--image", release.image)
    return clean_line(shlex.join(("buddy-tui", "deploy", "--service", release.plan.name.service, *what)))


def _root(source: str) -> "Path":
    from pathlib import Path

    return Path(source).resolve()


@asynccontextmanager
async def _outside(scene: _Scene) -> "AsyncGenerator[Outside, None]":
    """Open all doors of a deployment. With `--read-only` nobody comes here."""
    from buddy_tui import gcp
    from buddy_tui.deploy.archiving import packed
    from buddy_tui.deploy.outside import Outside
    from buddy_tui.diagnose import Examiner
    from buddy_tui.disk import here
    from buddy_tui.logs import LogDesk
    from buddy_tui.probes.door import HttpDoor

    cloud = scene.cloud
    desk = LogDesk(cloud, scene.name.project, clock=now)
    try:
        yield Outside(
            reads=cloud,
            writes=gcp.writes(cloud),
            deploys=gcp.deploys(cloud),
            journal=scene.journal,
            logs=Examiner(desk, cloud, clock=now, disk=here),
            door=HttpDoor(cloud),
            questions=scene.settings.questions,
            clock=now,
            pack=packed,
        )
    finally:
        await desk.close()


async def _followed(stream: "AsyncGenerator[Deployment, None]", release: "Release") -> "Deployment":
    """Narrate a deployment, and return how it ended."""
    from buddy_tui.cli.deployed import Narrator

    narrator = Narrator(lambda line: print(line, file=sys.stderr, flush=True))
    try:
        async with aclosing(stream) as values:
            told = await anext(values)
            async for told in values:
                narrator.tell(told)
    except asyncio.CancelledError:
        _tell(f"left; `{_again(release)}` goes on with it, with --cancel it is given up.")
        raise
    return told


def _ended(told: "Deployment", guard: DeployGuard, prepared: "Prepared | None") -> int:
    from buddy_tui.cli.deployed import as_json, as_text, code_of

    found = prepared.preflight if prepared else None
    print(as_json(told, found) if guard.json else as_text(told), end="")
    return code_of(told)


def _show_preflight(prepared: "Prepared") -> None:
    from buddy_tui.cli.preflighted import as_text
    from buddy_tui.preflight.values import Verdict

    if prepared.preflight and prepared.preflight.verdict is not Verdict.PASS:
        print(as_text(prepared.preflight), file=sys.stderr)
    elif prepared.preflight:
        _tell("The preflight passes.")


def _code_of_plan(prepared: "Prepared") -> int:
    """Return the exit code of a plan that is not done.

    1 for a preflight that failed, 4 where all that failed in it is a permission, 5 for any other refusal.
    """
    from buddy_tui.preflight.values import Verdict

    if not prepared.release.plan.refusal:
        return ExitCode.OK
    checks = prepared.preflight.checks if prepared.preflight else ()
    failed = {check.name for check in checks if check.verdict is Verdict.FAIL}
    if not failed or prepared.release.overruled:
        return ExitCode.REFUSED
    return ExitCode.NOT_ALLOWED if failed == {"permissions"} else ExitCode.PROBLEM_FOUND


def _tell(sentence: str) -> None:
    print(f"buddy-tui: {sentence}", file=sys.stderr, flush=True)
