"""report: how an incident stands, by who serves now. Pure."""

from buddy_tui.model import RevisionState
from buddy_tui.report.material import Material
from buddy_tui.report.values import Status
from buddy_tui.traffic import truth


def standing(material: Material) -> tuple[Status, str]:
    """Return the status of an incident, and in a sentence who serves."""
    if open_ := _open(material):
        return Status.OPEN, open_
    told, newest = truth(material.service, material.revisions), material.revisions[0]
    serving = _serving(material)
    if told.pinned and serving == [newest.name]:
        return Status.RESOLVED, f"{_serves(serving)}, the newest revision, and traffic is pinned to it."
    if told.pinned:
        return Status.MITIGATED, f"{_serves(serving)}, and traffic is pinned there."
    if newest.state is RevisionState.FAILED:
        return Status.MITIGATED, f"{_serves(serving)}; the newest revision failed."
    return Status.RESOLVED, f"{_serves(serving)}, and traffic follows the latest revision."


def _open(material: Material) -> str:
    """Say why it goes on; empty when it does not."""
    serving = _serving(material)
    failed = {one.name for one in material.revisions if one.state is RevisionState.FAILED}
    if not serving or not failed.isdisjoint(serving):
        return "No revision that works serves."
    if material.service.reconciling:
        return f"{_serves(serving)}, and Cloud Run is still at work on the last change."
    if truth(material.service, material.revisions).diverged:
        return f"{_serves(serving)}, which is not what was asked for."
    return ""


def _serving(material: Material) -> list[str]:
    effective = truth(material.service, material.revisions).effective
    return [one.revision for one in effective if one.percent and one.revision]


def _serves(serving: list[str]) -> str:
    return f"{' and '.join(serving)} serve{'s' if len(serving) == 1 else ''}"
