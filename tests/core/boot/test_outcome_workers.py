from collections.abc import Sequence

from buddy_tui.boot.timeline import decisive, timeline
from buddy_tui.boot.values import Boot, Mark, Outcome
from buddy_tui.model import LogEntry
from tests.core.boot.written import (
    GUNICORN,
    GUNICORN_FAILED,
    PRINTED,
    PROBE_OK,
    ROLLOUT,
    UNCAUGHT,
    WORKER_ERROR,
    Cloud,
    saved,
)

_BORN = "[2026-01-14 10:0{}:00 +0000] [{}] [INFO] Booting worker with pid: {}"
_TIMEOUT = "[2026-01-14 10:0{}:31 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:{})"


def _boot(entries: Sequence[LogEntry]) -> Boot:
    boot = decisive(timeline(entries))
    assert boot is not None
    return boot


def test_a_green_tcp_probe_does_not_prove_that_gunicorns_program_booted() -> None:
    log = Cloud().system(ROLLOUT).out(GUNICORN).system(PROBE_OK).out(GUNICORN_FAILED.split("\n", 4)[4])

    boot = _boot(log.system("Container called exit(3).").entries)

    assert boot.outcome is Outcome.DIED
    assert boot.fatal is not None
    assert boot.fatal.root.message == "No module named 'nowhere'"


def test_gunicorn_is_up_when_its_workers_live_behind_a_green_probe() -> None:
    log = Cloud().system(ROLLOUT).out(GUNICORN)
    assert _boot(log.entries).outcome is Outcome.OPEN

    assert _boot(log.system(PROBE_OK).entries).outcome is Outcome.UP


def test_an_error_that_was_handled_is_no_failure_of_gunicorns_program() -> None:
    log = Cloud().system(ROLLOUT).out(GUNICORN).system(PROBE_OK).out(PRINTED)

    assert _boot(log.entries).outcome is Outcome.UP


def test_a_worker_that_hangs_from_the_start_is_a_slow_start() -> None:
    text = f"{GUNICORN}\n{_BORN.format(1, 3, 3)}\n{_TIMEOUT.format(1, 3)}\n{_BORN.format(2, 4, 4)}"

    assert _boot(saved(text)).outcome is Outcome.LOOPING


def test_a_worker_that_hangs_in_a_request_is_no_failed_boot() -> None:
    by_words = f"{GUNICORN}\n{_TIMEOUT.format(0, 2)}\n[2] [ERROR] Error handling request GET /slow"
    by_time = f"{GUNICORN}\n{_TIMEOUT.format(7, 2)}\n{_BORN.format(8, 3, 3)}"

    assert _boot(saved(by_words)).outcome is Outcome.UP
    assert _boot(saved(by_time)).outcome not in {Outcome.LOOPING, Outcome.DIED}


def test_workers_that_are_replaced_after_so_many_requests_are_no_loop() -> None:
    turns = "\n".join(
        f"[{pid}] [INFO] Autorestarting worker after current request.\n[{pid}] [INFO] Worker exiting (pid: {pid})\n"
        f"[{pid + 1}] [INFO] Booting worker with pid: {pid + 1}"
        for pid in range(2, 6)
    )

    assert _boot(saved(f"{GUNICORN}\n{turns}")).outcome is Outcome.UP


def test_workers_killed_for_memory_again_and_again_are_a_loop() -> None:
    turns = "\n".join(
        f"[1] [ERROR] Worker (pid:{pid}) was sent SIGKILL! Perhaps out of memory?\n"
        f"[{pid + 1}] [INFO] Booting worker with pid: {pid + 1}"
        for pid in range(2, 6)
    )

    boot = _boot(saved(f"{GUNICORN}\n{turns}"))

    assert boot.outcome is Outcome.LOOPING
    assert {event.number for event in boot.marks(Mark.SIGNAL)} == {9}


def test_uvicorns_parent_opens_the_port_before_its_workers_load_the_program() -> None:
    text = (
        "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)\n"
        f"INFO:     Started parent process [1]\nProcess SpawnProcess-1:\n{UNCAUGHT}"
    )

    assert _boot(saved(text)).outcome is Outcome.DIED


def test_gunicorn_may_give_up_in_an_exception_instead_of_a_reason() -> None:
    halted = (
        f'{GUNICORN}\n{WORKER_ERROR.format(pid=2)}\nTraceback (most recent call last):\n  File "/usr/local/bin/gunicorn",'
        ' line 8, in <module>\n    sys.exit(run())\n  File "/usr/lib/python3/dist-packages/gunicorn/arbiter.py", line'
        " 575, in reap_workers\n    raise HaltServer(reason, self.WORKER_BOOT_ERROR)\n"
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>"
    )

    boot = _boot(saved(halted))

    assert boot.outcome is Outcome.DIED
    assert boot.fatal is not None
    assert boot.fatal.root.name == "ModuleNotFoundError"


def test_the_second_worker_cut_short_does_not_hide_how_the_first_one_ended() -> None:
    second = WORKER_ERROR.format(pid=3).rsplit("\n", 3)[0]

    boot = _boot(saved(f"{GUNICORN}\n{WORKER_ERROR.format(pid=2)}\n{second}"))

    assert boot.outcome is Outcome.DIED
    assert boot.fatal is not None
    assert boot.fatal.root.message == "No module named 'nowhere'"
