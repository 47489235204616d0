"""preflight: imports that lead nowhere, or to a place where the image does not look."""

from collections.abc import Iterator

from buddy_tui.clean import clean_line
from buddy_tui.preflight.brought import namesake
from buddy_tui.preflight.root import right_root
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import bounded, counted, listed, not_followed, seen
from buddy_tui.source.values import Booted, Found, Import, When

# What makes a folder one that pip installs.
_INSTALLED = ("pyproject.toml", "setup.py", "setup.cfg")
_LOST = frozenset({Found.NOWHERE, Found.ELSEWHERE})
_DOUBTFUL = _LOST | {Found.UNSURE}


def imports(facts: Facts) -> Check:
    """Fail where the start needs one that nobody has; warn where that is only likely, or only later needed."""
    if not facts.graph.modules:
        return Check("imports", Verdict.SKIPPED, "The entry module was not read.")
    found = [*_told(facts)]
    at_start = [one for one in found if one.when is When.START]
    lost = [one for one in at_start if one.found in _LOST and not namesake(facts, one)]
    later = [one for one in found if one.when is When.LATER and one.found in _LOST]
    if lost:
        return _lost(facts, lost)
    # Where it is known what would bring it, the dependencies are asked.
    unsure = [one for one in at_start if one not in lost and not one.target and one.found in _DOUBTFUL]
    if unsure or later:
        return _worth_a_look(unsure, later)
    count = sum(len(module.imports) for module in facts.graph.modules)
    return Check("imports", Verdict.PASS, f"All that the start imports is there: {counted(count, 'import')}.")


def _lost(facts: Facts, lost: list[Import]) -> Check:
    first = lost[0]
    names = list(dict.fromkeys(one.name for one in lost))
    if right_root(facts):
        return Check("imports", Verdict.SKIPPED, "It is the wrong folder: see root.")
    verb = "leads" if len(names) == 1 else "lead"
    said = f"At start {listed(names)} {verb} nowhere."
    if _is_served(facts, first):
        said = f"{clean_line(facts.entry.module)} has no {clean_line(facts.entry.served)}, which is to be served."
    elif file := _not_copied(facts, first):
        said = f"{clean_line(file)} is uploaded, and the image does not get it."
    elif first.elsewhere:
        said = f"{clean_line(first.name)} lies in {listed(first.elsewhere)}, where the image does not look for it."
    return Check(
        "imports",
        Verdict.WARN if _is_doubtful(facts, lost) else Verdict.FAIL,
        said,
        _fix(facts, first),
        (*bounded([_evidence(one) for one in lost]), *not_followed(facts.image.unknown)),
    )


def _is_doubtful(facts: Facts, lost: list[Import]) -> bool:
    """Tell whether it may start all the same: it did, the image has what nobody can see, or pip installs the folders."""
    files = {file.path for file in facts.upload.files}
    installed = all(
        any(f"{folder}/{name}" in files for folder in one.elsewhere for name in _INSTALLED) for one in lost
    )
    unseen = bool(facts.image.unknown) or facts.upload.cut
    # What a server is told to load was not imported with the entry module.
    passed = facts.boot.booted is Booted.PASSED and not any(one.name in facts.entry.also for one in lost)
    return installed or unseen or passed


def _worth_a_look(unsure: list[Import], later: list[Import]) -> Check:
    said = []
    if unsure:
        said.append(f"It cannot be told what brings {listed(dict.fromkeys(one.name for one in unsure))}.")
    if later:
        said.append(f"Only needed later, and nowhere: {listed(dict.fromkeys(one.name for one in later))}.")
    return Check(
        "imports",
        Verdict.WARN,
        " ".join(said),
        "See that a requirement brings it." if unsure else "",
        bounded([_evidence(one) for one in (*unsure, *later)]),
    )


def _told(facts: Facts) -> Iterator[Import]:
    """Yield the imports of the modules that the start needs; those of a module that is needed later come later."""
    for module in facts.graph.modules:
        if module.when is When.START:
            yield from module.imports


def _evidence(one: Import) -> Evidence:
    where = f", found in {listed(one.elsewhere)}" if one.elsewhere else ""
    return seen(f"imports {one.name}{where}", one.at)


def _not_copied(facts: Facts, lost: Import) -> str:
    """Return the file of the upload that would be the module, and that no COPY takes along."""
    inner = lost.name.replace(".", "/")
    paths = {f"{inner}.py", f"{inner}/__init__.py"} & {file.path for file in facts.upload.files}
    return next(iter(sorted(paths - set(facts.image.files.values()))), "")


def _is_served(facts: Facts, one: Import) -> bool:
    """Tell whether it is no import, but what the server takes from the entry module."""
    return bool(facts.entry.served) and one.name == f"{facts.entry.module}.{facts.entry.served}"


def _fix(facts: Facts, first: Import) -> str:
    if _is_served(facts, first):
        return "Mend the command: MODULE:NAME, with a name that the module has."
    if file := _not_copied(facts, first):
        ignored = any(one.path == ".dockerignore" for one in facts.upload.files)
        rules = " .dockerignore may leave it out." if ignored else ""
        return f"{clean_line(facts.image.file)}: COPY {clean_line(file)} ...{rules}"
    if first.elsewhere:
        return f"Copy it to where the process starts, or add its folder to PYTHONPATH: {listed(first.elsewhere, 1)}"
    return f"Upload {clean_line(first.name)}, or add to the requirements what brings it."
