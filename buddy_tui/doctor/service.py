"""doctor: whether the region and the service are there, and what the project has enabled."""

import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from buddy_tui.config import Settings
from buddy_tui.doctor.jobs import NAMES
from buddy_tui.doctor.values import Check, Found, Machine
from buddy_tui.preflight.target import APIS as FOR_DEPLOYS
from buddy_tui.preflight.values import Verdict
from buddy_tui.preflight.wording import listed

FOR_ALL = ("run.googleapis.com", "logging.googleapis.com")
FOR_SESSIONS = "firestore.googleapis.com"
_STOPPED_BY = {FOR_ALL[1]: ("logs", "promote", "deploy"), FOR_SESSIONS: ("sessions",)}


def wanted_apis(settings: Settings) -> tuple[str, ...]:
    """Return the APIs that our jobs ask for; who only looks needs none of a deployment."""
    deploys = () if settings.read_only else FOR_DEPLOYS
    return tuple(sorted({*FOR_ALL, *deploys, FOR_SESSIONS}))


def region(machine: Machine, regions: tuple[str, ...]) -> Check:
    """Fail on a region that Cloud Run does not offer to the project."""
    told = machine.settings.regions
    unknown = [one for one in told if one.value not in regions]
    if unknown:
        near = get_close_matches(unknown[0].value, regions, 3)
        return Check(
            Verdict.FAIL,
            f"Cloud Run offers no region {unknown[0].value} to this project ({unknown[0].origin}).",
            f"Did you mean {' or '.join(near)}?" if near else "gcloud run regions list",
        )
    if not told:
        return Check(Verdict.PASS, f"Every region is looked at: {len(regions)}.")
    return Check(Verdict.PASS, f"{listed(one.value for one in told)}: Cloud Run is there.")


def service(found: Found) -> Check:
    """Tell that the service was read."""
    name = found.name
    return Check(Verdict.PASS, f"{name.service} is there, in {name.project}/{name.region}.")


def apis(machine: Machine, known: Mapping[str, bool | None]) -> Check:
    """Fail on an API that is off; warn where only the audit of sessions needs it. Nothing is enabled here."""
    off = sorted(name for name, on in known.items() if on is False)
    untold = sorted(name for name, on in known.items() if on is None)
    if off:
        command = ["gcloud", "services", "enable", *off, "--project", machine.settings.project.value]
        evidence = tuple(f"{name} is off; {_needed_for(name)} it" for name in off)
        verdict = Verdict.WARN if off == [FOR_SESSIONS] else Verdict.FAIL
        message = f"Not enabled: {listed(off, len(off))}."
        return Check(verdict, message, shlex.join(command), evidence, stops=_stopped(off))
    if untold:
        return Check(Verdict.SKIPPED, f"It cannot be told whether these are enabled: {listed(untold)}.")
    return Check(Verdict.PASS, f"Enabled: {listed(sorted(known), len(known))}.")


def _stopped(off: Sequence[str]) -> tuple[str, ...]:
    """Return the jobs that cannot be done without these APIs; a promotion's gates read the log."""
    stopped = [NAMES if one == FOR_ALL[0] else _STOPPED_BY.get(one, ("deploy",)) for one in off]
    return tuple(name for name in NAMES if any(name in names for names in stopped))


def _needed_for(api: str) -> str:
    if api == FOR_SESSIONS:
        return "the audit of sessions needs"
    return "everything needs" if api in FOR_ALL else "deploying needs"
