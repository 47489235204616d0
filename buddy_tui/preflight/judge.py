"""preflight: all checks over the facts, and what they come to."""

from collections.abc import Iterable

from buddy_tui.preflight.checks import CHECKS
from buddy_tui.preflight.root import right_root
from buddy_tui.preflight.values import Check, Facts, Preflight, Verdict


def preflight(facts: Facts) -> Preflight:
    """Return every check, in order, and the worst verdict among them; `suggested_root` is absolute."""
    checks = tuple(check(facts) for check in CHECKS)
    return Preflight(
        verdict=worst(checks),
        root=facts.upload.root,
        suggested_root=right_root(facts),
        checks=checks,
        facts=facts,
    )


def worst(checks: Iterable[Check]) -> Verdict:
    """Return `fail` before `warn` before `pass`. What was skipped alone is no failure."""
    verdicts = {check.verdict for check in checks}
    return next((one for one in (Verdict.FAIL, Verdict.WARN) if one in verdicts), Verdict.PASS)
