"""preflight: dependencies that the start imports and that nobody declares."""

from collections.abc import Iterator

from buddy_tui.clean import clean_line
from buddy_tui.preflight.brought import perhaps_brought, run_not_followed, surely_brought
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import bounded, counted, listed, seen
from buddy_tui.source.values import Found, Import, Maker, When

_FILES = ("requirements.txt", "pyproject.toml")
_PIPFILE = "Pipfile"


def dependencies(facts: Facts) -> Check:
    """Fail where the start needs one that is surely not installed; warn where another may bring it, or it comes later."""
    if not facts.graph.modules:
        return Check("dependencies", Verdict.SKIPPED, "The entry module was not read.")
    undeclared = [*_undeclared(facts)]
    at_start = [one for one in undeclared if one.when is When.START and _is_certain(facts, one)]
    worst = at_start or [one for one in undeclared if one.when in {When.START, When.LATER}]
    if not worst:
        return _not_installed(facts) if _never_installed(facts) else _fine(facts)
    names = list(dict.fromkeys(one.target or one.name for one in worst))
    verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
    unsure = worst[0].when is When.START and not at_start
    when = "later on" if worst[0].when is When.LATER else "at start"
    return Check(
        "dependencies",
        Verdict.FAIL if at_start else Verdict.WARN,
        f"{listed(names)} {verb} imported {when}, and no file declares {them}"
        + (", unless another brings it along." if unsure else "."),
        _fix(facts, names),
        bounded([_evidence(one) for one in worst]),
    )


def _not_installed(facts: Facts) -> Check:
    file = clean_line(facts.image.file)
    return Check(
        "dependencies",
        Verdict.WARN,
        f"No step of {file} is seen to install anything: unless its base image has it all, the start fails.",
        f"{file}: RUN pip install --no-cache-dir -r requirements.txt",
        bounded([seen(f"imports {one.name}", one.at) for one in _declared(facts)]),
    )


def _fine(facts: Facts) -> Check:
    used = {one.target for one in _declared(facts)}
    said = f"Declared, all that is imported: {counted(len(used), 'distribution')}."
    return Check("dependencies", Verdict.PASS, said)


def _undeclared(facts: Facts) -> Iterator[Import]:
    for module in facts.graph.modules:
        if module.when is When.START:
            yield from (
                one for one in module.imports if _is_undeclared(one) and not surely_brought(facts, one)
            )


def _is_certain(facts: Facts, one: Import) -> bool:
    """Tell whether nobody can have installed it: no namesake, and no RUN that cannot be followed."""
    sure = one.found is Found.UNDECLARED and not perhaps_brought(facts, one)
    return sure and not run_not_followed(facts)


def _is_undeclared(one: Import) -> bool:
    """Tell whether nobody declares it; where nobody can say what brings it, that counts if its name is known."""
    unsure = one.found is Found.UNSURE and one.when is When.START and bool(one.target)
    return one.found is Found.UNDECLARED or unsure


def _declared(facts: Facts) -> list[Import]:
    return [
        one
        for module in facts.graph.modules
        for one in module.imports
        if one.found is Found.DECLARED and one.when is not When.TYPES
    ]


def _never_installed(facts: Facts) -> bool:
    image = facts.image
    nothing = image.maker is Maker.DOCKERFILE and not (image.requirements or image.installs)
    return nothing and not image.missing and bool(_declared(facts))


def _evidence(one: Import) -> Evidence:
    return seen(f"imports {one.name}, which {one.target or one.name} brings", one.at)


def _fix(facts: Facts, names: list[str]) -> str:
    here = {file.path for file in facts.upload.files}
    docker = facts.image.maker is Maker.DOCKERFILE
    files = (*_FILES, _PIPFILE) if docker else _FILES
    told = next(iter(facts.image.requirements), "") or next((one for one in files if one in here), files[0])
    why = " (a buildpack reads no Pipfile)" if _PIPFILE in here and not docker else ""
    return f"Add to {clean_line(told)}{why}: {clean_line('  '.join(names))}"
