import pytest

from buddy_tui.boot.timeline import decisive, timeline
from buddy_tui.boot.values import Boot, Event, Mark, Outcome, Reading
from buddy_tui.model import LogEntry
from tests.core.boot.written import (
    GUNICORN,
    GUNICORN_FAILED,
    PROBE_OK,
    ROLLOUT,
    UNCAUGHT,
    UNHEALTHY,
    UVICORN,
    Cloud,
    saved,
)


def _decisive(reading: Reading, revision: str = "") -> Boot:
    boot = decisive(reading, revision)
    assert boot is not None
    return boot


def _marks(boot: Boot) -> list[Mark]:
    return [event.mark for event in boot.events]


def test_a_boot_is_told_as_a_story_in_order() -> None:
    log = (
        Cloud()
        .system(ROLLOUT)
        .out(f"loading\n{UVICORN}")
        .system(PROBE_OK)
        .say("requests", "GET 200 12ms /chat")
    )

    boot = _decisive(timeline(log.entries))

    assert _marks(boot) == [
        Mark.START,
        Mark.IMPORT,
        Mark.PROCESS,
        Mark.READY,
        Mark.LISTENING,
        Mark.PROBE_PASSED,
        Mark.SERVED,
    ]
    assert [event.when for event in boot.events] == sorted(event.when for event in boot.events)
    assert boot.events[0].detail == "DEPLOYMENT_ROLLOUT"
    assert (boot.starter, boot.revision, boot.instance) == ("uvicorn", "shop-00007-abc", "i1")


def test_an_event_points_at_its_line() -> None:
    boot = _decisive(timeline(Cloud().system(ROLLOUT).out(GUNICORN_FAILED).entries))

    assert all(boot.lines[event.at].text.strip() == event.words for event in boot.events)
    raised = boot.marks(Mark.RAISED)
    assert [event.words for event in raised] == ["ModuleNotFoundError: No module named 'nowhere'"]


def test_times_decide_the_order_and_severities_never_do() -> None:
    log = Cloud().system(ROLLOUT).out(UNCAUGHT).system("Container called exit(1).").entries

    assert timeline(list(reversed(log))) == timeline(log)


def test_entries_without_a_time_stay_behind_the_one_before() -> None:
    first, second = Cloud().out("one\nthree").entries
    entries = [first, LogEntry(0, "stderr", "", "two", revision=first.revision, instance="i1"), second]

    assert [entry.text for entry in timeline(entries).entries] == ["one", "two", "three"]


def test_two_instances_that_write_at_once_are_read_apart() -> None:
    log = Cloud()
    for left, right in zip(UNCAUGHT.split("\n"), UVICORN.split("\n") * 2, strict=True):
        log.out(left, instance="dying").out(right, instance="living")

    boots = {boot.instance: boot for boot in timeline(log.entries).boots}

    assert boots["living"].outcome is Outcome.UP
    assert boots["dying"].fatal is not None
    assert boots["dying"].fatal.whole


def test_every_start_of_an_instance_begins_a_boot() -> None:
    log = Cloud()
    for _ in range(3):
        log.system(ROLLOUT).out(UNCAUGHT).system("Container called exit(1).")

    boots = timeline(log.entries).boots

    assert [boot.outcome for boot in boots] == [Outcome.DIED] * 3
    assert [boot.repeats for boot in boots] == [2, 2, 2]


def test_gunicorns_workers_are_one_boot() -> None:
    assert (
        len(
            timeline(saved(GUNICORN_FAILED.replace("Shutting", GUNICORN.split("\n")[3] + "\nShutting"))).boots
        )
        == 1
    )


def test_in_a_saved_log_a_new_process_after_an_exit_begins_a_boot() -> None:
    crash = f"{UNCAUGHT}\nContainer called exit(1)."

    reading = timeline(saved(crash, crash, f"a word before\n{UVICORN}"))

    assert [boot.outcome for boot in reading.boots] == [Outcome.DIED, Outcome.DIED, Outcome.UP]
    assert reading.boots[2].lines[0].text == "a word before"
    assert _decisive(reading).outcome is Outcome.UP


def test_the_indices_of_a_later_boot_are_its_own() -> None:
    crash = f"starting\n{UNCAUGHT}\nContainer called exit(1)."

    boot = timeline(saved(crash, crash)).boots[1]

    assert boot.fatal is not None
    assert boot.lines[boot.fatal.root.at].text == "ModuleNotFoundError: No module named 'nowhere'"
    assert 'File "/app/main.py"' in boot.lines[boot.fatal.root.frames[-1].at].text


def test_a_gunicorn_started_again_begins_a_boot() -> None:
    assert [boot.outcome for boot in timeline(saved(GUNICORN_FAILED, GUNICORN)).boots] == [
        Outcome.DIED,
        Outcome.UP,
    ]


def test_entries_without_an_instance_belong_to_the_only_one_there_was() -> None:
    log = Cloud().system(ROLLOUT).out(UNCAUGHT).system("Container called exit(1).", instance="")

    boot = _decisive(timeline(log.entries))

    assert boot.marks(Mark.EXIT)


def test_audit_events_are_notices_with_their_verdicts() -> None:
    log = Cloud().system(ROLLOUT).out(UNCAUGHT).event(UNHEALTHY, revision="shop-00007-abc")

    reading = timeline(log.entries)

    assert reading.verdicts == (
        Event(
            Mark.REJECTED,
            log.entries[-1].when,
            0,
            reading.notices[0].text,
            UNHEALTHY.partition("message: ")[2].partition("\n")[0],
        ),
    )
    assert all("Ready condition" not in line.text for boot in reading.boots for line in boot.lines)


def test_a_deployment_error_in_a_saved_log_is_a_notice_too() -> None:
    error = "ERROR: (gcloud.run.deploy) Revision 'shop-00007-abc' is not ready and cannot serve traffic. The rest."

    reading = timeline(saved(UNCAUGHT, error))

    assert [line.text for line in reading.notices] == [error]
    assert [boot.outcome for boot in reading.boots] == [Outcome.DIED]


def test_a_program_cannot_speak_for_the_platform() -> None:
    log = Cloud().system(ROLLOUT).out(f"Container called exit(1).\n{UVICORN}")

    assert not _decisive(timeline(log.entries)).marks(Mark.EXIT)


def test_words_in_a_quoted_line_of_code_are_no_event() -> None:
    quoted = UNCAUGHT.replace("import nowhere", 'log.error("Application startup failed. Exiting.")')

    assert not _decisive(timeline(saved(quoted))).marks(Mark.GAVE_UP)


@pytest.mark.parametrize(
    ("text", "starter", "target"),
    [
        ("==> Running 'gunicorn shop.wsgi:application'", "gunicorn", "shop.wsgi:application"),
        (" * Serving Flask app 'main'\n * Running on http://0.0.0.0:80", "flask", "main"),
        (UNCAUGHT, "uvicorn", ""),
        (
            UNCAUGHT.replace("/usr/local/bin/uvicorn", "/usr/local/bin/x").replace("uvicorn", "lib"),
            "python",
            "",
        ),
        (UNCAUGHT.replace("uvicorn/importer", "functions_framework/_cli"), "functions-framework", ""),
        (
            'ERROR:    Error loading ASGI app. Could not import module "Back_End.main".',
            "uvicorn",
            "Back_End.main",
        ),
        ("hello", "", ""),
    ],
)
def test_starter_and_target_are_told_where_the_log_tells(text: str, starter: str, target: str) -> None:
    boot = _decisive(timeline(saved(text)))

    assert (boot.starter, boot.target) == (starter, target)


def test_nothing_is_read_from_nothing() -> None:
    assert timeline(()) == Reading()


def test_build_logs_are_no_boots() -> None:
    assert timeline([LogEntry(1, "build", "a", UNCAUGHT)]).boots == ()
