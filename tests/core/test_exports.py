"""Saved logs: every form that a tool or a platform leaves behind is read as what it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buddy_tui.errors import UsageProblem
from buddy_tui.exports import read_export
from buddy_tui.exports.json_forms import nanoseconds

ENTRY = {
    "insertId": "68c8",
    "labels": {"instanceId": "0069c7", "container_name": "api-1"},
    "logName": "projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem",
    "receiveTimestamp": "2025-09-16T00:41:17.5Z",
    "resource": {"type": "cloud_run_revision", "labels": {"revision_name": "api-00002-abc"}},
    "severity": "WARNING",
    "textPayload": "Container called exit(3).",
    "timestamp": "2025-09-16T00:41:17.123456789Z",
}
EARLIER = ENTRY | {
    "timestamp": "2025-09-16T00:41:15Z",
    "textPayload": "Starting new instance.",
    "insertId": "68c7",
}
YAML = """\
---
insertId: 68c8
labels:
  instanceId: 0069c7
logName: projects/p/logs/run.googleapis.com%2Fstderr
resource:
  labels:
    revision_name: api-00002-abc
    service_name: api
  type: cloud_run_revision
severity: ERROR
textPayload: |-
  Traceback (most recent call last):
    File "/app/main.py", line 1, in <module>
  ModuleNotFoundError: No module named 'yaml'
timestamp: '2025-09-16T00:41:17.120000Z'
---
insertId: 68c7
logName: projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem
textPayload: 'Starting new instance. Reason: AUTOSCALING - Instance started due to
  configured scaling factors.'
timestamp: '2025-09-16T00:41:15.120000Z'
"""


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([ENTRY, EARLIER]),
        json.dumps([ENTRY, EARLIER], indent=2),
        json.dumps({"entries": [ENTRY, EARLIER]}),
        f"{json.dumps(ENTRY)}\n{json.dumps(EARLIER)}\n",
        f"{json.dumps(ENTRY, indent=2)}\n{json.dumps(EARLIER, indent=2)}",
        f'[{json.dumps(ENTRY)},\n{json.dumps(EARLIER)},\n{{"cut": ',
    ],
    ids=["array", "pretty array", "object", "lines", "one after another", "cut"],
)
def test_googles_json_is_read_in_every_wrapping_oldest_first(data: str) -> None:
    export = read_export(data.encode())

    assert export.form == "LogEntry JSON"
    assert [entry.text for entry in export.entries] == ["Starting new instance.", "Container called exit(3)."]
    last = export.entries[-1]
    assert (last.revision, last.instance, last.container) == ("api-00002-abc", "0069c7", "api-1")
    assert (last.log, last.severity, last.when % 1_000_000_000) == ("system", "WARNING", 123_456_789)


def test_entries_of_one_moment_are_turned_round_with_the_rest_of_a_newest_first_export() -> None:
    twins = [ENTRY | {"textPayload": text} for text in ("third", "second")]
    export = read_export(json.dumps([*twins, EARLIER]).encode())

    assert [entry.text for entry in export.entries] == ["Starting new instance.", "second", "third"]


def test_gclouds_yaml_is_read_with_its_blocks_and_folded_lines() -> None:
    export = read_export(YAML.encode())

    first, second = export.entries
    assert export.form == "gcloud's YAML"
    assert first.text.endswith("Instance started due to configured scaling factors.")
    assert second.text.split("\n")[1] == '  File "/app/main.py", line 1, in <module>'
    assert (second.revision, second.log) == ("api-00002-abc", "stderr")


def test_the_body_of_an_api_call_is_never_told() -> None:
    secret = {
        "serviceName": "run",
        "methodName": "ReplaceService",
        "request": {"env": "hunter2"},
        "authenticationInfo": {"principalEmail": "alice@example.com"},
    }
    entry = {key: value for key, value in ENTRY.items() if key != "textPayload"} | {"protoPayload": secret}

    (told,) = read_export(json.dumps([entry]).encode()).entries

    assert told.text == "ReplaceService by alice@example.com"


@pytest.mark.parametrize(
    ("text", "form", "lines", "source"),
    [
        ("web-1  | hello\nweb-1  | world\n", "docker compose", ["hello", "world"], "web-1"),
        ("2025-09-16T00:41:17.1+00:00 app[web.1]: hello\n2025-09-16T00:41:18.1+00:00 heroku[web.1]: world\n",
         "heroku", ["hello", "world"], "web.1"),
        ("2025-01-01T00:00:02.000000000Z [err]  world\n2025-01-01T00:00:01.000000000Z [inf]  hello\n",
         "railway", ["hello", "world"], ""),
        ("Nov 23 08:44:49 AM  hello\nNov 23 08:44:50 AM  world\n", "render", ["hello", "world"], ""),
        ("Nov 23 08:44:49 host api[12]: hello\nNov 23 08:44:50 host api[12]: world\n",
         "syslog", ["hello", "world"], "host"),
        ("<14>1 2025-01-01T00:00:01Z host api 12 - - hello\n<14>1 2025-01-01T00:00:02Z host api 12 - - world\n",
         "syslog", ["hello", "world"], "host"),
        ("[pod/api-7/web] hello\n[pod/api-7/web] world\n", "kubectl", ["hello", "world"], "api-7/web"),
        ("2025-09-16 00:41:17 hello\n2025-09-16 00:41:18 world\n", "gcloud", ["hello", "world"], ""),
        ("2025-09-16T00:41:17.1Z hello\n2025-09-16T00:41:18.1Z world\n", "times", ["hello", "world"], ""),
        ("ERROR 2025-09-16T00:41:17.1Z hello\nDEFAULT 2025-09-16T00:41:18.1Z world\n",
         "logs explorer", ["hello", "world"], ""),
        ("2025-01-01T00:00:01.5Z stderr F hello\n2025-01-01T00:00:02.5Z stdout F world\n",
         "kubernetes", ["hello", "world"], ""),
        ("2025-09-16 00:41:18.155 GMTTraceback\n2025-09-16 00:41:17.155 GMThello\n",
         "logs explorer", ["hello", "Traceback"], ""),
        ("Nov 23 08:44:49 <> api[12]: hello\nNov 23 08:44:50 <> api[12]: world\n",
         "syslog", ["hello", "world"], "<>"),
        ("1759859767376\t2025-10-07T17:56:07.376Z\tworld\n1759859767375\t2025-10-07T17:56:07.375Z\thello\n",
         "dozzle", ["hello", "world"], ""),
        ("> hello\n>\n> world\n", "plain lines", ["hello", "", "world"], ""),
        ("│ hello\n│   world\n", "plain lines", ["hello", "  world"], ""),
        ("`hello`\n\n`world`\n", "plain lines", ["hello", "", "world"], ""),
        ("  Traceback (most recent call last):\n    hello\n  world: x\n", "plain lines",
         ["Traceback (most recent call last):", "  hello", "world: x"], ""),
        ("  hello\n  world\n", "plain lines", ["  hello", "  world"], ""),
        ('<pre><font color="#1">File &quot;/app/x.py&quot;, line 4, in &lt;module&gt;</font>\nit&apos;s\n', "plain lines",
         ['File "/app/x.py", line 4, in <module>', "it's"], ""),
        ("hello\nworld\n", "plain lines", ["hello", "world"], ""),
        ("2026-11-23 08:44:36.436 | ERROR | main - hello\n2026-11-23 08:44:36,436 - app - INFO - world\n",
         "plain lines", ["2026-11-23 08:44:36.436 | ERROR | main - hello",
                         "2026-11-23 08:44:36,436 - app - INFO - world"], ""),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)  # fmt: skip
def test_what_a_tool_writes_before_a_line_is_taken_off(
    text: str, form: str, lines: list[str], source: str
) -> None:
    export = read_export(text.encode())

    assert export.form == form
    assert [entry.text for entry in export.entries] == lines
    assert {entry.instance for entry in export.entries} == {source}


def test_lines_without_a_prefix_stay_with_the_line_that_they_continue() -> None:
    text = "2025-09-16 00:41:19 exit\n2025-09-16 00:41:18 Traceback (most recent call last):\n  File\nE: x\n"

    entries = read_export(text.encode()).entries

    assert [entry.text for entry in entries] == [
        "Traceback (most recent call last):",
        "  File",
        "E: x",
        "exit",
    ]
    assert [entry.number for entry in entries] == [2, 3, 4, 1]


def test_times_that_jump_are_not_believed() -> None:
    text = "2025-09-16 08:00:01 a\n2025-09-16 02:00:02 b\n2025-09-16 08:00:03 c\n"

    entries = read_export(text.encode()).entries

    assert [(entry.text, entry.when) for entry in entries] == [("a", 0), ("b", 0), ("c", 0)]


def test_an_applications_json_lines_are_told_in_words_between_plain_ones() -> None:
    text = 'Starting new instance.\n{"message": "hello", "severity": "WARNING"}\n{"broken\n'

    entries = read_export(text.encode()).entries

    assert [(entry.text, entry.severity) for entry in entries] == [
        ("Starting new instance.", "DEFAULT"),
        ("hello", "WARNING"),
        ('{"broken', "DEFAULT"),
    ]


def test_the_end_of_a_larger_file_begins_with_its_first_whole_line() -> None:
    entries = read_export(b"alf a line\nwhole\n", cut=True).entries

    assert [entry.text for entry in entries] == ["whole"]


def test_the_end_of_a_larger_json_array_begins_with_its_first_whole_entry() -> None:
    whole = json.dumps([ENTRY, EARLIER, ENTRY], indent=2).encode()

    export = read_export(whole[len(whole) // 6 :], cut=True)

    assert export.form == "LogEntry JSON"
    assert [entry.text for entry in export.entries] == ["Starting new instance.", "Container called exit(3)."]


@pytest.mark.parametrize(
    "data", [b"", b"  \n\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"], ids=["empty", "blank", "binary"]
)
def test_what_is_no_log_is_named(data: bytes) -> None:
    with pytest.raises(UsageProblem) as caught:
        read_export(data)

    assert caught.value.hint


def test_other_encodings_are_read_by_their_mark() -> None:
    assert read_export("hello ✓\n".encode("utf-16")).entries[0].text == "hello ✓"
    assert read_export("hello\n".encode("utf-8-sig")).entries[0].text == "hello"


def test_terminal_sequences_do_not_get_in() -> None:
    (entry,) = read_export(b"\x1b]52;c;aGk=\x07red \x1b[31mboom\x1b[0m\n").entries

    assert entry.text == "red boom"


@given(
    st.one_of(st.binary(max_size=400), st.text(alphabet='{}[]",:\n ab1-TZ|', max_size=400).map(str.encode))
)
def test_no_bytes_whatever_end_in_a_bug(data: bytes) -> None:
    try:
        export = read_export(data)
    except UsageProblem:
        return
    assert all(entry.number >= 0 for entry in export.entries)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2025-09-16T00:41:17Z", 1_757_983_277_000_000_000),
        ("2025-09-16T02:41:17.5+02:00", 1_757_983_277_500_000_000),
        ("2025-09-16 00:41:17,123456789", 1_757_983_277_123_456_789),
        (1_757_983_277, 1_757_983_277_000_000_000),
        (1_757_983_277_123, 1_757_983_277_123_000_000),
        ("yesterday", 0),
        ("2025-99-99T00:00:00Z", 0),
        (None, 0),
    ],
)  # fmt: skip
def test_times_keep_their_nanoseconds(told: object, expected: int) -> None:
    assert nanoseconds(told) == expected
