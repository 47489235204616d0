"""The dashboard with every payload everywhere, in a real terminal, for as long as it takes to draw it."""

from tests.screens.stage import Script, Stage, settings
from tests.screens.test_hostile import PAYLOADS, hostile_boot, hostile_snapshot


class Brief(Stage):
    """Opens the boot log, and leaves by itself once everything was drawn."""

    def on_mount(self) -> None:
        self.set_timer(0.7, lambda: self.simulate_key("l"))
        self.set_timer(1.4, self.exit)


if __name__ == "__main__":
    text = "".join(text for name, text in PAYLOADS.items() if name != "long")
    service, boot_log = Script(hostile_snapshot(text)), Script(hostile_boot(text))
    Brief(settings(), service=service, services=Script(), boot_log=boot_log).run()
