"""aside: the calls that change a disk, one by one; no link is followed, and nothing that is there is written over."""

import os
import shutil
from contextlib import suppress
from pathlib import Path


class Disk:
    """This machine's. Everything raises OSError."""

    def rename(self, source: Path, target: Path) -> None:
        """Give a folder another name, on the same device."""
        os.rename(source, target)  # noqa: PTH104 - beside the other calls

    def make_folder(self, path: Path, mode: int = 0o700) -> None:
        """Make a folder, for its owner alone unless said otherwise."""
        path.mkdir(mode=mode)

    def make_link(self, target: Path, like: Path) -> None:
        """Make a symbolic link that says the same as another."""
        target.symlink_to(os.readlink(like), target_is_directory=like.is_dir())  # noqa: PTH115 - as it is written

    def copy_file(self, source: Path, target: Path) -> None:
        """Copy the bytes of a file to a new one, safe against a loss of power."""
        with source.open("rb") as read, target.open("xb") as written:
            shutil.copyfileobj(read, written, 1 << 20)
            written.flush()
            os.fsync(written.fileno())

    def copy_marks(self, source: Path, target: Path) -> None:
        """Give a copy the mode and the times of what it was made from."""
        shutil.copystat(source, target, follow_symlinks=False)

    def keep_names(self, folder: Path) -> None:
        """Make the names in a folder safe against a loss of power, where the system can."""
        with suppress(OSError):  # Windows opens no folders, and keeps names safe by itself
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def remove_file(self, path: Path) -> None:
        """Remove a file or a link."""
        path.unlink()

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()
