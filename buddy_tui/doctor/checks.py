"""doctor: all checks, in the order in which they are shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from buddy_tui.doctor import context, disk, identity, network, programs, service, terminal
from buddy_tui.doctor.gather import Parts
from buddy_tui.doctor.jobs import CHANGES, JOBS, NAMES, ON_A_SERVICE, log_quota
from buddy_tui.doctor.values import Check, Untold
from buddy_tui.preflight.values import Verdict


@dataclass(frozen=True, slots=True)
class Item:
    """A check by its name: `judge` is a pure function of the parts that `needs` names.

    `untold` is the verdict where one of these was asked for in vain; what was never asked is skipped. `stops` are the
    jobs that cannot be done where it fails.
    """

    name: str
    judge: Callable[..., Check]
    needs: tuple[str, ...] = ("machine",)
    untold: Verdict = Verdict.SKIPPED
    stops: tuple[str, ...] = ()

    def check(self, parts: Parts) -> Check | None:
        """Judge; `None` as long as something that is needed is not there."""
        if any(name not in parts for name in self.needs):
            return None
        if self._unreached(parts) and "reached" not in parts:
            return None
        check = replace(self._judged(parts), name=self.name)
        return (
            replace(check, stops=self.stops) if check.verdict is Verdict.FAIL and not check.stops else check
        )

    def _judged(self, parts: Parts) -> Check:
        values = [parts[name] for name in self.needs]
        missing = next((one for one in values if isinstance(one, Untold)), None)
        if missing is None:
            return self.judge(*values)
        if self._unreached(parts) and isinstance(parts["reached"], Untold):
            return Check(Verdict.SKIPPED, f"{missing.why} See network.")
        verdict = self.untold if missing.tried else Verdict.SKIPPED
        # Said once, by the check that it fails; where nothing was asked, it is how to ask.
        fix = missing.fix if verdict is Verdict.FAIL or not missing.tried else ""
        return Check(verdict, missing.why, fix)

    def _unreached(self, parts: Parts) -> bool:
        """Tell whether there was no way to somebody; where there is none to anybody, that is one fault, not several."""
        values = [parts[name] for name in self.needs]
        return "reached" not in self.needs and any(
            isinstance(one, Untold) and one.unreached for one in values
        )


CHECKS = (
    Item("versions", programs.versions),
    Item("gcloud", programs.gcloud),
    Item("terminal", terminal.terminal),
    Item("colours", terminal.colours),
    Item("unicode", terminal.unicode),
    Item("clipboard", terminal.clipboard),
    Item("context", context.context, untold=Verdict.FAIL, stops=NAMES),
    Item("buddy.toml", context.buddy_toml, stops=NAMES),
    Item("identities", identity.identities),
    Item("credentials", identity.credentials, ("machine", "signed"), Verdict.FAIL, NAMES),
    Item("proxy", network.proxy, stops=NAMES),
    Item("tls", network.tls, stops=NAMES),
    Item("network", network.network, ("machine", "reached"), Verdict.FAIL, NAMES),
    Item("clock", network.clock, ("machine", "reached")),
    Item("region", service.region, ("machine", "regions"), stops=(*ON_A_SERVICE, "deploy")),
    Item("service", service.service, ("found",), Verdict.FAIL, ON_A_SERVICE),
    Item("apis", service.apis, ("machine", "apis")),
    *(Item(job.name, job, ("machine", "held"), stops=(job.name,)) for job in JOBS),
    Item("log-quota", log_quota),
    Item("state", disk.state, stops=CHANGES),
    Item("journal", disk.journal, ("machine", "journal")),
    Item("smoke-boot", disk.smoke_boot),
)
