"""cli: `buddy-tui modules`: what the start of a service imports, what could wait, and what each costs."""

import asyncio
import json as to_json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from buddy_tui.clean import clean_line
from buddy_tui.errors import ExitCode, NotFound, UsageProblem

if TYPE_CHECKING:
    from buddy_tui.preflight.values import Facts
    from buddy_tui.source.module_map import ModuleMap, Outside, Part

# As many of each kind as a person reads; --json has them all.
_MOST = 20


def modules(
    *,
    source: Annotated[str, Parameter(help="The folder that would be uploaded.")] = ".",
    no_boot: Annotated[bool, Parameter(help="Run nothing: no times then.")] = False,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.modules/1.")] = False,
) -> int:
    """Map the modules of the entry: essential, secondary, optional, with what they cost and what would be lighter.

    Needs no account. Exits 2 where there is no such folder, or its entry module is not there.
    """
    from buddy_tui.preflight.gather import gather
    from buddy_tui.source.module_map import module_map

    if not source.strip():
        raise UsageProblem("--source is empty.")
    facts = asyncio.run(gather(source, smoke=not no_boot, tell=_announce))
    if not facts.graph.modules:
        why = clean_line(facts.entry.unknown or f"{facts.graph.entry} is not where the image looks for it")
        raise NotFound(f"There is no entry module: {why.rstrip('.')}.", "buddy-tui preflight says more")
    found = module_map(facts.graph, facts.boot)
    print(_as_json(found) if json else _as_text(found, facts))
    return ExitCode.OK


def _announce(sentence: str) -> None:
    print(f"buddy-tui: {sentence}", file=sys.stderr, flush=True)


def _as_json(found: "ModuleMap") -> str:
    document = {
        "schema": "buddy.modules/1",
        "entry": clean_line(found.entry),
        "milliseconds": _rounded(found.milliseconds) or None,
        "essential": [_part(one) for one in found.essential],
        "secondary": [_part(one) for one in found.secondary],
        "optional": [_part(one) for one in found.optional],
        "outside": [_outside(one) for one in found.outside],
        "chain": [clean_line(one) for one in found.chain],
        "most_used": [{"name": clean_line(name), "fan_in": count} for name, count in found.most_used],
        "advice": [
            {
                "said": clean_line(one.said),
                "path": clean_line(one.at.path) or None,
                "line": one.at.line or None,
                "milliseconds": _rounded(one.milliseconds) or None,
            }
            for one in found.advice
        ],
    }
    return to_json.dumps(document, indent=2, ensure_ascii=False)


def _part(part: "Part") -> dict[str, Any]:
    return {
        "name": clean_line(part.name),
        "path": clean_line(part.at.path) or None,
        "depth": part.depth,
        "fan_in": part.fan_in,
        "milliseconds": _rounded(part.milliseconds),
    }


def _outside(one: "Outside") -> dict[str, Any]:
    return {
        "name": clean_line(one.name),
        "found": one.found.value,
        "when": one.when.value,
        "importers": [clean_line(name) for name in one.importers],
        "milliseconds": _rounded(one.milliseconds),
    }


def _as_text(found: "ModuleMap", facts: "Facts") -> str:
    total = f", {found.milliseconds:,.0f} ms to import" if found.milliseconds else ""
    lines = [f"{clean_line(found.entry)}: {len(facts.graph.modules):,} modules{total}"]
    if not found.milliseconds:
        lines.append(f"No times: {clean_line(facts.boot.said)}")
    for title, parts in (
        ("Essential, imported at start", found.essential),
        ("Secondary, at start, and it goes on without", found.secondary),
        ("Optional, imported later", found.optional),
    ):
        slowest = sorted(parts, key=lambda one: -(one.milliseconds or 0.0))
        lines += _section(f"{title}: {len(parts):,}", map(_row, slowest), len(parts))
    outside = [one for one in found.outside if one.milliseconds is not None] or list(found.outside)
    lines += _section(f"From elsewhere: {len(outside):,}", map(_foreign_row, outside), len(outside))
    if found.chain:
        lines += [
            "",
            f"Deepest chain, {len(found.chain)} modules:",
            f"  {' > '.join(map(clean_line, found.chain))}",
        ]
    used = [f"  {count:>8} by  {clean_line(name)}" for name, count in found.most_used]
    lines += _section("Most depended upon:", iter(used), len(used))
    lines += _section(
        "What would be lighter:", (f"  - {clean_line(one.said)}" for one in found.advice), len(found.advice)
    )
    return "\n".join(lines)


def _section(title: str, rows: Iterator[str], count: int) -> list[str]:
    if not count:
        return []
    shown = [row for row, _ in zip(rows, range(_MOST), strict=False)]
    more = [f"  and {count - _MOST:,} more: --json"] if count > _MOST else []
    return ["", title, *shown, *more]


def _row(part: "Part") -> str:
    return (
        f"  {_told(part.milliseconds):>10}  {clean_line(part.name):<40} {clean_line(part.at.path)}".rstrip()
    )


def _foreign_row(one: "Outside") -> str:
    by = clean_line(", ".join(one.importers[:3])) + (" ..." if len(one.importers) > 3 else "")
    return f"  {_told(one.milliseconds):>10}  {clean_line(one.name):<40} {by}"


def _told(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:,.1f} ms"


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
