"""boot: which of several tracebacks, written at once, a line follows on: told by what the last source calls."""

import re

from buddy_tui.boot import shapes
from buddy_tui.boot.parts import Part, Stage

_RECENT = 8  # frames
_IMPORTERS = frozenset({"import_module", "_call_with_frames_removed", "exec_module", "load_module"})
_QUOTED = re.compile(r"['\"]([^'\"]{2,80})['\"]")


def frame_follows(part: Part, found: re.Match[str]) -> float:
    """Say how well a frame (a match of `shapes.FRAME`) would follow on what a part took last."""
    if not part.frames:
        return 4.0
    last = part.frames[-1]
    known = 5.0 if any(frame.file == found[1] for frame in part.frames[-_RECENT:]) else 0.0
    has_sources = any(frame.source for frame in part.frames[-4:])
    if part.stage is Stage.FRAME and has_sources and not last.file.startswith("<"):
        return known - 2.0
    function = (found[3] or "").rpartition(".")[2]
    if function and f"{function}(" in last.source:
        return known + 4.0
    if function in {"", "<module>"} or found[1].startswith("<frozen importlib"):
        imports = "import " in last.source or last.function in _IMPORTERS
        return known + (4.0 if imports or last.file.startswith("<frozen importlib") else 0.0)
    return known + 1.0


def exception_follows(part: Part, text: str) -> float:
    """Say how well an exception would follow on the last source: that raises it, or names what it misses."""
    if not part.frames:
        return 0.0
    full, message, _ = shapes.last_line(text.strip())
    source = part.frames[-1].source
    raises = "raise" in source and full.rpartition(".")[2] in source
    return 4.0 if raises or any(word in source for word in _QUOTED.findall(message[:500])) else 0.0
