"""doctor: what all checks come to: which jobs can be done here, and which not."""

from collections.abc import Sequence

from buddy_tui.doctor.jobs import JOBS
from buddy_tui.doctor.values import Check, Conclusion
from buddy_tui.preflight.values import Verdict


def conclude(checks: Sequence[Check], *, done: bool = True) -> Conclusion:
    """Sort the jobs by what the checks say. Until all of them are `done` nothing is said, unless no job can be done."""
    own = {one.name: one.verdict for one in checks}
    stopped = {name for one in checks for name in one.stops}
    names = {job.name for job in JOBS}
    if not done and not names <= stopped:
        return Conclusion()
    can, cannot, unknown = [], [], []
    for job in JOBS:
        told = (job.name, job.words)
        if job.name in stopped:
            cannot.append(told)
        elif own.get(job.name) is Verdict.PASS:
            can.append(told)
        elif job.name in own:
            unknown.append(told)
    see = tuple(one.name for one in checks if one.stops and one.name not in names)
    return Conclusion(tuple(can), tuple(cannot), tuple(unknown), see)
