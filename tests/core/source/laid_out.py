"""Small trees on disk, and the images that copy all of them to /app."""

from pathlib import Path

from buddy_tui.source.declared import Declared, declared_in
from buddy_tui.source.graph import graph_of
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import At, Entry, Found, Graph, Image, Maker, Upload

REQUIREMENTS = "requirements.txt"


def tree(root: Path, files: dict[str, str]) -> Upload:
    """Write files below a root, and return what would be uploaded from it."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return upload_set(root)


def image_of_all(upload: Upload, *, python: str = "3.11", env: dict[str, str] | None = None) -> Image:
    """Return the image of `COPY . /app`, with requirements.txt installed where there is one."""
    paths = [file.path for file in upload.files]
    return Image(
        Maker.DOCKERFILE,
        file="Dockerfile",
        files={f"/app/{path}": path for path in paths},
        workdir="/app",
        env=env or {},
        python=python,
        requirements=tuple(path for path in paths if path == REQUIREMENTS),
    )


def started(module: str, *path: str) -> Entry:
    """Return the entry module of uvicorn, of which nothing is taken; `path` is /app unless said otherwise."""
    return Entry("uvicorn", module, path=path or ("/app",), at=At("Dockerfile", 4))


def graph(
    upload: Upload,
    module: str = "main",
    *path: str,
    whole: Upload | None = None,
    python: str = "3.11",
    declared: Declared | None = None,
) -> Graph:
    """Return the graph of a module of an upload that is copied to /app."""
    image = image_of_all(upload, python=python)
    return graph_of(
        upload, image, started(module, *path), declared=declared or declared_in(upload, image), whole=whole
    )


def found(told: Graph) -> dict[str, Found]:
    """Return where each import leads, of the modules of a graph together, the server's own excepted."""
    return {
        one.name: one.found
        for module in told.modules
        for one in module.imports
        if one.at.path != "Dockerfile"
    }
