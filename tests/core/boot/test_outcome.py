from collections.abc import Sequence

import pytest

from buddy_tui.boot.timeline import decisive, timeline
from buddy_tui.boot.values import Boot, Mark, Outcome
from buddy_tui.model import LogEntry
from tests.core.boot.written import (
    GUNICORN,
    GUNICORN_FAILED,
    PRINTED,
    PROBE_LOST,
    PROBE_OK,
    READY,
    ROLLOUT,
    UNCAUGHT,
    UNHEALTHY,
    UVICORN,
    Cloud,
    saved,
)

_LOADING = "INFO:     Started server process [1]\nINFO:     Waiting for application startup."
_FAILED = f"{_LOADING}\nERROR:    Application startup failed. Exiting."
_REQUEST_ERROR = """\
ERROR:    Exception in ASGI application
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/uvicorn/protocols/http/h11_impl.py", line 403, in run_asgi
    result = await app(self.scope, self.receive, self.send)
  File "/app/main.py", line 9, in bad
    return 1 / 0
ZeroDivisionError: division by zero"""

_START_FAILED = """\
Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
  File "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py", line 19, in import_from_string
    module = importlib.import_module(module_str)
  File "/app/main.py", line 2, in <module>
    import yaml
ModuleNotFoundError: No module named 'yaml'"""


def _boot(entries: Sequence[LogEntry]) -> Boot:
    boot = decisive(timeline(entries))
    assert boot is not None
    return boot


def _dying(worker: int) -> str:
    return (
        f"[2026-01-14 10:00:00 +0000] [{worker}] [INFO] Booting worker with pid: {worker}\n"
        f"FATAL: DATABASE_URL is not set\n[2026-01-14 10:00:00 +0000] [{worker}] [INFO] Worker exiting (pid: {worker})"
    )


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (UVICORN, Outcome.UP),
        (f"{PRINTED}\n{UVICORN}", Outcome.UP),
        (f"{UVICORN}\n{_REQUEST_ERROR}", Outcome.UP),
        (f"{UVICORN}\n{_REQUEST_ERROR.rsplit(chr(10), 2)[0]}", Outcome.UP),
        (f"{UVICORN}\n{_START_FAILED}", Outcome.DIED),
        (f"{UVICORN}\nINFO:     Shutting down\nINFO:     Finished server process [1]", Outcome.UP),
        (f"(trapped) error reading bcrypt version\n{PRINTED}\n{UVICORN}", Outcome.UP),
        (GUNICORN, Outcome.UP),
        (f"{GUNICORN}\n{PRINTED}\nserving", Outcome.UP),
        (
            "[1] [INFO] Handling signal: term\n[13] [INFO] Error while closing socket [Errno 9] Bad",
            Outcome.UP,
        ),
        (" ✓ Starting...\n ✓ Ready in 694ms", Outcome.UP),
        ("ERROR cache is away\nINFO no cache then\nINFO background job completed", Outcome.UP),
        (UNCAUGHT, Outcome.DIED),
        (PRINTED, Outcome.DIED),
        (_FAILED, Outcome.DIED),
        (GUNICORN_FAILED, Outcome.DIED),
        ('ERROR:    Error loading ASGI app. Could not import module "main".', Outcome.DIED),
        ("Usage: flask run [OPTIONS]\n\nError: Could not import 'server'.", Outcome.DIED),
        (
            (
                "INFO:     Application startup complete.\n"
                "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 80): address already in use\n"
                "INFO:     Waiting for application shutdown.\nINFO:     Application shutdown complete."
            ),
            Outcome.DIED,
        ),
        ("done\nContainer called exit(0).", Outcome.DIED),
        (" * Serving Flask app 'main'\n * Running on http://127.0.0.1:5000", Outcome.UNREACHABLE),
        ("\n".join((GUNICORN, *map(_dying, (3, 4, 5)))), Outcome.LOOPING),
        (UNCAUGHT.rsplit("\n", 2)[0], Outcome.CUT),
        (f"{PRINTED}\n{UNCAUGHT.rsplit(chr(10), 2)[0]}", Outcome.CUT),
        ("loading the model", Outcome.OPEN),
        (_LOADING, Outcome.OPEN),
    ],
)
def test_a_saved_log_tells_how_the_boot_went(text: str, outcome: Outcome) -> None:
    assert _boot(saved(text)).outcome is outcome


def test_all_addresses_are_no_loopback() -> None:
    banner = " * Running on all addresses (0.0.0.0)\n * Running on http://127.0.0.1:5000"

    assert _boot(saved(banner)).outcome is Outcome.UP


def test_a_green_probe_proves_that_a_server_without_a_master_booted() -> None:
    assert _boot(Cloud().system(ROLLOUT).out("starting").system(PROBE_OK).entries).outcome is Outcome.UP


@pytest.mark.parametrize(
    ("status", "output", "outcome"),
    [
        ("CANCELLED", "starting", Outcome.DIED),
        ("DEADLINE_EXCEEDED", "starting", Outcome.UNREACHABLE),
        ("DEADLINE_EXCEEDED", UVICORN, Outcome.UNREACHABLE),
        ("DEADLINE_EXCEEDED", "", Outcome.UNREACHABLE),
        ("ERROR_CONNECTION_FAILED", "starting", Outcome.UNREACHABLE),
        ("CANCELLED", "", Outcome.SILENT),
    ],
)
def test_a_failed_probe_tells_a_dead_process_from_one_that_cannot_be_reached(
    status: str, output: str, outcome: Outcome
) -> None:
    log = Cloud().system(ROLLOUT)
    if output:
        log.out(output)

    boot = _boot(log.system(PROBE_LOST.format(status)).entries)

    assert boot.outcome is outcome
    assert boot.marks(Mark.PROBE_FAILED)[0].detail == status


def test_what_cannot_be_reached_is_not_blamed_on_an_error_that_it_handled() -> None:
    log = Cloud().system(ROLLOUT).out(f"starting\n{PRINTED}").system(PROBE_LOST.format("DEADLINE_EXCEEDED"))

    assert _boot(log.entries).fatal is None


def test_the_orderly_end_after_a_failed_probe_does_not_hide_it() -> None:
    log = Cloud().system(ROLLOUT).out(UVICORN).wait(240).system(PROBE_LOST.format("DEADLINE_EXCEEDED"))

    log.out("INFO:     Shutting down\nINFO:     Finished server process [1]").system(
        "Container called exit(0)."
    )

    assert _boot(log.entries).outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize(("code", "outcome"), [(0, Outcome.DIED), (1, Outcome.SILENT), (143, Outcome.OPEN)])
def test_a_container_that_wrote_nothing_is_told_apart_by_its_exit_code(code: int, outcome: Outcome) -> None:
    log = Cloud().system(ROLLOUT).system(f"Container called exit({code}).")

    assert _boot(log.entries).outcome is outcome


def test_an_exit_long_after_the_start_is_no_failed_boot() -> None:
    log = Cloud().system(ROLLOUT).out(UVICORN).system(PROBE_OK)
    early, late = Cloud(), Cloud()
    early.entries, late.entries = list(log.entries), list(log.entries)
    early.now = late.now = log.now

    assert _boot(early.wait(10).system("Container called exit(1).").entries).outcome is Outcome.DIED
    assert _boot(late.wait(3600).system("Container called exit(1).").entries).outcome is Outcome.UP


def test_running_out_of_memory_is_a_failed_boot_only_before_a_request_was_answered() -> None:
    exceeded = "Memory limit of 512 MiB exceeded with 526 MiB used."
    log = Cloud().system(ROLLOUT).out(UVICORN)
    served = Cloud().system(ROLLOUT).out(UVICORN).say("requests", "GET 200 12ms /chat")

    assert _boot(log.system(exceeded).entries).outcome is Outcome.DIED
    assert _boot(served.system(exceeded).entries).outcome is Outcome.UP


@pytest.mark.parametrize(
    ("request_line", "outcome"),
    [
        ("GET 200 12ms /", Outcome.UP),
        ("GET 404 2ms /", Outcome.UP),
        ("GET 503 4ms /\nThe request", Outcome.OPEN),
    ],
)
def test_an_answer_that_may_be_the_platforms_proves_nothing(request_line: str, outcome: Outcome) -> None:
    log = Cloud().system(ROLLOUT).out("starting").say("requests", request_line)

    assert _boot(log.entries).outcome is outcome


@pytest.mark.parametrize("severity", ["WARNING", "ERROR"])
def test_what_the_program_logged_as_a_warning_did_not_end_it(severity: str) -> None:
    entries = Cloud().say("stdout", f"optional\n{PRINTED}").entries

    boot = _boot([entry._replace(severity=severity) for entry in entries])

    assert boot.outcome is (Outcome.OPEN if severity == "WARNING" else Outcome.DIED)


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        (UVICORN, Outcome.UNREACHABLE),
        ("starting", Outcome.UNREACHABLE),
        ("", Outcome.SILENT),
        (UNCAUGHT, Outcome.DIED),
    ],
)
def test_cloud_runs_verdict_decides_where_the_log_does_not(output: str, outcome: Outcome) -> None:
    log = Cloud().system(ROLLOUT)
    if output:
        log.out(output)

    assert _boot(log.event(UNHEALTHY, revision="shop-00007-abc").entries).outcome is outcome


def test_the_last_of_two_verdicts_counts() -> None:
    log = Cloud().system(ROLLOUT).out("starting").event(UNHEALTHY, revision="shop-00007-abc")

    assert _boot(log.event(READY, revision="shop-00007-abc").entries).outcome is Outcome.UP


def test_a_command_that_never_ran_did_not_start() -> None:
    log = (
        Cloud()
        .system(ROLLOUT)
        .system('terminated: Application failed to start: "nope" not found (PATH=/bin)')
    )

    boot = _boot(log.system(PROBE_LOST.format("CANCELLED")).entries)

    assert boot.outcome is Outcome.NOT_STARTED
    assert boot.marks(Mark.REJECTED)


def test_a_revision_that_was_refused_has_a_boot_of_its_notices() -> None:
    words = (
        "Ready condition status changed to False for Revision {} with message: Image 'x:latest' not found."
    )

    boot = _boot(Cloud().event(words, revision="shop-00008-def").entries)

    assert (boot.revision, boot.outcome) == ("shop-00008-def", Outcome.NOT_STARTED)
    assert boot.marks(Mark.REJECTED)[0].detail == "Image 'x:latest' not found."


def test_the_generic_deployment_error_alone_tells_that_the_log_is_missing() -> None:
    words = "ERROR: (gcloud.run.deploy) Revision 'shop-00008-def' is not ready and cannot serve traffic. {}"
    message = UNHEALTHY.partition("message: ")[2].partition("\n")[0]

    assert _boot(saved(words.format(message))).outcome is Outcome.CUT


def test_what_is_killed_because_it_cannot_be_reached_did_not_die_by_itself() -> None:
    timeout = "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch"

    assert _boot(saved(f"starting\n{timeout}\nProcess exited with status 137")).outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize(
    "rest", ["\nFor further information visit https://x.y/z", "", "\n\n  Searched in:\n    - '/app'"]
)
def test_the_rest_of_a_long_message_does_not_hide_that_nobody_caught_the_error(rest: str) -> None:
    boot = _boot(saved(f"{UNCAUGHT}\n{rest}"))

    assert boot.outcome is Outcome.DIED
    assert boot.fatal is not None


def test_a_program_that_logs_on_after_an_error_is_not_dead_yet() -> None:
    assert _boot(saved(f"{UNCAUGHT}\nINFO loading the model")).outcome is Outcome.OPEN


@pytest.mark.parametrize(
    "before",
    [
        "Exception in thread Thread-1 (poll):",
        "Task exception was never retrieved",
        "Exception ignored in: <x>",
    ],
)
def test_what_a_thread_or_a_task_left_behind_did_not_end_the_program(before: str) -> None:
    frame = 'File "/usr/local/lib/python3.11/threading.py", line 1045, in _bootstrap_inner\n    self.run()'
    left = f"{before}\nTraceback (most recent call last):\n  {frame}\nConnectionError: no metrics"

    boot = _boot(
        saved(f"{GUNICORN}\n{left}\n[1] [INFO] Handling signal: term\n[2] [INFO] Worker exiting (pid: 2)")
    )

    assert (boot.outcome, boot.fatal) == (Outcome.UP, None)


@pytest.mark.parametrize(
    "last",
    [
        "/bin/sh: 2: exec: ./server: Exec format error",
        "/usr/bin/env: \u2018bash\\r\u2019: No such file or directory",
        "Fatal Python error: Aborted",
    ],
)
def test_what_could_not_be_run_is_dead(last: str) -> None:
    assert _boot(saved(last)).outcome is Outcome.DIED
