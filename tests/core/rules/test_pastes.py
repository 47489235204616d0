"""Logs as people paste them: what is told of them is told with a doubt."""

import pytest

from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.explaining import explain
from tests.core.rules.evidence_of import START, ended, evidence_of
from tests.core.rules.raising import SITE

CERTAIN, LIKELY, UNSURE = Confidence

_BEGIN = (
    "[2026-11-23 08:00:00 +0000] [1] [INFO] Starting gunicorn 23.0.0",
    "[2026-11-23 08:00:00 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)",
)


def told(*lines: str) -> Finding:
    return explain(evidence_of(*lines).reading)


def killed(pid: int, minute: int) -> tuple[str, ...]:
    """Return what gunicorn says of a worker that hangs, and that it kills."""
    return (
        f"[2026-11-23 08:0{minute}:00 +0000] [{pid}] [INFO] Booting worker with pid: {pid}",
        f"[2026-11-23 08:0{minute}:31 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:{pid})",
        f"[2026-11-23 08:0{minute}:32 +0000] [1] [ERROR] Worker (pid:{pid}) was sent SIGKILL! Perhaps out of memory?",
    )


@pytest.mark.parametrize(
    ("line", "cause", "missing"),
    [
        ("ModuleNotFoundError: No module named 'flask'", Cause.THIRD_PARTY_MISSING, "flask"),
        (
            "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
            Cause.SHARED_OBJECT_MISSING,
            "libGL.so.1",
        ),
    ],
)
def test_a_lone_last_line_is_never_certain(line: str, cause: Cause, missing: str) -> None:
    finding = told(line)

    assert (finding.cause, finding.missing, finding.confidence, finding.boots) == (
        cause,
        missing,
        LIKELY,
        False,
    )
    assert any("stands alone" in doubt for doubt in finding.uncertain)


def test_a_lone_last_line_before_more_of_the_log_decides_nothing() -> None:
    finding = told("KeyError: 'cache'", "going on without", "ready for work")

    assert finding.boots is not False


def test_a_lone_last_line_after_a_long_run_decides_nothing() -> None:
    finding = told(*(f"sold {number} flowers" for number in range(9)), "ConnectionError: the till is away")

    assert finding.boots is not False


def test_a_loaders_line_without_an_exception_is_likely() -> None:
    finding = told(
        "loading", "ERROR: libgomp.so.1: cannot open shared object file: No such file or directory"
    )

    assert (finding.cause, finding.confidence) == (Cause.SHARED_OBJECT_MISSING, LIKELY)
    assert finding.missing == "libgomp.so.1"


def test_a_worker_that_gunicorn_kills_after_its_timeout_was_not_short_of_memory() -> None:
    finding = told(*_BEGIN, *killed(2, 0), *killed(3, 1), *killed(4, 2))

    assert (finding.cause, finding.boots) == (Cause.SLOW_START, False)


def test_a_worker_that_was_there_before_the_log_begins_is_no_failed_boot() -> None:
    finding = told(*killed(2, 0)[1:], "[2026-11-23 08:01:00 +0000] [9] [INFO] Booting worker with pid: 9")

    assert finding.boots is not False
    assert finding.cause is Cause.INCOMPLETE


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("/usr/local/bin/entry.sh: exec: line 7: ./run.sh: not found", "./run.sh"),
        ("/opt/entry.sh: line 9: exec: till serve --all: not found", "till serve --all"),
        ("/app/entry.sh: line 4: /app/.venv/bin/uvicorn: cannot execute: required file not found",
         "/app/.venv/bin/uvicorn"),
        ('oci runtime error: starting container process caused "exec: \\"gunicorn\\": executable file not found in $PATH"',
         "gunicorn"),
        ('unable to start container process: exec: "/bin/serve": stat /bin/serve: no such file or directory',
         "/bin/serve"),
    ],
)  # fmt: skip
def test_a_command_that_is_not_there_is_named_without_the_platforms_end(line: str, what: str) -> None:
    finding = told(line)

    assert (finding.cause, finding.missing, finding.boots) == (Cause.ENTRYPOINT_NOT_FOUND, what, False)


def test_a_script_that_goes_on_did_not_end_at_a_command_it_missed() -> None:
    missed = "/app/entry.sh: line 4: jq: command not found"

    assert told(missed, "going on", "still loading").cause is not Cause.ENTRYPOINT_NOT_FOUND
    assert told(ended(missed, "the till is open", code=1)).cause is not Cause.ENTRYPOINT_NOT_FOUND


def test_a_cut_after_a_whole_exception_is_not_certain() -> None:
    whole = 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in <module>\n    run()\nValueError: x'
    cut = 'Traceback (most recent call last):\n  File "/app/b.py", line 9, in <module>'

    assert told(START, cut).confidence is CERTAIN
    assert told(START, whole, cut).confidence is not CERTAIN


def test_what_only_importlib_asked_for_was_named_to_a_server() -> None:
    machinery = '  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import'

    finding = told(
        machinery, "ModuleNotFoundError: No module named 'seedling'", "Reason: Worker failed to boot."
    )

    assert (finding.cause, finding.missing) == (Cause.LOCAL_MODULE_MISSING, "seedling")
    assert finding.confidence is not CERTAIN


def test_a_cut_log_of_requests_is_no_failed_boot_of_the_wrong_kind() -> None:
    call = "TypeError: __call__() missing 1 required positional argument: 'start_response'"
    served = f'Traceback (most recent call last):\n  File "{SITE}/uvicorn/protocols/http/h11_impl.py", line 4, in run_asgi\n    x'

    finding = told(f"{served}\n{call}", served)

    assert (finding.cause, finding.boots) == (Cause.WRONG_WORKER_CLASS, True)


@pytest.mark.parametrize("prompt", [r"(env) C:\till\app>", "(base) me@till:~/app#", "[me@till app]$"])
def test_a_prompt_after_a_traceback_is_no_word_of_the_program(prompt: str) -> None:
    raised = (
        'Traceback (most recent call last):\n  File "/app/a.py", line 3, in load\n    run()\nValueError: x'
    )

    assert told(raised, prompt).boots is False
    assert told(raised, "INFO: going on >").boots is not False


def test_gunicorns_own_last_exception_is_not_blamed_where_it_is_cut_off() -> None:
    raised = 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in <module>\n    run()\nValueError: x'
    halt = (
        f'Traceback (most recent call last):\n  File "{SITE}/gunicorn/arbiter.py", line 209, in run\n    self.sleep()\n'
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "/usr/local/bin/gunicorn", line 8, in <module>\n    sys.exit(run())'
    )

    finding = told(f"{raised}\n[2026-11-23 08:00:00 +0000] [2] [INFO] Worker exiting (pid: 2)\n{halt}")

    assert (finding.exception, finding.boots) == ("ValueError", False)


def test_what_a_module_of_others_lacks_is_no_target() -> None:
    assert told("Error: module 'inspect' has no attribute 'getargspec'").cause is not Cause.APP_TARGET_MISSING


def test_a_cut_chain_whose_first_exception_is_told_is_not_certain() -> None:
    first = (
        'Traceback (most recent call last):\n  File "/app/a.py", line 3, in <module>\n    run()\nKeyError: 4'
    )
    link = "\n\nThe above exception was the direct cause of the following exception:\n\n"
    cut = 'Traceback (most recent call last):\n  File "/app/b.py", line 9, in <module>\n    again()'

    finding = told(f"{first}{link}{cut}")

    assert finding.cause is Cause.INCOMPLETE
    assert finding.confidence is not CERTAIN


def test_pydantics_link_after_an_import_is_no_word_of_the_program() -> None:
    raised = (
        'Traceback (most recent call last):\n  File "/app/a.py", line 3, in load\n    from pydantic import BaseSettings\n'
        "pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package."
    )

    finding = told(raised, "", "For further information visit https://errors.pydantic.dev/2.3/u/import-error")

    assert finding.boots is False


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("mkdir: cannot create directory '/till': Permission denied", "/till"),
        ("mkdir: cannot create directory \u2018/till\u2019: Permission denied", "/till"),
        ("/entry.sh: line 3: cannot create /till/log: Permission denied", "/till/log"),
        ("touch: cannot touch '/till/open': Read-only file system", "/till/open"),
        ("chown: changing ownership of '/till': Operation not permitted", "/till"),
    ],
)
def test_a_tool_of_the_start_script_that_is_refused_a_file_is_likely(line: str, path: str) -> None:
    finding = told(ended(line))

    assert (finding.cause, finding.missing, finding.confidence) == (Cause.PERMISSION_DENIED, path, LIKELY)
    assert told(line, "the till is open").cause is not Cause.PERMISSION_DENIED


def test_a_vague_exception_is_explained_by_what_was_said_just_before() -> None:
    vague = 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in load\n    check()\n'
    said = "TILL_TOKEN: [NOT SET]"

    finding = told(ended(said, f"{vague}RuntimeError: configuration is of no use"))

    assert (finding.cause, finding.missing, finding.confidence) == (Cause.ENV_MISSING, "TILL_TOKEN", UNSURE)
    assert finding.exception == "RuntimeError"
    for other in ("RuntimeError: out of tea", "KeyError: 'configuration'"):
        assert told(ended(said, vague + other)).cause is not Cause.ENV_MISSING
    assert told(ended(f"INFO {said}", f"{vague}ValueError: bad configuration")).cause is not Cause.ENV_MISSING


def test_gradio_listens_and_wants_a_port_that_is_taken() -> None:
    up = told("Running on local URL:  http://0.0.0.0:7860", "sold the first tea")
    assert (up.cause, up.boots) == (Cause.NONE, True)

    taken = told(
        'Traceback (most recent call last):\n  File "/app/till.py", line 3, in <module>\n    demo.launch()\n'
        "OSError: Cannot find empty port in range: 7860-7860. You can specify a different port by setting the"
        " GRADIO_SERVER_PORT environment variable."
    )
    assert (taken.cause, taken.missing, taken.boots) == (Cause.PORT_IN_USE, "7860", False)
