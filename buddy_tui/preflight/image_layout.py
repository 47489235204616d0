"""preflight: whether the image puts things where its command looks for them: WORKDIR and COPY against the entrypoint."""

import posixpath
import re
from difflib import get_close_matches

from buddy_tui.clean import clean_line
from buddy_tui.preflight.buildpacks import other_language
from buddy_tui.preflight.root import right_root, several_below
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import bounded, line_at, listed, not_followed, seen
from buddy_tui.source.values import At, Booted, Image, Maker

# Images whose working directory is `/`.
_OFFICIAL = re.compile(r"^(?:[^@]*/library/)?(?:python|debian|ubuntu|alpine)(?:[:@]|$)")


def image_layout(facts: Facts) -> Check:
    """Fail on a COPY of what is not there, and on an entry module that the image has elsewhere or not at all."""
    image = facts.image
    if right_root(facts) or several_below(facts):
        return Check("image-layout", Verdict.SKIPPED, "It is the wrong folder: see root.")
    if image.missing:
        return Check(
            "image-layout",
            Verdict.FAIL,
            f"The build ends here: {clean_line(image.missing[0].said)}",
            "Upload what it asks for, or mend the COPY.",
            bounded([seen(line_at(facts, one.at) or one.said, one.at) for one in image.missing]),
        )
    if not image.command and image.maker is not Maker.DOCKERFILE and image.unknown:
        return _nothing(facts)
    if not facts.entry.server:
        why = clean_line(facts.entry.unknown) or "What is started is not understood."
        return Check("image-layout", Verdict.SKIPPED, why, evidence=not_followed(image.unknown))
    if not facts.graph.modules:
        return _misplaced(facts)
    said = f"It starts in {clean_line(image.workdir)}, where the image has {_started(facts)}."
    return Check("image-layout", Verdict.PASS, said, evidence=not_followed(image.unknown))


def _nothing(facts: Facts) -> Check:
    """Judge a build that finds nothing to start: for a Python project, it ends there."""
    unknown = facts.image.unknown[0]
    if other_language(facts):
        return Check(
            "image-layout", Verdict.SKIPPED, "Its buildpack is not one for Python: nothing is known of it."
        )
    return Check(
        "image-layout",
        Verdict.FAIL,
        clean_line(unknown.said),
        "Procfile: web: gunicorn --bind :$PORT main:app",
        (seen(unknown.said, unknown.at),) if unknown.at.path else (),
    )


def _misplaced(facts: Facts) -> Check:
    places = _places(facts)
    doubtful = facts.image.unknown or facts.upload.cut or _folder_of_base(facts)
    certain = not doubtful and facts.boot.booted is not Booted.PASSED
    verdict = Verdict.FAIL if certain else Verdict.WARN
    evidence = (*_command(facts), *not_followed(facts.image.unknown))
    if places:
        looked = listed(facts.entry.path or (facts.image.workdir,))
        return Check(
            "image-layout",
            verdict,
            f"The image has {_started(facts)} in {clean_line(places[0])}, and the command looks in {looked}.",
            _fix(facts, places[0]),
            evidence,
        )
    near = _near(facts)
    return Check(
        "image-layout",
        verdict,
        f"The command starts {_started(facts)}, and no file of the upload is that.",
        f"Did you mean {near}?" if near else "Mend the command, or upload the module.",
        evidence,
    )


def _folder_of_base(facts: Facts) -> bool:
    """Tell whether the working directory may be the base image's own, which its files alone do not tell."""
    bases = re.findall(r"(?im)^\s*FROM\s+(?:--\S+\s+)*(\S+)", facts.texts.get(facts.image.file, ""))
    return facts.image.workdir == "/" and not any(_OFFICIAL.search(base) for base in bases[-1:])


def _places(facts: Facts) -> list[str]:
    """Return the folders of the image from which the entry would be found, nearest to the working directory first."""
    entry, image = facts.entry, facts.image
    inner = posixpath.basename(entry.script) if entry.script else entry.module.replace(".", "/")
    ends = (f"/{inner}",) if entry.script else (f"/{inner}.py", f"/{inner}/__init__.py")
    found = {path[: -len(end)] or "/" for path in image.files for end in ends if path.endswith(end)}
    return sorted(found, key=lambda folder: (not folder.startswith(image.workdir), len(folder), folder))


def _fix(facts: Facts, place: str) -> str:
    if facts.image.maker is Maker.DOCKERFILE:
        return f"{clean_line(facts.image.file)}: WORKDIR {clean_line(place)}"
    inner = posixpath.relpath(place, facts.image.workdir)
    option = {"gunicorn": "--chdir", "uvicorn": "--app-dir"}.get(facts.entry.server)
    return (
        f"{facts.entry.server} {option} {clean_line(inner)} ..."
        if option
        else f"Start it in {clean_line(inner)}/."
    )


def _near(facts: Facts) -> str:
    """Return a module of the image that is spelled nearly as the one that is started."""
    names = {_dotted(path, facts.image) for path in facts.image.files if path.endswith(".py")}
    return clean_line(next(iter(get_close_matches(facts.entry.module, names, 1, 0.8)), ""))


def _dotted(path: str, image: Image) -> str:
    inner = path.removeprefix(f"{image.workdir.rstrip('/')}/").removesuffix(".py").removesuffix("/__init__")
    return inner.strip("/").replace("/", ".")


def _command(facts: Facts) -> tuple[Evidence, ...]:
    at = facts.entry.at if facts.entry.at.path else facts.image.at
    return (seen(line_at(facts, at) or f"starts {_started(facts)}", at),) if at != At("") else ()


def _started(facts: Facts) -> str:
    return clean_line(facts.entry.script or facts.entry.module)
