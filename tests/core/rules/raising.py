"""Tracebacks of a failed start in few words: frames as `file:line code`, below those of the server that imports."""

from tests.core.rules.evidence_of import DIED, START

SITE = "/usr/local/lib/python3.11/site-packages"
_IMPORTLIB = """\
  File "/usr/local/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import
  File "<frozen importlib._bootstrap>", line 1140, in _find_and_load_unlocked"""
_UVICORN = f"""\
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
  File "{SITE}/uvicorn/importer.py", line 19, in import_from_string
    module = importlib.import_module(module_str)
{_IMPORTLIB}"""
_GUNICORN = f"""\
  File "{SITE}/gunicorn/arbiter.py", line 609, in spawn_worker
    worker.init_process()
  File "{SITE}/gunicorn/util.py", line 371, in import_app
    mod = importlib.import_module(module)
{_IMPORTLIB}"""
MACHINERY = "importlib"


def under_uvicorn(last: str, *frames: str) -> str:
    """Return a boot of uvicorn that `last` ended, e.g. `NameError: name 'x' is not defined`."""
    return f"{START}\n{traceback(last, *frames, above=_UVICORN)}\nsys Container called exit(1).\n{DIED}"


def under_gunicorn(last: str, *frames: str) -> str:
    """Return a boot of gunicorn whose worker `last` ended."""
    return f"""\
{START}
[2026-11-23 08:44:31 +0000] [1] [INFO] Starting gunicorn 23.0.0
[2026-11-23 08:44:31 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)
[2026-11-23 08:44:31 +0000] [2] [INFO] Booting worker with pid: 2
[2026-11-23 08:44:31 +0000] [2] [ERROR] Exception in worker process
{traceback(last, *frames, above=_GUNICORN)}
[2026-11-23 08:44:32 +0000] [2] [INFO] Worker exiting (pid: 2)
[2026-11-23 08:44:32 +0000] [1] [ERROR] Worker (pid:2) exited with code 3
[2026-11-23 08:44:32 +0000] [1] [ERROR] Shutting down: Master
[2026-11-23 08:44:32 +0000] [1] [ERROR] Reason: Worker failed to boot.
sys Container called exit(3)."""


def as_a_script(last: str, *frames: str) -> str:
    """Return a boot of `python main.py` that `last` ended."""
    return f"{START}\n{traceback(last, *frames)}\nsys Container called exit(1).\n{DIED}"


def traceback(last: str, *frames: str, above: str = "") -> str:
    """Return one traceback; a frame is `/app/main.py:3 import yaml`, or `importlib` for Python's own."""
    shown = [above] if above else []
    shown += [_frame(frame) for frame in frames]
    return "\n".join(("Traceback (most recent call last):", *shown, last))


def _frame(frame: str) -> str:
    if frame == MACHINERY:
        return _IMPORTLIB
    place, _, source = frame.partition(" ")
    file, _, line = place.rpartition(":")
    return f'  File "{file}", line {line}, in <module>\n    {source}'
