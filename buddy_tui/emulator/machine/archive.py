"""Uploaded sources: an archive is unpacked safely, or refused in words."""

import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

_CHUNK = 1 << 16


class BuildFailed(Exception):
    """A source that does not become an image, and why: one sentence for whoever deployed it."""


@dataclass(slots=True)
class Allowance:
    """How much an archive may unpack to; it shrinks while that happens. Far above real sources, far below a bomb."""

    size: int = 512 << 20
    files: int = 20_000

    def take(self, size: int = 0, files: int = 0) -> None:
        """Use some of it up; BuildFailed when there is no more."""
        self.size -= size
        self.files -= files
        if self.size < 0 or self.files < 0:
            raise BuildFailed("The source archive unpacks to more than the emulator accepts.")


@dataclass(slots=True)
class _Unpacking:
    folder: Path
    allowance: Allowance
    links: list[tuple[Path, str]] = field(default_factory=list)

    def place(self, name: str) -> Path:
        """Return where the entry `name` goes; BuildFailed for a name that leads elsewhere on any system."""
        windows = PureWindowsPath(name)
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if windows.drive or windows.root or ".." in parts or "\0" in name:
            raise BuildFailed(f"The source archive has an entry outside its own folder: {name!r}.")
        self.allowance.take(files=1)
        return self.folder.joinpath(*parts)

    def write(self, path: Path, content: IO[bytes], mode: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            while chunk := content.read(_CHUNK):
                self.allowance.take(size=len(chunk))
                file.write(chunk)
        path.chmod(0o755 if mode & 0o111 else 0o644)

    def link(self) -> None:
        """Make the symbolic links, last of all and none below another: so nothing is ever written through one."""
        made = {path for path, _ in self.links}
        for path, target in self.links:
            if not made.isdisjoint(path.parents):
                raise BuildFailed("The source archive has an entry below a symbolic link.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)


def unpack(archive: bytes | Path, folder: Path, allowance: Allowance | None = None) -> None:
    """Unpack a zip, tar or tar.gz (its bytes, or the path of its file) into `folder`, which must not exist yet.

    Raises BuildFailed for what is no archive, for entries outside of it, for devices, for symbolic links that loop
    or lead out, and for more than `allowance`.
    """
    folder.mkdir(parents=True)
    work = _Unpacking(folder, allowance or Allowance())
    with _refusals(), io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb") as file:
        read = _read_zip if zipfile.is_zipfile(file) else _read_tar
        file.seek(0)
        read(work, file)
        work.link()
        check_links(folder)


def check_links(folder: Path) -> None:
    """Raise BuildFailed where a symbolic link below `folder` is part of a loop or leads out of it."""
    top = folder.resolve()
    for path in walk(folder):
        if path.is_symlink():
            name = path.relative_to(folder).as_posix()
            if path.readlink().is_absolute() or not _resolve(path, name).is_relative_to(top):
                raise BuildFailed(f"The symbolic link '{name}' leads out of the source.")


def walk(folder: Path) -> Iterator[Path]:
    """Tell all that is below `folder`, parents first, names in order; symbolic links are told and not followed."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from walk(path)


def _resolve(path: Path, name: str) -> Path:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # a dangling link is nobody's harm
    except OSError:
        raise BuildFailed(f"The symbolic link '{name}' is part of a loop.") from None
    return path.resolve()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError, UnicodeError):
        raise BuildFailed("The source is not a readable zip or tar.gz archive.") from None
    except OSError as problem:
        raise BuildFailed(f"The source archive cannot be unpacked: {problem.strerror or problem}.") from None


def _read_zip(work: _Unpacking, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            path = work.place(entry.filename)
            mode = entry.external_attr >> 16
            if entry.is_dir():
                path.mkdir(parents=True, exist_ok=True)
            elif stat.S_ISLNK(mode):
                work.allowance.take(size=entry.file_size)
                work.links.append((path, archive.read(entry).decode()))
            elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
                with archive.open(entry) as content:
                    work.write(path, content, mode)
            else:
                raise BuildFailed(f"The source archive has a device or pipe: {entry.filename!r}.")


def _read_tar(work: _Unpacking, file: IO[bytes]) -> None:
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        for entry in archive:
            path = work.place(entry.name)
            content = archive.extractfile(entry) if entry.isreg() else None
            if content:
                work.write(path, content, entry.mode)
            elif entry.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif entry.issym():
                work.links.append((path, entry.linkname))
            else:
                raise BuildFailed(f"The source archive has a device, pipe or hard link: {entry.name!r}.")
