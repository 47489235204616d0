"""app: what leaves the app: text for the clipboard, an address for the browser, a log and a traceback for the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from buddy_tui.app.base import BaseApp
from buddy_tui.clean import clean, clean_line

if TYPE_CHECKING:
    from screens.messages import Copy, Crashed, OpenLink, Save

# What was copied may be longer than a small screen has room for beside what it is about.
_MOST_SHOWN = 160


class HandingOut(BaseApp):
    """Hands out what a screen asks for, and says where it went."""

    def on_copy(self, message: Copy) -> None:
        """Put text on the clipboard: a document with its lines, anything else on one.

        A line break that is pasted into a shell runs what stands before it.
        """
        if message.document:
            page = clean(message.text)
            said = f"{page.count(chr(10)):,} lines, for an editor and not for a shell"
            self._copy(page, message.what, said)
        else:
            self._copy(clean_line(message.text), message.what)

    def _copy(self, text: str, what: str, said: str = "") -> None:
        """Use OSC 52, which works through SSH too, and show what was copied: no terminal confirms it."""
        self.copy_to_clipboard(text)
        shown = said or (text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…")
        self.notify(shown, title=f"Copied {what}", markup=False)

    def on_open_link(self, message: OpenLink) -> None:
        """Open a browser; over SSH, where it would open on the wrong machine, show and copy the address."""
        if self.settings.emulated:
            self.notify("This Cloud Run is emulated: the console has no page for it.", markup=False)
        elif "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ:
            self._copy(clean_line(message.url), "the console's address")
        else:
            self.open_url(message.url)

    def on_crashed(self, message: Crashed) -> None:
        """Write the traceback to the log file and say where that is."""
        from buddy_tui import bug

        try:
            path = bug.written_down(message.error, self._log_file)
        except OSError as error:
            self.notify(f"The log file cannot be written: {error}", severity="error", markup=False)
        else:
            self.notify(
                f"The traceback is in {path}", title="A bug in buddy-tui", severity="error", markup=False
            )

    def on_save(self, message: Save) -> None:
        """Write text to a file while everything goes on, and say where it is."""
        self.run_worker(self._save(message), group="save")

    async def _save(self, message: Save) -> None:
        from buddy_tui.save import save

        try:
            path = await save(message.pieces, message.name, self._saves)
        except OSError as error:
            self.notify(f"It cannot be saved: {error}", severity="error", markup=False)
        else:
            self.notify(str(path), title="Saved", markup=False)
