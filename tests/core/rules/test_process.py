"""How the container's own process begins and ends."""

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.rules.process import (
    entrypoint_not_found,
    exec_format,
    exited_zero,
    killed_by_signal,
    out_of_memory,
)
from tests.core.rules.evidence_of import PASSED, SERVICE, START, crash, ended, evidence_of

CERTAIN, LIKELY, UNSURE = Confidence
PATHS = "(PATH=/usr/local/sbin:/usr/local/bin)"


@pytest.mark.parametrize(
    "text",
    [
        "sys terminated: Application failed to start: failed to load /usr/local/bin/python: exec format error",
        'sys terminated: Application failed to start: "/app/server" exec format error',
        "exec /usr/local/bin/docker-entrypoint.sh: exec format error",
    ],
)
def test_an_image_for_another_processor_is_rebuilt_for_this_one(text: str) -> None:
    finding = exec_format(evidence_of(ended(text)))

    assert finding
    assert (finding.cause, finding.boots) == (Cause.EXEC_FORMAT, False)
    assert "--platform linux/amd64" in finding.fix[0]
    assert finding.evidence


@pytest.mark.parametrize(
    ("text", "what", "code", "confidence"),
    [
        (
            f'sys terminated: Application failed to start: "gunicorn" not found {PATHS}',
            "gunicorn",
            None,
            CERTAIN,
        ),
        (
            f'sys terminated: Application failed to start: "python main.py" not found {PATHS}',
            "python main.py",
            None,
            CERTAIN,
        ),
        (
            'sys error finding executable "/cnb/process/web" in PATH [/usr/bin]: not found',
            "/cnb/process/web",
            None,
            CERTAIN,
        ),
        (
            "python: can't open file '/app/main.py': [Errno 2] No such file or directory",
            "/app/main.py",
            2,
            CERTAIN,
        ),
        ("/bin/sh: 1: uvicorn: not found", "uvicorn", 127, LIKELY),
        ("/bin/sh: 1: exec: gunicorn: not found", "gunicorn", 127, LIKELY),
        ("bash: line 1: gunicorn: command not found", "gunicorn", 127, LIKELY),
        ("exec /app/start.sh: no such file or directory", "/app/start.sh", 1, LIKELY),
    ],
)
def test_a_command_that_is_not_in_the_image_is_named(
    text: str, what: str, code: int | None, confidence: Confidence
) -> None:
    log = ended(text, code=code) if code else f"{START}\n{text}"

    finding = entrypoint_not_found(evidence_of(log))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.ENTRYPOINT_NOT_FOUND,
        what,
        confidence,
    )
    assert finding.boots is False


def test_a_blank_in_the_name_proves_that_the_whole_command_is_one_word() -> None:
    text = f'sys terminated: Application failed to start: "python main.py" not found {PATHS}'

    finding = entrypoint_not_found(evidence_of(START, text))

    assert finding
    assert "whole command line" in finding.summary
    assert finding.fix[1] == f"{SERVICE} --command=PROGRAM --args=FIRST,SECOND"


def test_a_tool_that_a_script_missed_before_another_end_is_no_entrypoint() -> None:
    assert (
        entrypoint_not_found(evidence_of(ended("/bin/sh: 1: lsb_release: not found", "crashed", code=3)))
        is None
    )


def test_a_program_that_ends_without_an_error_is_no_server() -> None:
    finding = exited_zero(evidence_of(ended("all done", code=0)))

    assert finding
    assert (finding.cause, finding.confidence) == (Cause.EXITED_ZERO, CERTAIN)
    assert "gcloud run jobs deploy" in finding.fix[1]


@pytest.mark.parametrize(
    "log",
    [ended("failed", code=1), f"{START}\n{PASSED}\nreq GET 200 /\nsys Container called exit(0)."],
)
def test_an_error_or_a_served_life_is_no_exit_by_itself(log: str) -> None:
    assert exited_zero(evidence_of(log)) is None


@pytest.mark.parametrize(
    ("limit", "flags"),
    [
        (128, "--memory=512Mi"),
        (512, "--memory=1Gi"),
        (2048, "--memory=4Gi"),
        (4096, "--memory=8Gi --cpu=2"),
        (16384, "--memory=24Gi --cpu=6"),
    ],
)
def test_the_next_sensible_memory_is_proposed_with_the_processors_that_it_wants(
    limit: int, flags: str
) -> None:
    text = f"sys Memory limit of {limit} MiB exceeded with {limit + 14} MiB used. Consider increasing the memory limit."

    finding = out_of_memory(evidence_of(START, "loading", text, "sys Container called exit(137)."))

    assert finding
    assert (finding.cause, finding.confidence) == (Cause.OUT_OF_MEMORY, CERTAIN)
    assert finding.fix[0] == f"{SERVICE} {flags}"
    assert str(limit) in finding.short


@pytest.mark.parametrize(
    "log",
    [
        ended(
            "[2026-11-23 08:00:00 +0000] [1] [ERROR] Worker (pid:2) was sent SIGKILL! Perhaps out of memory?",
            code=137,
        ),
        ended("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", code=134),
        crash("load()", "MemoryError"),
        crash("load()", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB"),
    ],
)
def test_words_of_others_about_memory_are_likely(log: str) -> None:
    finding = out_of_memory(evidence_of(log))

    assert finding
    assert (finding.cause, finding.confidence) == (Cause.OUT_OF_MEMORY, LIKELY)


@pytest.mark.parametrize(
    ("log", "name"),
    [
        (f"{START}\nloading\nsys Uncaught signal: 11, pid=1, tid=1, fault_addr=0.", "SIGSEGV"),
        (f"{START}\nloading\nsys Uncaught signal: 6, pid=1, tid=1, fault_addr=0.", "SIGABRT"),
        (ended("loading", code=139), "SIGSEGV"),
        (ended("loading", code=137), "SIGKILL"),
        (ended("loading", code=134), "SIGABRT"),
    ],
)
def test_a_signal_is_named(log: str, name: str) -> None:
    finding = killed_by_signal(evidence_of(log))

    assert finding
    assert (finding.cause, finding.short) == (Cause.KILLED_BY_SIGNAL, f"ended by {name}")
    assert finding.boots is False


@pytest.mark.parametrize(
    ("line", "name"),
    [("Fatal Python error: Aborted", "SIGABRT"), ("Segmentation fault (core dumped)", "SIGSEGV")],
)
def test_a_crash_of_native_code_is_known_from_a_bare_log_too(line: str, name: str) -> None:
    finding = killed_by_signal(
        evidence_of("loading", line, "", "Current thread 0x1 (most recent call first):")
    )

    assert finding
    assert finding.short == f"ended by {name}"


def test_windows_line_ends_of_a_start_script_are_told_as_such() -> None:
    finding = entrypoint_not_found(evidence_of(r"/usr/bin/env: 'bash\r': No such file or directory"))

    assert finding
    assert "Windows line ends" in finding.summary


def test_an_ordinary_exit_is_no_signal() -> None:
    assert killed_by_signal(evidence_of(ended("failed", code=1))) is None
