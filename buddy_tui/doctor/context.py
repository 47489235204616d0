"""doctor: where we look, who said so, and whether buddy.toml can be used."""

import os
from collections.abc import Iterator

from buddy_tui.config import ALL_REGIONS, Known, Settings
from buddy_tui.doctor.values import Check, Machine
from buddy_tui.preflight.values import Verdict


def context(machine: Machine) -> Check:
    """Fail on a setting that cannot be used, and without a project; tell where each value comes from."""
    settings, evidence = machine.settings, tuple(_origins(machine.settings))
    if machine.trouble:
        return Check(Verdict.FAIL, machine.trouble.why, machine.trouble.fix, evidence)
    if not settings.project:
        return Check(
            Verdict.FAIL, "No project is set.", "Say --project ID, or: gcloud config set project ID", evidence
        )
    regions = ",".join(one.value for one in settings.regions) or "every region"
    where = "/".join((settings.project.value, regions, settings.service.value or "any service"))
    return Check(Verdict.PASS, f"{where}.", evidence=evidence)


def buddy_toml(machine: Machine) -> Check:
    """Fail on a file that cannot be used; everything else is then judged without it."""
    if trouble := machine.toml_trouble:
        without = f"Mend it, or do without it: export BUDDY_CONFIG={os.devnull}"
        return Check(Verdict.FAIL, trouble.why, trouble.fix or without)
    if machine.toml is None:
        return Check(
            Verdict.PASS,
            "None is used: settings come from elsewhere, and probes are the defaults.",
        )
    return Check(Verdict.PASS, f"{machine.toml} is valid; {len(machine.settings.questions)} probes.")


def _origins(settings: Settings) -> Iterator[str]:
    told: dict[str, tuple[Known, ...]] = {
        "project": (settings.project,),
        "region": settings.regions or (Known(ALL_REGIONS),),
        "service": (settings.service,),
        "account": (settings.account,),
        "impersonate": (settings.impersonate,),
        "quota project": (settings.quota_project,),
        "environment": (settings.environment,),
        "read-only": (settings.read_only,),
        "emulated": (settings.emulated,),
    }
    for name, values in told.items():
        for one in values:
            if one.value or one.origin:
                yield f"{name} {one.value or '-'}" + (f" ({one.origin})" if one.origin else "")
