"""preflight: modules of the project that hide one of Python's own or of a dependency."""

from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import bounded, listed, seen
from buddy_tui.rules.distributions import in_python, well_known


def shadowing(facts: Facts) -> Check:
    """Warn of them: whoever imports that name, a library too, gets the project's file."""
    if not facts.graph.modules:
        return Check("shadowing", Verdict.SKIPPED, "The entry module was not read.")
    shadows = [(name, at) for name, at in facts.graph.shadows if in_python(name) or well_known(name)]
    if not shadows:
        return Check("shadowing", Verdict.PASS, "No module of the project hides another.")
    verb = "hides a module" if len(shadows) == 1 else "hide modules"
    return Check(
        "shadowing",
        Verdict.WARN,
        f"{listed(at.path for _, at in shadows)} {verb} of the same name, for libraries too.",
        f"Give {listed(at.path for _, at in shadows[:1])} another name.",
        bounded([seen(f"`import {name}` finds this file", at) for name, at in shadows]),
    )
