"""source: an upload as an archive: the same tree gives the same bytes, and nothing half-written is ever in its place."""

import base64
import hashlib
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from buddy_tui.clean import clean_line
from buddy_tui.errors import Refused, Unwritable, UsageProblem
from buddy_tui.source.reading import Reader
from buddy_tui.source.values import SourceFile, Upload

_PIECE = 1 << 20
# The earliest that a ZIP can say.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_UNFINISHED = ".unfinished"
_AGAIN = "Look at the folder again, then start anew: nothing was uploaded."


@dataclass(frozen=True, slots=True)
class Packed:
    """A whole archive. `size` in bytes, `sha256` in hex, `crc32c` in base64, as Cloud Storage tells and takes it."""

    path: Path
    size: int
    sha256: str
    crc32c: str


def digest(upload: Upload) -> str:
    """Return SHA-256, in hex, over the paths, contents and permissions of all files, and over empty folders.

    Reads every file; raises Refused when one is not as it was when the upload was listed, and for a list that was cut.
    """
    _whole(upload)
    hashed = hashlib.sha256()
    for folder in upload.folders:
        hashed.update(f"{folder}/\0".encode())
    with Reader(upload.root) as reader:
        for file in upload.files:
            hashed.update(f"{file.path}\0{_mode(file):o}\0{file.size}\0".encode())
            for piece in _pieces(reader, file):
                hashed.update(piece)
    return hashed.hexdigest()


def pack(upload: Upload, to: Path, tell: Callable[[int], None]) -> Packed:
    """Write the upload to `to` as a ZIP; `tell` hears how many bytes of its files are packed, the last time all.

    The archive depends on paths, contents and permissions (0644 or 0755) alone, and on the zlib of this Python. It
    is written beside `to` and moved there when it is whole and on the disk; what an earlier call that was killed left
    beside it is taken away, so two calls at once for one `to` spoil each other, and say so. Links are packed as the
    files that they lead to.

    Raises Refused as `digest` does, and Unwritable when the archive cannot be written. Then, and when `tell` raises,
    nothing is left and `to` is as it was.
    """
    _whole(upload)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        for left in to.parent.glob(f"*{_UNFINISHED}"):
            if left.name.startswith(f"{to.name}."):
                left.unlink()
        descriptor, name = tempfile.mkstemp(prefix=f"{to.name}.", suffix=_UNFINISHED, dir=to.parent)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                packed = _packed(upload, file, to, tell)
            Path(name).replace(to)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(to.parent)
    except OSError as error:
        raise Unwritable(
            f"The archive cannot be written to {clean_line(str(to.parent))}: {error.strerror or error}.",
            "Make room there, then try again: nothing was uploaded.",
        ) from None
    return packed


def verified(path: Path, expected_sha256: str) -> bool:
    """Tell whether there is an archive with this hash (hex); False for whatever cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected_sha256
    except OSError:
        return False


def _whole(upload: Upload) -> None:
    if upload.cut:
        raise Refused(
            f"There are more files than the {len(upload.files)} that were looked at.",
            "Leave out what the program does not need: .gcloudignore says what stays.",
        )


def _packed(upload: Upload, file: IO[bytes], to: Path, tell: Callable[[int], None]) -> Packed:
    done = 0
    with Reader(upload.root) as reader, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in upload.folders:
            archive.writestr(_entry(f"{folder}/", stat.S_IFDIR | 0o755, 0), b"")
        for one in upload.files:
            with archive.open(_entry(one.path, stat.S_IFREG | _mode(one), one.size), "w") as packed:
                for piece in _pieces(reader, one):
                    packed.write(piece)
                    done += len(piece)
                    tell(done)
    file.flush()
    os.fsync(file.fileno())
    return _summed(file, to)


def _entry(name: str, mode: int, size: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = _UNIX
    entry.external_attr = mode << 16
    entry.file_size = size  # says whether it needs the form for large files
    if stat.S_ISREG(mode):
        entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _mode(file: SourceFile) -> int:
    return 0o755 if file.executable else 0o644


def _pieces(reader: Reader, file: SourceFile) -> Iterator[bytes]:
    """Yield the content of a file; Refused as soon as it is not the one that was listed."""
    try:
        with reader.open(file) as content:
            done = 0
            while piece := content.read(min(_PIECE, file.size - done + 1)):
                done += len(piece)
                yield piece
            now = os.fstat(content.fileno())
    except UsageProblem as problem:
        raise Refused(str(problem), _AGAIN) from None
    except OSError as error:
        raise Refused(f"{clean_line(file.path)} cannot be read: {error.strerror}.", _AGAIN) from None
    if (done, now.st_size, now.st_mtime) != (file.size, file.size, file.modified):
        raise Refused(f"{clean_line(file.path)} has changed since it was looked at.", _AGAIN)


def _summed(file: IO[bytes], path: Path) -> Packed:
    from google_crc32c import extend

    sha256, crc32c, size = hashlib.sha256(), 0, file.seek(0)
    while piece := file.read(_PIECE):
        sha256.update(piece)
        crc32c = extend(crc32c, piece)
        size += len(piece)
    return Packed(path, size, sha256.hexdigest(), base64.b64encode(crc32c.to_bytes(4, "big")).decode())


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a power cut, where a folder can be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
