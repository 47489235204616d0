"""preflight: import cycles, which work until somebody changes the order of two lines."""

from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import bounded, counted, listed, seen
from buddy_tui.source.values import NO_PLACE, At


def cycles(facts: Facts) -> Check:
    """Warn of them; that they break a boot is for the smoke boot to say."""
    if not facts.graph.modules:
        return Check("cycles", Verdict.SKIPPED, "The entry module was not read.")
    found = facts.graph.cycles
    if not found:
        return Check("cycles", Verdict.PASS, "No import cycles at start.")
    places = {module.name: module.at for module in facts.graph.modules}
    shortest = min(found, key=len)
    return Check(
        "cycles",
        Verdict.WARN,
        f"{counted(len(found), 'import cycle')} at start, e.g. {listed((*shortest, shortest[0]), 6)}.",
        "Import one of them inside the function that needs it.",
        bounded([seen(" -> ".join((*one, one[0])), _place(places, one[0])) for one in found]),
    )


def _place(places: dict[str, At], name: str) -> At:
    return places.get(name, NO_PLACE)
