"""source: what is known of an image that a Dockerfile begins with, by its name alone."""

import re
from dataclasses import dataclass

_VERSION = re.compile(r"(?<![\d.])(3\.\d{1,2})(?![\d])")
# Debian's own Python, by the number of its release: distroless images carry it.
_DEBIAN = {"11": "3.9", "12": "3.11", "13": "3.13"}
# Images whose ENTRYPOINT is the interpreter, as their makers document.
_INTERPRETERS = re.compile(r"(?:^|/)(?:distroless/python3(?:-debian\d+)?|chainguard/python)$")


@dataclass(frozen=True, slots=True)
class Base:
    """What an image brings along. `known` tells that its ENTRYPOINT and CMD are known, empty ones too."""

    python: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    known: bool = False


def base_of(reference: str) -> Base:
    """Return what is known of an image: its Python from its name or tag, and what it starts.

    The official `python` images (and mirrors of them) start the interpreter, distroless ones have it as ENTRYPOINT.
    """
    name, _, _digest = reference.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag = name, ""
    last = path.rpartition("/")[2].lower()
    if _INTERPRETERS.search(path):
        debian = re.search(r"debian(\d+)$", path)
        python = _DEBIAN.get(debian[1], "") if debian else _version(tag)
        return Base(python, entrypoint=("/usr/bin/python3",), known=True)
    if last == "python":
        return Base(_version(tag), command=("python3",), known=True)
    if last in ("scratch", "debian", "ubuntu", "alpine"):
        return Base(known=True)
    spoken = last + ":" + tag if "py" in last + tag else ""
    return Base(_version(spoken))


def _version(text: str) -> str:
    # `python:3.12-alpine3.19`: the first is Python's.
    found = _VERSION.search(text)
    return found[1] if found else ""
