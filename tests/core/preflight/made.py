"""Facts of a small project that is fine, so that a test says only what is wrong."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from buddy_tui.preflight.values import Facts, Git, Target
from buddy_tui.source.values import (
    At,
    Boot,
    Booted,
    Entry,
    Found,
    Graph,
    Image,
    Import,
    Maker,
    Module,
    SourceFile,
    Upload,
)
from tests import make

ROOT = Path("/work/shop")
DOCKERFILE = """\
FROM python:3.12-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD exec uvicorn shop.main:app --host 0.0.0.0 --port $PORT
"""
AT_COMMAND = At("Dockerfile", 5)
COMMAND = ("uvicorn", "shop.main:app", "--host", "0.0.0.0", "--port", "$PORT")
PATHS = ("Dockerfile", "requirements.txt", "shop/__init__.py", "shop/main.py")


def upload(*paths: str, root: Path = ROOT, **over: Any) -> Upload:  # noqa: ANN401 - any field of Upload
    """Return an upload of empty files at these paths."""
    return replace(Upload(root, tuple(SourceFile(path) for path in sorted(paths))), **over)


def image(*paths: str, **over: Any) -> Image:  # noqa: ANN401 - any field of Image
    """Return what the Dockerfile makes of these paths: all of them in /app."""
    base = Image(
        Maker.DOCKERFILE,
        "Dockerfile",
        files={f"/app/{path}": path for path in paths or PATHS},
        workdir="/app",
        command=COMMAND,
        at=AT_COMMAND,
        python="3.12",
        requirements=("requirements.txt",),
    )
    return replace(base, **over)


def entry(**over: Any) -> Entry:  # noqa: ANN401 - any field of Entry
    """Return uvicorn with `shop.main:app` on every address, at `$PORT`."""
    base = Entry("uvicorn", "shop.main", "app", path=("/app",), host="0.0.0.0", port="$PORT", at=AT_COMMAND)
    return replace(base, **over)


def found(name: str, how: Found, **over: Any) -> Import:  # noqa: ANN401 - any field of Import
    """Return an import in line 3 of the entry module."""
    return replace(Import(name, At("shop/main.py", 3), found=how), **over)


def module(name: str = "shop.main", *imports: Import, **over: Any) -> Module:  # noqa: ANN401 - any field of Module
    """Return a module of the start."""
    return replace(Module(name, At(f"{name.replace('.', '/')}.py"), imports=imports), **over)


def graph(*imports: Import, **over: Any) -> Graph:  # noqa: ANN401 - any field of Graph
    """Return a graph of the entry module alone, with these imports."""
    return replace(Graph("shop.main", (module("shop.main", *imports),)), **over)


def facts(**over: Any) -> Facts:  # noqa: ANN401 - any field of Facts
    """Return facts of which no check has anything to say but `pass` and `skipped`."""
    base = Facts(
        source=".",
        upload=upload(*PATHS),
        image=image(),
        entry=entry(),
        graph=graph(found("fastapi", Found.DECLARED, target="fastapi")),
        boot=Boot(Booted.PASSED, "shop.main was imported in 0.4 s."),
        project=ROOT,
        texts={"Dockerfile": DOCKERFILE},
        git=Git(there=True, branch="main"),
        target=Target(
            make.NAME,
            make.service(),
            (make.revision(),),
            wanted=("run.services.update",),
            granted=frozenset({"run.services.update"}),
            apis={"run.googleapis.com": True},
        ),
        tag="candidate",
    )
    return replace(base, **over)
