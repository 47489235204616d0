"""doctor: which versions are at work, and what gcloud left here."""

from buddy_tui.doctor.values import Check, Machine
from buddy_tui.preflight.values import Verdict
from buddy_tui.preflight.wording import listed


def versions(machine: Machine) -> Check:
    """Fail on a library of ours that is missing."""
    told = machine.programs.versions
    missing = [name for name, version in told if not version]
    if missing:
        return Check(Verdict.FAIL, f"Not installed: {listed(missing)}.", "Install buddy-tui anew.")
    return Check(Verdict.PASS, f"{', '.join(f'{name} {version}' for name, version in told)}.")


def gcloud(machine: Machine) -> Check:
    """Fail on a configuration that cannot be read; warn where gcloud is missing. It is not started."""
    active, programs = machine.gcloud, machine.programs
    if active.problem:
        return Check(
            Verdict.FAIL,
            f"gcloud's configuration {active.name} ({active.path}) cannot be read: {active.problem}.",
            "gcloud config configurations list",
        )
    if machine.unknown_configuration:
        return _no_configuration(machine)
    if not programs.gcloud:
        return Check(
            Verdict.WARN,
            "gcloud is not on the PATH: commands that are copied from here do not run, and user credentials make no "
            "identity token for a probe.",
            "https://cloud.google.com/sdk/docs/install",
        )
    version = programs.gcloud_version or "of unknown version"
    return Check(Verdict.PASS, f"gcloud {version} ({programs.gcloud}), configuration {active.name}.")


def _no_configuration(machine: Machine) -> Check:
    variable = "CLOUDSDK_ACTIVE_CONFIG_NAME"
    chosen = bool(machine.environ.get(variable))
    return Check(
        Verdict.WARN,
        f"gcloud has no configuration {machine.gcloud.name}{f' ({variable})' if chosen else ''}: "
        "no project, region or account comes from it.",
        f"unset {variable}" if chosen else "gcloud config configurations activate default",
    )
