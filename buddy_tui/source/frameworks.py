"""source: Python's frameworks that serve themselves: Flask, FastAPI, Django and Streamlit, by their command lines.

Flask and FastAPI look in the folder above the outermost package of a file, Django and Streamlit in that of the script.
"""

import posixpath

from buddy_tui.source.launch import Launch, bound, options_of
from buddy_tui.source.python_files import django_modules, settings_of
from buddy_tui.source.values import Entry

_FLASK = frozenset(("--debug", "--reload", "--with-threads"))
_FASTAPI = frozenset(("--reload", "--proxy-headers"))
_STREAMLIT = frozenset(("--global.developmentMode",))


def flask(launch: Launch) -> Entry:
    """Read `flask run`: `--app`, FLASK_APP (of .flaskenv too), else wsgi.py or app.py in the working directory."""
    options = options_of(launch.words[1:], _FLASK)
    if "run" not in options.others:
        return launch.unknown("`flask` is not told to run.")
    written = _dotenv(launch.text(".flaskenv"))
    named = launch.value(
        options.last("--app", "-A") or launch.env("FLASK_APP") or written.get("FLASK_APP", "")
    )
    if not named:
        named = next((name for name in ("wsgi.py", "app.py") if launch.file(name)), "")
    if not named:
        return launch.unknown(
            "`flask run` is told no --app, and there is no wsgi.py or app.py where it is started."
        )
    name, _, attribute = named.partition(":")
    module, folder = _imported_as(launch, name)
    return launch.entry(
        "flask",
        module=module,
        attribute=attribute,
        path=launch.search(folder),
        host=launch.said(
            options.last("--host", "-h") or launch.env("FLASK_RUN_HOST") or written.get("FLASK_RUN_HOST", "")
        ),
        port=launch.said(
            options.last("--port", "-p") or launch.env("FLASK_RUN_PORT") or written.get("FLASK_RUN_PORT", "")
        ),
    )


def fastapi(launch: Launch) -> Entry:
    """Read `fastapi run` and `fastapi dev`: a file, or the first of its usual places; `dev` listens on loopback."""
    options = options_of(launch.words[1:], _FASTAPI)
    verb, *files = *options.others, ""
    usual = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
    name = (
        launch.value(files[0]) if files and files[0] else next((one for one in usual if launch.file(one)), "")
    )
    if verb not in ("run", "dev") or not name:
        return launch.unknown("`fastapi` is told no file, and none lies where it looks for one.")
    module, folder = _imported_as(launch, name)
    return launch.entry(
        "fastapi",
        module=module,
        attribute=options.last("--app"),
        path=launch.search(folder),
        host=launch.said(options.last("--host")) or ("0.0.0.0" if verb == "run" else "127.0.0.1"),  # noqa: S104
        port=launch.said(options.last("--port")) or "8000",
    )


def manage(launch: Launch, script: str) -> Entry:
    """Read `manage.py runserver [HOST:PORT]`: the settings that manage.py sets are imported first."""
    options = options_of(
        launch.words, frozenset(("--noreload", "--insecure", "--nothreading", "--ipv6", "-6"))
    )
    if "runserver" not in options.others:
        return launch.unknown(f"manage.py is told `{' '.join(options.others[:1])}`, which starts no server.")
    told = [one for one in options.others if one != "runserver"]
    host, port = bound(told[0]) if told else ("", "")
    path = launch.search(posixpath.dirname(script))
    settings = launch.env("DJANGO_SETTINGS_MODULE") or settings_of(launch.tree(script))
    return launch.entry(
        "django",
        script=script,
        path=path,
        host=launch.said(host) if port else "",
        port=launch.said(port or (told[0] if told else "")),
        also=django_modules(launch, options.last("--settings") or settings, path),
    )


def streamlit(launch: Launch) -> Entry:
    """Read `streamlit run FILE`: the folder of the file is looked in first; 8501 where no port is told."""
    options = options_of(launch.words[1:], _STREAMLIT)
    files = [one for one in options.others if one != "run"]
    if not files:
        return launch.unknown("`streamlit` is told no file.")
    script = launch.place(files[0])
    return launch.entry(
        "streamlit",
        script=script,
        path=launch.search(posixpath.dirname(script)),
        host=launch.said(options.last("--server.address") or launch.env("STREAMLIT_SERVER_ADDRESS")),
        port=launch.said(options.last("--server.port") or launch.env("STREAMLIT_SERVER_PORT")) or "8501",
    )


def _imported_as(launch: Launch, name: str) -> tuple[str, str]:
    """Return the dotted module of a file, and the folder above the packages that it is in, as Flask and FastAPI do."""
    whole = launch.place(name).removesuffix(".py").removesuffix("/__init__")
    folder, module = posixpath.split(whole)
    while f"{folder}/__init__.py" in launch.image.files:
        folder, package = posixpath.split(folder)
        module = f"{package}.{module}"
    return module, folder


def _dotenv(text: str) -> dict[str, str]:
    pairs = (line.strip().removeprefix("export ").partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs if not name.startswith("#")}
