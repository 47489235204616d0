"""Source: the upload set and the import graph of 2,000 modules beside gcloud's list of files, and archives beside zipfile.

Run it as `uv run python benchmarks/source.py`. Both lists are made by a process of their own, from its start to its
end, for the same tree, turn by turn; they must be the same. `--rounds 1 --modules 200 --ignored 100` is the short way
to see that it works. Without gcloud, there is nothing to compare the list with.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path
from typing import Any

from report import Promise, compared, compiling, interleaved, show

from buddy_tui.source.archive import pack
from buddy_tui.source.upload import upload_set

_GITIGNORE = """\
__pycache__/
*.py[cod]
*$py.class
*.so
build/
dist/
*.egg-info/
.eggs/
.tox/
.coverage
.coverage.*
htmlcov/
.pytest_cache/
.mypy_cache/
.ruff_cache/
.venv
venv/
.env
*.log
local_settings.py
db.sqlite3
/instance
docs/_build/
node_modules/
!keep.log
"""
_MODULE = '''\
"""Module {number} of the tree."""

import json
from dataclasses import dataclass
{imports}

LIMIT = {number}


@dataclass(frozen=True)
class Order{number}:
    """An order of kind {number}."""

    name: str
    count: int = LIMIT

    def price(self, rate: float) -> float:
        """Return what it costs."""
        if self.count < 0:
            raise ValueError(f"{{self.name}} has a count of {{self.count}}")
        return sum(rate * one for one in range(self.count)) / (self.count or 1)

    def told(self) -> str:
        """Return it as JSON."""
        return json.dumps({{"name": self.name, "count": self.count, "kind": {number}}})
'''
# Prints how many files and modules there are, the seconds for each, and the paths.
_OURS = """\
import json, sys, time
from pathlib import Path

from buddy_tui.source.upload import upload_set

began = time.perf_counter()
upload = upload_set(Path(sys.argv[1]))
listed = time.perf_counter() - began
told = {"files": [file.path for file in upload.files], "listed": listed}
if sys.argv[2:]:
    from buddy_tui.source.declared import declared_in
    from buddy_tui.source.entry import entry_of
    from buddy_tui.source.graph import graph_of
    from buddy_tui.source.image import image_of

    began = time.perf_counter()
    image = image_of(upload)
    graph = graph_of(upload, image, entry_of(image, upload), declared=declared_in(upload, image))
    told |= {"modules": len(graph.modules), "graph": time.perf_counter() - began}
json.dump(told, sys.stdout)
"""


def grow(root: Path, modules: int, ignored: int) -> None:
    """Write a project: parts of ten modules, each of which imports others further down, and a folder of what is ignored."""
    files = {
        ".gitignore": _GITIGNORE,
        ".git/HEAD": "ref: refs/heads/main\n",
        "Dockerfile": 'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD ["uvicorn", "shop.main:app"]\n',
        "requirements.txt": "uvicorn\n",
        "shop/__init__.py": "",
        "shop/main.py": "".join(f"import {_name(one)}\n" for one in range(0, modules, 10)) + "app = None\n",
    }
    files |= {f"shop/part{one // 10}/__init__.py": "" for one in range(0, modules, 10)}
    files |= {f"{_name(one).replace('.', '/')}.py": _module(one, modules) for one in range(modules)}
    files |= {f"node_modules/lib{one // 100}/file{one}.js": "" for one in range(ignored)}
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def _name(number: int) -> str:
    return f"shop.part{number // 10}.module{number}"


def _module(number: int, modules: int) -> str:
    """Return a module that imports the next two of its part and, as its last, the first of the part ten parts on."""
    wanted = {number + 1, number + 2} if number % 10 < 8 else {number + 91}
    names = (_name(one) for one in sorted(wanted) if one < modules)
    return _MODULE.format(number=number, imports="\n".join(f"import {name}" for name in names))


def listing(root: Path, rounds: int, home: Path) -> list[Promise]:
    """Compare the seconds of two processes: ours with and without the graph, and gcloud's."""
    environ = compiling(os.environ, str(home)) | {"CLOUDSDK_CONFIG": str(home / "gcloud")}
    gcloud = shutil.which("gcloud")
    inside: list[dict[str, Any]] = []

    def ours(*wanted: str) -> float:
        seconds, told = _timed([sys.executable, "-c", _OURS, str(root), *wanted], environ)
        inside.append(json.loads(told))
        return seconds

    def theirs() -> float:
        seconds, told = _timed([gcloud or "", "meta", "list-files-for-upload", str(root)], environ)
        if sorted(told.splitlines()) != inside[-1]["files"]:
            raise SystemExit("gcloud would upload other files.")
        return seconds

    measures = {"list": ours, "graph": lambda: ours("graph")} | ({"gcloud": theirs} if gcloud else {})
    values = interleaved(rounds, measures)
    if inside[-1]["modules"] < len(list(root.glob("shop/part*/module*.py"))):
        raise SystemExit("The graph does not reach every module.")
    under = values.get("gcloud", [])
    last = inside[-1]
    return [
        _over(
            "upload set and import graph / gcloud meta list-files-for-upload", values["graph"], under, 0.25
        ),
        _over("upload set alone / gcloud meta list-files-for-upload", values["list"], under, None),
        Promise(f"graph of {last['modules']} modules, in the process", last["graph"], 2.0, unit="s"),
        Promise(f"upload set of {len(last['files'])} files, in the process", last["listed"], unit="s"),
    ]


def _over(name: str, over: Sequence[float], under: Sequence[float], goal: float | None) -> Promise:
    return (
        compared(name, over, under, goal=goal) if under else Promise(name, nan, goal, note="no gcloud here")
    )


def _timed(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, str]:
    began = time.perf_counter()
    told = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True).stdout
    return time.perf_counter() - began, told


def packing(name: str, root: Path, rounds: int, out: Path) -> Promise:
    """Compare the seconds to pack the same files, ours with its checks and sums."""
    upload = upload_set(root)

    def ours() -> float:
        began = time.perf_counter()
        pack(upload, out / "ours.zip", lambda _: None)
        return time.perf_counter() - began

    def plain() -> float:
        began = time.perf_counter()
        with zipfile.ZipFile(out / "plain.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in upload.files:
                archive.write(root / file.path, file.path)
        return time.perf_counter() - began

    values = interleaved(rounds, {"ours": ours, "zipfile": plain})
    return compared(f"archive of {name} / zipfile alone", values["ours"], values["zipfile"], goal=1.2)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--modules", type=int, default=2000)
    parser.add_argument("--ignored", type=int, default=50_000)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        root, large, out = (home / name for name in ("modules", "large", "out"))
        for one in (large, out):
            one.mkdir()
        grow(root, told.modules, told.ignored)
        program = Path(sys.executable).resolve().read_bytes()
        for number in range(8):  # what deflate has work with, and what it does not shrink
            (large / f"{number}.bin").write_bytes(program[: 4 << 20] + os.urandom(1 << 20))
        promises = [
            *listing(root, told.rounds, home),
            packing(f"{told.modules} modules", root, told.rounds, out),
            packing("8 files of 5 MB", large, told.rounds, out),
        ]
    show("Source", promises)


if __name__ == "__main__":
    main()
