"""source: what Google's buildpacks make of an upload without a Dockerfile, as their published sources have it.

The upload lies in /workspace. A Procfile says what is started; without one, the Python buildpack chooses.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from buddy_tui.errors import UsageProblem
from buddy_tui.source.installing import installed_packages
from buddy_tui.source.reading import read_text
from buddy_tui.source.shell_words import needs_shell, words_of
from buddy_tui.source.values import NO_PLACE, At, Image, Maker, Unknown, Upload

WORKSPACE = "/workspace"
# The newest Python of google-22, the stack that gcloud asks for; .python-version chooses another.
_NEWEST = "3.13"
_WEB = re.compile(r"^web\s*:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
# The lock files that stand beside a pyproject.toml, and take part in what is installed.
_LOCKS = ("poetry.lock", "uv.lock")


def image_of_source(upload: Upload) -> Image:
    """Return the image that buildpacks build from an upload without a Dockerfile."""
    source = _Source(upload)
    image = Image(
        maker=Maker.PROCFILE if source.has("Procfile") else Maker.BUILDPACK,
        file="Procfile" if source.has("Procfile") else "",
        files=_files(source),
        workdir=WORKSPACE,
        python=source.python,
        python_at=At(".python-version", 1) if source.has(".python-version") else NO_PLACE,
        requirements=source.requirements,
    )
    return _with_procfile(image, source) if image.maker is Maker.PROCFILE else _with_default(image, source)


class _Source:
    """The few files of an upload's root that a buildpack looks at."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self._paths = frozenset(one.path for one in upload.files)
        self.python = self._python()
        self.pyproject = self._toml("pyproject.toml")
        # requirements.txt goes before pyproject.toml, where both are there.
        self.uses_pyproject = self.has("pyproject.toml") and not self.has("requirements.txt")

    def has(self, path: str) -> bool:
        return path in self._paths

    def text(self, path: str) -> str:
        try:
            return read_text(self.upload, path) if self.has(path) else ""
        except UsageProblem:
            return ""

    @property
    def requirements(self) -> tuple[str, ...]:
        if self.has("requirements.txt"):
            return ("requirements.txt",)
        return tuple(name for name in ("pyproject.toml", *_LOCKS) if self.uses_pyproject and self.has(name))

    def declares(self, package: str) -> bool:
        """Tell whether a package is named, by the buildpacks' own pattern: at the start of a line, no longer name."""
        text = self.text("requirements.txt")
        if self.uses_pyproject:
            text = "\n".join(map(str, _list(_part(self.pyproject, "project"), "dependencies")))
            if package in _part(self.pyproject, "tool", "poetry", "dependencies"):
                return True
        end = "" if package.endswith("]") else r"\b"
        return bool(re.search(rf"^{re.escape(package)}{end}([^-]|$)", text, re.MULTILINE))

    def script(self) -> tuple[str, ...]:
        """Return the console script of pyproject.toml that is started: the only one, or the one named `start`."""
        if not self.uses_pyproject:
            return ()
        for scripts in (
            _part(self.pyproject, "tool", "poetry", "scripts"),
            _part(self.pyproject, "project", "scripts"),
        ):
            name = next(iter(scripts)) if len(scripts) == 1 else "start" if "start" in scripts else ""
            if name:
                return self._runner(name)
        return ()

    def _runner(self, name: str) -> tuple[str, ...]:
        if _part(self.pyproject, "tool", "poetry"):
            return ("poetry", "run", name)
        return ("uv", "run", name) if self.has("uv.lock") else (name,)

    def _python(self) -> str:
        told = self.text(".python-version").strip() or _NEWEST
        found = re.match(r"(\d+\.\d+)", told)
        return found[1] if found else ""

    def _toml(self, path: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text(path))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}


def _files(source: _Source) -> dict[str, str]:
    files = {f"{WORKSPACE}/{one.path}": one.path for one in source.upload.files}
    # Only a project with a build system is installed itself; Poetry's is unless it says otherwise.
    if source.uses_pyproject and "build-system" in source.pyproject:
        files |= dict(installed_packages(files, WORKSPACE))
    return files


def _with_procfile(image: Image, source: _Source) -> Image:
    text = source.text("Procfile")
    found = _WEB.search(text)
    if not found:
        return _failing(image, "The Procfile names no web process: the build fails.", At("Procfile"))
    at = At("Procfile", text.count("\n", 0, found.start()) + 1)
    return replace(image, command=words_of(found[1]), shell=needs_shell(found[1]), at=at)


def _with_default(image: Image, source: _Source) -> Image:
    """Choose what the Python buildpack starts: a script of pyproject.toml, else main.py or app.py by what is installed."""
    if not any("/" not in one.path and one.path.endswith(".py") for one in source.upload.files):
        said = "There is no Dockerfile, no Procfile and no Python file in the root: a buildpack finds nothing to start."
        return _failing(image, said, NO_PLACE)
    command = source.script() or _default(source)
    if not command:
        said = "There is no main.py or app.py in the root, and nothing says what to start: the build fails."
        return _failing(image, said, NO_PLACE)
    env = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "8080"} if command[0] == "python" else {}  # noqa: S104
    installs = () if source.declares("gunicorn") or source.uses_pyproject else ("gunicorn",)
    return replace(image, command=command, env=env, installs=installs)


def _default(source: _Source) -> tuple[str, ...]:
    name = next((name for name in ("main", "app") if source.has(f"{name}.py")), "")
    # From Python 3.13 on, the server is chosen by what is declared.
    smart = tuple(map(int, source.python.split("."))) >= (3, 13) if source.python else True
    gunicorn = ("gunicorn", "-b", ":8080", f"{name}:app")
    if smart and not source.declares("gunicorn"):
        uvicorn = ("uvicorn", f"{name}:app", "--port", "8080", "--host", "0.0.0.0")  # noqa: S104
        for package, command in (
            ("uvicorn", uvicorn),
            ("fastapi[standard]", uvicorn),
            ("gradio", ("python", f"{name}.py")),
            (
                "streamlit",
                ("streamlit", "run", f"{name}.py", "--server.address", "0.0.0.0", "--server.port", "8080"),  # noqa: S104
            ),
        ):
            if name and source.declares(package):
                return command
        if source.declares("google-adk"):
            return ("adk", "api_server", "--port", "8080", "--host", "0.0.0.0")  # noqa: S104
    return gunicorn if name else ()


def _failing(image: Image, said: str, at: At) -> Image:
    return replace(image, unknown=(Unknown(said, at),))


def _part(table: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        inner = table.get(name)
        table = inner if isinstance(inner, dict) else {}
    return table


def _list(table: Mapping[str, Any], name: str) -> list[Any]:
    found = table.get(name)
    return found if isinstance(found, list) else []
