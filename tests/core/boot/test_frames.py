import pytest

from buddy_tui.boot.frames import is_project


@pytest.mark.parametrize(
    "file",
    [
        "/app/main.py",
        "/app/./pkg/main.py",
        "main.py",
        "./main.py",
        "app/routes/users.py",
        "/workspace/main.py",
        "/usr/src/app/main.py",
        "/tmp/8dd3c1f2a/main.py",  # noqa: S108 - as a platform names it, not ours
        "/srv/api/wsgi.py",
        "/home/app/service/main.py",
        "/code/lib/tools.py",
        "/app/env.py",
        "/app/bin/serve.py",
        "/app/python/jobs.py",
        r"C:\work\api\main.py",
        "/opt/app/main.py",
        "/app.zip/__main__.py",
        "/app/main.pyc",
        "/root/project/main.py",
    ],
)
def test_the_projects_own(file: str) -> None:
    assert is_project(file)


@pytest.mark.parametrize(
    "file",
    [
        "",
        "<string>",
        "<frozen importlib._bootstrap>",
        "<__array_function__ internals>",
        "<attrs generated init app.models.User>",
        "/usr/local/lib/python3.11/importlib/__init__.py",
        "/usr/lib/python3/dist-packages/yaml/__init__.py",
        "/usr/local/lib/python3.11/site-packages/uvicorn/main.py",
        "/app/.venv/lib/python3.12/site-packages/fastapi/routing.py",
        "/app/venv/lib64/python3.9/site-packages/flask/app.py",
        "/app/.venv/bin/uvicorn",
        "/app/__pypackages__/3.11/lib/flask/app.py",
        "/usr/local/bin/uvicorn",
        "/usr/local/bin/gunicorn",
        "/usr/bin/flask",
        "/home/app/.local/bin/gunicorn",
        "/home/app/.local/bin/till",
        "/root/.local/lib/python3.11/site-packages/celery/app.py",
        "/layers/google.python.pip/pip/lib/python3.11/site-packages/flask/app.py",
        "/layers/google.python.runtime/python/bin/functions-framework",
        "/nix/store/abc-python3-3.11.6/lib/python3.11/runpy.py",
        "/opt/conda/envs/x/lib/python3.10/asyncio/runners.py",
        "/opt/pypy/lib/pypy3.10/runpy.py",
        "/home/me/.pyenv/versions/3.11.7/lib/python3.11/runpy.py",
        "/root/.local/share/uv/python/cpython-3.12-linux-x86_64-gnu/lib/python3.12/runpy.py",
        "/root/.cache/uv/archive-v0/hash/requests/__init__.py",
        "/root/.local/share/pipx/venvs/x/lib/python3.11/site-packages/x.py",
        "/usr/lib/python311.zip/runpy.py",
        "/Library/Frameworks/Python.framework/Versions/3.11/lib/python3.11/runpy.py",
        r"C:\Python311\Lib\importlib\__init__.py",
        r"C:\Users\me\AppData\Local\Programs\Python\Python311\Lib\runpy.py",
        r"C:\work\api\.venv\Lib\site-packages\uvicorn\main.py",
        r"C:\work\api\.venv\Scripts\uvicorn.exe\__main__.py",
        "sqlalchemy/cyextension/collections.pyx",
        "/host/asyncpg/protocol/protocol.pyx",
    ],
)
def test_what_others_wrote(file: str) -> None:
    assert not is_project(file)
