"""The dashboard with every payload everywhere, in a real terminal, for as long as it takes to draw it."""

from tests.screens.stage import Script, Stage, frame, settings
from tests.screens.test_hostile import PAYLOADS, hostile_boot, hostile_snapshot

_PATIENCE = 0.1


class Brief(Stage):
    """Opens the boot log once there are revisions, and leaves by itself once that is drawn too."""

    def on_mount(self) -> None:
        self._waiting = self.set_interval(_PATIENCE, self._go_on)

    def _go_on(self) -> None:
        shown = frame(self)
        if "Does not boot" in shown:
            self._waiting.stop()
            self.set_timer(_PATIENCE, self.exit)  # what was laid out is on its way to the terminal
        elif "REVISION" in shown:
            self.simulate_key("l")  # as often as it takes: a key that comes before the rows leads nowhere


if __name__ == "__main__":
    text = "".join(text for name, text in PAYLOADS.items() if name != "long")
    service, boot_log = Script(hostile_snapshot(text)), Script(hostile_boot(text))
    Brief(settings(), service=service, services=Script(), boot_log=boot_log).run()
