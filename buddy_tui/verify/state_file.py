"""verify: a file of our own state: JSON for one revision, which only its owner may read.

It is written whole beside the old one and put in its place, so that a reader finds one or the other. One that cannot be
read (torn, of somebody else, of a later version) is set aside and never overwritten.
"""

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from buddy_tui.clean import clean_line
from buddy_tui.errors import Unwritable
from buddy_tui.model import ServiceName

Value = TypeVar("Value")

_MOST_BYTES = 1 << 20
_PATIENCE = 10.0  # seconds for another program's turn


def default_folder() -> Path:
    """Return where state is kept on this system."""
    from platformdirs import user_state_path

    return user_state_path("buddy-tui", appauthor=False) / "verify"


def file_name(name: ServiceName, revision: str) -> str:
    """Return what a file about a revision begins with, whatever that is called: `PROJECT_REGION_SERVICE_REVISION`."""
    return "_".join(quote(part, safe="") for part in (name.project, name.region, name.service, revision))


@dataclass(frozen=True, slots=True)
class StateFile(Generic[Value]):
    """One file. `parse` makes a value of its document, and raises what such code raises where it is none of ours.

    `nothing` is the value while there is no file; `what` names it where it cannot be written, e.g. `The tick`.
    """

    path: Path
    parse: Callable[[Any], Value]
    nothing: Value
    what: str

    def read(self) -> Value | None:
        """Return what is kept; `None` where there is a file, and it cannot be read as ours."""
        try:
            with self.path.open("rb") as file:
                return self.parse(json.loads(file.read(_MOST_BYTES)))
        except FileNotFoundError:
            return self.nothing
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def change(self, make: Callable[[Value], dict[str, Any]]) -> Path | None:
        """Write the document that `make` returns for what is kept; return where an unreadable file was set aside.

        Raises Unwritable.
        """
        from filelock import FileLock  # only who writes needs it

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.path.with_suffix(".lock"), mode=0o600, timeout=_PATIENCE):
                known = self.read()
                aside = self._set_aside() if known is None else None
                self._write(make(self.nothing if known is None else known))
                return aside
        except (OSError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or "somebody else writes it"
            raise Unwritable(f"{self.what} cannot be kept in {clean_line(str(self.path))}: {why}.") from None

    def _set_aside(self) -> Path:
        """Rename a file that cannot be read to a name that is free, and return that."""
        number = 1
        while (aside := self.path.with_suffix(f".aside-{number}")).exists():
            number += 1
        self.path.rename(aside)
        return aside

    def _write(self, document: dict[str, Any]) -> None:
        """Put a new file in the place of the old one, in one step."""
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.stem, suffix=".new")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            Path(name).replace(self.path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
