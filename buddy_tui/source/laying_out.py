"""source: the files of an upload as they would lie in the image, below a private folder."""

import posixpath
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from buddy_tui.errors import BuddyError
from buddy_tui.source.reading import listed, opened
from buddy_tui.source.values import Image, Upload

# Models and other data that no import needs to be whole; a copy of them would take its time.
MOST_FILE = 64 << 20
MOST_ALL = 1 << 30


def lay_out(upload: Upload, image: Image, root: Path, stopped: Callable[[], bool]) -> int:
    """Copy the image's files below `root`, until `stopped()`; return how many were not copied.

    Left away is what is too large, what is gone by now, and what has a name that this system cannot write.
    """
    left, total = 0, 0
    for place, path in image.files.items():
        if stopped():
            break
        target = inside(root, place)
        try:
            file = listed(upload, path)
            if target is None or file.size > MOST_FILE or total + file.size > MOST_ALL:
                left += 1
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened(upload.root, file) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            total += file.size
            if file.executable:
                with suppress(OSError):
                    target.chmod(0o700)
        except (BuddyError, OSError, ValueError):
            left += 1
    return left


def inside(root: Path, place: str) -> Path | None:
    """Return where a path of the image lies below `root`, or `None` where it would lie outside of it."""
    normal = posixpath.normpath(f"/{place}").lstrip("/")
    target = root.joinpath(*normal.split("/"))
    return target if target == root or root in target.parents else None
