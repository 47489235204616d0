"""preflight: whether the project has the APIs of a deployment enabled. Nothing is enabled here."""

import shlex

from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import listed, seen


def apis(facts: Facts) -> Check:
    """Fail on an API that is off; one that nobody could ask about is said, and is no pass."""
    known = facts.target.apis
    if not known:
        why = facts.target.trouble or "No project was looked at."
        return Check("apis", Verdict.SKIPPED, why)
    off = sorted(name for name, on in known.items() if on is False)
    untold = sorted(name for name, on in known.items() if on is None)
    if off:
        project = facts.target.name.project if facts.target.name else "PROJECT"
        command = ["gcloud", "services", "enable", *off, "--project", project]
        return Check(
            "apis",
            Verdict.FAIL,
            f"Not enabled: {listed(off)}. Nothing is enabled without you.",
            shlex.join(command),
            tuple(seen(f"{name} is off") for name in off),
        )
    if untold:
        return Check(
            "apis", Verdict.SKIPPED, f"It cannot be told whether these are enabled: {listed(untold)}."
        )
    return Check("apis", Verdict.PASS, f"Enabled: {listed(sorted(known))}.")
