"""The registry: sources become images, images are found by name or digest."""

import tempfile
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from buddy_tui.emulator.clock import Clock
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.machine.archive import BuildFailed, unpack
from buddy_tui.emulator.machine.command import Command
from buddy_tui.emulator.machine.dockerfile import Recipe, Tell, read, web_process
from buddy_tui.emulator.machine.layout import digest, lay_out, seal

# The words of Google's Python buildpack.
_NO_ENTRYPOINT = (
    "for Python, provide a main.py or app.py file or set an entrypoint with"
    ' "GOOGLE_ENTRYPOINT" env var or by creating a "Procfile" file'
    " (of these, the emulator knows the Procfile)."
)


@dataclass(frozen=True, slots=True)
class Image:
    """A laid-out image. `root` is a read-only folder that stands for its `/`; `workdir` is a path in the image."""

    digest: str
    root: Path
    workdir: str
    entrypoint: Command
    command: Command
    env: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """A finished build. `reference` ends in `@sha256:…`; `source` is where it came from, e.g. `gs://b/o#1`."""

    reference: str
    image: Image
    source: str
    finished: datetime


class Registry:
    """All images of the world, kept as folders below `folder`."""

    def __init__(self, folder: Path, faults: Faults, clock: Clock) -> None:
        self._folder = folder / "images"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._faults = faults
        self._clock = clock
        # Builds run in threads.
        self._lock = threading.Lock()
        self._built: dict[str, Built] = {}

    def build(
        self,
        archive: bytes | Path,
        reference: str,
        source: str = "",
        *,
        buildpack: bool | None = None,
        tell: Tell = lambda _: None,
    ) -> Built:
        """Make an image of `archive` (zip or tar.gz, as bytes or file; or a folder) and name it `reference`.

        A Dockerfile is followed where there is one, else the Procfile; `buildpack` true or false insists on either.
        `tell` takes the lines of its log. Raises BuildFailed.
        """
        with tempfile.TemporaryDirectory(prefix="build-", dir=self._folder) as work:
            context = archive if isinstance(archive, Path) and archive.is_dir() else Path(work, "context")
            if context != archive:
                unpack(archive, context)
            recipe = _recipe(context, tell, buildpack=buildpack)
            image = self._keep(context, recipe, Path(work, "root"))
        name = _untagged(reference)
        built = Built(f"{name}@{image.digest}", image, source, self._clock.now())
        self._built.update(dict.fromkeys((reference, name, built.reference), built))
        return built

    def find(self, reference: str) -> Image | None:
        """Return the image of that name, with digest, tag or neither; None where there is none (any more)."""
        built = self._built.get(reference)
        return built.image if built and built.reference not in self._faults.missing_images else None

    def holds(self, name: str, digest: str) -> bool:
        """Tell whether an image is there; `name` is its name without the registry's host."""
        whole = (built.reference for built in tuple(self._built.values()))
        return any(one.partition("/")[2] == f"{name}@{digest}" and self.find(one) for one in whole)

    def below(self, repository: str) -> tuple[tuple[Built, bool], ...]:
        """Return the images of `HOST/PROJECT/REPOSITORY`, newest first, and of each whether its bare name means it."""
        there = {
            built.reference: (built, self._built[_untagged(built.reference)] is built)
            for built in tuple(self._built.values())
            if built.reference.startswith(f"{repository}/") and self.find(built.reference)
        }
        return tuple(sorted(there.values(), key=lambda one: one[0].finished, reverse=True))

    def lose(self, reference: str) -> None:
        """Forget an image, named with its digest, as a registry's clean-up policy does."""
        self._faults.missing_images |= {reference}

    def _keep(self, context: Path, recipe: Recipe, root: Path) -> Image:
        try:
            lay_out(context, recipe, root)
        except OSError as problem:
            raise BuildFailed(f"The image cannot be laid out: {problem.strerror or problem}.") from None
        identity = digest(root, recipe)
        # Sixteen digits tell images apart here, and keep paths short where systems limit them.
        home = self._folder / identity.removeprefix("sha256:")[:16]
        with self._lock:
            if not home.exists():
                root.rename(home)
                seal(home)
        return Image(identity, home, recipe.workdir, recipe.entrypoint, recipe.command, recipe.env)


def _recipe(context: Path, tell: Tell, *, buildpack: bool | None) -> Recipe:
    dockerfile = context / "Dockerfile"
    if not buildpack and dockerfile.is_file():
        return read(dockerfile.read_bytes(), tell)
    if buildpack is False:
        raise BuildFailed("The source has no Dockerfile in its root folder.")
    procfile = context / "Procfile"
    recipe = web_process(procfile.read_text(errors="replace"), tell) if procfile.is_file() else None
    if recipe is None:
        raise BuildFailed(f"failed to build: {_NO_ENTRYPOINT}")
    return recipe


def _untagged(reference: str) -> str:
    folder, slash, name = reference.partition("@")[0].rpartition("/")
    return folder + slash + name.partition(":")[0]
