"""boot: which frames of a traceback are the project's own."""

import re
from functools import lru_cache

# Where interpreters, package managers and build systems put what nobody of the project wrote. A venv may lie inside
# the project, so the place of the packages decides and not the place of the venv.
_FOREIGN = re.compile(
    r"""
      ^<                                                # <frozen importlib._bootstrap>, <string>, <__array_function__ …>
    | /(?:site|dist)-packages/
    | /__pypackages__/
    | /lib(?:64)?/(?:python|pypy)\d                     # any prefix: /usr, pyenv, conda, uv, ~/.local, a framework
    | ^(?:/?[a-z]:)?/(?:.*/)?python[\d.]*/lib/          # Windows: C:\Python311\Lib\runpy.py
    | ^/usr/(?:local/)?(?:lib|lib64|bin|sbin|share)/
    | ^/usr/lib/|^/nix/store/|^/layers/|^/opt/(?:conda|venv|python|pypy|hostedtoolcache)\b
    | ^/google-cloud-sdk/
    | /\.local/bin/|/\.cache/uv/|/share/uv/(?:python|tools)/|/pipx/venvs/|/\.pyenv/
    | /(?:bin|scripts)/(?:[^/]*python[\d.]*|uvicorn|gunicorn|hypercorn|daphne|granian|waitress-serve|flask|fastapi
        |django-admin|functions[-_]framework(?:[-_]python)?|celery|streamlit|ddtrace-run|newrelic-admin
        |opentelemetry-instrument|poetry|uv|pdm|pipenv|honcho|watchmedo|alembic)(?:-script\.py|\.exe(?:/__main__\.py)?)?$
    | /(?:\.?v?env|\.tox|\.nox)/(?:bin|scripts|lib)/
    | \.(?:pyx|pxd|pxi|c|cpp|so|pyd|rs)$
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
def is_project(file: str) -> bool:
    r"""Tell whether a frame's file is the project's own, and not the standard library's or a package's.

    `file` is as Python prints it: absolute or relative, of Windows too. `/app`, `/workspace`, `/tmp/<hash>` and
    `/usr/src/app` are projects; `.venv/lib/python3.11/site-packages`, `/layers/google.python.pip`, console scripts
    (`/usr/local/bin/uvicorn`) and what was compiled or made up (`.pyx`, `<string>`) are not.
    """
    return bool(file) and not _FOREIGN.search(file.replace("\\", "/").lower())


def is_compiled(file: str, function: str) -> bool:
    """Tell whether a frame is of a module that Cython compiled: it names its function in full, its file from there."""
    module = file.removesuffix(".py").replace("/", ".").replace("\\", ".")
    return not file.startswith("/") and function.startswith((f"{module}.", f"init {module}"))
