"""Small project trees on disk, and what a preflight must say of each. Good ones and bad ones, one thing at a time."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Tree:
    """A project: text by path, and the verdicts that are right.

    - `source`: the folder that is given, relative to the tree
    - `fails`: every check that fails, and no other; `warns`: checks that warn, among others
    - `root`: the folder that is named as the right one, relative to the tree; `None` where none is
    - `says`: words that some finding has
    - `sizes`: more files, empty ones of so many bytes
    """

    name: str
    files: dict[str, str] = field(repr=False)
    source: str = "."
    fails: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    root: str | None = None
    says: tuple[str, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)

    def lay(self, folder: Path) -> Path:
        """Write the tree below `folder`, and return the folder that is given to the preflight."""
        for path, text in self.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(dedent(text).encode())
        for path, size in self.sizes.items():
            (folder / path).touch()
            os.truncate(folder / path, size)
        return folder / self.source


def dockerfile(
    command: str, *, before: str = "", base: str = "python:3.12-slim", install: bool = True
) -> str:
    """Return a Dockerfile of the usual kind."""
    lines = [f"FROM {base}", "WORKDIR /app", "COPY . ."]
    lines += ["RUN pip install --no-cache-dir -r requirements.txt"] if install else []
    lines += [before] if before else []
    return "\n".join([*lines, f"CMD {command}"]) + "\n"


UVICORN = "exec uvicorn {} --host 0.0.0.0 --port $PORT"
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
WSGI = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n"
SCRIPT = """\
    import os
    from http.server import BaseHTTPRequestHandler, HTTPServer

    if __name__ == "__main__":
        HTTPServer(("", int(os.environ.get("PORT", "8080"))), BaseHTTPRequestHandler).serve_forever()
    """
FAST = {"requirements.txt": "fastapi\nuvicorn[standard]\n"}


def fast(command: str = "main:app", **files: str) -> dict[str, str]:
    """Return a FastAPI service that starts `command`; more files by their path."""
    return {"Dockerfile": dockerfile(UVICORN.format(command)), **FAST, **files}


def package(name: str, inner: str = "") -> dict[str, str]:
    """Return a package whose modules import each other by its full name, as the seed's does."""
    folder = f"{inner}{name}"
    return {
        f"{folder}/__init__.py": "",
        f"{folder}/main.py": f"from fastapi import FastAPI\nfrom {name}.state import STATE\n\napp = FastAPI()\n",
        f"{folder}/state.py": f"from {name}.store import Store\n\nSTATE = Store()\n",
        f"{folder}/store.py": "class Store:\n    pass\n",
    }


GOOD = (
    Tree(
        "a project that is installed with an extra",
        {
            "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install '.[web]'\n"
            f"CMD {UVICORN.format('shop.main:app')}\n",
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n'
            '[project.optional-dependencies]\nweb = ["fastapi", "uvicorn"]\n',
            **package("shop", "src/"),
        },
    ),
    Tree("uvicorn, flat", fast(**{"main.py": FASTAPI})),
    Tree("uvicorn, package", fast("app.main:app", **{"app/__init__.py": "", "app/main.py": FASTAPI})),
    Tree("uvicorn, own names from the root", fast("shop.main:app", **package("shop"))),
    Tree(
        "uvicorn, relative imports",
        fast(
            "app.main:app",
            **{
                "app/__init__.py": "",
                "app/main.py": "from .routes import router\nfrom fastapi import FastAPI\n\napp = FastAPI()\n",
                "app/routes/__init__.py": "from ..state import STATE\n\nrouter = STATE\n",
                "app/state.py": "STATE = 1\n",
            },
        ),
    ),
    Tree(
        "namespace package",
        fast(
            "app.web.main:app",
            **{"app/web/main.py": "import app.web.state\n" + FASTAPI, "app/web/state.py": ""},
        ),
    ),
    Tree(
        "windows line endings",
        {path: text.replace("\n", "\r\n") for path, text in fast("shop.main:app", **package("shop")).items()},
    ),
    Tree("a byte order mark", fast(**{"main.py": "\ufeff" + FASTAPI})),
    Tree(
        "names that are not ascii",
        fast(
            "größe.main:app",
            **{
                "größe/__init__.py": "",
                "größe/main.py": "from größe import straße\n" + FASTAPI,
                "größe/straße.py": "",
                "docs/日本語.md": "x",
            },
        ),
    ),
    Tree(
        "app-dir",
        {
            **FAST,
            "Dockerfile": dockerfile(UVICORN.format("main:app") + " --app-dir src"),
            "src/main.py": "import state\n" + FASTAPI,
            "src/state.py": "",
        },
    ),
    Tree(
        "src layout on PYTHONPATH",
        {
            **FAST,
            "Dockerfile": dockerfile(UVICORN.format("shop.main:app"), before="ENV PYTHONPATH=/app/src"),
            **package("shop", "src/"),
        },
    ),
    Tree(
        "src layout, installed",
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install .\nCMD exec uvicorn shop.main:app --host 0.0.0.0 --port $PORT\n",
            "pyproject.toml": """\
                [project]
                name = "shop"
                version = "1"
                dependencies = ["fastapi", "uvicorn"]
                [build-system]
                requires = ["setuptools"]
                build-backend = "setuptools.build_meta"
                """,
            **package("shop", "src/"),
        },
    ),
    Tree(
        "workdir below",
        {
            **FAST,
            "Dockerfile": "FROM python:3.12\nCOPY . /srv\nWORKDIR /srv\nRUN pip install -r requirements.txt\nWORKDIR /srv/server\n"
            "CMD exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8080}\n",
            "server/main.py": "import state\n" + FASTAPI,
            "server/state.py": "",
        },
    ),
    Tree(
        "two stages",
        {
            **FAST,
            "Dockerfile": """\
                FROM python:3.12 AS build
                WORKDIR /build
                COPY requirements.txt .
                RUN pip install --prefix=/install -r requirements.txt

                FROM python:3.12-slim
                WORKDIR /app
                COPY --from=build /install /usr/local
                COPY . .
                CMD ["sh", "-c", "uvicorn main:app --host 0.0.0.0 --port $PORT"]
                """,
            "main.py": FASTAPI,
        },
    ),
    Tree(
        "only a folder is copied",
        {
            **FAST,
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY shop/ ./shop/\n"
            "CMD exec uvicorn shop.main:app --host 0.0.0.0 --port $PORT\n",
            **package("shop"),
        },
    ),
    Tree(
        "a folder is copied as a package",
        {
            **FAST,
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . ./shop/\n"
            "CMD exec uvicorn shop.main:app --host 0.0.0.0 --port $PORT\n",
            **{path.removeprefix("shop/"): text for path, text in package("shop").items()},
        },
    ),
    Tree(
        "gunicorn",
        {
            "Dockerfile": dockerfile("exec gunicorn --bind :$PORT --workers 1 --threads 8 main:app"),
            "requirements.txt": "Flask==3.0.0\ngunicorn==23.0.0\n",
            "main.py": FLASK,
        },
    ),
    Tree(
        "gunicorn by itself",
        {
            "Dockerfile": dockerfile('["gunicorn", "main:app"]'),
            "requirements.txt": "flask\ngunicorn\n",
            "main.py": FLASK,
        },
    ),
    Tree(
        "gunicorn, chdir and a worker class",
        {
            "Dockerfile": dockerfile(
                "exec gunicorn --chdir server -k uvicorn.workers.UvicornWorker -b 0.0.0.0:$PORT main:app"
            ),
            "requirements.txt": "fastapi\ngunicorn\nuvicorn\n",
            "server/main.py": "import state\n" + FASTAPI,
            "server/state.py": "",
        },
    ),
    Tree(
        "app factory",
        {
            "Dockerfile": dockerfile("exec gunicorn -b :$PORT 'main:create_app()'"),
            "requirements.txt": "flask\ngunicorn\n",
            "main.py": "def create_app():\n    from flask import Flask\n    return Flask(__name__)\n",
        },
    ),
    Tree(
        "hypercorn",
        {
            "Dockerfile": dockerfile("exec hypercorn main:app --bind 0.0.0.0:$PORT"),
            "requirements.txt": "fastapi\nhypercorn\n",
            "main.py": FASTAPI,
        },
    ),
    Tree(
        "flask run",
        {
            "Dockerfile": dockerfile("exec flask --app main run --host 0.0.0.0 --port $PORT"),
            "requirements.txt": "flask\n",
            "main.py": FLASK,
        },
    ),
    Tree(
        "functions-framework",
        {
            "Dockerfile": dockerfile("exec functions-framework --target=hello"),
            "requirements.txt": "functions-framework==3.*\n",
            "main.py": "import functions_framework\n\n@functions_framework.http\ndef hello(request):\n    return 'hi'\n",
        },
    ),
    Tree(
        "django behind gunicorn",
        {
            "Dockerfile": dockerfile("exec gunicorn --bind 0.0.0.0:$PORT site1.wsgi:application"),
            "requirements.txt": "django>=5\ngunicorn\n",
            "manage.py": "import os, sys\n\nif __name__ == '__main__':\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n"
            "    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n",
            "site1/__init__.py": "",
            "site1/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n"
            "application = get_wsgi_application()\n",
            "site1/settings.py": "INSTALLED_APPS = ['django.contrib.admin', 'polls']\nROOT_URLCONF = 'site1.urls'\n",
            "site1/urls.py": "from django.urls import path\nfrom polls import views\n\nurlpatterns = [path('', views.index)]\n",
            "polls/__init__.py": "",
            "polls/views.py": "from django.http import HttpResponse\n\ndef index(request):\n    return HttpResponse('hi')\n",
        },
    ),
    Tree(
        "plain script", {"Dockerfile": dockerfile('["python", "main.py"]', install=False), "main.py": SCRIPT}
    ),
    Tree(
        "python -m",
        {
            "Dockerfile": dockerfile('["python", "-m", "shop"]', install=False),
            "shop/__init__.py": "",
            "shop/__main__.py": SCRIPT,
        },
    ),
    Tree(
        "flask by itself, told well",
        {
            "Dockerfile": dockerfile('["python", "main.py"]'),
            "requirements.txt": "flask\n",
            "main.py": "import os\n"
            + FLASK
            + "\nif __name__ == '__main__':\n    app.run(host='0.0.0.0', port=int(os.environ.get('PORT', 8080)))\n",
        },
    ),
    Tree(
        "procfile",
        {
            "Procfile": "web: gunicorn --bind :$PORT main:app\n",
            "requirements.txt": "flask\ngunicorn\n",
            "main.py": FLASK,
        },
    ),
    Tree("buildpack alone", {"requirements.txt": "flask\ngunicorn\n", "main.py": FLASK}),
    Tree(
        "poetry",
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nRUN pip install poetry\nCOPY . .\nRUN poetry install --no-root\n"
            "CMD exec poetry run uvicorn app.main:app --host 0.0.0.0 --port $PORT\n",
            "pyproject.toml": '[tool.poetry]\nname = "x"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.12"\nfastapi = "*"\nuvicorn = "*"\n',
            "app/__init__.py": "",
            "app/main.py": FASTAPI,
        },
    ),
    Tree(
        "uv",
        {
            "Dockerfile": "FROM python:3.12-slim\nCOPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/uv\nWORKDIR /app\nCOPY . .\nRUN uv sync --frozen\n"
            "CMD exec uv run uvicorn main:app --host 0.0.0.0 --port $PORT\n",
            "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["fastapi", "uvicorn"]\n',
            "uv.lock": 'version = 1\n[[package]]\nname = "fastapi"\nversion = "0.1"\n[[package]]\nname = "uvicorn"\nversion = "0.1"\n',
            "main.py": FASTAPI,
        },
    ),
    Tree(
        "pipenv",
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nRUN pip install pipenv\nCOPY . .\nRUN pipenv install --system --deploy\n"
            "CMD exec gunicorn -b :$PORT main:app\n",
            "Pipfile": '[packages]\nflask = "*"\ngunicorn = "*"\n',
            "main.py": FLASK,
        },
    ),
    Tree(
        "requirements with includes and constraints",
        {
            **fast(**{"main.py": "import httpx\nimport yaml\n" + FASTAPI}),
            "requirements.txt": "-r requirements/base.txt\n-c constraints.txt\nuvicorn\n",
            "requirements/base.txt": "fastapi\nhttpx\nPyYAML  # for settings\n",
            "constraints.txt": "httpx<1\n",
        },
    ),
    Tree(
        "one service of several",
        {
            **{
                f"services/web/{path}": text
                for path, text in fast("shop.main:app", **package("shop")).items()
            },
            "services/worker/main.py": "import nowhere\n",
            "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
        },
        source="services/web",
    ),
    Tree(
        "sys.path",
        fast(
            "server.main:app",
            **{
                "server/__init__.py": "",
                "server/main.py": "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'lib'))\nimport tool\n"
                + FASTAPI,
                "server/lib/tool.py": "",
            },
        ),
    ),
    Tree(
        "optional imports",
        fast(
            **{
                "main.py": "try:\n    import uvloop_nowhere\nexcept ImportError:\n    uvloop_nowhere = None\n"
                + FASTAPI
            }
        ),
    ),
    Tree(
        "imports for types alone",
        fast(
            **{
                "main.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from nowhere import Thing\n"
                + FASTAPI
            }
        ),
    ),
    Tree(
        "what a dependency brings", {**fast(**{"main.py": "import starlette\nimport pydantic\n" + FASTAPI})}
    ),
    Tree(
        "newer syntax",
        {
            **FAST,
            "Dockerfile": dockerfile(UVICORN.format("main:app"), base="python:3.14-slim"),
            "main.py": FASTAPI + "\ntype Name = str\n",
        },
    ),
    Tree("other language", {"package.json": '{"scripts": {"start": "node index.js"}}', "index.js": "1"}),
    Tree(
        "a shell script",
        {
            **FAST,
            "Dockerfile": dockerfile('["./start.sh"]'),
            "start.sh": "#!/bin/sh\nset -e\nexec uvicorn main:app --host 0.0.0.0 --port $PORT\n",
            "main.py": FASTAPI,
        },
    ),
    Tree(
        "tests and docs are not looked at",
        fast(
            **{
                "main.py": FASTAPI,
                "tests/test_main.py": "import pytest_nowhere\n",
                "docs/conf.py": "def broken(:\n",
            }
        ),
    ),
)

WRONG_ROOT = (
    Tree(
        "a script beside a dependency that is called alike",
        {
            "requirements.txt": "aiohttp\n",
            "app/Dockerfile": dockerfile('["python", "main.py"]'),
            "app/requirements.txt": "aiohttp\n",
            "app/__init__.py": "",
            "app/main.py": "from app.state import STATE\n",
            "app/state.py": "STATE = 1\n",
        },
        source="app",
        fails=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "beside a dependency that is called alike",
        {
            "Dockerfile": dockerfile(UVICORN.format("app.main:app")),
            "requirements.txt": "fastapi\nuvicorn\naiohttp\n",
            "app/Dockerfile": dockerfile(UVICORN.format("app.main:app")),
            "app/requirements.txt": "fastapi\nuvicorn\naiohttp\n",
            **package("app"),
        },
        source="app",
        fails=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "a Dockerfile that copies its own folder",
        {
            "pyproject.toml": "",
            "requirements.txt": "flask\n",
            "web/Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\n"
            "RUN pip install -r requirements.txt\nCOPY web/main.py .\nCMD exec gunicorn -b :$PORT main:app\n",
            "web/main.py": FLASK,
        },
        source="web",
        fails=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "the seed's mistake",
        {
            **fast("shop.main:app"),
            **{f"shop/{path}": text for path, text in fast("shop.main:app").items()},
            **package("shop"),
        },
        source="shop",
        fails=frozenset({"root"}),
        root=".",
        says=("buddy-tui deploy --source ",),
    ),
    Tree(
        "two folders deep",
        {
            **fast("svc.shop.main:app"),
            **{f"svc/shop/{path}": text for path, text in fast("svc.shop.main:app").items()},
            "svc/__init__.py": "",
            "svc/shop/__init__.py": "",
            "svc/shop/main.py": "from svc.shop import state\n" + FASTAPI,
            "svc/shop/state.py": "",
        },
        source="svc/shop",
        fails=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "a script that imports its own package",
        {
            "Dockerfile": dockerfile('["python", "-m", "shop.main"]', install=False),
            "shop/Dockerfile": dockerfile('["python", "main.py"]', install=False),
            "shop/__init__.py": "",
            "shop/main.py": "from shop.state import STATE\n" + "import os\n",
            "shop/state.py": "STATE = 1\n",
        },
        source="shop",
        fails=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "by a buildpack",
        {
            "Procfile": "web: gunicorn -b :$PORT shop.main:app\n",
            "shop/Procfile": "web: gunicorn -b :$PORT shop.main:app\n",
            "requirements.txt": "flask\ngunicorn\n",
            "shop/requirements.txt": "flask\ngunicorn\n",
            "shop/__init__.py": "",
            "shop/main.py": FLASK,
        },
        source="shop",
        fails=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "one folder too high",
        {
            "README.md": "x",
            **{f"service/{path}": text for path, text in fast(**{"main.py": FASTAPI}).items()},
        },
        fails=frozenset({"root"}),
        root="service",
    ),
    Tree(
        "the front end alone",
        {**fast("shop.main:app", **package("shop")), "web/index.html": "<p>"},
        source="web",
        fails=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "several services below",
        {
            "README.md": "x",
            **{
                f"{name}/{path}": text for name in "ab" for path, text in fast(**{"main.py": FASTAPI}).items()
            },
        },
        fails=frozenset({"root"}),
    ),
    Tree("an empty folder", {"x/.keep": ""}, source="x", fails=frozenset({"image-layout"})),
)

FAULTS = (
    Tree(
        "a dependency that nobody declares",
        fast(**{"main.py": "import stripe\n" + FASTAPI}),
        fails=frozenset({"dependencies"}),
        says=("stripe",),
    ),
    Tree(
        "a dependency in a module",
        fast(
            "app.main:app",
            **{
                "app/__init__.py": "",
                "app/main.py": "from app import db\n" + FASTAPI,
                "app/db.py": "import psycopg2\n",
            },
        ),
        fails=frozenset({"dependencies"}),
        says=("psycopg2", "app/db.py"),
    ),
    Tree(
        "the server is not declared",
        {
            "Dockerfile": dockerfile(UVICORN.format("main:app")),
            "requirements.txt": "starlette\n",
            "main.py": "import starlette\napp = 1\n",
        },
        fails=frozenset({"dependencies"}),
        says=("uvicorn",),
    ),
    Tree(
        "a dependency that only a function needs",
        fast(**{"main.py": FASTAPI + "\ndef later():\n    import psycopg2\n"}),
        warns=frozenset({"dependencies"}),
    ),
    Tree(
        "a module that nobody has",
        fast(
            "app.main:app", **{"app/__init__.py": "", "app/main.py": "from app.nothing import X\n" + FASTAPI}
        ),
        fails=frozenset({"imports"}),
        says=("app.nothing",),
    ),
    Tree(
        "a name that its module has not",
        fast(
            "app.main:app",
            **{
                "app/__init__.py": "",
                "app/main.py": "from .state import GONE\n" + FASTAPI,
                "app/state.py": "HERE = 1\n",
            },
        ),
        fails=frozenset({"imports"}),
        says=("GONE",),
    ),
    Tree(
        "letters' case",
        fast(
            "app.main:app",
            **{
                "app/__init__.py": "",
                "app/main.py": "from app import Models\n" + FASTAPI,
                "app/models.py": "",
            },
        ),
        fails=frozenset({"imports"}),
    ),
    Tree(
        "src layout that nobody finds",
        fast("shop.main:app", **package("shop", "src/")),
        fails=frozenset({"image-layout"}),
        says=("WORKDIR /app/src",),
    ),
    Tree(
        "the command's module is misspelt",
        fast("shop.mian:app", **package("shop")),
        fails=frozenset({"image-layout"}),
        says=("shop.main",),
    ),
    Tree(
        "the script is not copied",
        {
            "Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY lib/ lib/\nCMD ["python", "main.py"]\n',
            "lib/x.py": "",
            "main.py": SCRIPT,
        },
        fails=frozenset({"image-layout"}),
    ),
    Tree(
        "COPY of what is not there",
        {
            **fast(**{"main.py": FASTAPI}),
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt settings.toml ./\n"
            "RUN pip install -r requirements.txt\nCOPY . .\nCMD exec uvicorn main:app --host 0.0.0.0 --port $PORT\n",
        },
        fails=frozenset({"image-layout"}),
        says=("settings.toml",),
    ),
    Tree(
        "a module is not copied",
        {
            **FAST,
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt main.py ./\nRUN pip install -r requirements.txt\n"
            "CMD exec uvicorn main:app --host 0.0.0.0 --port $PORT\n",
            "main.py": "import state\n" + FASTAPI,
            "state.py": "",
        },
        fails=frozenset({"imports"}),
        says=("state",),
    ),
    Tree(
        "gcloudignore leaves a package out",
        {**fast("shop.main:app", **package("shop")), ".gcloudignore": "*.md\nstore.py\n"},
        fails=frozenset({"left-out", "imports"}),
        says=(".gcloudignore",),
    ),
    Tree(
        "gitignore leaves the entry out",
        {
            **fast("build.main:app", **{"build/__init__.py": "", "build/main.py": FASTAPI}),
            ".gitignore": "build/\n",
        },
        fails=frozenset({"left-out", "image-layout"}),
        says=(".gitignore",),
    ),
    Tree(
        "gcloudignore leaves the requirements out",
        {
            **fast(**{"main.py": FASTAPI}),
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\n"
            "RUN pip install -r requirements.txt\nCOPY . .\nCMD exec uvicorn main:app --host 0.0.0.0 --port $PORT\n",
            ".gcloudignore": "*.txt\n",
        },
        fails=frozenset({"left-out", "image-layout"}),
    ),
    Tree(
        "gcloudignore leaves the Dockerfile out",
        {**fast(**{"main.py": FASTAPI}), ".gcloudignore": "Dockerfile\n"},
        fails=frozenset({"left-out"}),
    ),
    Tree(
        "dockerignore leaves a module out",
        {**fast("shop.main:app", **package("shop")), ".dockerignore": "**/state.py\n"},
        fails=frozenset({"imports"}),
        says=("shop/state.py is uploaded, and the image does not get it",),
    ),
    Tree(
        "broken syntax",
        fast(
            "app.main:app",
            **{
                "app/__init__.py": "",
                "app/main.py": "from app import db\n" + FASTAPI,
                "app/db.py": "x = 1\ndef broken(:\n    pass\n",
            },
        ),
        fails=frozenset({"syntax"}),
        says=("app/db.py:2",),
    ),
    Tree(
        "syntax that is too new",
        {
            **FAST,
            "Dockerfile": dockerfile(UVICORN.format("main:app"), base="python:3.9"),
            "main.py": FASTAPI + "\nmatch 1:\n    case 1:\n        pass\n",
        },
        fails=frozenset({"syntax"}),
        says=("3.9",),
    ),
    Tree(
        "Python 2",
        {"Dockerfile": dockerfile('["python", "main.py"]', install=False), "main.py": "print 'hello'\n"},
        fails=frozenset({"syntax"}),
    ),
    Tree(
        "loopback",
        {**FAST, "Dockerfile": dockerfile("exec uvicorn main:app --port $PORT"), "main.py": FASTAPI},
        fails=frozenset({"listening"}),
        says=("127.0.0.1",),
    ),
    Tree(
        "loopback by name",
        {
            "Dockerfile": dockerfile("exec gunicorn -b localhost:$PORT main:app"),
            "requirements.txt": "flask\ngunicorn\n",
            "main.py": FLASK,
        },
        fails=frozenset({"listening"}),
    ),
    Tree(
        "another port",
        {
            **FAST,
            "Dockerfile": dockerfile("exec uvicorn main:app --host 0.0.0.0 --port 8000"),
            "main.py": FASTAPI,
        },
        fails=frozenset({"listening"}),
        says=("8000",),
    ),
    Tree(
        "a fixed port",
        {
            **FAST,
            "Dockerfile": dockerfile("exec uvicorn main:app --host 0.0.0.0 --port 8080"),
            "main.py": FASTAPI,
        },
        warns=frozenset({"listening"}),
    ),
    Tree(
        "a variable that no shell replaces",
        {
            **FAST,
            "Dockerfile": dockerfile('["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "$PORT"]'),
            "main.py": FASTAPI,
        },
        fails=frozenset({"listening"}),
    ),
    Tree(
        "flask by itself, on loopback",
        {
            "Dockerfile": dockerfile('["python", "main.py"]'),
            "requirements.txt": "flask\n",
            "main.py": FLASK + "\nif __name__ == '__main__':\n    app.run(debug=True)\n",
        },
        fails=frozenset({"listening"}),
    ),
    Tree(
        "django's own server",
        {
            "Dockerfile": dockerfile('["python", "manage.py", "runserver"]'),
            "requirements.txt": "django\n",
            "manage.py": "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
            "site1/__init__.py": "",
            "site1/settings.py": "INSTALLED_APPS = []\n",
        },
        fails=frozenset({"listening"}),
    ),
    Tree(
        "look-alikes",
        {
            **fast("Back_End.main:app", **package("Back_End")),
            "backend/main.py": "x = 1\n",
            "Back-End/main.py": "x = 1\n",
        },
        warns=frozenset({"look-alikes"}),
        says=("Back-End/", "backend/"),
    ),
    Tree(
        "secrets",
        fast(
            **{
                "main.py": FASTAPI,
                ".env": "KEY=hunter2\n",
                "keys/service-account.json": "{}",
                "id_rsa": "x",
                ".env.example": "KEY=\n",
            }
        ),
        warns=frozenset({"secrets"}),
        says=(".env", "id_rsa"),
    ),
    Tree(
        "shadowing",
        fast(**{"main.py": "import logging\n" + FASTAPI, "logging.py": "X = 1\n"}),
        warns=frozenset({"shadowing"}),
        says=("logging.py",),
    ),
    Tree(
        "cycles",
        fast(
            "app.main:app",
            **{
                "app/__init__.py": "",
                "app/main.py": "from app import a\n" + FASTAPI,
                "app/a.py": "import app.b\n",
                "app/b.py": "import app.a\n",
            },
        ),
        warns=frozenset({"cycles"}),
    ),
    Tree(
        "architecture",
        {
            **FAST,
            "Dockerfile": dockerfile(UVICORN.format("main:app")).replace(
                "FROM ", "FROM --platform=linux/arm64 "
            ),
            "main.py": FASTAPI,
        },
        fails=frozenset({"architecture"}),
    ),
    Tree(
        "a large file",
        fast(**{"main.py": FASTAPI, "data/notes.txt": "x"}),
        warns=frozenset({"large-files"}),
        sizes={"data/dump.bin": 26_000_000},
        says=("data/dump.bin",),
    ),
    Tree(
        "nothing to start",
        {"requirements.txt": "flask\n", "server/main.py": FLASK},
        fails=frozenset({"image-layout"}),
    ),
    Tree(
        "a Procfile without web",
        {"Procfile": "worker: python main.py\n", "requirements.txt": "flask\n", "main.py": FLASK},
        fails=frozenset({"image-layout"}),
    ),
    Tree(
        "nothing is installed",
        {**fast(**{"main.py": FASTAPI}), "Dockerfile": dockerfile(UVICORN.format("main:app"), install=False)},
        warns=frozenset({"dependencies"}),
    ),
    Tree(
        "a private module beside an unknown dependency",
        {
            **fast(**{"main.py": "import acme_sdk\n" + FASTAPI}),
            "requirements.txt": "fastapi\nuvicorn\nacme-internal-kit\n",
        },
        warns=frozenset({"imports"}),
    ),
    Tree(
        "a name that the entry module has not",
        fast("main:application", **{"main.py": FASTAPI}),
        fails=frozenset({"imports"}),
        says=("main has no application", "Dockerfile:5"),
    ),
    Tree(
        "a Pipfile, which a buildpack does not read",
        {
            "Procfile": "web: gunicorn -b :$PORT main:app\n",
            "Pipfile": '[packages]\nflask = "*"\ngunicorn = "*"\n',
            "main.py": FLASK,
        },
        fails=frozenset({"dependencies"}),
        says=("a buildpack reads no Pipfile",),
    ),
    Tree(
        "what git ignores and a step of the build makes",
        {
            **fast(**{"main.py": "import version\n" + FASTAPI, "version.py": "", "Makefile": ""}),
            ".gitignore": "version.py\n",
            "Dockerfile": dockerfile(UVICORN.format("main:app"), before="RUN make version.py"),
        },
        warns=frozenset({"left-out", "imports"}),
    ),
    Tree(
        "a page beside what can be built",
        {**fast(**{"main.py": FASTAPI}), "web/index.html": "", "web/chat.js": ""},
        source="web",
        warns=frozenset({"root"}),
        root=".",
    ),
    Tree(
        "a shared library above",
        {
            "libs/common/__init__.py": "",
            "pyproject.toml": "",
            **{
                f"services/web/{path}": text
                for path, text in fast(**{"main.py": "import common\n" + FASTAPI}).items()
            },
        },
        source="services/web",
        fails=frozenset({"imports"}),
        says=("../../libs",),
    ),
)

TREES = GOOD + WRONG_ROOT + FAULTS
