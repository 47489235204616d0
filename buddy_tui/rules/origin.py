"""rules: whose a missing module is: the project's own, or a distribution's that is not installed."""

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from buddy_tui.boot.values import Frame, Raised
from buddy_tui.finding import Confidence
from buddy_tui.rules import trees
from buddy_tui.rules.distributions import akin, ambiguous, in_python, well_known
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.words import deepest, inside, is_machinery

_NO_MODULE = re.compile(r"No module named ['\"]?(\w(?:[\w.-]*\w)?)['\"]?")
# Where a server imports what it was told to serve: nothing else is imported by these functions.
_STARTERS = re.compile(
    r"/(?:uvicorn/importer|gunicorn/util|hypercorn/utils|daphne/server|daphne/utils|waitress/runner|flask/cli"
    r"|granian/_loader|granian/_internal|fastapi_cli/discover|django/conf/__init__|runpy|celery/utils/imports)\.py$"
)
_STATEMENT = re.compile(r"\s*(?:import|from)\s")
_IMPORT_ERRORS = frozenset({"ModuleNotFoundError", "ImportError"})
# Of these two one loads the application, the other a class of workers.
_CLASS_LOADERS = frozenset({"load_class", "load_worker_class"})
_RUN_MODULE = re.compile(r"(?:<frozen )?runpy>?$")
_OWN_WORDS = """
    api app application apps auth backend base bot client clients common conf config configs configuration
    constants controllers core crud dao data database db deps domain endpoints entities enums errors exceptions
    extensions features forms frontend handlers helpers infra infrastructure integrations jobs lib libs logger
    logging_config main manage middleware middlewares model models modules my_app myapp myproject pipeline pipelines
    pkg plugins project providers repositories repository resources routers routes run schemas scripts security
    server service services settings setup shared site src state storage tasks templates tests tools users util
    utilities utils views webapp worker workers wsgi asgi
"""
_OWN = frozenset(_OWN_WORDS.split())
# What a module of a project ends in: `user_routes`, `data_loader`.
_ENDINGS_WORDS = """
    agent agents api app auth bot builder cache client config constants controller core crud db engine errors
    exceptions factory functions generator handler handlers helper helpers init loader logger logic main manager
    middleware model models module parser pipeline processor repository router routes runner scheduler schema schemas
    server service services settings store tasks tools types utils views worker
"""
_ENDINGS = frozenset(_ENDINGS_WORDS.split())


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose a module is, how sure that is, and what makes us think so (a part of a sentence)."""

    ours: bool
    confidence: Confidence
    because: str


def missing_module(raised: Raised) -> str:
    """Return the dotted name that could not be imported, as it was printed; empty when that was not the trouble."""
    found = _NO_MODULE.search(" ".join(raised.message.split()))
    return found[1] if found else ""


def importer_of(raised: Raised) -> Frame | None:
    """Return the frame that asked for the module: the deepest that is none of Python's import machinery."""
    return deepest(raised, project=False)


def of_target(raised: Raised) -> bool:
    """Tell whether a server itself asked for the module, to serve it: then no frame is the project's."""
    frame = importer_of(raised)
    if frame is None or frame.project:
        return False
    known = _STARTERS.search(frame.file) or _RUN_MODULE.search(frame.file)
    own_need = _STATEMENT.match(frame.source) or frame.function in _CLASS_LOADERS
    return bool(known) and not own_need


def origin(name: str, raised: Raised, evidence: Evidence) -> Origin:
    """Tell whose the module `name` is that `raised` could not import.

    What is known of the source wins; then the place where a server looks for its target; then folders that the
    traceback shows; then what the name alone suggests, which is never certain.
    """
    first = name.partition(".")[0]
    answers = (
        look(name, first, raised, evidence) for look in (_by_source, _by_target, _by_folder, _by_library)
    )
    found = next(filter(None, answers), None) or _by_name(name, first, importer_of(raised))
    if found.confidence is Confidence.CERTAIN and raised.name not in _IMPORT_ERRORS:
        return replace(found, confidence=Confidence.LIKELY)
    return found


def folders(raised: Raised) -> frozenset[str]:
    """Return the names of folders and modules of the project that the traceback shows."""
    paths = [PurePosixPath(inside(frame.file)) for frame in raised.frames if frame.project]
    return frozenset(part for path in paths for part in (*path.parent.parts, path.stem) if part != "/")


def _by_source(name: str, first: str, _raised: Raised, evidence: Evidence) -> Origin | None:
    sources = evidence.sources
    for tree in (sources.uploaded, sources.good, sources.disk):
        if tree is not None and (trees.roots_of(tree, name) or trees.roots_of(tree, first)):
            return Origin(ours=True, confidence=Confidence.CERTAIN, because=f"{first} is in {tree.where}")
    return None


def _by_target(_name: str, first: str, raised: Raised, evidence: Evidence) -> Origin | None:
    sure = Confidence.LIKELY if well_known(first) else Confidence.CERTAIN
    if of_target(raised):
        return Origin(ours=True, confidence=sure, because="the server itself was told to load it")
    if evidence.boot.target.partition(":")[0].partition(".")[0] == first:
        return Origin(ours=True, confidence=sure, because=f"the command names {evidence.boot.target}")
    return None


def _by_folder(name: str, first: str, raised: Raised, _evidence: Evidence) -> Origin | None:
    """Look at the folders on the stack. One that is called as a library that is used there proves little."""
    if first not in folders(raised) and not _absolute_folder(first, raised):
        return None
    known, dotted = well_known(first), "." in name
    if known and dotted and not ambiguous(first):
        return None
    sure = Confidence.CERTAIN if dotted and not known else Confidence.LIKELY
    return Origin(ours=dotted or not known, confidence=sure, because=f"the project has a {first} of its own")


def _absolute_folder(first: str, raised: Raised) -> bool:
    """Tell whether the root itself, which `inside` takes away, is called so: `/app/main.py` that imports `app`."""
    return any(f"/{first}/" in frame.file for frame in raised.frames if frame.project)


def _by_library(_name: str, first: str, raised: Raised, _evidence: Evidence) -> Origin | None:
    frame = importer_of(raised)
    if frame is None and raised.frames and not well_known(first):
        because = "it was imported by its name, as a server does"
        return Origin(ours=True, confidence=Confidence.LIKELY, because=because)
    if frame is None or frame.project:
        return None
    if _by_string(raised) and (not well_known(first) or ambiguous(first)):
        because = f"{short_file(frame.file)} was given the name by the project"
        return Origin(ours=not well_known(first), confidence=Confidence.LIKELY, because=because)
    sure = Confidence.CERTAIN if well_known(first) else Confidence.LIKELY
    return Origin(ours=False, confidence=sure, because=f"{short_file(frame.file)} asked for it")


def _by_string(raised: Raised) -> bool:
    """Tell whether a library imported what it was given as text: INSTALLED_APPS, a list of plug-ins."""
    asked = [frame for frame in raised.frames if not frame.file.startswith("<frozen")]
    return bool(asked) and (is_machinery(asked[-1]) or "import_module(" in asked[-1].source)


def short_file(file: str) -> str:
    """Return an installed file's path from its package on."""
    return re.split(r"/(?:site|dist)-packages/", file)[-1]


def _by_name(name: str, first: str, frame: Frame | None) -> Origin:
    if in_python(first) or well_known(first):
        sure = Confidence.LIKELY if ambiguous(first) or in_python(first) else Confidence.CERTAIN
        because = "Python once had it, or has it now" if in_python(first) else "it is a well-known package"
        return Origin(ours=False, confidence=sure, because=because)
    other = akin(first)
    if _sounds_own(first):
        sure = Confidence.UNSURE if other else Confidence.LIKELY
        return Origin(ours=True, confidence=sure, because="projects name their own modules so")
    if other:
        return Origin(
            ours=False, confidence=Confidence.LIKELY, because=f"it is named like an add-on of {other}"
        )
    if "." in name or (frame is not None and f"{first}." in frame.source):
        return Origin(
            ours=True, confidence=Confidence.UNSURE, because="it is no package that is widely known"
        )
    return Origin(
        ours=False, confidence=Confidence.UNSURE, because="the traceback shows no folder of that name"
    )


def _sounds_own(first: str) -> bool:
    """Tell whether projects name their own modules so; packages on PyPI are seldom spelt with capitals."""
    _, joint, ending = first.rpartition("_")
    if joint and ending in _ENDINGS:
        return True
    return first.lower() in _OWN or first != first.lower() or "-" in first
