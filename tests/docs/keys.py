"""The table of keys in docs/keys.md, made from the bindings of the real screens.

`python -m tests.docs.keys` writes it anew.
"""

import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

import screens
from buddy_tui.app import BuddyApp
from buddy_tui.config import Settings
from buddy_tui.gateway import Cloud
from screens.base import BuddyScreen
from screens.boot_log import BootLogScreen
from screens.cell import CellPage
from screens.confirm import ConfirmScreen
from screens.dialog import Dialog
from screens.doctor import DoctorScreen, DoctorTable
from screens.file import FileScreen
from screens.filtered import FilteredScreen
from screens.history import HistoryScreen, HistoryTable
from screens.listing import ListingScreen
from screens.log_screen import LogScreen
from screens.modules import ModulesScreen
from screens.opening import OpeningScreen
from screens.preflight import CheckTable, PreflightScreen
from screens.probes import ProbesScreen
from screens.progress import ProgressScreen
from screens.promote import PromoteScreen
from screens.release import ReleaseScreen
from screens.report import ReportScreen
from screens.rollback import RollbackScreen, WaysTable
from screens.service import RevisionTable, ServiceScreen
from screens.services import ServicesScreen
from screens.sheet import Sheet
from screens.splitting import SplitPage
from screens.verify import VerifyScreen
from screens.widgets.checklist import ChecklistTable
from screens.widgets.log import LogView
from screens.widgets.matrix import MatrixTable
from screens.widgets.pager import Pager
from screens.widgets.table import KeyedTable

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"
_HEAD = """\
# Keys

Made from the program by `python -m tests.docs.keys`. On every screen `?` shows the keys that work there and now.
Capitals, `i` and `!` lead somewhere of their own; nothing is changed before a question that begins on **Cancel**.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere keys work: who binds them, and how one comes there."""

    title: str
    way: str
    owners: tuple[type[DOMNode], ...]


COMMON = (
    Place("Everywhere", "", (BuddyApp, BuddyScreen)),
    Place("In a list", "", (KeyedTable, FilteredScreen, ListingScreen)),
    Place("In a log", "", (LogView,)),
    Place("In a page of text", "", (Pager,)),
)
PLACES = (
    Place("Services", "where no service is named", (ServicesScreen,)),
    Place("Service", "the cockpit", (ServiceScreen, RevisionTable)),
    Place("Boot log", "`enter` on a revision", (BootLogScreen,)),
    Place("Log file", "`buddy-tui open FILE`", (FileScreen,)),
    Place("Probes", "`p`", (ProbesScreen, MatrixTable)),
    Place("One answer of a probe", "`enter` in the probes", (CellPage,)),
    Place("Release checklist", "`v`", (VerifyScreen, ChecklistTable)),
    Place("Incident report", "`i`", (ReportScreen,)),
    Place("Doctor", "`!`", (DoctorScreen, DoctorTable)),
    Place("Ways back", "`R`", (RollbackScreen, WaysTable)),
    Place("The question before a change", "behind each of them", (ConfirmScreen,)),
    Place("A change under way", "after its question", (ProgressScreen,)),
    Place("A promotion under way", "after its question", (PromoteScreen,)),
    Place("History", "`H`", (HistoryScreen, HistoryTable)),
    Place("Preflight", "`f` or `D`", (PreflightScreen, CheckTable)),
    Place("Modules", "`m` in the preflight", (ModulesScreen,)),
    Place("A deployment under way", "after its question", (ReleaseScreen,)),
    Place(
        "A page or a dialog over a screen", "describe, help, a reason, a split", (Sheet, Dialog, SplitPage)
    ),
)
# What is told with those that are made from it, and what is gone at once.
WITHOUT = frozenset((LogScreen, OpeningScreen))


def page() -> str:
    """Return docs/keys.md."""
    app = BuddyApp(Settings(), _nowhere)
    known = {_told(app, one, binding) for place in COMMON for one in place.owners for binding in _own(one)}
    parts = [_HEAD]
    for place in (*COMMON, *PLACES):
        told = [_told(app, owner, binding) for owner in place.owners for binding in _bound(place, owner)]
        rows = [row for row in _merged(told) if place in COMMON or row not in known]
        if rows:
            way = f" ({place.way})" if place.way else ""
            table = "\n".join(f"| {keys} | **{name}.** {does}".rstrip() + " |" for keys, name, does in rows)
            parts.append(f"## {place.title}{way}\n\n| key | does |\n|---|---|\n{table}\n")
    return "\n".join(parts)


def screens_there() -> set[type[Screen[object]]]:
    """Return every class of screens with keys of its own."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        import_module(module.name)
    return {one for one in _below(Screen) if one.__module__.startswith("screens.") and _own(one)}


def _below(kind: type) -> Iterator[type]:
    below: type
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)


def _bound(place: Place, owner: type[DOMNode]) -> Iterator[Binding]:
    """Yield what an owner binds: itself, and for a screen of its own also those that it is made from."""
    common = {one for shared in COMMON for one in shared.owners}
    kinds = [owner] if place in COMMON else [one for one in owner.__mro__ if one not in common]
    seen: set[str] = set()
    for kind in kinds:
        if kind.__module__.startswith(("screens", "buddy_tui")):
            for binding in _own(kind):
                if binding.key not in seen:
                    seen.add(binding.key)
                    yield binding


def _own(kind: type) -> list[Binding]:
    return list(Binding.make_bindings(vars(kind).get("BINDINGS", ())))


def _told(app: BuddyApp, owner: type[DOMNode], binding: Binding) -> tuple[str, str, str]:
    """Return a key, its name, and what its action says of itself; one with arguments is told by its name alone."""
    action = getattr(owner, f"action_{binding.action}", None)
    ours = action and not action.__module__.startswith("textual") and binding.action != "choose"
    does = inspect.getdoc(action) if ours else ""
    key = app.get_key_display(binding).replace("⏎", "enter").replace("^", "ctrl+")
    return f"`{key}`", binding.description, (does or "").partition("\n")[0]


def _merged(told: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the rows with all keys of the same action in one."""
    keys: dict[tuple[str, str], list[str]] = {}
    for key, name, does in told:
        keys.setdefault((name, does), []).append(key)
    return [(" ".join(dict.fromkeys(shown)), name, does) for (name, does), shown in keys.items()]


async def _nowhere() -> Cloud:
    raise AssertionError("nothing is looked at")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
