"""rules: the module is there, and what was asked of it is not: a circle of imports, or another version."""

import re

from buddy_tui.boot.frames import is_project
from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.distributions import distribution_of, in_python, requirement_of, shared_root, well_known
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.origin import folders, missing_module
from buddy_tui.rules.sayings import ATTRIBUTE, CIRCLE, NAME, RENAME, SUBMODULE, file_of
from buddy_tui.rules.source_root import deploy_command
from buddy_tui.rules.versions import advice_for, conflict
from buddy_tui.rules.words import blamed, deepest, flat, inside, told


def circular_import(evidence: Evidence) -> Finding | None:
    """Answer when two modules import each other, so that one was asked for a name before it had it."""
    raised = blamed(evidence)
    if raised is None:
        return None
    message = flat(raised.message, 2000)
    found = NAME.search(message) or ATTRIBUTE.search(message) or SUBMODULE.search(message)
    if found is None:
        return None
    path = found.groupdict().get("path") or file_of(found["module"] or "", raised)
    closed = path in {frame.file for frame in raised.frames if frame.project}
    if not (CIRCLE in message or RENAME.search(message) or (closed and found.re is NAME)):
        return None
    sure = Confidence.CERTAIN if closed and CIRCLE in message else Confidence.LIKELY
    if path and not is_project(path):
        sure = Confidence.UNSURE
    return told(evidence, raised, _circle(found["name"], found["module"] or "", sure, raised, evidence))


def import_name_missing(evidence: Evidence) -> Finding | None:
    """Answer when a module has no such name: another version, a part of a namespace that is not installed."""
    raised = blamed(evidence)
    if raised is None:
        return None
    message = flat(raised.message, 2000)
    found = NAME.search(message)
    if found and raised.name in ("ImportError", "ModuleNotFoundError"):
        return told(evidence, raised, _no_name(found, raised, evidence))
    if name := _part_of_library(raised):
        return told(evidence, raised, _no_part(name, evidence))
    if disputed := conflict(raised.name, message):
        return told(evidence, raised, _other_version(disputed[0], message, evidence, disputed[1]))
    return None


def _circle(name: str, module: str, sure: Confidence, raised: Raised, evidence: Evidence) -> Finding:
    frame = deepest(raised, project=True)
    where = f"{inside(frame.file)}:{frame.line}" if frame else "the last import"
    return Finding(
        Cause.CIRCULAR_IMPORT,
        sure,
        boots=False,
        summary=f"{where} wants {name} of {module}, which is still being imported itself and has no {name} yet.",
        short=f"circular import of {module}",
        missing=name,
        fix=(
            f"{where}: move the import into the function that uses {name}",
            f"or put {name} into a module of its own, which {module} and {where.partition(':')[0]} both import",
            deploy_command(evidence.revision),
        ),
        uncertain=()
        if sure is Confidence.CERTAIN
        else ("A file that hides a library of its name looks alike.",),
    )


def _no_name(found: re.Match[str], raised: Raised, evidence: Evidence) -> Finding:
    name, module, path = found["name"], found["module"] or "", found["path"] or ""
    if path == "unknown location":
        return _not_in_namespace(name, module, evidence)
    ours = is_project(path) if path else bool(module) and module.partition(".")[0] in folders(raised)
    if ours:
        return _not_in_own(name, module, inside(path), evidence)
    return _other_version(name, f"{name} from {module}", evidence, module, sure=bool(path))


def _not_in_namespace(name: str, module: str, evidence: Evidence) -> Finding:
    whole = f"{module}.{name}"
    known = shared_root(module)
    line = requirement_of(whole if known else module)
    own = f"gcloud meta list-files-for-upload | grep {whole.replace('.', '/')}  # is it in the upload?"
    fixes = (f"requirements.txt: add the line {line}",) if known or well_known(module) else (own,)
    return Finding(
        Cause.IMPORT_NAME_MISSING,
        Confidence.CERTAIN if known else Confidence.LIKELY,
        boots=False,
        summary=f"{module} is a folder that several share, and none that is installed brings {name}.",
        short=f"no {name} in {module}",
        missing=name,
        fix=(*fixes, deploy_command(evidence.revision)),
        uncertain=() if known else (f"Whether {name} is a module that was left out or a name is not told.",),
    )


def _not_in_own(name: str, module: str, file: str, evidence: Evidence) -> Finding:
    return Finding(
        Cause.IMPORT_NAME_MISSING,
        Confidence.LIKELY,
        boots=False,
        summary=f"{module} is in the image, and has no {name}: it was renamed, or an older file was uploaded.",
        short=f"no {name} in {module}",
        missing=name,
        fix=(
            f"define {name} in {file or module}, or correct the import",
            f"gcloud meta list-files-for-upload | grep {name}  # if {name} is a module: is it in the upload?",
            deploy_command(evidence.revision),
        ),
        uncertain=(f"Whether {name} is a module that was left out or a name that is gone is not told.",),
    )


def _part_of_library(raised: Raised) -> str:
    """Return the dotted module that an installed package has no more or not yet, empty when it is nothing of the kind."""
    name = missing_module(raised)
    first = name.partition(".")[0]
    other = "." not in name or not well_known(first) or shared_root(first) or first in folders(raised)
    return "" if other else name


def _no_part(name: str, evidence: Evidence) -> Finding:
    package = distribution_of(name)
    advice = advice_for(name.rpartition(".")[2], name.rpartition(".")[0])
    return Finding(
        Cause.IMPORT_NAME_MISSING,
        Confidence.LIKELY,
        boots=False,
        summary=f"{package} is installed, and its version has no {name}.",
        short=f"no {name} in this version",
        missing=name,
        fix=(*_version_fixes(package, advice), deploy_command(evidence.revision)),
        uncertain=(f"Which versions of {package} have it is not in the log.",),
    )


def _other_version(
    name: str, what: str, evidence: Evidence, module: str = "", *, sure: bool = False
) -> Finding:
    package = distribution_of(module) if module and not in_python(module) else ""
    whose = package or ("this version of Python" if module else name)
    summary = f"{whose} has no {name}: it is of another version than the code was written for."
    return Finding(
        Cause.IMPORT_NAME_MISSING,
        Confidence.CERTAIN if sure else Confidence.LIKELY,
        boots=False,
        summary=summary if module else f"Two packages want different versions of {name}: {what}",
        short=f"no {name} in {module}" if module else f"{name} in another version",
        missing=name,
        fix=(*_version_fixes(package or name, advice_for(name, module)), deploy_command(evidence.revision)),
        uncertain=("Which version fits is not in the log: compare with a machine on which it runs.",),
    )


def _version_fixes(package: str, advice: str) -> tuple[str, ...]:
    generic = f"requirements.txt: pin {package} to the version on which it last ran (pip freeze there)"
    return (advice, generic) if advice else (generic,)
