"""What a screen may ask of the app. Messages travel up; state flows down."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from textual.message import Message
from textual.screen import Screen

from buddy_tui.model import Revision, ServiceName

if TYPE_CHECKING:
    from buddy_tui.actions.wishes import Draft, Wish


class OpenService(Message):
    """Show one service."""

    def __init__(self, name: ServiceName) -> None:
        super().__init__()
        self.name = name


class OpenServices(Message):
    """Show all services of the project."""


class OpenBootLog(Message):
    """Show the boot log of a revision of the service `name`; `revisions` are all that are known, newest first."""

    def __init__(self, name: ServiceName, revision: Revision, revisions: tuple[Revision, ...]) -> None:
        super().__init__()
        self.name = name
        self.revision = revision
        self.revisions = revisions


class OpenProbes(Message):
    """Ask the revisions of the service `name` how they are; the cursor begins on `revision`, where one is told."""

    def __init__(self, name: ServiceName, revision: str = "") -> None:
        super().__init__()
        self.name = name
        self.revision = revision


class OpenVerify(Message):
    """Show the release checklist of the service `name` for `revision`; empty means the candidate, else who serves."""

    def __init__(self, name: ServiceName, revision: str = "") -> None:
        super().__init__()
        self.name = name
        self.revision = revision


class Back(Message):
    """Leave `screen` for the one below; asked only where there is one."""

    def __init__(self, screen: Screen[None]) -> None:
        super().__init__()
        self.screen = screen


class Copy(Message):
    """Put `text` on the clipboard; `what` names it for the operator, e.g. `revision name`.

    It is put on one line, for it may be pasted into a shell; a `document` keeps its lines.
    """

    def __init__(self, text: str, what: str, *, document: bool = False) -> None:
        super().__init__()
        self.text = text
        self.what = what
        self.document = document


class OpenLink(Message):
    """Open an address in a browser, or show it where there is none."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class Save(Message):
    """Write text to a new file, called `name` or nearly so; `pieces` are taken one by one, between other work."""

    def __init__(self, pieces: Iterable[str], name: str) -> None:
        super().__init__()
        self.pieces = pieces
        self.name = name


class Crashed(Message):
    """A worker of a screen met a bug of ours; the screen already says so."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class OpenRollback(Message):
    """Show where the service `name` can be rolled back to."""

    def __init__(self, name: ServiceName) -> None:
        super().__init__()
        self.name = name


class OpenHistory(Message):
    """Show what was changed of the service `name` from this machine."""

    def __init__(self, name: ServiceName) -> None:
        super().__init__()
        self.name = name


class OpenReport(Message):
    """Show the incident report of the service `name`."""

    def __init__(self, name: ServiceName) -> None:
        super().__init__()
        self.name = name


class OpenDoctor(Message):
    """Look at this machine, and at what may be done from it with the service `name`, where there is one."""

    def __init__(self, name: ServiceName | None) -> None:
        super().__init__()
        self.name = name


class RequestChange(Message):
    """Plan a change and ask whether it is meant. Nothing is done by it."""

    def __init__(self, wish: "Wish") -> None:
        super().__init__()
        self.wish = wish


class ApplyChange(Message):
    """Do what the plan of `draft` says.

    `typed` is what was typed as the service's name, `reason` why it is done; `unlock` asks that the name be not asked
    for again for some minutes.
    """

    def __init__(self, draft: "Draft", *, typed: str, reason: str, unlock: bool) -> None:
        super().__init__()
        self.draft = draft
        self.typed = typed
        self.reason = reason
        self.unlock = unlock


class Steering(StrEnum):
    """What can be said to a promotion that is under way."""

    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    ABORT = "abort"


class SteerPromotion(Message):
    """Say something to the promotion that is under way; to skip and to abort want a `reason`."""

    def __init__(self, steering: Steering, reason: str = "") -> None:
        super().__init__()
        self.steering = steering
        self.reason = reason


class OpenPreflight(Message):
    """Check a source folder for the service `name`; where a deployment of it goes on, or was left, that comes first."""

    def __init__(self, name: ServiceName) -> None:
        super().__init__()
        self.name = name


class OpenModules(Message):
    """Show the modules of a source folder; `smoke` allows to import the entry module, which times them."""

    def __init__(self, name: ServiceName, source: str, *, smoke: bool) -> None:
        super().__init__()
        self.name = name
        self.source = source
        self.smoke = smoke


class RequestDeployment(Message):
    """Plan a deployment of a source folder and ask whether it is meant; `reason` is why a failed preflight may not stop it."""

    def __init__(self, name: ServiceName, source: str, *, smoke: bool, reason: str = "") -> None:
        super().__init__()
        self.name = name
        self.source = source
        self.smoke = smoke
        self.reason = reason


class CancelDeployment(Message):
    """Give the deployment up that is under way, for a reason."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
