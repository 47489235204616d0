"""source: the bytes of a file of the upload, reached from the root downwards and through no link.

A tree may change while it is looked at: a folder becomes a link to somewhere else, a file becomes a device. So a file is
never opened by its whole path: each folder is opened inside the one before, and none of them may be a link.
"""

import codecs
import io
import os
import stat
import tokenize
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from operator import attrgetter, eq
from pathlib import Path
from typing import IO, Self

from humanize import naturalsize

from buddy_tui.clean import clean_line
from buddy_tui.errors import UsageProblem
from buddy_tui.source.values import SourceFile, Upload

# Far above what somebody writes by hand; generated modules reach some megabytes.
MOST = 16 << 20
_PIECE = 1 << 16
# Folders that a reader holds open; a tree may be deeper than a process may have files.
_MOST_OPEN = 32
_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
)
# Windows can open nothing relative to a folder that is open.
_STEPWISE = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def read_bytes(upload: Upload, path: str, most: int = MOST) -> bytes:
    """Return the content of a file of the upload, `most` bytes at most.

    Raises UsageProblem for what is not in the upload or larger, and for a file that is gone, cannot be read, or is no
    regular file inside the root any more.
    """
    with Reader(upload.root) as reader:
        return reader.read(listed(upload, path), most)


def read_text(upload: Upload, path: str, most: int = MOST) -> str:
    r"""Return a text file: UTF-8, or UTF-16 with its mark, as Windows' PowerShell writes requirements; lines end in `\n`.

    What cannot be decoded becomes U+FFFD. The text is foreign: clean it before it is shown. Raises as `read_bytes`.
    """
    data = read_bytes(upload, path, most)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return _lines(data.decode("utf-16" if wide else "utf-8-sig", errors="replace"))


def read_source(upload: Upload, path: str, most: int = MOST) -> str:
    r"""Return a Python file in the encoding that it declares, as Python would read it; lines end in `\n`.

    Raises UsageProblem where Python would refuse the encoding, and as `read_bytes`.
    """
    return as_source(read_bytes(upload, path, most), path)


def as_source(data: bytes, path: str) -> str:
    """Return what `read_source` makes of the bytes of a file."""
    try:
        # Without the word, which is rare, it can be nothing but UTF-8.
        told = b"coding" in data or data.startswith(codecs.BOM_UTF8)
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0] if told else "utf-8"
        return _lines(data.decode(encoding))
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{clean_line(path)} cannot be decoded: {clean_line(str(error))}.") from None


def read_below(root: Path, path: str, most: int = MOST) -> bytes:
    """Return the content of a file that lies at `path` below `root`, no link on the way; raises as `read_bytes`."""
    with Reader(root) as reader:
        return reader.read(SourceFile(path), most)


def listed(upload: Upload, path: str) -> SourceFile:
    """Return the entry of a file; UsageProblem when the upload has none of that path."""
    at = bisect_left(upload.files, path, key=attrgetter("path"))
    if at < len(upload.files) and upload.files[at].path == path:
        return upload.files[at]
    raise UsageProblem(f"{clean_line(path)} is not in the upload.")


@contextmanager
def opened(root: Path, file: SourceFile) -> Iterator[IO[bytes]]:
    """Open one file where it really lies, unbuffered; `root` is resolved already. Raises UsageProblem as `read_bytes`."""
    with Reader(root) as reader, reader.open(file) as content:
        yield content


class Reader:
    """Opens files below a root, one after another; the folders of the last one stay open for the next one in them."""

    def __init__(self, root: Path) -> None:
        """Take a root that is resolved already."""
        self._root = root
        # The folders that are open, each inside the one before: the root, and those of the names.
        self._names: list[str] = []
        self._folders: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave(0)

    def open(self, file: SourceFile) -> IO[bytes]:
        """Open a file where it really lies, unbuffered. Raises UsageProblem as `read_bytes` does."""
        return os.fdopen(self._descriptor(file), "rb", buffering=0)

    def read(self, file: SourceFile, most: int = MOST) -> bytes:
        """Return the content of a file, `most` bytes at most. Raises UsageProblem as `read_bytes` does."""
        descriptor = self._descriptor(file)
        try:
            return _bounded(descriptor, file.path, most)
        finally:
            os.close(descriptor)

    def _descriptor(self, file: SourceFile) -> int:
        path = file.link or file.path
        try:
            return self._open_stepwise(path) if _STEPWISE else _open_checked(self._root / path)
        except OSError as error:
            reason = "is not there any more" if isinstance(error, FileNotFoundError) else _reason(error)
            raise UsageProblem(f"{clean_line(file.path)} {reason}.") from None

    def _open_stepwise(self, path: str) -> int:
        *folders, name = path.split("/")
        if not self._folders or folders != self._names:
            self._enter(folders)
        _regular(os.stat(name, dir_fd=self._folders[-1], follow_symlinks=False))
        return _only_regular(os.open(name, _FLAGS, dir_fd=self._folders[-1]))

    def _enter(self, names: list[str]) -> None:
        shared = min(len(list(takewhile(bool, map(eq, self._names, names)))), _MOST_OPEN - 2)
        self._leave(shared + 1)
        if not self._folders:
            self._folders.append(os.open(self._root, _FLAGS | os.O_DIRECTORY))
        for name in names[shared:]:
            self._folders.append(os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=self._folders[-1]))
            self._names.append(name)
            if len(self._folders) > _MOST_OPEN:
                os.close(self._folders.pop(-2))

    def _leave(self, kept: int) -> None:
        """Close the folders that are open, but for the outermost ones."""
        while len(self._folders) > kept:
            os.close(self._folders.pop())
        del self._names[max(kept - 1, 0) :]


def _reason(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"


def _open_checked(whole: Path) -> int:
    """Open by the whole path, then make sure that it led to this very file and through no link."""
    _regular(whole.lstat())
    descriptor = _only_regular(os.open(whole, _FLAGS))
    if os.path.realpath(whole) == str(whole) and os.path.samestat(whole.lstat(), os.fstat(descriptor)):
        return descriptor
    os.close(descriptor)
    raise OSError(0, "a link is on its way now")


def _only_regular(descriptor: int) -> int:
    try:
        _regular(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "it is no regular file")


def _bounded(descriptor: int, path: str, most: int) -> bytes:
    try:
        size = os.fstat(descriptor).st_size
        data = b"" if size > most else _all(descriptor, size, most + 1)
    except OSError as error:
        raise UsageProblem(f"{clean_line(path)} {_reason(error)}.") from None
    if max(size, len(data)) > most:
        raise UsageProblem(
            f"{clean_line(path)} is too large to read: {naturalsize(max(size, len(data)))}, "
            f"and {naturalsize(most)} at most."
        )
    return data


def _all(descriptor: int, size: int, most: int) -> bytes:
    """Return what there is up to its end, `most` bytes at most; it was of this size a moment ago, and may grow."""
    pieces = []
    while most and (piece := os.read(descriptor, min(most, max(size + 1, _PIECE)))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
