"""preflight: what the smoke boot says."""

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import listed
from buddy_tui.source.values import Booted

_SLOWEST = 3
_LAST_LINES = 8


def boot(facts: Facts) -> Check:
    """Fail where importing the entry module failed by a fault of the code. What could not be tried is no pass."""
    found = facts.boot
    said = clean_line(found.said)
    trace = tuple(Evidence(clean_line(line)) for line in found.traceback.rstrip().splitlines()[-_LAST_LINES:])
    if found.booted is Booted.NOT_TRIED:
        return Check("boot", Verdict.SKIPPED, said or "The smoke boot was not tried.", evidence=trace)
    if found.booted is Booted.FAILED:
        return Check(
            "boot", Verdict.FAIL, f"{said}.".replace("..", "."), "Mend the last line of the traceback.", trace
        )
    slowest = [f"{name} {own:.0f} ms" for name, own in found.times[:_SLOWEST]]
    return Check(
        "boot",
        Verdict.PASS,
        f"{clean_line(facts.graph.entry)} was imported in {found.took:.1f} s.",
        evidence=(Evidence(f"slowest: {listed(slowest)}"),) if slowest else (),
    )
