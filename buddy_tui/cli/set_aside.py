"""cli: `buddy-tui set-aside`: folders that look like the one that is started, moved out of the project and back."""

import asyncio
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.cli.changing import ask, now
from buddy_tui.cli.settle import settle
from buddy_tui.errors import ExitCode, Refused, UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

    from buddy_tui.aside.doing import Outside
    from buddy_tui.aside.values import Past
    from buddy_tui.config import Settings
    from buddy_tui.journal.keep import Journal


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class AsideGuard:
    """How a change of files is confirmed. An option that was not given is empty or false."""

    dry_run: Annotated[bool, Parameter(name="--dry-run", help="Show the plan, change nothing.")] = False
    yes: Annotated[bool, Parameter(name="--yes", help="Do not ask.")] = False
    reason: Annotated[str, Parameter(name="--reason", help="Why; it is kept in the journal.")] = ""
    json: Annotated[bool, Parameter(name="--json", help="Print JSON, schema buddy.set_aside/1.")] = False


_NO_GUARD = AsideGuard()


@dataclass(frozen=True, slots=True)
class _Scene:
    """The folder as the operator said it, and in truth; how it is confirmed, and where it is written down."""

    source: str
    root: "Path"
    guard: AsideGuard
    settings: "Settings"
    journal: "Journal"

    def outside(self) -> "Outside":
        from buddy_tui.actions.recording import Author
        from buddy_tui.aside.doing import Outside

        known = self.settings
        author = Author.of(known, self.guard.reason)
        return Outside(self.journal, now, author)


def set_aside(
    *folders: str,
    source: Annotated[str, Parameter(help="The folder that would be uploaded.")] = ".",
    undo: Annotated[bool, Parameter(help="Put back what was set aside last.")] = False,
    guard: AsideGuard = _NO_GUARD,
) -> int:
    """Move folders out of the project as a whole, into the state directory, and prove that all else still resolves.

    Needs no account. Nothing is deleted and nothing written over; --undo puts the last ones back.

    Parameters
    ----------
    folders
        Folders below the source; without one, the look-alikes that nothing starts.

    """
    if not source.strip():
        raise UsageProblem("--source is empty.")
    if undo and folders:
        raise UsageProblem("--undo puts back what was set aside last, as a whole.", "Name no folder.")
    return asyncio.run(_run(folders, source, guard, undo=undo))


async def _run(folders: tuple[str, ...], source: str, guard: AsideGuard, *, undo: bool) -> int:
    from pathlib import Path

    from buddy_tui.aside.past import pasts
    from buddy_tui.journal.keep import Journal

    journal = Journal()
    root = await asyncio.to_thread(Path(source).resolve)
    scene = _Scene(source, root, guard, settle({}), journal)
    known = pasts((await asyncio.to_thread(journal.read)).records, root)
    if undo:
        return await _undone(scene, known)
    for one in known:
        if one.open and (code := await _back(scene, one)):
            return code
    return await _aside(scene, folders)


async def _aside(scene: _Scene, folders: tuple[str, ...]) -> int:
    """Look, plan, ask, move, and look again."""
    from buddy_tui.aside.doing import set_aside as moved
    from buddy_tui.aside.planning import plan as planned
    from buddy_tui.aside.worse import worse
    from buddy_tui.cli.aside_told import as_json, code_of, done_as_text, plan_as_text
    from buddy_tui.preflight.gather import gather
    from buddy_tui.preflight.judge import preflight

    guard = scene.guard
    facts = await gather(scene.source, smoke=False)
    before = preflight(facts)
    plan = await planned(facts, folders, scene.journal.path.parent / "set-aside", secrets.token_hex(8))
    if guard.dry_run or plan.refusal or plan.nothing:
        print(as_json(plan.aside, plan) if guard.json else plan_as_text(plan), end="")
        return ExitCode.REFUSED if plan.refusal else ExitCode.OK
    print(plan_as_text(plan), end="", file=sys.stderr)
    if plan.needs_reason and not guard.reason.strip():
        raise Refused("This change wants a reason.", "Say it with --reason TEXT.")
    _check(scene)
    done = await moved(plan, scene.outside(), lambda: worse(scene.source, before))
    print(as_json(plan.aside, plan, done) if guard.json else done_as_text(done), end="")
    return code_of(done)


async def _undone(scene: _Scene, known: "tuple[Past, ...]") -> int:
    """Put back what was set aside last."""
    from buddy_tui.cli.aside_told import nothing_as_json

    if known:
        return await _back(scene, known[-1], tell=True)
    said = f"Nothing of {clean_line(str(scene.root))} is set aside."
    print(nothing_as_json(scene.root, said) if scene.guard.json else said)
    return ExitCode.OK


async def _back(scene: _Scene, past: "Past", *, tell: bool = False) -> int:
    """Put folders back, of a change that was cut off too; `tell` that on stdout, because it is what was asked for."""
    from buddy_tui.aside.doing import bring_back, check_way
    from buddy_tui.cli.aside_told import as_json, back_as_text, code_of, done_as_text

    guard, aside = scene.guard, past.aside
    await asyncio.to_thread(check_way, aside)
    if guard.dry_run and tell:
        print(as_json(aside) if guard.json else back_as_text(past), end="")
        return ExitCode.OK
    print(back_as_text(past), end="", file=sys.stderr)
    if guard.dry_run:
        return ExitCode.UNFINISHED
    _check(scene)
    done = await bring_back(aside, scene.outside())
    code = code_of(done)
    asked = tell or bool(code)
    shown = as_json(aside, done=done) if guard.json and asked else done_as_text(done)
    print(shown, end="", file=sys.stdout if asked else sys.stderr)
    return code


def _check(scene: _Scene) -> None:
    """Let nothing pass that was not meant. Raises Refused."""
    if scene.settings.read_only:
        raise Refused(
            f"{scene.settings.read_only.origin} says that nothing may be changed.", "Use --dry-run."
        )
    if not scene.guard.yes:
        ask()
