"""verify: was it deployed from the project's root, and does it boot without import errors? From archive and log."""

import re
from collections.abc import Iterator
from datetime import datetime

from buddy_tui.boot.timeline import decisive
from buddy_tui.boot.values import Reading
from buddy_tui.finding import Finding
from buddy_tui.model import Revision, Sources, SourceTree
from buddy_tui.rules import trees
from buddy_tui.verify.plan import answer
from buddy_tui.verify.values import Answered, Line

# `Back_End.main:app`, as servers are told what to load; no address (`0.0.0.0:8080`) and no flag.
_TARGET = re.compile(r"(?<![\w/.:$-])([A-Za-z_][\w.]*):[A-Za-z_]\w*")
_IMPORTS = {"ImportError", "ModuleNotFoundError"}


def deployed_from_root(revision: Revision, sources: Sources, unread: str, at: datetime) -> Line:
    """Tell by the upload whether it was the project's root. `unread` says why an archive could not be read.

    The upload is compared with what the last good revision was built from, then with the project on this disk; and
    what its own Dockerfile or Procfile starts must lie in it. A folder of what worked is never called the root: that
    it starts what lies in it may as well be an attempt to mend the wrong upload.
    """
    answered, evidence = _root(revision, sources, unread)
    return answer("deploys-from-root", answered, evidence, "archive", at)


def _root(revision: Revision, sources: Sources, unread: str) -> tuple[Answered, str]:
    uploaded = sources.uploaded
    if not revision.source.startswith("gs://"):
        image = f"{revision.name} names no source: it was deployed from an image."
        return (
            Answered.UNKNOWN,
            f"{image} A deployment with --source keeps what was uploaded, and that would tell.",
        )
    if uploaded is None:
        return Answered.UNKNOWN, f"What was uploaded is not known: {unread or 'it cannot be read.'}"
    count = f"{len(uploaded.paths):,}{' or more' if uploaded.cut else ''} files were uploaded"
    module = _module(uploaded)
    inside = bool(module) and trees.has_module(uploaded, module)
    if compared := _compared(sources, uploaded, module if inside else ""):
        answered, evidence = compared
        return answered, f"{count}{evidence}"
    if not module or (uploaded.cut and not inside):
        whole = "an older revision that worked, or the project in the folder where you are, would tell"
        return Answered.UNKNOWN, f"{count}, and there is nothing to compare them with: {whole}."
    among = "is" if inside else "is not"
    return (
        Answered.YES if inside else Answered.NO,
        f"{count}, and {module}, which it starts, {among} among them.",
    )


def boots_without_import_errors(revision: Revision, reading: Reading, finding: Finding, at: datetime) -> Line:
    """Tell by the boot log; an import error that the program caught and went on counts as well."""
    if finding.boots is False:
        return answer("boots", Answered.NO, finding.summary, "log", at)
    if finding.boots is None:
        state = f"Cloud Run says {revision.state}, and its log does not tell how it booted: {finding.summary}"
        return answer("boots", Answered.UNKNOWN, state, "log", at)
    if caught := next(_caught(reading, revision), ""):
        evidence = f"It boots, and its log shows an import error that was survived: {caught}"
        return answer("boots", Answered.NO, evidence, "log", at)
    return answer("boots", Answered.YES, f"{finding.summary} {finding.observed}".strip(), "log", at)


def _compared(sources: Sources, uploaded: SourceTree, inside: str) -> tuple[Answered, str] | None:
    """Compare the upload with whole projects; `inside` is the module that it starts, if that lies in it."""
    for whole, whose in _wholes(sources):
        folder = trees.folder_in(uploaded, whole)
        part = f": they are {folder}/ of {whose}, not its root"
        if folder and not inside:
            return Answered.NO, f"{part}."
        if folder and whole is sources.good:
            meant = "Whether that is meant, only people know."
            return Answered.UNKNOWN, f"{part}, and {inside}, which it starts, is among them. {meant}"
        if not folder and trees.holds(whole, uploaded):
            return Answered.YES, f", laid out as {whose}."
    return None


def _wholes(sources: Sources) -> Iterator[tuple[SourceTree, str]]:
    if sources.good is not None:
        yield sources.good, f"what {sources.good_revision} was built from"
    if sources.disk is not None:
        yield sources.disk, "the project on this disk"


def _module(tree: SourceTree) -> str:
    """Return the module that the Dockerfile, else the Procfile, starts; empty where neither tells."""
    plan = trees.layout(tree)
    found = _TARGET.search(plan.command if plan else tree.text("Procfile"))
    return found[1] if found else ""


def _caught(reading: Reading, revision: Revision) -> Iterator[str]:
    boot = decisive(reading, revision.name)
    for traceback in boot.tracebacks if boot else ():
        raised = traceback.root
        if raised.name in _IMPORTS:
            yield f"{raised.name}: {raised.message}".partition("\n")[0]
