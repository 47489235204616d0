"""preflight: settings of the service that the new revision takes over, and that are worth a warning."""

import re
import shlex
from dataclasses import dataclass

from buddy_tui.model import Container, Revision, RevisionState, Service
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import listed

# Kubernetes quantities, which Cloud Run's limits are.
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(|k|M|G|Ki|Mi|Gi)")


@dataclass(frozen=True, slots=True)
class _Worry:
    """One setting worth a warning; `option` of `gcloud run services update` mends it."""

    short: str
    said: str
    option: str = ""


def settings(facts: Facts) -> Check:
    """Warn of a startup probe that only sees an open port, of less memory than was good, of instances that cost."""
    target = facts.target
    if target.service is None:
        why = target.trouble or "No service was looked at."
        return Check("settings", Verdict.SKIPPED, why)
    newest = next(iter(target.revisions), None)
    if newest is None:
        return Check(
            "settings", Verdict.SKIPPED, "The service has no revision whose settings could be taken over."
        )
    good = _last_good(target.service, target.revisions)
    found = [*filter(None, (_probe(newest), _memory(newest, good), _instances(newest)))]
    if not found:
        return Check("settings", Verdict.PASS, f"The new revision takes the settings of {newest.name}.")
    return Check(
        "settings",
        Verdict.WARN,
        f"The new revision takes the settings of {newest.name}: {listed(one.short for one in found)}.",
        _command(target.service, [one.option for one in found if one.option]),
        tuple(Evidence(one.said) for one in found),
    )


def _last_good(service: Service, revisions: tuple[Revision, ...]) -> Revision | None:
    """Return the revision that serves most and is ready."""
    ready = {one.name: one for one in revisions if one.state in {RevisionState.READY, RevisionState.RETIRED}}
    serving = sorted(service.effective, key=lambda one: -one.percent)
    return next((ready[one.revision] for one in serving if one.percent and one.revision in ready), None)


def _probe(newest: Revision) -> _Worry | None:
    container = _main(newest)
    if container is None or not container.startup_probe.startswith("TCP"):
        return None
    return _Worry(
        "no startup probe beyond TCP",
        f"Startup probe: {container.startup_probe}. It passes as soon as the port is open, whatever answers there.",
        "--startup-probe=httpGet.path=/health",
    )


def _memory(newest: Revision, good: Revision | None) -> _Worry | None:
    now, then = _limit(_main(newest)), _limit(_main(good))
    if not now or not then or now >= then or good is None:
        return None
    less, more = _told(newest), _told(good)
    return _Worry(
        f"memory {less}, {good.name} has {more}",
        f"Memory: {less}; {good.name}, which serves, has {more}.",
        f"--memory={more}",
    )


def _instances(newest: Revision) -> _Worry | None:
    least = newest.min_instances
    if not least:
        return None
    return _Worry(
        f"at least {least} running at a tag",
        f"Minimum instances: {least}, of the revision: they run, and cost, at a tag without traffic too.",
        "--min-instances=0",
    )


def _main(revision: Revision | None) -> Container | None:
    """Return the container that takes the requests: the one with a port, else the first."""
    containers = revision.containers if revision else ()
    return next((one for one in containers if one.port), next(iter(containers), None))


def _told(revision: Revision) -> str:
    container = _main(revision)
    return container.memory if container else ""


def _limit(container: Container | None) -> float:
    """Return the memory in bytes; 0 where it is not told."""
    found = _QUANTITY.fullmatch(container.memory) if container else None
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def _command(service: Service, options: list[str]) -> str:
    name = service.name
    place = ["--project", name.project, "--region", name.region]
    return shlex.join(["gcloud", "run", "services", "update", name.service, *options, *place, "--no-traffic"])
