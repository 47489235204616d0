"""Logs as people paste them: cut, without their frames, or begun in the midst of a run."""

import pytest

from buddy_tui.boot.frames import is_compiled
from buddy_tui.boot.lines import lines_of
from buddy_tui.boot.platform import never_ran, said_by_platform, verdict_of
from buddy_tui.boot.servers import said_by_server
from buddy_tui.boot.timeline import decisive, timeline
from buddy_tui.boot.tracebacks import find
from buddy_tui.boot.values import Mark, Outcome, Traceback
from buddy_tui.model import LogEntry
from tests.core.boot import texts
from tests.core.boot.written import saved


def found_in(*written: str) -> tuple[Traceback, ...]:
    return find(lines_of([LogEntry(n, "stderr", str(n), text) for n, text in enumerate(written)]))


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("ModuleNotFoundError: No module named 'kiosk'", "ModuleNotFoundError", "No module named 'kiosk'"),
        ("2026-11-23 08:44:36,436 KeyError: 'SHOP'", "KeyError", "'SHOP'"),
        ("web_1   | OSError: [Errno 5] lost", "OSError", "[Errno 5] lost"),
        ("shop.exceptions.Sold: all of it", "shop.exceptions.Sold", "all of it"),
    ],
)
def test_the_last_line_alone_tells_what_was_raised(line: str, kind: str, message: str) -> None:
    (traceback,) = found_in("starting", line)

    assert (traceback.root.type, traceback.root.message, traceback.root.frames) == (kind, message, ())
    assert not traceback.whole


def test_a_lone_last_line_has_its_further_lines() -> None:
    (traceback,) = found_in("ValidationError: 2 fields", "  colour", "    must be set", "[ERROR] end")

    assert traceback.root.message == "2 fields\n  colour\n    must be set"


@pytest.mark.parametrize(
    "line",
    [
        "CommandError: no such shop",
        "ImportError: Failed to find application, did you mean 'shop:app'?",
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
        "retrying after ValueError: soon",
        "ValueError",
    ],
)
def test_what_a_server_says_in_one_line_is_no_exception(line: str) -> None:
    assert found_in(line) == ()


def test_a_lone_last_line_counts_for_nothing_beside_a_traceback() -> None:
    rows = texts.MISSING.split("\n")

    for written in (["ValueError: passed over", "going on", *rows], [*rows, "", "over", "ValueError: later"]):
        (traceback,) = found_in(*written)
        assert traceback.root.type == "ModuleNotFoundError"


@pytest.mark.parametrize("form", ["at {} ({})", "    at {} ({})", ".{} ( {} )"])
def test_error_reporting_writes_the_frames_below_the_exception(form: str) -> None:
    site = "/layers/google.python.pip/pip/lib/python3.11/site-packages"
    rows = [
        ("sell", "/workspace/till.py:8"),
        ("<module>", "/workspace/main.py:3"),
        ("load", f"{site}/a.py:1"),
    ]

    (traceback,) = found_in("KeyError: 'SHOP'", *(form.format(*row) for row in rows))

    assert (traceback.root.type, traceback.root.message) == ("KeyError", "'SHOP'")
    assert [(frame.function, frame.line, frame.project) for frame in traceback.root.frames] == [
        ("load", 1, False),
        ("<module>", 3, True),
        ("sell", 8, True),
    ]


@pytest.mark.parametrize("header", [["Traceback (most recent call last):"], []])
def test_an_exception_may_stand_right_above_its_frames(header: list[str]) -> None:
    frames = ['File "/app/till.py", line 3, in <module>', "  import kiosk"]

    (traceback,) = found_in("ModuleNotFoundError: No module named 'kiosk'", *header, *frames)

    assert (traceback.root.message, traceback.root.frames[0].file) == (
        "No module named 'kiosk'",
        "/app/till.py",
    )
    assert traceback.lines[0] == 0


def test_an_exception_above_is_not_taken_for_frames_that_have_their_own_or_begin_later() -> None:
    rows = texts.MISSING.split("\n")

    assert [one.root.type for one in found_in("ValueError: over", *rows)] == ["ModuleNotFoundError"]
    later = found_in("ValueError: over", "[INFO] going on", *rows[:-1])
    assert [(one.root.type, bool(one.root.frames)) for one in later] == [("ValueError", False), ("", True)]


def test_an_exception_that_a_chain_goes_on_from_is_not_that_of_the_frames_below() -> None:
    marker = "The above exception was the direct cause of the following exception:"

    (traceback,) = found_in("KeyError: 'tea'", marker, *texts.MISSING.split("\n")[:-1])

    assert [(one.type, bool(one.frames)) for one in traceback.chain] == [("KeyError", False), ("", True)]


def test_a_messages_own_caret_is_no_mark_below_the_source() -> None:
    row = (
        'Traceback (most recent call last): File "/app/till.py", line 3, in sell s.run(q)'
        ' sqlalchemy.exc.ProgrammingError: no table "tea" LINE 2: FROM tea ^ [SQL: SELECT 1]'
    )

    (traceback,) = found_in(row)

    assert traceback.root.type == "sqlalchemy.exc.ProgrammingError"
    assert traceback.root.frames[0].source == "s.run(q)"


def test_the_fields_of_a_model_may_have_lost_their_indent() -> None:
    fields = ["2 validation errors for Till", "token", "Field required [type=missing, input_value={}]"]
    link = "For further information visit https://errors.pydantic.dev/2.11/v/missing"

    (traceback,) = found_in(f"ValidationError: {fields[0]}", "  ", *fields[1:], link, "[ERROR] end")
    (headed,) = found_in(
        "Traceback (most recent call last):",
        'File "/app/till.py", line 3, in <module>',
        "Till()",
        f"ValidationError: {fields[0]}",
        *fields[1:],
        link,
        "[ERROR] end",
    )

    assert headed.root.message.split("\n") == [*fields, link]
    assert traceback.root.type == "ValidationError"


def test_a_server_that_gives_up_without_a_full_stop_gives_up() -> None:
    said = said_by_server("ERROR: Application startup failed. Exiting")

    assert said
    assert said.mark is Mark.GAVE_UP


def test_another_languages_frames_are_none() -> None:
    (traceback,) = found_in("TypeError: x is not a function", "    at sell (/app/till.js:3:9)")

    assert traceback.root.frames == ()


def test_a_chain_may_begin_with_a_lone_last_line() -> None:
    marker = "During handling of the above exception, another exception occurred:"

    (traceback,) = found_in("ValueError: first", "", marker, "", *texts.MISSING.split("\n"))

    assert [one.type for one in traceback.chain] == ["ValueError", "ModuleNotFoundError"]


def test_half_a_frame_at_the_end_is_a_part_of_what_was_cut() -> None:
    rows = [
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 1, in <module>',
        "    import x",
    ]

    (traceback,) = found_in(*rows, '  File "/usr/local/lib/py')

    assert traceback.lines == (0, 1, 2, 3)
    cut = decisive(timeline(saved("\n".join((*rows, '  File "/usr/local/lib/py')))))
    assert cut
    assert cut.outcome is Outcome.CUT


def test_names_in_angle_brackets_may_be_lost_to_a_page() -> None:
    rows = [
        "Traceback (most recent call last):",
        '  File "", line 198, in _run_module_as_main',
        '  File "/app/start.py", line 4, in',
        "    import kiosk",
        "ModuleNotFoundError: No module named 'kiosk'",
    ]

    (traceback,) = found_in(*rows)

    assert [(frame.file, frame.project) for frame in traceback.root.frames] == [
        ("", False),
        ("/app/start.py", True),
    ]


@pytest.mark.parametrize(
    ("file", "function", "expected"),
    [
        ("pydantic/main.py", "pydantic.main.BaseModel.__init__", True),
        ("shop/till.py", "init shop.till", True),
        ("pydantic\\main.py", "pydantic.main.BaseModel.__init__", True),
        ("app/main.py", "<module>", False),
        ("main.py", "mainly", False),
        ("/app/main.py", "app.main.run", False),
    ],
)
def test_a_compiled_module_names_its_functions_in_full(file: str, function: str, *, expected: bool) -> None:
    assert is_compiled(file, function) is expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("App [monitor:1] online", "App [monitor:1] online"),
        ("[main] up", "[main] up"),
        ("INFO[m up", "INFO up"),
        ("[32mINFO[mup", "INFOup"),
    ],
)
def test_a_word_in_brackets_is_no_colour(text: str, shown: str) -> None:
    (line,) = lines_of([LogEntry(0, "stderr", "0", text)])

    assert line.text == shown


def test_workers_from_before_the_log_begins_had_been_up() -> None:
    turns = "\n".join(
        f"[1] [WARNING] Worker with pid {pid} was terminated due to signal 9\n[{pid + 50}] [INFO] Booting worker with pid: {pid + 50}"
        for pid in (10, 20, 30, 40)
    )
    boot = decisive(timeline(saved(turns)))
    assert boot
    assert boot.outcome not in {Outcome.LOOPING, Outcome.DIED}

    same = turns.replace("pid 20", "pid 60").replace("pid 30", "pid 70").replace("pid 40", "pid 80")
    boot = decisive(timeline(saved(same)))
    assert boot
    assert boot.outcome is Outcome.LOOPING


def test_what_others_say_of_the_start_and_the_end() -> None:
    end = said_by_platform("PM2 log: App [api:0] exited with code [1] via signal [SIGINT]")
    assert end
    assert (end.mark, end.number) == (Mark.EXIT, 1)
    gone = said_by_server("/usr/local/bin/entry.sh: exec: line 7: ./run.sh: not found")
    assert gone
    assert gone.mark is Mark.GAVE_UP
    assert never_ran('oci runtime error: starting container process caused "exec: \\"x\\": not there"')


def test_quotation_marks_that_a_forum_curled_are_straight_again() -> None:
    (traceback,) = found_in(
        "Traceback (most recent call last):",
        "  File “/app/till.py”, line 2, in <module>",
        "    import kiosk",
        "ModuleNotFoundError: No module named \u2018kiosk\u2019",
    )

    assert (traceback.root.message, traceback.root.frames[0].file) == (
        "No module named 'kiosk'",
        "/app/till.py",
    )
    assert lines_of([LogEntry(0, "stdout", "0", "it said “hello”")])[0].text == "it said “hello”"


def test_cloud_runs_older_words_for_a_failed_start_are_a_verdict() -> None:
    verdict = verdict_of(
        "Cloud Run error: Container failed to start. Failed to start and then listen on the port defined by PORT."
    )

    assert verdict
    assert verdict.mark is Mark.REJECTED


_BEGIN = (
    "[2026-11-23 08:00:00 +0000] [1] [INFO] Starting gunicorn 23.0.0\n"
    "[2026-11-23 08:00:00 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)\n"
    "[2026-11-23 08:00:00 +0000] [2] [INFO] Booting worker with pid: 2\n"
    "[2026-11-23 08:00:00 +0000] [3] [INFO] Booting worker with pid: 3"
)


def test_workers_that_hang_together_after_a_while_had_come_up() -> None:
    hang = "[2026-11-23 08:0{}:0{} +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:{})"
    born = "[2026-11-23 08:0{}:0{} +0000] [{}] [INFO] Booting worker with pid: {}"
    once = "\n".join((_BEGIN, hang.format(5, 0, 2), born.format(5, 1, 4, 4), hang.format(5, 2, 3)))

    boot = decisive(timeline(saved(once)))
    assert boot
    assert boot.outcome is not Outcome.LOOPING

    again = "\n".join((_BEGIN, hang.format(2, 0, 2), born.format(2, 1, 4, 4), hang.format(4, 1, 4)))
    boot = decisive(timeline(saved(again)))
    assert boot
    assert boot.outcome is Outcome.LOOPING


def test_a_worker_whose_exception_is_cut_off_is_not_up() -> None:
    text = f"{_BEGIN}\n[2026-11-23 08:00:00 +0000] [2] [ERROR] Exception in worker process\nTraceback (most recent call last):"

    boot = decisive(timeline(saved(text)))

    assert boot
    assert boot.outcome is not Outcome.UP


def test_a_worker_sent_a_code_without_a_name_has_died() -> None:
    died = "[2026-11-23 08:00:0{} +0000] [1] [ERROR] Worker (pid:{}) was sent code 132!"
    born = "[2026-11-23 08:00:0{} +0000] [{}] [INFO] Booting worker with pid: {}"
    text = "\n".join(
        (_BEGIN, died.format(3, 2), born.format(3, 4, 4), died.format(6, 4), born.format(6, 5, 5))
    )

    boot = decisive(timeline(saved(text)))

    assert boot
    assert boot.outcome is Outcome.LOOPING


def test_workers_started_one_after_another_without_a_word_are_not_up() -> None:
    born = "[2026-11-23 08:00:{} +0000] [{}] [INFO] Booting worker with pid: {}\nLoading the model."
    begin = "\n".join(_BEGIN.splitlines()[:2])

    again = "\n".join((begin, *(born.format(10 + 4 * one, 7 + one, 7 + one) for one in range(4))))
    boot = decisive(timeline(saved(again)))
    assert boot
    assert boot.outcome is not Outcome.UP

    at_once = "\n".join((begin, *(born.format(10, 7 + one, 7 + one) for one in range(4))))
    boot = decisive(timeline(saved(at_once)))
    assert boot
    assert boot.outcome is Outcome.UP
