"""What is wrong and the way out: a banner over the last good data."""

from datetime import datetime

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from buddy_tui.clean import clean
from buddy_tui.errors import ExitCode
from buddy_tui.model import Trouble

_HEADINGS = {2: "Not found", 3: "No answer", 4: "Not allowed", 5: "Refused"}
# Connection, credentials and permissions are what the doctor looks at.
_FOR_THE_DOCTOR = (ExitCode.RETRYABLE, ExitCode.NOT_ALLOWED)
_A_BUG = "This is a bug in buddy-tui"


class Notice(Widget):
    """Trouble in words: what, why, and what to do about it. Hidden while there is none."""

    DEFAULT_CSS = """
    Notice {
        display: none; height: auto; max-height: 8; padding: 0 1;
        background: $warning 12%; border-left: outer $warning;
    }
    Notice.-shown { display: block; }
    """

    trouble: reactive[Trouble | None] = reactive(None, layout=True)
    as_of: reactive[datetime | None] = reactive(None, layout=True)

    def render(self) -> Content:
        """Say it."""
        return Content("") if self.trouble is None else trouble_in_words(self.trouble, self.as_of)

    def watch_trouble(self, trouble: Trouble | None) -> None:
        """Come and go with the trouble."""
        self.set_class(trouble is not None, "-shown")


def trouble_in_words(trouble: Trouble, as_of: datetime | None) -> Content:
    """Return heading, sentence, how old the data below is, and the ways out."""
    parts: list[tuple[str, str]] = [
        (f"! {_HEADINGS.get(trouble.exit_code, _A_BUG)}. ", "bold $text-warning"),
        (clean(trouble.sentence), ""),
    ]
    if as_of is not None:
        parts.append((f" What you see is from {as_of:%H:%M:%S} UTC.", "$text-muted"))
    if trouble.exit_code in _HEADINGS:
        doctor = ", ! tells why" if trouble.exit_code in _FOR_THE_DOCTOR else ""
        parts.append((f" ctrl+r looks again{doctor}.", "$text-muted"))
    if trouble.hint:
        parts += [("\n▸ ", "$text-primary"), (clean(trouble.hint), "")]
    return Content.assemble(*parts)
