import pytest

from buddy_tui.boot.servers import is_chatter, named_target, said_by_server
from buddy_tui.boot.values import Mark

_G = "[2026-01-14 10:00:00 +0000] [1] [INFO] "


@pytest.mark.parametrize(
    ("text", "mark", "detail", "number", "who"),
    [
        (f"{_G}Starting gunicorn 23.0.0", Mark.PROCESS, "", 0, "gunicorn"),
        (f"{_G}Listening at: http://127.0.0.1:18098 (11299)", Mark.LISTENING, "127.0.0.1", 18098, "gunicorn"),
        (f"{_G}Listening at: unix:/tmp/app.sock (1)", Mark.LISTENING, "unix:/tmp/app.sock", 0, "gunicorn"),
        (
            f"{_G}Listening at: http://127.0.0.1:8000,http://[::]:8080 (1)",
            Mark.LISTENING,
            "[::]",
            8080,
            "gunicorn",
        ),
        (f"{_G}Booting worker with pid: 12", Mark.WORKER, "", 12, "gunicorn"),
        (f"{_G}Worker (pid:13) exited with code 3", Mark.WORKER_DIED, "", 3, "gunicorn"),
        (f"{_G}Worker (pid:13) exited with code 4.", Mark.WORKER_DIED, "", 4, "gunicorn"),
        (f"{_G}WORKER TIMEOUT (pid:13)", Mark.WORKER_DIED, "timeout", 0, "gunicorn"),
        (
            f"{_G}Worker (pid:13) was sent SIGKILL! Perhaps out of memory?",
            Mark.SIGNAL,
            "worker",
            9,
            "gunicorn",
        ),
        (f"{_G}Worker (pid:13) was sent SIGTERM!", Mark.SHUTDOWN, "", 0, "gunicorn"),
        (f"{_G}Worker with pid 13 was terminated due to signal 11", Mark.SIGNAL, "worker", 11, "gunicorn"),
        (f"{_G}Reason: Worker failed to boot.", Mark.GAVE_UP, "Worker failed to boot", 0, "gunicorn"),
        (f"{_G}Reason: App failed to load.", Mark.GAVE_UP, "App failed to load", 0, "gunicorn"),
        (
            f"{_G}Can't connect to ('0.0.0.0', 8080)",
            Mark.GAVE_UP,
            "Can't connect to ('0.0.0.0', 8080)",
            0,
            "gunicorn",
        ),
        (f"{_G}Handling signal: term", Mark.SHUTDOWN, "", 0, "gunicorn"),
        ("INFO:     Started server process [1]", Mark.PROCESS, "", 0, "uvicorn"),
        ("INFO:     Started reloader process [1] using StatReload", Mark.PROCESS, "reloader", 0, "uvicorn"),
        ("INFO:     Application startup complete.", Mark.READY, "", 0, "uvicorn"),
        (
            "2025-08-25 16:18:59.709 | INFO | logging:handle:978 | Uvicorn running on http://0.0.0.0:8888 (Press",
            Mark.LISTENING,
            "0.0.0.0",
            8888,
            "uvicorn",
        ),
        (
            "Uvicorn running on http://[::]:8080 (Press CTRL+C to quit)",
            Mark.LISTENING,
            "[::]",
            8080,
            "uvicorn",
        ),
        (
            "Uvicorn running on unix socket /tmp/u.sock (Press CTRL+C",
            Mark.LISTENING,
            "/tmp/u.sock",  # noqa: S108 - a server's words
            0,
            "uvicorn",
        ),
        ("Uvicorn running on socket ('0.0.0.0', 80) (Press", Mark.LISTENING, "0.0.0.0", 80, "uvicorn"),
        ("ERROR:    Application startup failed. Exiting.", Mark.GAVE_UP, "", 0, "uvicorn"),
        (
            'ERROR:    Error loading ASGI app. Could not import module "main".',
            Mark.GAVE_UP,
            'Error loading ASGI app. Could not import module "main".',
            0,
            "uvicorn",
        ),
        (
            "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 80): address already in use",
            Mark.GAVE_UP,
            "[Errno 98] error while attempting to bind on address ('0.0.0.0', 80): address already in use",
            0,
            "",
        ),
        ("INFO:     Child process [7] died", Mark.WORKER_DIED, "died", 0, "uvicorn"),
        ("INFO:     Finished server process [1]", Mark.SHUTDOWN, "", 0, "uvicorn"),
        ('INFO:     1.2.3.4:0 - "GET /health HTTP/1.1" 404 Not Found', Mark.SERVED, "", 404, ""),
        (
            '127.0.0.1 - - [14/Jan/2026:10:00:00 +0000] "POST / HTTP/1.1" 500 265 "-" "curl"',
            Mark.SERVED,
            "",
            500,
            "",
        ),
        ("GET 200 https://shop-abc.a.run.app/", Mark.SERVED, "", 200, ""),
        (" * Serving Flask app 'main'", Mark.PROCESS, "", 0, "flask"),
        (" * Running on all addresses (0.0.0.0)", Mark.LISTENING, "0.0.0.0", 0, "flask"),
        (" * Running on http://127.0.0.1:5000", Mark.LISTENING, "127.0.0.1", 5000, "flask"),
        ("Error: Could not import 'server'.", Mark.GAVE_UP, "Could not import 'server'.", 0, ""),
        (
            f"{_G}Running on http://0.0.0.0:8080 (CTRL + C to quit)",
            Mark.LISTENING,
            "0.0.0.0",
            8080,
            "hypercorn",
        ),
        (
            "Starting development server at http://127.0.0.1:8000/",
            Mark.LISTENING,
            "127.0.0.1",
            8000,
            "django",
        ),
        ("Error: That port is already in use.", Mark.GAVE_UP, "That port is already in use.", 0, "django"),
        ("INFO Listening on TCP address 0.0.0.0:8000", Mark.LISTENING, "0.0.0.0", 8000, "daphne"),
        ("INFO:waitress:Serving on http://0.0.0.0:8080", Mark.LISTENING, "0.0.0.0", 8080, "waitress"),
        ("======== Running on http://0.0.0.0:8080 ========", Mark.LISTENING, "0.0.0.0", 8080, ""),
        (
            "Serving HTTP on 0.0.0.0 port 8000 (http://0.0.0.0:8000/) ...",
            Mark.LISTENING,
            "0.0.0.0",
            8000,
            "python",
        ),
        ("[INFO] Listening at: http://0.0.0.0:8080", Mark.LISTENING, "0.0.0.0", 8080, "granian"),
        ("Server listening on http://localhost:3000", Mark.READY, "localhost", 3000, ""),
        ("App listening on port 8080", Mark.READY, "", 8080, ""),
        (" ✓ Ready in 694ms", Mark.READY, "", 0, ""),
        (
            "/usr/local/bin/python: can't open file '/app/main.py': [Errno 2] No such file or directory",
            Mark.GAVE_UP,
            "can't open file '/app/main.py': [Errno 2] No such file or directory",
            0,
            "python",
        ),
        ("/bin/sh: 1: uvicorn: not found", Mark.GAVE_UP, "uvicorn: not found", 0, ""),
        (
            "uvicorn: error: unrecognized arguments: --prot",
            Mark.GAVE_UP,
            "unrecognized arguments: --prot",
            0,
            "",
        ),
    ],
)
def test_a_servers_words_are_understood(text: str, mark: Mark, detail: str, number: int, who: str) -> None:
    said = said_by_server(text)

    assert said is not None
    assert (said.mark, said.detail, said.number, said.who) == (mark, detail, number, who)


@pytest.mark.parametrize(
    "text",
    [
        "[2026-01-14 10:00:00 +0000] [1] [INFO] Control socket listening at /home/app/.gunicorn/gunicorn.ctl",
        'DEBUG:urllib3.connectionpool:https://api.example.com:443 "GET /v1 HTTP/1.1" 200 None',
        'INFO:httpx:HTTP Request: GET https://api.example.com "HTTP/1.1 200 OK"',
        "INFO:root:Failed to load optional plugin: Error: not configured",
        "    - Local:        http://localhost:3000",
        "Connected to database on host 10.0.0.3:5432",
        "",
    ],
)
def test_what_only_looks_like_a_servers_words_says_nothing(text: str) -> None:
    assert said_by_server(text) is None


@pytest.mark.parametrize(
    ("text", "starter", "target"),
    [
        ("+ exec uvicorn Back_End.main:app --host 0.0.0.0 --port 8080", "uvicorn", "Back_End.main:app"),
        (
            "==> Running 'gunicorn --bind 0.0.0.0:10000 shop.wsgi:application'",
            "gunicorn",
            "shop.wsgi:application",
        ),
        ('CMD ["hypercorn", "main:create_app()", "-b", "[::]:8080"]', "hypercorn", "main:create_app()"),
        ("Starting process with command `uvicorn main:app`", "uvicorn", "main:app"),
        ("   code  Using import string: main:app", "", "main:app"),
        ("INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)", "", ""),
        ("uvicorn: nothing to see", "", ""),
    ],
)
def test_a_logged_command_tells_what_was_to_be_loaded(text: str, starter: str, target: str) -> None:
    assert named_target(text) == (starter, target)


def test_a_servers_empty_phrases_are_known() -> None:
    assert is_chatter("INFO:     Waiting for application startup.")
    assert not is_chatter("Waiting for the database.")
