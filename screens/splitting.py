"""The page that asks how traffic shall be shared; what it leads to asks again, and only that changes something."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from buddy_tui.actions.arithmetic import ALL_TO_LATEST, LATEST, percents_of, tags_of
from buddy_tui.actions.values import Verb
from buddy_tui.clean import clean_line
from buddy_tui.model import Service
from screens.base import BuddyScreen
from screens.dialog import Dialog

_WHOLE = 100

Percents = tuple[tuple[str, int], ...]


class SplitPage(Dialog[Percents]):
    """A percent for each of some keys. Only what was filled in is asked for; the others share the rest as they did."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False, id="split.next"),
        Binding("up", "app.focus_previous", "Previous", show=False, id="split.previous"),
    ]
    DEFAULT_CSS = """
    SplitPage {
        VerticalScroll { height: auto; max-height: 12; margin: 1 0; }
        .key { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
        .now { width: 12; color: $text-muted; }
        Input { width: 9; }
    }
    """

    def __init__(self, service: str, now: Percents) -> None:
        super().__init__()
        self._service = service
        self._now = now

    def body(self) -> ComposeResult:
        """Put one line for each key, with what it has now."""
        title = Content.assemble(("Split the traffic of ", "bold"), clean_line(self._service))
        yield Static(title, markup=False)
        with VerticalScroll(can_focus=False):
            for place, (key, percent) in enumerate(self._now):
                with Horizontal():
                    yield Static(clean_line(key), classes="key", markup=False)
                    yield Static(f"{percent:>3} % now", classes="now", markup=False)
                    yield Input(id=f"percent-{place}", type="integer", max_length=3, compact=True)
        yield Static(id="sum", markup=False)
        yield Static("enter shows what would change · tab next · esc cancels", id="how", markup=False)

    def on_mount(self) -> None:
        """Begin with what is asked for."""
        self._tell()

    def _asked(self) -> Percents:
        fields = [self.query_one(f"#percent-{place}", Input).value for place in range(len(self._now))]
        return tuple(
            (key, int(value)) for (key, _), value in zip(self._now, fields, strict=True) if value.isdecimal()
        )

    @on(Input.Changed)
    def _tell(self) -> None:
        """Say what is left for those who are not filled in."""
        asked = self._asked()
        total = sum(percent for _, percent in asked)
        others = any(percent for key, percent in self._now if key not in dict(asked))
        self.query_one("#sum", Static).update(_told(total, asked=bool(asked), others=others))

    def submit(self) -> None:
        """Ask for what is filled in; whoever opened this shows what would change."""
        self.dismiss(self._asked())


def _told(total: int, *, asked: bool, others: bool) -> Content:
    if not asked:
        return Content.assemble(("Fill in what is to change; the others share the rest.", "$text-muted"))
    if total > _WHOLE or (total < _WHOLE and not others):
        return Content.assemble((f"{total} % in all: it must be 100 %.", "$text-warning"))
    if total == _WHOLE:
        return Content.assemble(("100 % in all: nobody else gets any.", "$text-success"))
    return Content.assemble((f"{total} %, and the others share {_WHOLE - total} %.", "$text-success"))


def keys_of(service: Service, revision: str) -> Percents:
    """Return who can be named, with what they have now: who has traffic, `revision`, who has a tag, and LATEST."""
    desired = service.desired or ALL_TO_LATEST
    percents = percents_of(desired)
    keys = dict.fromkeys((*percents, *filter(None, [revision]), *tags_of(desired).values(), LATEST))
    return tuple((key, percents.get(key, 0)) for key in keys)


def ask_for_split(screen: BuddyScreen, service: Service, revision: str) -> None:
    """Ask on top of `screen`, which then requests the change; `revision` is under the cursor."""

    def answered(percents: Percents | None) -> None:
        if percents:
            screen.request(Verb.SPLIT, percents=percents)

    screen.app.push_screen(SplitPage(service.name.service, keys_of(service, revision)), answered)
