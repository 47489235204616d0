"""What people copy out of Google's console and out of gcloud's tables is read as the entries that it was."""

import json
import time
from textwrap import indent

import pytest

from buddy_tui import boot
from buddy_tui.exports import read_export
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import LogEntry
from buddy_tui.rules.explaining import explain

TRACE = """\
Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
  File "/app/till.py", line 4, in <module>
    import kiosk
ModuleNotFoundError: No module named 'kiosk'"""
FLAT = " ".join(TRACE.split())
START = "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting."
END = "Container called exit(1)."
PROBE = 'Default STARTUP TCP probe failed 1 time consecutively for container "till-1" on port 8080. Connection failed with status CANCELLED.'
ROWS = (
    ("INFO", "09:00:01.100", START, "system"),
    ("ERROR", "09:00:03.200", TRACE, "stderr"),
    ("WARNING", "09:00:04.300", END, "system"),
    ("ERROR", "09:00:04.400", PROBE, "system"),
)
REQUEST = (
    "[httpRequest.requestMethod: GET] [httpRequest.status: 404] [httpRequest.responseSize: 9 B]"
    " [httpRequest.latency: 23 ms] [httpRequest.userAgent: Till 1.0] https://till.run.app/tea?secret=1"
)


def told(text: str) -> Finding:
    return explain(boot.read(read_export(text.encode()).entries))


def texts(text: str) -> list[str]:
    return [entry.text for entry in read_export(text.encode()).entries]


def opened(at: str, text: str, log: str) -> str:
    """Return an entry as the Logs Explorer shows it opened."""
    name = "varlog%2Fsystem" if log == "system" else log
    entry = {
        "textPayload": text,
        "insertId": f"id{at}",
        "resource": {"labels": {"revision_name": "till-00002-abc"}},
        "timestamp": f"2026-11-23T{at}Z",
        "labels": {"instanceId": "00a1"},
        "logName": f"projects/p/logs/run.googleapis.com%2F{name}",
    }
    return indent(json.dumps(entry, indent=2), "  ")


def rows(*, which: range = range(4)) -> str:
    return "\n".join(
        f"{level} 2026-11-23T{at}Z {' '.join(text.split())}"
        + (f"\n{opened(at, text, log)}" if number in which else "")
        for number, (level, at, text, log) in enumerate(ROWS)
    )


def functions() -> str:
    head = "LEVEL  NAME  EXECUTION_ID  TIME_UTC                 LOG"
    lines = [f"{level[0]}      till                2026-11-23 {at}  {text}" for level, at, text, _ in ROWS]
    return "\n".join((head, *reversed(lines)))


def table() -> str:
    cells = [
        f'2026-11-23T{at}Z,{level},"{text.replace(chr(34), chr(34) * 2)}"' for level, at, text, _ in ROWS
    ]
    return "\n".join(("timestamp,severity,textPayload", *reversed(cells)))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("logs explorer", rows(which=range(0))),
        ("logs explorer", rows()),
        ("logs explorer", rows(which=range(1, 2))),
        ("logs explorer", rows(which=range(2, 3))),
        ("gcloud", "\n".join(f"2026-11-23 {at} CEST\n{' '.join(text.split())}" for _, at, text, _ in ROWS)),
        ("gcloud", "\n".join(f"2026-11-23 {at} GMT+5:30\n{text}\n" for _, at, text, _ in ROWS)),
        ("plain lines", "\n".join(f"{at}\n{' '.join(text.split())}" for _, at, text, _ in ROWS)),
        ("firebase", "\n".join(f"2026-11-23T{at}Z {level[0]} till: {text}" for level, at, text, _ in ROWS)),
        ("functions", functions()),
        ("cloud build", "\n".join(f'Step #2 - "till": {row}' for _, _, text, _ in ROWS for row in text.split("\n"))),
        ("CSV", table()),
        ("gcloud", "\n".join(f"2026-11-23 09:00:01 {text}" for _, _, text, _ in reversed(ROWS))),
    ],
    ids=["closed", "opened", "one", "other", "stamps", "zones", "clock", "firebase", "functions", "build", "csv", "second"],
)  # fmt: skip
def test_a_failed_boot_is_told_however_it_was_copied(form: str, text: str) -> None:
    finding = told(text)

    assert read_export(text.encode()).form == form
    assert (finding.cause, finding.exception, finding.missing, finding.boots) == (
        Cause.THIRD_PARTY_MISSING,
        "ModuleNotFoundError",
        "kiosk",
        False,
    )
    assert finding.frame == "/app/till.py:4"


def test_an_opened_entry_keeps_its_line_breaks_its_instance_and_its_place() -> None:
    entry = read_export(rows().encode()).entries[1]

    assert (entry.text, entry.instance, entry.revision) == (TRACE, "00a1", "till-00002-abc")
    assert rows().split("\n")[entry.number - 1].startswith("ERROR 2026-11-23T09:00:03.200Z")


def test_among_closed_entries_an_opened_one_belongs_to_no_other_instance() -> None:
    entries = read_export(rows(which=range(1, 2)).encode()).entries

    assert {(entry.log, entry.instance, entry.revision) for entry in entries} == {("stdout", "", "")}
    assert entries[1].text == TRACE


def test_an_opened_entry_that_is_cut_off_stays_lines() -> None:
    text = f"{rows(which=range(0))}\n{opened('09:00:09.000', END, 'system')[:80]}"

    assert START in texts(text)


def test_the_fields_before_a_request_are_read_and_its_query_is_not_told() -> None:
    (served,) = read_export(f"INFO 2026-11-23T09:00:01Z {REQUEST}".encode()).entries

    assert (served.log, served.text) == ("requests", "GET 404 23ms /tea")
    assert told(f"DEFAULT 2026-11-23T09:00:00Z KeyError: 'tea'\nINFO 2026-11-23T09:00:01Z {REQUEST}").boots


def test_a_rows_fields_may_stand_on_lines_of_their_own() -> None:
    fields = "GET\n\n404\n\n9 B\n\n23 ms\n\nTill 1.0\nhttps://till.run.app/tea"
    ready = "Cloud Run\n\nReplaceService\n\ntill-00002-abc\nReady condition status changed to True for Revision till-00002-abc."
    text = f"2026-11-23 09:00:01.000 CEST\n{START}\n2026-11-23 09:00:02.000 CEST\n\n{ready}\n2026-11-23 09:00:03.000 CEST\n\n{fields}\n"

    found = read_export(text.encode()).entries

    assert [entry.log for entry in found] == ["stdout", "event", "requests"]
    assert found[2].text.startswith("GET 404 ")
    assert told(text).boots is True


@pytest.mark.parametrize(
    ("prefix", "log"),
    [
        ("[severity: ERROR] ", "stdout"),
        ("[protoPayload.serviceName: Cloud Run] [protoPayload.resourceName: till-00002-abc] ", "event"),
        ("[severity: ERROR] [protoPayload.methodName: ReplaceService] ", "event"),
        ("[till] ", "stdout"),
    ],
)
def test_what_the_page_shows_before_a_text_is_none_of_it(prefix: str, log: str) -> None:
    (entry,) = read_export(f"ERROR 2026-11-23T09:00:01Z {prefix}out of tea".encode()).entries

    assert (entry.log, entry.text) == (log, "[till] out of tea" if "till]" in prefix else "out of tea")


def test_words_around_an_entry_do_not_hide_it() -> None:
    entry = "\n".join(line[2:] for line in opened("09:00:03.200", TRACE, "stderr").split("\n"))

    text = f"It does not start:\n\n{entry}\n\nand then\n\n{entry}\n"
    export = read_export(text.encode())

    assert export.form == "LogEntry JSON"
    assert [one.text for one in export.entries] == [TRACE, TRACE]
    assert [text.split("\n")[one.number - 1] for one in export.entries] == ["{", "{"]


def test_a_table_with_the_logs_name_keeps_who_wrote_what() -> None:
    text = (
        "insertId,labels.instanceId,logName,resource.labels.revision_name,textPayload,timestamp\n"
        f"a,00a1,projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem,till-00002-abc,{END},2026-11-23T09:00:04Z\n"
    )

    assert read_export(text.encode()).entries == (
        LogEntry(
            1_795_424_404_000_000_000, "system", "a", END, "DEFAULT", "till-00002-abc", "00a1", number=2
        ),
    )


def test_a_loggers_name_before_its_time_is_no_functions_name() -> None:
    entries = read_export(
        b"WARNING till 2026-11-23 09:00:01 tea\nERROR cups 2026-11-23 09:00:02 none\n"
    ).entries

    assert {entry.instance for entry in entries} == {""}
    assert entries[0].text.startswith("WARNING till")


def test_lines_of_a_program_that_prints_commas_or_times_are_no_table_and_no_page() -> None:
    assert read_export(b"cups,textPayloads\n1,2\n").form == "plain lines"
    assert read_export(b"sold tea\nsold milk\n09:00:01.000\nsold out\nclosed\n").form == "plain lines"


def test_an_exception_above_its_frames_is_told_and_never_certain() -> None:
    above = "\n".join((TRACE.rpartition("\n")[2], *TRACE.split("\n")[:-1]))

    finding = told(above)

    assert (finding.cause, finding.missing, finding.frame) == (
        Cause.THIRD_PARTY_MISSING,
        "kiosk",
        "/app/till.py:4",
    )
    assert finding.confidence is not Confidence.CERTAIN


@pytest.mark.parametrize(
    "text",
    [
        'words "logName"\n' + '{\n  "a": "' * 20_000,
        'ERROR 2026-11-23T08:44:36Z x\n  {\n  "insertId": 1\n' * 5_000,
        "12:00:00.123\nGET\n\n200\n" * 10_000,
        'timestamp,textPayload\n"' + "a,b\n" * 50_000,
        "[protoPayload.a: " * 20_000,
        "INFO 2026-11-23T08:44:36Z [httpRequest.requestMethod: GET] [httpRequest.status: 200] "
        + "] " * 50_000,
    ],
    ids=range(6),
)
def test_hostile_copies_take_linear_time(text: str) -> None:
    begun = time.process_time()

    read_export(text.encode())

    assert time.process_time() - begun < 3
