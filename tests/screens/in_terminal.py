"""The dashboard with every payload everywhere, in a real terminal, for as long as it takes to draw it."""

from tests.screens.stage import Script, Stage, settings
from tests.screens.test_hostile import PAYLOADS, hostile_snapshot


class Brief(Stage):
    """Leaves by itself once everything was drawn."""

    def on_mount(self) -> None:
        self.set_timer(1.0, self.exit)


if __name__ == "__main__":
    snapshot = hostile_snapshot("".join(text for name, text in PAYLOADS.items() if name != "long"))
    Brief(settings(), service=Script(snapshot), services=Script(), log_file=None).run()
