"""doctor: where our own state is kept, and what the smoke boot would run."""

import shlex

from buddy_tui.doctor.values import Check, Machine
from buddy_tui.journal.keep import Reading
from buddy_tui.preflight.values import Verdict
from buddy_tui.preflight.wording import counted


def state(machine: Machine) -> Check:
    """Fail where nothing can be written: without a line in the journal nothing is changed."""
    folder = machine.journal.parent
    if machine.state_trouble:
        return Check(
            Verdict.FAIL,
            f"Nothing can be written to {folder}: {machine.state_trouble}.",
            "Make the folder writable, or set XDG_STATE_HOME to another.",
        )
    return Check(Verdict.PASS, f"{folder} can be written.")


def journal(machine: Machine, reading: Reading) -> Check:
    """Warn of a journal that was tampered with or damaged; fail on one that cannot be read."""
    if reading.trouble:
        return Check(
            Verdict.WARN if reading.records else Verdict.FAIL,
            reading.trouble[0],
            "buddy-tui history shows what can be read.",
            reading.trouble[1:],
        )
    return Check(Verdict.PASS, f"{machine.journal} has {counted(len(reading.records), 'record')}.")


def smoke_boot(machine: Machine) -> Check:
    """Tell which Python a smoke boot in the working directory runs: the project's own, else ours."""
    if machine.broken:
        return Check(
            Verdict.WARN,
            f"{machine.broken} has no Python that can be run; the smoke boot would use ours.",
            shlex.join(["python", "-m", "venv", machine.broken]),
        )
    if not machine.interpreter:
        return Check(Verdict.FAIL, "There is no Python for the smoke boot.", "Install buddy-tui anew.")
    if not machine.own:
        return Check(
            Verdict.PASS,
            f"No virtual environment here: it would use ours, {machine.interpreter}, and leave out what is not in it.",
        )
    return Check(Verdict.PASS, f"It would run {machine.interpreter}.")
