"""preflight: whether the image's Python can read every module that the start needs."""

import ast
import sys
import warnings
from dataclasses import replace

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.preflight.wording import bounded, counted, line_at, seen
from buddy_tui.source.values import At, Booted, Module, When

# The oldest grammar that `ast.parse` knows.
_OLDEST = (3, 7)


def syntax(facts: Facts) -> Check:
    """Fail on a module of the start that cannot be read; warn where it is only needed later."""
    modules = facts.graph.modules
    if not modules:
        return Check("syntax", Verdict.SKIPPED, "The entry module was not read.")
    broken = [one for one in (_for_the_image(facts, module) for module in modules) if one.trouble]
    python = f"Python {facts.image.python}" if facts.image.python else "Python"
    if not broken:
        return Check("syntax", Verdict.PASS, f"{python} can read {counted(len(modules), 'module')}.")
    at_start = [one for one in broken if one.when is When.START]
    first = next(iter(at_start), broken[0])
    older = older_python(facts.image.python) is not None
    certain = bool(at_start) and (older or facts.boot.booted is not Booted.PASSED)
    return Check(
        "syntax",
        Verdict.FAIL if certain else Verdict.WARN,
        f"{python} cannot read {_place(first)}: {clean_line(first.trouble)}",
        f"Mend {_place(first)}." if at_start else f"Mend {_place(first)}: it is needed later, not to start.",
        bounded([seen(line_at(facts, one.at) or one.trouble, one.at) for one in broken]),
    )


def older_python(told: str) -> tuple[int, int] | None:
    """Return the image's Python as two numbers when it is older than ours, so that ours reads more than it can."""
    major, _, minor = told.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        return None
    version = (int(major), int(minor))
    return version if _OLDEST <= version < sys.version_info[:2] else None


def _for_the_image(facts: Facts, module: Module) -> Module:
    """Return the module with the trouble that an older Python has with it, where its text was read."""
    version = older_python(facts.image.python)
    if version is None or module.trouble or module.at.path not in facts.texts:
        return module
    try:
        with warnings.catch_warnings():
            # What the compiler thinks of escapes in somebody's strings is not asked here.
            warnings.simplefilter("ignore")
            ast.parse(facts.texts[module.at.path], feature_version=version)
    except SyntaxError as error:
        return replace(module, trouble=f"{error.msg}.", at=At(module.at.path, error.lineno or 0))
    except (ValueError, RecursionError, MemoryError):
        return module
    return module


def _place(module: Module) -> str:
    line = f":{module.at.line}" if module.at.line else ""
    return f"{clean_line(module.at.path)}{line}"
