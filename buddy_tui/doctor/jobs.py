"""doctor: what each job asks for, and whether we hold it."""

from dataclasses import dataclass

from buddy_tui.doctor.values import Check, Held, Machine
from buddy_tui.preflight import target
from buddy_tui.preflight.target import ACT_AS, ON_PROJECT
from buddy_tui.preflight.values import Verdict
from buddy_tui.preflight.wording import listed

LOGS = "logging.logEntries.list"
INVOKE = "run.routes.invoke"
SESSIONS = ("datastore.entities.get", "datastore.entities.list")
LOOK = ("run.services.get", "run.revisions.list")
# Often granted on a bucket or a repository alone, and then not on the project that is asked.
_ON_RESOURCES = ("storage.", "artifactregistry.")


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do with a service, and the permissions that it takes; with `--read-only` nobody `changes` anything.

    `words` is what one says of it, e.g. `you can roll back`.

    What a change takes is in Google's documentation of rollouts: also one of traffic alone wants `actAs`.
    """

    name: str
    words: str
    needs: tuple[str, ...]
    changes: bool = False

    def __call__(self, machine: Machine, held: Held) -> Check:
        """Fail on a permission that is missing, with the command that grants it."""
        if self.changes and machine.settings.read_only:
            return Check(
                Verdict.SKIPPED,
                f"Nothing is changed from here: {machine.settings.read_only.origin}.",
                stops=(self.name,),
            )
        missing = [one for one in self.needs if one not in held.granted and one not in held.untold]
        if missing:
            return _lacking(missing, held)
        if untold := [one for one in self.needs if one in held.untold]:
            rest = "; all others are there" if len(untold) < len(self.needs) else ""
            return Check(Verdict.SKIPPED, f"It cannot be told whether you have {listed(untold)}{rest}.")
        return Check(Verdict.PASS, f"You have {listed(self.needs, len(self.needs))}.")


JOBS = (
    Job("look", "look", LOOK),
    Job("logs", "read logs", (LOGS,)),
    Job("probe", "probe", (INVOKE,)),
    Job("roll-back", "roll back", ("run.services.update", ACT_AS), changes=True),
    Job("promote", "promote", ("run.services.update", ACT_AS, LOGS), changes=True),
    Job("deploy", "deploy", (*target.ON_SERVICE, *ON_PROJECT, ACT_AS), changes=True),
    Job("sessions", "audit sessions", SESSIONS),
)
NAMES = tuple(job.name for job in JOBS)
CHANGES = tuple(job.name for job in JOBS if job.changes)
# What wants a service that is there already: only a deployment makes one.
ON_A_SERVICE = ("look", "logs", "probe", "roll-back", "promote")
WANTED = frozenset(one for job in JOBS for one in job.needs)
# Cloud Run knows these of one service; of the project everything is asked that is not about accounts or sessions.
ON_SERVICE = ("run.services.get", "run.services.update", INVOKE)
ON_THIS = tuple(sorted(WANTED - {ACT_AS, *SESSIONS}))


def log_quota(machine: Machine) -> Check:
    """Tell what our own meter knows of the log reads; of the project's other users nobody tells."""
    if machine.meter is None:
        return Check(
            Verdict.SKIPPED,
            "Not known: Google tells nobody how many of a project's 60 log reads a minute are left.",
        )
    used, most = machine.meter
    told = f"{used} of the {most} log reads a minute that we take were made"
    if used >= most:
        return Check(Verdict.WARN, f"{told}: logs come late.", "Wait a minute.")
    return Check(Verdict.PASS, f"{told}; what others made is not known.")


def _lacking(missing: list[str], held: Held) -> Check:
    told = [held.grants[one] for one in missing]
    doubt = _doubt(missing)
    return Check(
        Verdict.WARN if doubt else Verdict.FAIL,
        f"{told[0][0]} {doubt}".rstrip(),
        " && ".join(dict.fromkeys(command for _, command in told)),
        tuple(sentence for sentence, _ in told[1:]),
    )


def _doubt(missing: list[str]) -> str:
    """Say why the job may be possible without these; empty where it is not."""
    if missing == [INVOKE]:
        return "A service that everybody may call needs none."
    if all(one.startswith(_ON_RESOURCES) for one in missing):
        return "The bucket or the repository itself may grant it."
    return ""
