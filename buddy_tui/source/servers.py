"""source: the command lines of Python's servers: what each imports, from where, and what it listens on.

Where each one looks for modules is its own documented behaviour: uvicorn and hypercorn put the working directory (or
`--app-dir`) first, gunicorn the folder of `--chdir`, the functions framework the folder of the source.
"""

import posixpath
import re
from collections.abc import Callable, Mapping

from buddy_tui.source.frameworks import fastapi, flask, streamlit
from buddy_tui.source.launch import Launch, Options, bound, options_of
from buddy_tui.source.python_files import constants_of, django_modules, settings_of
from buddy_tui.source.shell_words import words_of
from buddy_tui.source.values import Entry

Reader = Callable[[Launch], Entry]

_UVICORN = frozenset(
    (
        "--reload",
        "--factory",
        "--proxy-headers",
        "--server-header",
        "--date-header",
        "--access-log",
        "--use-colors",
    )
)
_GUNICORN = frozenset(
    (
        *(
            "--reload",
            "--preload",
            "--daemon",
            "-D",
            "--spew",
            "--check-config",
            "--print-config",
            "--reuse-port",
            "-R",
        ),
        *(
            "--capture-output",
            "--enable-stdio-inheritance",
            "--proxy-protocol",
            "--initgroups",
            "--log-syslog",
        ),
        *("--suppress-ragged-eofs", "--do-handshake-on-connect", "--disable-redirect-access-to-syslog"),
        *("--strip-header-spaces", "--permit-obsolete-folding", "--casefold-http-method", "-h", "-v"),
    )
)
_HYPERCORN = frozenset(("--debug", "--reload"))
_GRANIAN = frozenset(("--reload", "--factory", "--access-log", "--ws", "--log", "--process-name"))
_DAPHNE = frozenset(("--proxy-headers", "--no-server-name"))
_FIRST_PORT = "8000"


def uvicorn(launch: Launch) -> Entry:
    """Read uvicorn: `module:attribute`, `--app-dir`, `--host`, `--port`, and UVICORN_ variables."""
    options = options_of(launch.words[1:], _UVICORN)
    target = _target(launch, options, launch.env("UVICORN_APP"))
    path = launch.search(launch.place(options.last("--app-dir") or launch.env("UVICORN_APP_DIR") or "."))
    return _served(
        launch,
        "uvicorn",
        target,
        path,
        host=options.last("--host") or launch.env("UVICORN_HOST"),
        port=options.last("--port") or launch.env("UVICORN_PORT"),
    )


def gunicorn(launch: Launch) -> Entry:
    """Read gunicorn: its configuration file, then GUNICORN_CMD_ARGS, then the command line, as it does itself."""
    variable = options_of(words_of(launch.env("GUNICORN_CMD_ARGS")), _GUNICORN)
    line = options_of(launch.words[1:], _GUNICORN)
    named = line.last("-c", "--config") or variable.last("-c", "--config")
    config = _gunicorn_file(launch, named)

    def told(setting: str, *names: str) -> str:
        return line.last(*names) or variable.last(*names) or config.get(setting, "")

    folder = launch.place(told("chdir", "--chdir") or ".")
    more = [launch.place(one) for one in told("pythonpath", "--pythonpath").split(",") if one]
    target = _target(launch, line, config.get("wsgi_app", ""), attribute="application")
    host, port = bound(told("bind", "-b", "--bind"))
    worker = told("worker_class", "-k", "--worker-class")
    return _served(launch, "gunicorn", target, launch.search(*more, folder), host, port, worker=worker)


def hypercorn(launch: Launch) -> Entry:
    """Read hypercorn: `module:attribute` and `-b HOST:PORT`; it looks in the working directory first."""
    options = options_of(launch.words[1:], _HYPERCORN)
    target = re.sub(r"^(?:asgi|wsgi):", "", _target(launch, options, attribute="app"))
    host, port = bound(options.last("-b", "--bind"))
    return _served(launch, "hypercorn", target, launch.search(launch.cwd), host, port)


def functions_framework(launch: Launch) -> Entry:
    """Read the functions framework: `--source` (main.py), `--target`; it listens on $PORT of all addresses."""
    options = options_of(launch.words[1:], frozenset(("--debug", "--dry-run")))
    source = launch.place(options.last("--source") or launch.env("FUNCTION_SOURCE") or "main.py")
    target = launch.value(options.last("--target") or launch.env("FUNCTION_TARGET"))
    if not target:
        return launch.unknown("functions-framework is told no --target, and FUNCTION_TARGET is not set.")
    return launch.entry(
        "functions-framework",
        module=posixpath.basename(source).removesuffix(".py"),
        attribute=target,
        path=launch.search(posixpath.dirname(source)),
        host=launch.said(options.last("--host")),
        port=launch.said(options.last("--port")),
    )


def _other(
    server: str, flags: frozenset[str], host: str, port: str, short: tuple[str, str] = ("", "")
) -> Reader:
    """Return the reader of a server that takes `module:attribute`, `--host` and `--port`."""

    def read(launch: Launch) -> Entry:
        options = options_of(launch.words[1:], flags)
        listen = re.sub(r"^\*", "0.0.0.0", options.last("--listen"))  # noqa: S104
        address = bound(listen) if listen else ("", "")
        return _served(
            launch,
            server,
            _target(launch, options, attribute="app"),
            launch.search(launch.cwd),
            host=options.last("--host", "--bind", short[0]) or address[0] or host,
            port=options.last("--port", short[1]) or address[1] or port,
        )

    return read


SERVERS: Mapping[str, Reader] = {
    "uvicorn": uvicorn,
    "gunicorn": gunicorn,
    "hypercorn": hypercorn,
    "functions-framework": functions_framework,
    "functions_framework": functions_framework,
    "functions-framework-python": functions_framework,
    "flask": flask,
    "fastapi": fastapi,
    "streamlit": streamlit,
    "granian": _other("granian", _GRANIAN, "127.0.0.1", _FIRST_PORT),
    "daphne": _other("daphne", _DAPHNE, "127.0.0.1", _FIRST_PORT, ("-b", "-p")),
    "waitress-serve": _other("waitress", frozenset(("--call",)), "0.0.0.0", "8080"),  # noqa: S104
}


def _served(
    launch: Launch,
    server: str,
    target: str,
    path: tuple[str, ...],
    host: str,
    port: str,
    worker: str = "",
) -> Entry:
    module, _, attribute = target.partition(":")
    if not module:
        return launch.unknown(f"{server} is told no application.")
    if "$" in module:
        return launch.unknown(
            f"The application of {server} is in a variable whose value is not known: {module}."
        )
    settings = launch.env("DJANGO_SETTINGS_MODULE") or settings_of(
        launch.tree(launch.module_file(module, path))
    )
    return launch.entry(
        server,
        module=module,
        attribute=attribute,
        path=path,
        host=launch.said(host),
        port=launch.said(port),
        worker=worker,
        also=django_modules(launch, settings, path),
    )


def _target(launch: Launch, options: Options, otherwise: str = "", attribute: str = "") -> str:
    """Return the first word that is no option, or what a variable says; with the server's own default attribute."""
    told = launch.value(options.others[0]) if options.others else otherwise
    return f"{told}:{attribute}" if told and attribute and ":" not in told else told


def _gunicorn_file(launch: Launch, named: str) -> Mapping[str, str]:
    """Return what the configuration file says: the one that is named, or ./gunicorn.conf.py where it is there."""
    name = re.sub(r"^file:", "", launch.value(named)) or "gunicorn.conf.py"
    if name.startswith("python:"):
        name = name.removeprefix("python:").replace(".", "/") + ".py"
    return constants_of(launch.tree(name))
