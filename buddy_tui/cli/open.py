"""`buddy-tui open`: a log file of any size on the screen, followed as it grows."""

from pathlib import Path

from buddy_tui.cli.dashboard import no_terminal
from buddy_tui.config import Known, Settings
from buddy_tui.errors import UsageProblem
from buddy_tui.file_lines import FileLines


def open_file(
    file: Path,
    /,
    *,
    ascii: bool = False,  # noqa: A002 - the option's name
) -> int:
    """Show a log file of any size, and follow it as it grows. Needs no account.

    Parameters
    ----------
    file
        Its path. What its end tells of a boot is told over it; for scripts: buddy-tui diagnose --file.
    ascii
        Draw with ASCII only.

    """
    lines = FileLines(file)
    if why := no_terminal():
        lines.close()
        raise UsageProblem(
            f"The file cannot be shown: {why}.", "For scripts and pipes: buddy-tui diagnose --file"
        )
    from buddy_tui.file_app import FileApp

    app = FileApp(_settings(ascii=ascii), lines)
    app.run()
    return app.conclusion()


def _settings(*, ascii: bool) -> Settings:  # noqa: A002 - as above
    return Settings(
        environment=Known("FILE", "buddy-tui open"),
        read_only=Known("yes", "buddy-tui open"),
        ascii=Known("yes", "--ascii") if ascii else Known(),
    )
