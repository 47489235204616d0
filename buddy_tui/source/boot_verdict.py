"""source: what the end of a smoke boot says about the code, and what it says about this machine alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from buddy_tui.clean import clean, clean_line
from buddy_tui.redact import redact
from buddy_tui.rules.distributions import well_known
from buddy_tui.source.finders import Whereabouts
from buddy_tui.source.imports import newer_syntax
from buddy_tui.source.standard import standard, version_of
from buddy_tui.source.values import Boot, Booted, Entry, Image, Upload

_MOST_LINES = 40
# Errors that a name or a word in the code has made, whatever is installed or set.
_CODE = frozenset({"NameError", "UnboundLocalError"})
_PARTIAL = re.compile(r"partially initialized module '([\w.]+)'|^module '([\w.]+)' has no attribute")


@dataclass(frozen=True, slots=True)
class Tried:
    """How it was tried.

    `own`: with the project's own Python; `left` files of the image were not there; `packages` are folders of the
    upload whose packages the image installs.
    """

    own: bool
    left: int
    packages: tuple[str, ...] = ()


def judged(
    told: Mapping[str, object],
    ended: str,
    output: str,
    upload: Upload,
    image: Image,
    entry: Entry,
    tried: Tried,
) -> Boot:
    """Return the verdict on what the process told; `ended` says why it was ended where it did not end by itself.

    Only what is certainly the code's is a failure; a missing dependency, setting or network is not tried.
    """
    if not told:
        said = ended or "The process ended while it imported, and did not say why."
        return Boot(Booted.NOT_TRIED, said, traceback=_end_of(_without_times(output)))
    raised = str(told.get("raised", ""))
    if not raised:
        return Boot(Booted.PASSED, "It was imported.")
    trace = _end_of(str(told.get("traceback", "")))
    sentence = f"{raised}: {redact(clean_line(str(told.get('said', ''))))[:300]}"
    if raised == "ModuleNotFoundError":
        name, failed = str(told.get("name", "")), Boot(Booted.FAILED, sentence, traceback=trace)
        return _missing(name, failed, image, is_own=_own_module(name, upload, image, entry, tried.packages))
    certain = _certain(raised, told, image, own=tried.own)
    if certain and not tried.left:
        return Boot(Booted.FAILED, sentence, traceback=trace)
    return Boot(Booted.NOT_TRIED, f"{sentence}. {_why(tried.left)}", traceback=trace)


def _why(left: int) -> str:
    if left:
        return f"{left} files of the image could not be laid out here."
    return "That may be for want of what the service has and this machine has not."


def _missing(name: str, failed: Boot, image: Image, *, is_own: bool) -> Boot:
    """Judge a module that is not there: `failed` where it is the project's own, for all that can be told."""
    if name and is_own:
        return failed
    said = f"{name or 'A module'} is not installed here."
    if standard(name, image.python):
        said = f"{name} is in the image's Python, and not in the one that is here."
    return replace(failed, booted=Booted.NOT_TRIED, said=said, missing=(name,) if name else ())


def _own_module(name: str, upload: Upload, image: Image, entry: Entry, packages: tuple[str, ...]) -> bool:
    """Tell whether a module is the project's: a part of a package of it, the entry itself, or one that lies elsewhere."""
    if "." in name and _local(name, image):
        return True
    if well_known(name) or standard(name, image.python):
        return False
    roots = Whereabouts(file.path for file in upload.files).roots(name)
    return f"{entry.module}.".startswith(f"{name}.") or not set(roots) <= set(packages)


def _local(name: str, image: Image) -> bool:
    """Tell whether a module, or the package that it would be in, is one of the image's own files."""
    first = name.partition(".")[0]
    return bool(first) and bool(Whereabouts(place.lstrip("/") for place in image.files).roots(first))


def _certain(raised: str, told: Mapping[str, object], image: Image, *, own: bool) -> bool:
    """Tell whether an exception other than a missing module is certainly the code's."""
    kinds = told.get("kinds")
    kinds = kinds if isinstance(kinds, list) else []
    said, here = str(told.get("said", "")), bool(told.get("here"))
    if "SyntaxError" in kinds:
        return here and not (_is_older(told, image) and newer_syntax(str(told.get("line", "")), said))
    if raised == "ImportError":
        relative = "attempted relative import" in said
        return relative or _local(str(told.get("name", "")), image)
    partial = _PARTIAL.search(said)
    if partial and _local(partial[1] or partial[2], image):
        return True
    if raised in _CODE:
        return here
    return raised == "AttributeError" and here and (own or not told.get("foreign"))


def _is_older(told: Mapping[str, object], image: Image) -> bool:
    """Tell whether the Python that it ran with may be older than the image's."""
    ran, wanted = told.get("python"), version_of(image.python)
    return not any(wanted) or not isinstance(ran, list) or wanted > tuple(ran)


def _without_times(output: str) -> str:
    return "\n".join(line for line in output.split("\n") if not line.startswith("import time:"))


def _end_of(text: str) -> str:
    """Return the last lines of foreign output, clean and without what looks like a secret."""
    return "\n".join(redact(line) for line in clean(text).strip().split("\n")[-_MOST_LINES:])
