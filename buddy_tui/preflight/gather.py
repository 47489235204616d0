"""preflight: reads everything that the checks look at, so that they are pure. Nothing is run but the smoke boot."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError
from buddy_tui.preflight.git_state import git_state
from buddy_tui.preflight.syntax import older_python
from buddy_tui.preflight.values import Facts, Target
from buddy_tui.source.declared import declared_in
from buddy_tui.source.entry import entry_of
from buddy_tui.source.graph import graph_of
from buddy_tui.source.image import image_of
from buddy_tui.source.projects import project_of
from buddy_tui.source.reading import read_text
from buddy_tui.source.smoke import smoke_boot
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import Boot, Booted, Entry, Found, Graph, Image, Upload

_MOST_TEXT = 256 << 10
_BOOT_SECONDS = 30.0
_SWITCHED_OFF = Boot(Booted.NOT_TRIED, "The smoke boot is switched off.")
# What a change of the service would be made for, where nobody asked about one.
NO_TARGET = Target(trouble="No service was named, so nothing was asked about one: say --service.")


async def gather(
    source: str,
    *,
    smoke: bool = True,
    target: Target = NO_TARGET,
    tag: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> Facts:
    """Read a source folder as it would be uploaded, and boot its entry module when `smoke` says so.

    `tell` gets a sentence before anything is run. Raises UsageProblem when there is no such folder, or it cannot be
    listed.
    """
    read = await asyncio.to_thread(_read, source)
    git, boot = await asyncio.gather(
        git_state(read.upload.root), _booted(read, tell) if smoke else _not_booted()
    )
    return Facts(
        source=read.source,
        upload=read.upload,
        image=read.image,
        entry=read.entry,
        graph=read.graph,
        boot=boot,
        project=read.project,
        whole=read.whole,
        texts=await asyncio.to_thread(_texts, read),
        git=git,
        target=target,
        tag=tag,
        declared=read.declared,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What the files tell."""

    source: str
    upload: Upload
    image: Image
    entry: Entry
    graph: Graph
    project: Path
    whole: Upload | None
    declared: frozenset[str]


def _read(source: str) -> _Read:
    upload = upload_set(Path(source))
    image = image_of(upload)
    entry = entry_of(image, upload)
    project = project_of(upload.root)
    whole = _whole(project) if project != upload.root else None
    declared = declared_in(upload, image)
    graph = graph_of(upload, image, entry, declared=declared, whole=whole)
    if _by_another_name(graph):
        # A folder of the project that is called so is more likely what is meant: aiohappyeyeballs is no `app`.
        own = graph_of(upload, image, entry, declared=replace(declared, names=frozenset()), whole=whole)
        graph = own if own.roots else graph
    said = _as_said(source, upload.root)
    return _Read(said, upload, image, entry, graph, project, whole, declared.names)


def _by_another_name(graph: Graph) -> bool:
    """Tell whether the entry is no file, but thought to come with a distribution that only has a similar name."""
    module = next(iter(graph.modules), None)
    brought = module.imports if module and not module.at.path.endswith(".py") else ()
    return any(
        one.name == graph.entry
        and one.found is Found.DECLARED
        and canonicalize_name(one.target) != canonicalize_name(one.name.partition(".")[0])
        for one in brought
    )


def _whole(project: Path) -> Upload | None:
    """Return the upload set of the project; `None` where it cannot be listed, which takes nothing but suggestions."""
    try:
        return upload_set(project)
    except BuddyError:
        return None


def _as_said(source: str, root: Path) -> str:
    """Return the folder as the operator said it, unless a link is on its way: then `..` leads elsewhere."""
    return source if Path(os.path.abspath(source)) == root else str(root)  # noqa: PTH100 - keeps links


async def _booted(read: _Read, tell: Callable[[str], None]) -> Boot:
    if not read.graph.modules:
        return Boot(Booted.NOT_TRIED, "The entry module is not there to be imported.")
    tell(
        f"Smoke boot: {clean_line(read.graph.entry)} is imported in a copy of the upload, without credentials; "
        "--no-boot leaves it out."
    )
    return await smoke_boot(read.upload, read.image, read.entry, seconds=_BOOT_SECONDS)


async def _not_booted() -> Boot:
    return _SWITCHED_OFF


def _texts(read: _Read) -> dict[str, str]:
    """Return the few texts from which checks quote."""
    there = {file.path for file in read.upload.files}
    return {
        path: text
        for path in dict.fromkeys(_quoted(read))
        if path in there and (text := _text(read.upload, path))
    }


def _quoted(read: _Read) -> Iterator[str]:
    yield from (read.image.file, read.image.at.path, read.entry.at.path, *read.image.requirements)
    yield read.image.files.get(read.entry.script, "")
    yield from (module.at.path for module in read.graph.modules[:1])
    old = older_python(read.image.python) is not None
    yield from (module.at.path for module in read.graph.modules if module.trouble or old)


def _text(upload: Upload, path: str) -> str:
    try:
        return read_text(upload, path, _MOST_TEXT)
    except BuddyError:
        return ""
