"""cli: folders that are set aside, in print: `buddy.set_aside/1` for scripts, a page for people."""

import json
import shutil
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from buddy_tui.actions.values import Ending
from buddy_tui.aside.carrying import there
from buddy_tui.aside.doing import places
from buddy_tui.aside.values import Aside, Done, Folder, Past, Plan, undo_of
from buddy_tui.clean import clean_line
from buddy_tui.errors import ExitCode
from buddy_tui.preflight.wording import bytes_of, counted, listed

_NO_TERMINAL = (100, 24)
_LABEL = 10
_CODES = {
    Ending.DONE: ExitCode.OK,
    Ending.NOTHING_TO_DO: ExitCode.OK,
    Ending.PUT_BACK: ExitCode.PROBLEM_FOUND,
    Ending.REFUSED: ExitCode.REFUSED,
}


def code_of(done: Done) -> ExitCode:
    """Return the exit code: 0 only for what was proved."""
    return _CODES.get(done.ending, ExitCode.UNFINISHED)


def as_json(aside: Aside, plan: Plan | None = None, done: Done | None = None) -> str:
    """Return the document `buddy.set_aside/1`; without a plan it is about bringing back.

    Sizes in bytes, times in UTC, RFC 3339; what is not known, or does not matter, is null. `ending` is null for what
    was not done (yet).
    """
    folders = _planned(plan) if plan else [_kept(path, *pair) for path, pair in _by_path(aside)]
    ending = done.ending if done else _ending(plan)
    document = {
        "schema": "buddy.set_aside/1",
        "verb": "set-aside" if plan else "bring-back",
        "id": aside.id,
        "root": clean_line(str(aside.root)),
        "plan": plan.hash if plan else None,
        "folders": folders,
        "stays": [clean_line(one) for one in plan.used] if plan else [],
        "warnings": list(plan.warnings) if plan else [],
        "needs_reason": bool(plan and plan.needs_reason),
        "refusal": (plan and plan.refusal) or None,
        "hint": (done.hint if done else plan and plan.hint) or None,
        "command": (plan and plan.command) or None,
        "undo_command": undo_of(aside) if plan and aside.folders else None,
        "ending": ending.value if ending else None,
        "sentence": done.sentence if done else None,
        "moved": [clean_line(one) for one in done.moved] if done else [],
    }
    return _dumped(document)


def nothing_as_json(root: Path, said: str) -> str:
    """Return the document where there is nothing to bring back."""
    return as_json(Aside("", root, root, ()), done=Done(Ending.NOTHING_TO_DO, said))


def plan_as_text(plan: Plan) -> str:
    """Return the page of a plan: what goes where, what stays, and what to know before."""
    if plan.nothing:
        return f"There is nothing to set aside. {plan.hint}\n"
    if plan.refusal:
        lines = ["Set folders aside", *_wrapped("refused", plan.refusal), *_wrapped("hint", plan.hint)]
        return "\n".join(lines) + "\n"
    lines = [plan.title]
    for folder, (_, kept) in zip(plan.folders, plan.aside.pairs(), strict=True):
        lines += _wrapped("move", f"{clean_line(folder.path)}/: {_about(folder)}")
        lines.append(f"{'':<{_LABEL}}to {clean_line(str(kept))}")
    if plan.used:
        used = listed((f"{one}/" for one in plan.used), 6)
        lines += _wrapped("stays", f"{used}, which the service starts from")
    for place, warning in enumerate(plan.warnings):
        lines += _wrapped("" if place else "careful", warning)
    lines += [f"{'by hand':<{_LABEL}}{plan.command}", f"{'undo':<{_LABEL}}{plan.undo_command}"]
    return "\n".join(lines) + "\n"


def back_as_text(past: Past) -> str:
    """Return the page of what is to be brought back, and where it is now."""
    when = f"{past.at:%Y-%m-%d %H:%M:%S} UTC"
    root = clean_line(str(past.aside.root))
    title = f"Bring back to {root} what was set aside at {when}"
    if past.open:
        title = f"A change of {root}, begun at {when}, did not come to its end: bring it back"
    lines = [title]
    for place, sentence in enumerate(places(past.aside)):
        lines += _wrapped("" if place else "now", sentence)
    return "\n".join(lines) + "\n"


def done_as_text(done: Done) -> str:
    """Return how it ended."""
    lines = [done.sentence, *_wrapped("undo" if done.ending is Ending.DONE else "hint", done.hint)]
    return "\n".join(lines) + "\n"


def _ending(plan: Plan | None) -> Ending | None:
    if plan and plan.refusal:
        return Ending.REFUSED
    return Ending.NOTHING_TO_DO if plan and plan.nothing else None


def _by_path(aside: Aside) -> Iterator[tuple[str, tuple[Path, Path]]]:
    yield from zip(aside.folders, aside.pairs(), strict=True)


def _planned(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "path": clean_line(one.path),
            "to": clean_line(str(kept)),
            "files": None if one.link else one.files,
            "size": None if one.link else one.size,
            "newest": f"{datetime.fromtimestamp(one.newest, UTC):%Y-%m-%dT%H:%M:%SZ}",
            "link": one.link,
            "tracked": one.tracked,
            "uncommitted": one.changed,
        }
        for one, (_, kept) in zip(plan.folders, plan.aside.pairs(), strict=True)
    ]


def _kept(path: str, here: Path, kept: Path) -> dict[str, Any]:
    return {
        "path": clean_line(path),
        "kept": clean_line(str(kept)) if there(kept) else None,
        "back": there(here),
    }


def _about(folder: Folder) -> str:
    newest = f"newest change {datetime.fromtimestamp(folder.newest, UTC):%Y-%m-%d}"
    told = ["a link to a folder"] if folder.link else [counted(folder.files, "file"), bytes_of(folder.size)]
    if folder.tracked:
        told.append(f"{folder.tracked:,} in git, {counted(folder.changed or 0, 'change')} not committed")
    elif folder.tracked == 0:
        told.append("not in git")
    return ", ".join((*told, newest))


def _dumped(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _wrapped(label: str, text: str) -> Iterator[str]:
    columns = max(40, shutil.get_terminal_size(_NO_TERMINAL).columns)
    first = f"{label:<{_LABEL}}"
    yield from textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=" " * _LABEL,
        break_on_hyphens=False,
        break_long_words=False,
    )
