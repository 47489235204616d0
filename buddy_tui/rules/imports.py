"""rules: a module that is not there. Whether it is the project's own decides what mends it."""

import re
from dataclasses import replace

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.distributions import (
    backport,
    distribution_of,
    gone,
    in_python,
    requirement_of,
    well_known,
)
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.extras import NO_IMPORT, NOT_STARTED, also_called, extra_missing
from buddy_tui.rules.origin import Origin, importer_of, missing_module, of_target, origin, short_file
from buddy_tui.rules.source_root import deploy_command
from buddy_tui.rules.words import blamed, inside, last_said, stated, told

_NO_ARCHIVE = (
    "No source archive was read: whether the folder was uploaded is inferred from the paths in the log."
)
_IMPORT_ERRORS = frozenset({"ModuleNotFoundError", "ImportError"})
# What uvicorn, hypercorn, flask and Python's `-m` say, each once and without a traceback.
_STATED = (
    (
        re.compile(r"Error loading ASGI app\. Could not import module \"(?P<name>[\w.-]+)\""),
        "ImportFromStringError",
    ),
    (
        re.compile(r"Cannot load application from '(?P<name>[\w.]+)(?::[^']*)?', module not found"),
        "NoAppError",
    ),
    (re.compile(r"(?:^|\s)Error: Could not import '(?P<name>[\w.]+)'\."), ""),
    (
        re.compile(
            r"Error while finding module specification for .* \(ModuleNotFoundError: No module named '(?P<name>[\w.]+)'\)"
        ),
        "ModuleNotFoundError",
    ),
    *((pattern, "") for pattern in NOT_STARTED),
)
_IMPORTED = re.compile(r"\bfrom\s+([\w.]+)\s+import\s+(\w+)|\bimport\s+([\w.]+)")


def third_party_missing(evidence: Evidence) -> Finding | None:
    """Answer when a distribution is not installed: its module, or an extra that a library asks for by name."""
    if found := extra_missing(evidence):
        return found
    raised = blamed(evidence)
    name = missing_module(raised) if raised else ""
    if raised is None or not name:
        return None
    whose = origin(name, raised, evidence)
    return None if whose.ours else told(evidence, raised, _not_installed(name, whose, raised, evidence))


def local_module_missing(evidence: Evidence) -> Finding | None:
    """Answer when a module of the project is not where the process looks for it."""
    raised = blamed(evidence)
    if raised is None:
        return _target_missing(evidence)
    if raised.name in _IMPORT_ERRORS and "attempted relative import" in raised.message:
        return told(evidence, raised, _relative(raised, evidence))
    name = missing_module(raised)
    if not name:
        return _target_missing(evidence)
    whose = origin(name, raised, evidence)
    return told(evidence, raised, _not_there(name, whose, raised, evidence)) if whose.ours else None


def _not_installed(name: str, whose: Origin, raised: Raised, evidence: Evidence) -> Finding:
    if in_python(name):
        return _no_more_in_python(name, raised, evidence)
    wanted = _wanted(name, raised)
    line, asked = requirement_of(wanted), importer_of(raised)
    package = distribution_of(wanted)
    brings = "" if package == name else f", which brings {name},"
    summary = f"{package}{brings} is not installed in the image."
    if asked is not None and not asked.project:
        summary = f"{summary[:-1]}; {short_file(asked.file)} needs it."
    unsure = f"Taken for a package, because {whose.because}; a module of the project that was not uploaded looks alike."
    return Finding(
        Cause.THIRD_PARTY_MISSING,
        whose.confidence,
        boots=False,
        summary=summary,
        short=f"{name} is not installed",
        missing=also_called(name, evidence),
        fix=(f"requirements.txt: add the line {line}", deploy_command(evidence.revision)),
        uncertain=() if whose.confidence is Confidence.CERTAIN else (unsure,),
    )


def _wanted(name: str, raised: Raised) -> str:
    """Return the whole name that was asked for, e.g. `google.cloud.storage` where Python misses `google` alone."""
    frame = importer_of(raised)
    found = _IMPORTED.search(frame.source) if frame else None
    if found is None:
        return name
    whole = found[3] or (f"{found[1]}.{found[2]}" if found[1] in ("google", "google.cloud") else found[1])
    return whole if whole.startswith(f"{name}.") else name


def _no_more_in_python(name: str, raised: Raised, evidence: Evidence) -> Finding:
    """Tell of a part of Python that this version has no more, or not yet."""
    line = backport(name)
    what = "is no longer a part of Python" if gone(name) else "is not a part of the image's Python"
    asked = importer_of(raised)
    newer = (
        f"upgrade the package that {short_file(asked.file)} belongs to" if asked and not asked.project else ""
    )
    fixes = (f"requirements.txt: add the line {line}" if line else "", newer, _other_python(name))
    return Finding(
        Cause.THIRD_PARTY_MISSING,
        Confidence.LIKELY,
        boots=False,
        summary=f"{name} {what}; what still imports it needs a package that brings it, or another Python.",
        short=f"{name} is not in this Python",
        missing=name,
        fix=(*(fix for fix in fixes if fix), deploy_command(evidence.revision)),
        uncertain=("Which version of Python the image has is seen from the paths in the log alone.",),
    )


def _other_python(name: str) -> str:
    if gone(name):
        return "Dockerfile: FROM python:3.11-slim (with buildpacks: .python-version with the line 3.11)"
    return "Dockerfile: FROM python:3.13-slim (with buildpacks: .python-version with the line 3.13)"


def _not_there(name: str, whose: Origin, raised: Raised, evidence: Evidence) -> Finding:
    first, dotted = name.partition(".")[0], "." in name
    where = name.replace(".", "/")
    summary = f"{name} is a module of the project, and the process does not find it."
    if of_target(raised):
        summary = f"The server was told to load {name}, and there is no such module where it was started."
    elif dotted and whose.confidence is Confidence.CERTAIN:
        summary = f"{name.rpartition('.')[0]} is in the image, but {where} is not."
    guess = () if whose.confidence is Confidence.CERTAIN else (_guess(whose),)
    return Finding(
        Cause.LOCAL_MODULE_MISSING,
        whose.confidence,
        boots=False,
        summary=summary,
        short=f"No module named {name}",
        missing=name,
        fix=_left_out(where, evidence) if dotted else _root_fixes(first, raised, evidence),
        uncertain=(*guess, *(() if evidence.sources.uploaded else (_NO_ARCHIVE,))),
    )


def _guess(whose: Origin) -> str:
    return (
        f"Taken for the project's own, because {whose.because}; a package that nobody declared looks alike."
    )


def _left_out(where: str, evidence: Evidence) -> tuple[str, ...]:
    """Return what to do about a part of a package that is there: as a rule it was left out on the way."""
    return (
        f"gcloud meta list-files-for-upload | grep {where}  # nothing? see .gcloudignore and .gitignore",
        f"Dockerfile: COPY . .  (or COPY {where} too), and no line for it in .dockerignore",
        deploy_command(evidence.revision),
    )


def _root_fixes(first: str, raised: Raised, evidence: Evidence) -> tuple[str, ...]:
    """Return what to do about a whole package or module: upload it, or start where it can be found."""
    frame = importer_of(raised)
    file = frame.file if frame and frame.project else ""
    return (
        *_start_above(first, file),
        f"cd into the folder that holds {first}  # a folder or {first}.py",
        deploy_command(evidence.revision),
        f"gcloud meta list-files-for-upload | grep {first}  # nothing? see .gcloudignore and .gitignore",
        _start_beside(first, file),
    )


def _start_above(first: str, file: str) -> tuple[str, ...]:
    """Return the fix where the importing file itself lies in a folder that is called so."""
    root, inner, rest = file.rpartition(f"/{first}/")
    if not inner:
        return ()
    module = f"{first}.{rest.removesuffix('.py').replace('/', '.')}"
    return (f"start from {root or '/'} as {module}, or Dockerfile: ENV PYTHONPATH={root or '/'}",)


def _start_beside(first: str, file: str) -> str:
    folder = inside(file).rpartition("/")[0]
    if not folder or first in folder.split("/"):
        return f"Dockerfile: WORKDIR must be the folder that holds {first}"
    dotted = folder.replace("/", ".")
    return (
        f"if {first} lies beside {folder}/: start with PYTHONPATH={folder}, or import it as {dotted}.{first}"
    )


def _relative(raised: Raised, evidence: Evidence) -> Finding:
    """Tell of a relative import without a parent: its file was started by itself, or from a folder too deep."""
    frame = importer_of(raised)
    file = inside(frame.file) if frame else "the module"
    module = file.removesuffix(".py").replace("/", ".")
    target = evidence.boot.target or f"{module}:app"
    package = target if "." in target else f"PACKAGE.{target}"
    return Finding(
        Cause.LOCAL_MODULE_MISSING,
        Confidence.LIKELY,
        boots=False,
        summary=f"{file} imports from its package, but was started without one, from a folder too deep.",
        short="relative import without a package",
        fix=(
            f"start it as a part of its package, from the folder above: {package}",
            f"or make the import absolute in {file}",
            deploy_command(evidence.revision),
        ),
        uncertain=("Whether the package's folder was uploaded is not seen from the log.",),
    )


def _target_missing(evidence: Evidence) -> Finding | None:
    """Answer when a server says in one line that the module it was told to load is not there."""
    said = last_said(evidence, NO_IMPORT, [pattern for pattern, _ in _STATED])
    if said is None:
        return None
    hit, (pattern, exception) = said[0], _STATED[said[1]]
    unsure = pattern in NOT_STARTED
    if unsure and well_known(hit.match["name"]):
        return None
    sure = Confidence.LIKELY if unsure else Confidence.CERTAIN
    finding = replace(_stated_missing(hit.match["name"], evidence), confidence=sure, exception=exception)
    return stated(evidence, hit, finding)


def _stated_missing(name: str, evidence: Evidence) -> Finding:
    path = name.replace(".", "/")
    return Finding(
        Cause.LOCAL_MODULE_MISSING,
        Confidence.CERTAIN,
        boots=False,
        summary=f"The server was told to load {name}, and there is no such module where it was started.",
        short=f"No module named {name}",
        missing=name,
        fix=(
            f"cd into the folder that holds {path}.py",
            deploy_command(evidence.revision),
            f"or name the folder: uvicorn --app-dir, gunicorn --chdir, or WORKDIR; {path}.py must lie in it",
            f"gcloud meta list-files-for-upload | grep {path}  # nothing? see .gcloudignore and .gitignore",
        ),
        uncertain=() if evidence.sources.uploaded else (_NO_ARCHIVE,),
    )
