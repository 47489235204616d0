from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import buddy_tui.emulator.workload
from buddy_tui.source.entry import entry_of
from buddy_tui.source.image import image_of
from buddy_tui.source.stage import SITE
from buddy_tui.source.values import At, Entry
from tests.core.source.uploads import read_upload, upload_of

SAMPLE = Path(buddy_tui.emulator.workload.__path__[0]) / "buddy"
APP = ("/app",)
FILES = {
    "main.py": "app = 1\n",
    "pkg/__init__.py": "",
    "pkg/main.py": "",
    "pkg/__main__.py": "",
    "src/lib/api.py": "",
    "conf/gunicorn.py": "import os\nbind = f\"0.0.0.0:{os.environ.get('PORT', '8080')}\"\nchdir = '/app/src'\n"
    "worker_class = 'uvicorn.workers.UvicornWorker'\nwsgi_app = 'lib.api:app'\n",
    "conf/added.py": "import os\nbind = '0.0.0.0:' + os.environ['PORT']\n",
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
    "site1/__init__.py": "",
    "site1/settings.py": "INSTALLED_APPS = ['django.contrib.admin', 'polls.apps.PollsConfig', 'news']\n",
    "site1/wsgi.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
    "polls/__init__.py": "",
    "polls/apps.py": "",
    "news/__init__.py": "",
    "run_uvicorn.py": "import os\nimport uvicorn\nport = int(os.getenv('PORT', 8080))\n"
    "if __name__ == '__main__':\n    uvicorn.run('pkg.main:app', host='0.0.0.0', port=port)\n",
    "run_flask.py": "from flask import Flask\napp = Flask(__name__)\napp.run()\n",
    "run_aiohttp.py": "from aiohttp import web\nweb.run_app(web.Application())\n",
    "run_http.py": "from http.server import *\nHTTPServer(('', 8080), None).serve_forever()\n",
    "start.sh": "#!/bin/sh\nset -e\nPORT=${PORT:-8080}\nMODULE=pkg.main\n# serve\nexec uvicorn $MODULE:app --port $PORT\n",
    "entrypoint.sh": '#!/usr/bin/env bash\nset -e\nif [ -z "$X" ]; then\n  echo no\nfi\npython manage.py migrate\nexec "$@"\n',
    "background.sh": "#!/bin/bash\ncelery worker &\ncd src && gunicorn lib.api:app --bind :$PORT \\\n  --workers 1 &\nwait\n",
    "loop.sh": "#!/bin/sh\nwhile true; do\n  python main.py\ndone\n",
    "again.sh": "#!/bin/sh\nexec ./again.sh\n",
    "serve": "#!/usr/bin/env python3\nprint()\n",
}


def entry(root: Path, lines: str, files: Mapping[str, str] = FILES) -> Entry:
    dockerfile = f"FROM python:3.12\nWORKDIR /app\nCOPY . .\n{lines}\n"
    upload = upload_of(root, {**files, "Dockerfile": dockerfile})
    return entry_of(image_of(upload), upload)


def told(
    server: str,
    module: str,
    attribute: str = "",
    path: tuple[str, ...] = APP,
    host: str = "",
    port: str = "",
    worker: str = "",
    also: tuple[str, ...] = (),
) -> Entry:
    return Entry(server, module, attribute, path=path, host=host, port=port, worker=worker, also=also)


UVICORN = told("uvicorn", "main", "app")
ON_PORT = told("uvicorn", "main", "app", host="0.0.0.0", port="$PORT")
COMMANDS = {
    "uvicorn main:app --host 0.0.0.0 --port $PORT": ON_PORT,
    'exec uvicorn "main:app" --host=0.0.0.0 --port=$PORT --workers 2 --proxy-headers': ON_PORT,
    "uvicorn --reload --host 0.0.0.0 main:app --port ${PORT:-8080}": told("uvicorn", "main", "app", host="0.0.0.0", port="${PORT:-8080}"),
    "uvicorn lib.api:app --app-dir src": told("uvicorn", "lib.api", "app", ("/app/src",)),
    "uvicorn pkg.main:make --factory": told("uvicorn", "pkg.main", "make"),
    "python -m uvicorn main:app": UVICORN,
    "python3 -u -X dev -m uvicorn lib.api:app --app-dir /app/src": told("uvicorn", "lib.api", "app", ("/app/src", "/app")),
    "/usr/local/bin/uvicorn main:app": UVICORN,
    "cd src && uvicorn lib.api:app": told("uvicorn", "lib.api", "app", ("/app/src",)),
    "python manage.py migrate --noinput; uvicorn main:app": UVICORN,
    "uvicorn main:app 2>&1": UVICORN,
    "uvicorn main:app || exit 1": UVICORN,
    "uvicorn main:app > /dev/stdout": UVICORN,
    "A=1 B=2 uvicorn main:app": UVICORN,
    "PYTHONPATH=src uvicorn main:app": told("uvicorn", "main", "app", ("/app", "/app/src")),
    "gunicorn main:app": told("gunicorn", "main", "app"),
    "gunicorn main": told("gunicorn", "main", "application"),
    "gunicorn -b :$PORT -w $(nproc) 'pkg.main:create_app()'": told("gunicorn", "pkg.main", "create_app()", host="", port="$PORT"),
    "gunicorn --bind=0.0.0.0:${PORT:-8080} --chdir src lib.api:app": told("gunicorn", "lib.api", "app", ("/app/src",), host="0.0.0.0", port="${PORT:-8080}"),
    "gunicorn -k uvicorn.workers.UvicornWorker -b127.0.0.1:8000 main:app": told("gunicorn", "main", "app", host="127.0.0.1", port="8000", worker="uvicorn.workers.UvicornWorker"),
    "gunicorn --pythonpath src,/opt/x main:app --preload": told("gunicorn", "main", "app", ("/app/src", "/opt/x", "/app")),
    "gunicorn -c conf/gunicorn.py": told("gunicorn", "lib.api", "app", ("/app/src",), host="0.0.0.0", port="{os.environ.get('PORT', '8080')}", worker="uvicorn.workers.UvicornWorker"),
    "gunicorn -c conf/gunicorn.py --bind :9000 --chdir . main:app": told("gunicorn", "main", "app", port="9000", worker="uvicorn.workers.UvicornWorker"),
    "gunicorn -c conf/added.py main:app": told("gunicorn", "main", "app", host="0.0.0.0", port="{os.environ['PORT']}"),
    "gunicorn --bind [::]:8080 main:app": told("gunicorn", "main", "app", host="[::]", port="8080"),
    "gunicorn site1.wsgi": told("gunicorn", "site1.wsgi", "application", also=("site1.settings", "polls.apps", "news")),
    "hypercorn main:app -b 0.0.0.0:$PORT": told("hypercorn", "main", "app", host="0.0.0.0", port="$PORT"),
    "functions-framework --target=hello --port 8080": told("functions-framework", "main", "hello", port="8080"),
    "functions-framework --target hello --source src/lib/api.py": told("functions-framework", "api", "hello", ("/app/src/lib",)),
    "FUNCTION_TARGET=hi functions-framework": told("functions-framework", "main", "hi"),
    "flask --app pkg.main run --host=0.0.0.0 --port=8080": told("flask", "pkg.main", host="0.0.0.0", port="8080"),
    "flask --app pkg/main.py:make run -h 0.0.0.0 -p $PORT": told("flask", "pkg.main", "make", host="0.0.0.0", port="$PORT"),
    "FLASK_APP=main flask run": told("flask", "main"),
    "python -m flask --app src/lib/api run": told("flask", "api", path=("/app/src/lib", "/app")),
    "fastapi run pkg/main.py --port $PORT": told("fastapi", "pkg.main", host="0.0.0.0", port="$PORT"),
    "fastapi dev": told("fastapi", "main", host="127.0.0.1", port="8000"),
    "streamlit run main.py --server.port $PORT --server.address 0.0.0.0": Entry("streamlit", script="/app/main.py", path=APP, host="0.0.0.0", port="$PORT"),
    "granian --interface asgi main:app --host 0.0.0.0 --port 80": told("granian", "main", "app", host="0.0.0.0", port="80"),
    "daphne -b 0.0.0.0 -p 8080 main:app": told("daphne", "main", "app", host="0.0.0.0", port="8080"),
    "waitress-serve --listen=*:8080 main:app": told("waitress", "main", "app", host="0.0.0.0", port="8080"),
    "python manage.py runserver 0.0.0.0:$PORT": Entry("django", script="/app/manage.py", path=APP, host="0.0.0.0", port="$PORT", also=("site1.settings", "polls.apps", "news")),
    "python manage.py runserver": Entry("django", script="/app/manage.py", path=APP, also=("site1.settings", "polls.apps", "news")),
    "DJANGO_SETTINGS_MODULE=news python manage.py runserver 8080 --noreload": Entry("django", script="/app/manage.py", path=APP, port="8080", also=("news",)),
    "python main.py": Entry("python", script="/app/main.py", path=APP),
    "python pkg/main.py": Entry("python", script="/app/pkg/main.py", path=("/app/pkg",)),
    "python -u ./pkg": Entry("python", script="/app/pkg/__main__.py", path=("/app/pkg",)),
    "python run_uvicorn.py": Entry("python", script="/app/run_uvicorn.py", path=APP, host="0.0.0.0", port="int(os.getenv('PORT', 8080))", also=("pkg.main",)),
    "python run_flask.py": Entry("python", script="/app/run_flask.py", path=APP, host="127.0.0.1", port="5000"),
    "python run_aiohttp.py": Entry("python", script="/app/run_aiohttp.py", path=APP, host="0.0.0.0", port="8080"),
    "python run_http.py": Entry("python", script="/app/run_http.py", path=APP, host="", port="8080"),
    "python -m pkg": told("python -m", "pkg.__main__"),
    "python -m pkg.main": told("python -m", "pkg.main"),
    "./serve": Entry("python", script="/app/serve", path=APP),
    "sh -c 'uvicorn main:app --host 0.0.0.0 --port $PORT'": ON_PORT,
    'bash -lc "cd /app && exec uvicorn main:app"': UVICORN,
    "./entrypoint.sh uvicorn main:app": UVICORN,
    "bash ./entrypoint.sh gunicorn main:app": told("gunicorn", "main", "app"),
    "opentelemetry-instrument --traces_exporter console uvicorn main:app": UVICORN,
    "ddtrace-run uvicorn main:app": UVICORN,
    "newrelic-admin run-program uvicorn main:app": UVICORN,
    "poetry run uvicorn main:app": UVICORN,
    "pipenv run python main.py": Entry("python", script="/app/main.py", path=APP),
    "uv run --no-sync uvicorn main:app": UVICORN,
    "uv run main.py": Entry("python", script="/app/main.py", path=APP),
    "uv run -m pkg.main": told("python -m", "pkg.main"),
    "tini -g -- uvicorn main:app": UVICORN,
    "dumb-init uvicorn main:app": UVICORN,
    "env -i A=1 uvicorn main:app": UVICORN,
    "gosu app uvicorn main:app": UVICORN,
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_followed_to_what_it_starts(tmp_path: Path, command: str) -> None:
    expected = COMMANDS[command]

    found = entry(tmp_path, f"CMD {command}")

    assert found.at in (At("Dockerfile", 4), At("entrypoint.sh", 7))
    assert found == replace(expected, at=found.at)


EXEC = {
    '["uvicorn", "main:app", "--port", "8080"]': told("uvicorn", "main", "app", port="8080"),
    '["sh", "-c", "uvicorn main:app --host 0.0.0.0 --port $PORT"]': ON_PORT,
    '["/bin/bash", "-o", "pipefail", "-c", "uvicorn main:app"]': UVICORN,
    '["tini", "--", "./entrypoint.sh", "uvicorn", "main:app"]': UVICORN,
    '["gunicorn", "--chdir", "my app", "main:app"]': told("gunicorn", "main", "app", ("/app/my app",)),
}


@pytest.mark.parametrize("words", EXEC, ids=range(len(EXEC)))
def test_the_exec_form_is_followed(tmp_path: Path, words: str) -> None:
    expected = EXEC[words]

    found = entry(tmp_path, f"CMD {words}")

    assert (found.server, found.module, found.attribute) == (
        expected.server,
        expected.module,
        expected.attribute,
    )
    assert (found.path, found.host, found.port, found.unknown) == (
        expected.path,
        expected.host,
        expected.port,
        "",
    )


def test_a_script_is_read_and_its_own_variables_are_put_in(tmp_path: Path) -> None:
    found = entry(tmp_path, 'CMD ["./start.sh"]')

    assert (found.module, found.port, found.at) == ("pkg.main", "${PORT:-8080}", At("start.sh", 6))


def test_of_processes_in_the_background_the_last_counts(tmp_path: Path) -> None:
    found = entry(tmp_path, "CMD bash background.sh")

    assert (found.server, found.module, found.path) == ("gunicorn", "lib.api", ("/app/src",))
    assert found.at == At("background.sh", 3)


def test_a_script_on_the_path_of_programs_is_found(tmp_path: Path) -> None:
    lines = 'COPY start.sh /usr/local/bin/\nENTRYPOINT ["start.sh"]'

    assert entry(tmp_path, lines).module == "pkg.main"


ENVS = {
    "gunicorn arguments": ("ENV GUNICORN_CMD_ARGS='--bind :9 --chdir src'\nCMD gunicorn lib.api:app", ("lib.api", ("/app/src",), "9")),
    "command line wins": ("ENV GUNICORN_CMD_ARGS='--bind :9'\nCMD gunicorn --bind :8 main:app", ("main", APP, "8")),
    "module in a variable": ("ENV APP_MODULE=pkg.main:app\nCMD uvicorn $APP_MODULE", ("pkg.main", APP, "")),
    "uvicorn's own": ("ENV UVICORN_PORT=81 UVICORN_HOST=0.0.0.0\nCMD uvicorn main:app", ("main", APP, "81")),
    "python path": ("ENV PYTHONPATH=/app/src\nCMD gunicorn lib.api:app", ("lib.api", ("/app", "/app/src"), "")),
    "flask": ("ENV FLASK_APP=pkg.main FLASK_RUN_PORT=82\nCMD flask run", ("pkg.main", APP, "82")),
}  # fmt: skip


@pytest.mark.parametrize("name", ENVS)
def test_variables_of_the_image_are_heeded(tmp_path: Path, name: str) -> None:
    lines, expected = ENVS[name]

    found = entry(tmp_path, lines)

    assert (found.module, found.path, found.port) == expected


UNKNOWN = {
    "python -c 'import main'": "runs code of the command line",
    "./nothing.sh": "./nothing.sh",
    "uvicorn $MODULE": "in a variable",
    "uvicorn": "told no application",
    "functions-framework": "no --target",
    "supervisord -n": "supervisord",
    "node server.js": "not Python",
    "./loop.sh": "condition or a loop",
    "./again.sh": "Script calls script",
    "python manage.py migrate": "starts no server",
    "sh": "told nothing",
}


@pytest.mark.parametrize("command", UNKNOWN)
def test_what_is_not_understood_is_said(tmp_path: Path, command: str) -> None:
    found = entry(tmp_path, f"CMD {command}")

    assert UNKNOWN[command] in found.unknown
    assert (found.server, found.module, found.script) == ("", "", "")


def test_a_console_script_of_the_project_is_its_function(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[build-system]\n[project]\nname='shop'\n[project.scripts]\nshop='shop.cli:main'\n",
        "src/shop/__init__.py": "",
        "src/shop/cli.py": "",
    }

    found = entry(tmp_path, "RUN pip install .\nCMD shop --serve", files)

    assert (found.module, found.attribute, found.path) == ("shop.cli", "main", (SITE,))


@pytest.mark.parametrize("root", [SAMPLE, SAMPLE / "Back_End"])
def test_the_sample_project_starts_a_module_of_back_end(root: Path) -> None:
    upload = read_upload(root)

    found = entry_of(image_of(upload), upload)

    expected = told("uvicorn", "Back_End.main", "app", host="0.0.0.0", port="8080")
    assert found == replace(expected, at=At("Dockerfile", 4))


PROCFILES = {
    "web: gunicorn main:app": told("gunicorn", "main", "app", ("/workspace",)),
    "web: FOO=1 gunicorn --chdir src lib.api:app": told("gunicorn", "lib.api", "app", ("/workspace/src",)),
    "web: exec uvicorn main:app --port $PORT": told("uvicorn", "main", "app", ("/workspace",), port="$PORT"),
    "web: ./start.sh": told("uvicorn", "pkg.main", "app", ("/workspace",), port="${PORT:-8080}"),
}


@pytest.mark.parametrize("line", PROCFILES)
def test_a_procfile_is_followed(tmp_path: Path, line: str) -> None:
    upload = upload_of(tmp_path, {**FILES, "Procfile": line})

    found = entry_of(image_of(upload), upload)

    assert found == replace(PROCFILES[line], at=At("start.sh", 6) if "start" in line else At("Procfile", 1))


def test_the_default_of_the_buildpack_is_followed(tmp_path: Path) -> None:
    upload = upload_of(tmp_path, {"main.py": ""})

    found = entry_of(image_of(upload), upload)

    assert found == told("gunicorn", "main", "app", ("/workspace",), port="8080")


HOSTILE = {
    "deep": "x = " + "(" * 5_000,
    "sum": "uvicorn.run(1, port=" + "1+" * 3_000 + "1)",
    "zero": "x = '\0'",
    "encoding": "# -*- coding: nonsense -*-\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_script_is_no_trouble(tmp_path: Path, name: str) -> None:
    assert entry(tmp_path, "CMD python main.py", {"main.py": HOSTILE[name]}).script == "/app/main.py"
