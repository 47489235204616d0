"""preflight: files that the program needs, and that an ignore rule keeps out of the upload."""

import posixpath
from collections.abc import Iterator

from buddy_tui.clean import clean_line
from buddy_tui.preflight.brought import run_not_followed
from buddy_tui.preflight.root import missing_at_start
from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import bounded, line_at, listed, seen
from buddy_tui.source.values import At, LeftOut

_BUILD_FILE = "Dockerfile"


def left_out(facts: Facts) -> Check:
    """Fail where the build or the start needs one that nothing else may make; warn of what is no file to upload."""
    needed = {one.path: (one, why) for one, why in _needed(facts)}
    if needed:
        rules = [one for one, _ in needed.values()]
        return Check(
            "left-out",
            Verdict.WARN if _may_be_made(facts, rules) else Verdict.FAIL,
            f"{listed(needed)} {'is' if len(needed) == 1 else 'are'} left out of the upload, and needed.",
            f"Delete line {rules[0].at.line} of {clean_line(rules[0].at.path)} ({clean_line(rules[0].rule)}), or add "
            f"below it: !/{clean_line(rules[0].path)}",
            bounded(
                [seen(f"{one.rule} leaves {one.path} out; {why}", one.at) for one, why in needed.values()]
            ),
        )
    if facts.upload.not_taken:
        return _not_taken(facts)
    count = len(facts.upload.left_out)
    if not count:
        return Check("left-out", Verdict.PASS, "Nothing is left out of the upload.")
    said = f"{facts.upload.ignore_file} leaves {count:,} out, nothing that the start needs."
    return Check("left-out", Verdict.PASS, said)


def _may_be_made(facts: Facts, rules: list[LeftOut]) -> bool:
    """Tell whether the build may make them: what git ignores is often made, and some step cannot be followed."""
    ignored = all(posixpath.basename(one.at.path) == ".gitignore" for one in rules)
    return ignored and run_not_followed(facts) and not facts.image.missing


def _not_taken(facts: Facts) -> Check:
    odd = facts.upload.not_taken
    return Check(
        "left-out",
        Verdict.WARN,
        f"{listed(one.path for one in odd)} cannot be uploaded: {odd[0].why}",
        "See that nothing needs it.",
        bounded([seen(one.why, At(one.path)) for one in odd]),
    )


def _needed(facts: Facts) -> Iterator[tuple[LeftOut, str]]:
    """Yield what is left out and needed, each with the reason, the surest first."""
    left = facts.upload.left_out
    for path, why in (*_by_the_build(facts), *_by_the_start(facts)):
        if rule := _rule_for(path, left):
            yield rule, why


def _by_the_build(facts: Facts) -> Iterator[tuple[str, str]]:
    yield _BUILD_FILE, "gcloud builds with it"
    for one in facts.image.missing:
        for word in line_at(facts, one.at).split()[1:-1]:
            yield word.strip('[]",'), f"{facts.image.file}:{one.at.line} copies it"


def _by_the_start(facts: Facts) -> Iterator[tuple[str, str]]:
    if not facts.graph.modules:
        for path in _entry_paths(facts):
            yield path, "it is what is started"
    for one in missing_at_start(facts):
        for path in one.elsewhere:
            yield path, f"{one.at.path}:{one.at.line} imports {one.name}"


def _entry_paths(facts: Facts) -> tuple[str, ...]:
    entry = facts.entry
    if entry.script:
        return (entry.script.removeprefix(facts.image.workdir).lstrip("/"),)
    inner = entry.module.replace(".", "/")
    return (f"{inner}.py", f"{inner}/__init__.py") if inner else ()


def _rule_for(path: str, left: tuple[LeftOut, ...]) -> LeftOut | None:
    """Return the rule that leaves out a path, or the folder that it lies in."""
    plain = path.removeprefix("./").rstrip("/")
    return next(
        (
            one
            for one in left
            if one.path.rstrip("/") == plain or (one.path.endswith("/") and plain.startswith(one.path))
        ),
        None,
    )
