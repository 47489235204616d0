"""rules: how a finding tells of a traceback: what was raised where, and the way that imports took to it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from buddy_tui.boot.values import Frame, Raised
from buddy_tui.finding import Finding
from buddy_tui.rules import telling
from buddy_tui.rules.evidence import Evidence

# Where images keep a project: buildpacks, Dockerfiles as their authors write them.
_ROOT = re.compile(
    r"(?:/app|/workspace|/code|/usr/(?:src/)?app|/src|/srv|/opt/app|/opt/render/project/src|/home/[^/]+(?:/app)?)/(?:\./)?"
)
_SHOWN = 12
# What a library raises and catches itself while it looks something up: it explains nothing.
_LOOKUPS = frozenset({"KeyError", "AttributeError", "LookupError", "IndexError", "StopIteration"})
_IMPORTS = frozenset({"ImportError", "ModuleNotFoundError"})


def flat(text: str, most: int = 200) -> str:
    """Return text on one line, cut to so many characters."""
    return telling.in_few(" ".join(text.split()), most)


def inside(file: str) -> str:
    """Return a file's path from the project's root on, as far as its place in the image tells."""
    return _ROOT.sub("", file, count=1) if _ROOT.match(file) else file.removeprefix("./")


def blamed(evidence: Evidence) -> Raised | None:
    """Return the exception of the fatal traceback that explains the others.

    That is the root, but for two: a lookup that failed inside a library, which then tried to import and could not;
    and a relative import after which the program tried an absolute one, so that only the second has a name.
    """
    root = evidence.root
    if root is None or evidence.boot.fatal is None:
        return None
    chain = evidence.boot.fatal.chain
    later = (one for one in chain[chain.index(root) + 1 :] if one.name in _IMPORTS)
    if root.name in _LOOKUPS and not any(frame.project for frame in root.frames):
        return next(later, root)
    if "attempted relative import" in root.message:
        return next((one for one in later if "No module named" in one.message), root)
    return root


def deepest(raised: Raised, *, project: bool) -> Frame | None:
    """Return the deepest frame of the project, or of anything but the import machinery."""
    for frame in reversed(raised.frames):
        if frame.project or (not project and not is_machinery(frame)):
            return frame
    return None


def is_machinery(frame: Frame) -> bool:
    """Tell whether a frame is of Python's own importing."""
    return frame.file.startswith("<frozen importlib") or frame.file.endswith("/importlib/__init__.py")


def at_import(raised: Raised) -> bool:
    """Tell whether it was raised while a module of the project was being executed."""
    return any(frame.project and frame.function in ("<module>", "") for frame in raised.frames)


def told(evidence: Evidence, raised: Raised, finding: Finding) -> Finding:
    """Round off a finding about one exception: its type, place, way of imports and lines as evidence."""
    said = flat(f"{raised.type}: {raised.message}" if raised.message else raised.type)
    frame = deepest(raised, project=True)
    return telling.raised(
        evidence,
        replace(
            finding,
            exception=raised.type,
            observed=finding.observed or (f"{said}, at {inside(frame.file)}:{frame.line}" if frame else said),
            short=telling.in_few(finding.short),
            chain=finding.chain or tuple(_way(raised, finding.missing)),
            evidence=(*finding.evidence, *evidence.quote(raised.at)),
        ),
    )


def last_said(
    evidence: Evidence, hint: re.Pattern[str], patterns: Sequence[re.Pattern[str]]
) -> tuple[telling.Hit, int] | None:
    """Return the last line outside of tracebacks that has one of the patterns, and which one that is.

    A line before the traceback that ended the boot is not its cause. Lines without `hint`, which all patterns
    share, are passed over at once: a boot may have ten thousand, and a rule dozens of patterns.
    """
    fatal = evidence.boot.fatal
    begin = fatal.lines[-1] if fatal and fatal.lines else -1
    lines = [line for line in telling.lines_outside(evidence) if line[0] > begin and hint.search(line[1])]
    for at, text in reversed(lines):
        for which, pattern in enumerate(patterns):
            if found := pattern.search(text):
                return telling.Hit(at, found), which
    return None


def stated(evidence: Evidence, hit: telling.Hit, finding: Finding) -> Finding:
    """Round off a finding about a line that stands outside of any traceback."""
    line = evidence.boot.lines[hit.at].text
    return telling.about(
        evidence,
        replace(
            finding,
            observed=flat(line),
            short=telling.in_few(finding.short),
            evidence=(*evidence.quote(hit.at), *finding.evidence),
        ),
    )


def _way(raised: Raised, missing: str) -> Iterator[str]:
    """Yield the project's frames, outermost first, then what was missing; the middle of a long way is left out."""
    places = dict.fromkeys(f"{inside(frame.file)}:{frame.line}" for frame in raised.frames if frame.project)
    way = [*places, *([missing] if missing else [])]
    yield from way[: _SHOWN // 2] if len(way) > _SHOWN else way
    if len(way) > _SHOWN:
        yield "…"
        yield from way[-_SHOWN // 2 :]
