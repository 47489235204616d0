import pytest

from buddy_tui.boot.lines import lines_of
from buddy_tui.boot.tracebacks import find
from buddy_tui.boot.values import Raised, Traceback
from buddy_tui.model import LogEntry
from tests.core.boot import texts


def entries(*written: str) -> list[LogEntry]:
    return [LogEntry(n, "stderr", str(n), text) for n, text in enumerate(written)]


def found_in(*written: str) -> tuple[Traceback, ...]:
    return find(lines_of(entries(*written)))


def only(*written: str) -> Traceback:
    (traceback,) = found_in(*written)
    return traceback


def kinds(traceback: Traceback) -> list[tuple[str, str]]:
    return [(raised.type, raised.message) for raised in traceback.chain]


def places(raised: Raised) -> list[str]:
    return [f"{frame.file}:{frame.line} {frame.function}".strip() for frame in raised.frames if frame.project]


MISSING = [("ModuleNotFoundError", "No module named 'Back_End'")]
IN_MAIN = ["/app/main.py:14 <module>"]
CHAIN = [
    ("FileNotFoundError", "[Errno 2] No such file or directory: '/secrets/settings.json'"),
    ("SettingsMissing", "no settings\nlooked in:\n  /secrets\n  /etc"),
    ("KeyError", "'fallback'"),
]
TWO_FIELDS = texts.PYDANTIC.partition("ValidationError: ")[2]


@pytest.mark.parametrize("split", [True, False], ids=["one entry a line", "one entry"])
@pytest.mark.parametrize(
    ("text", "chain", "deepest"),
    [
        (texts.MISSING, MISSING, IN_MAIN[0]),
        (texts.CHAIN, CHAIN, "/app/chain.py:4 read"),
        (texts.SYNTAX, [("SyntaxError", "invalid syntax")], "/app/bad.py:1"),
        (texts.SYNTAX_ALONE, [("SyntaxError", "invalid syntax")], "/app/bad.py:1"),
        (texts.RECURSION, [("RecursionError", "maximum recursion depth exceeded")], "/app/rec.py:1 f"),
        (
            texts.PYDANTIC,
            [("pydantic_core._pydantic_core.ValidationError", TWO_FIELDS)],
            "/app/settings.py:9 <module>",
        ),
        (
            texts.GROUP,
            [
                ("KeyError", "'STRIPE_KEY'"),
                ("ValueError", "bad b"),
                ("ExceptionGroup", "inner (1 sub-exception)"),
                ("ExceptionGroup", "several (2 sub-exceptions)"),
            ],
            "/app/group.py:1 a",
        ),
        (
            texts.RICH,
            [
                ("ModuleNotFoundError", "No module named 'boto3'"),
                (
                    "RuntimeError",
                    "a long message that goes on and must be wrapped by the console because it is so long",
                ),
            ],
            "/app/some_quite_long_directory_name/another_quite_long_directory_name/third_directory_name/module.py:10 load",
        ),
        (texts.RICH_SYNTAX, [("SyntaxError", "invalid syntax")], "/app/bad.py:1"),
        (texts.LOGURU, [("ModuleNotFoundError", "No module named 'redis_om'")], "/app/main.py:7 build"),
    ],
    ids=[
        "missing",
        "chain",
        "syntax",
        "syntax-alone",
        "recursion",
        "pydantic",
        "group",
        "rich",
        "rich-syntax",
        "loguru",
    ],
)
def test_a_traceback_is_read_whole(
    text: str, chain: list[tuple[str, str]], deepest: str, *, split: bool
) -> None:
    traceback = only(*(text.split("\n") if split else [text]))

    assert kinds(traceback) == chain
    assert places(traceback.chain[0])[-1] == deepest
    assert traceback.whole


def test_a_multi_line_message_keeps_its_blank_line() -> None:
    for written in ([texts.MULTIPART], texts.MULTIPART.split("\n")):
        message = only(*written, "INFO:     Shutting down").root.message

        assert message.startswith('Form data requires "python-multipart" to be installed.')
        assert message.endswith("pip install python-multipart")


def test_indices_and_sources_lead_back_to_the_lines() -> None:
    lines = lines_of(entries("INFO: up", *texts.MISSING.split("\n"), "INFO: down"))

    (traceback,) = find(lines)

    assert traceback.lines == tuple(range(1, 1 + len(texts.MISSING.split("\n"))))
    assert lines[traceback.root.at].text.startswith("ModuleNotFoundError")
    last = traceback.root.frames[-1]
    assert (lines[last.at].text, last.source) == (
        '  File "/app/main.py", line 14, in <module>',
        "from Back_End.whiteboard_metrics import board",
    )


def test_a_recursion_says_how_often() -> None:
    assert only(texts.RECURSION).root.frames[-1].repeated == 996


def test_a_note_is_not_the_message() -> None:
    assert only(texts.CHAIN).root.notes == ("mount the secret at /secrets",)
    assert only(texts.RICH).root.notes == ("install the extra",)


def test_further_leaves_of_a_group_are_siblings() -> None:
    traceback = only(*("ERROR:    " * (n == 0) + line for n, line in enumerate(texts.GROUP.split("\n"))))

    assert [(one.type, places(one)) for one in traceback.siblings] == [
        ("TimeoutError", ["/app/group.py:21 c"])
    ]
    assert traceback.prefix == "ERROR:"
    assert traceback.lines == tuple(range(len(texts.GROUP.split("\n"))))


@pytest.mark.parametrize(
    "prefix",
    [
        "[stderr] ",
        "2026-11-23T08:44:36.{n:06}Z stderr F ",
        "Nov 23 08:44:{n:02} host app[123]: ",
        "api-1  | ",
        "2026-11-23 08:44:36,{n:03} ERROR gunicorn.error: ",
        "[2026-11-23 08:44:36 +0000] [13] [ERROR] ",
        "app[web.1]:   ",
        "ERROR:root:",
    ],
)
@pytest.mark.parametrize("text", [texts.MISSING, texts.CHAIN, texts.SYNTAX, texts.GROUP, texts.RICH])
def test_what_a_logger_puts_before_every_line_changes_nothing(prefix: str, text: str) -> None:
    plain = only(*text.split("\n"))

    found = only(*(prefix.format(n=n) + line for n, line in enumerate(text.split("\n"))))

    assert kinds(found) == kinds(plain)
    assert [places(raised) for raised in found.chain] == [places(raised) for raised in plain.chain]
    assert found.whole


def test_a_prefix_may_stand_before_the_header_alone() -> None:
    traceback = only(
        *f"ERROR:    {texts.MISSING}".split("\n"), "", "ERROR:    Application startup failed. Exiting."
    )

    assert kinds(traceback) == MISSING
    assert traceback.prefix == "ERROR:"
    assert traceback.whole


@pytest.mark.parametrize("text", [texts.MISSING, texts.CHAIN, texts.SYNTAX, texts.PYDANTIC])
def test_indentation_may_be_lost(text: str) -> None:
    rows = [line.strip() for line in text.split("\n")]

    for written in (rows, ["\n".join(rows)]):
        traceback = only(*written)
        assert [one.type for one in traceback.chain] == [one.type for one in only(text).chain]
        assert [places(one) for one in traceback.chain] == [places(one) for one in only(text).chain]
        assert traceback.root.frames[-1].source == only(text).root.frames[-1].source


@pytest.mark.parametrize("text", [texts.MISSING, texts.CHAIN, texts.SYNTAX])
@pytest.mark.parametrize("gap", [" ", r"\n", r"\\n"])
def test_line_breaks_may_be_lost(text: str, gap: str) -> None:
    escaped = text if gap == " " else text.replace("\\n", " ").replace('"', '\\"')
    flat = gap.join(escaped.split("\n"))

    traceback = only("INFO: one", f"ERROR boom {flat}", "INFO: two")

    assert [one.type for one in traceback.chain] == [one.type for one in only(text).chain]
    assert [places(one) for one in traceback.chain] == [places(one) for one in only(text).chain]


def test_the_rest_of_a_line_of_json_is_not_the_message() -> None:
    flat = texts.CHAIN.replace("\\n", " ").replace('"', '\\"').replace("\n", "\\n")

    traceback = only(f'{{"message": "{flat}", "severity": "ERROR"}}')

    assert (traceback.last.type, traceback.last.message, traceback.last.notes) == (
        "KeyError",
        "'fallback'",
        (),
    )


def test_the_brief_form_on_one_line_is_read() -> None:
    traceback = only(
        'Traceback (most recent call last):   File "/app/x.py", line 3, in <module>     import y'
        " ModuleNotFoundError: No module named 'y'"
    )

    assert kinds(traceback) == [("ModuleNotFoundError", "No module named 'y'")]
    assert traceback.root.frames[0].source == "import y"


def test_a_traceback_may_be_cut_into_two_entries_with_others_between() -> None:
    rows = texts.MISSING.split("\n")

    for cut in range(1, len(rows)):
        traceback = only(
            "\n".join(rows[:cut]), "INFO:     Started", '{"a": 1}', "\n".join(rows[cut:]), "INFO: bye"
        )
        assert kinds(traceback) == MISSING, cut
        assert places(traceback.root) == IN_MAIN, cut


def test_a_chain_may_lie_in_entries_of_their_own() -> None:
    written = texts.CHAIN.split("\n\n")

    traceback = only(
        "INFO a: b", written[0], "INFO: x", written[1], "[1] y", written[2], "INFO z", *written[3:]
    )

    assert kinds(traceback) == CHAIN
    assert traceback.whole


def test_a_lost_header_is_told() -> None:
    traceback = only(*texts.MISSING.split("\n")[4:])

    assert kinds(traceback) == MISSING
    assert not traceback.whole


def test_a_lost_end_is_told() -> None:
    traceback = only(*texts.MISSING.split("\n")[:-1], "INFO:     Started server process [1]")

    assert kinds(traceback) == [("", "")]
    assert traceback.root.at == -1
    assert places(traceback.root) == IN_MAIN
    assert not traceback.whole


def test_a_chain_whose_end_or_beginning_was_never_seen_is_not_whole() -> None:
    rows = texts.CHAIN.split("\n")

    assert not only(*rows[10:]).whole
    assert not only(*rows[:11]).whole


def test_a_cut_traceback_does_not_swallow_the_next() -> None:
    rows = texts.MISSING.split("\n")

    cut, whole = found_in(*rows[:-1], "[INFO] Booting worker with pid: 7", *rows)

    assert (cut.whole, whole.whole) == (False, True)
    assert len(whole.root.frames) == len(only(*rows).root.frames)


def test_a_server_that_repeats_the_message_is_not_part_of_it() -> None:
    for text, again in [
        (texts.MISSING, "No module named 'Back_End'"),
        (texts.SYNTAX, "invalid syntax (bad.py, line 1)"),
    ]:
        traceback = only(
            *text.split("\n"), again, "[2026-11-23 08:44:32 +0000] [7] [INFO] Worker exiting (pid: 7)"
        )
        assert traceback.root.notes == ()
        assert "\n" not in traceback.root.message


@pytest.mark.parametrize(
    ("last", "type_", "message"),
    [
        ("KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("SystemExit: 1", "SystemExit", "1"),
        (
            "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
            "gunicorn.errors.HaltServer",
            "<HaltServer 'Worker failed to boot.' 3>",
        ),
        (
            'psycopg2.errors.UndefinedTable: relation "a" does not exist',
            "psycopg2.errors.UndefinedTable",
            'relation "a" does not exist',
        ),
        ("UndefinedTable: relation", "UndefinedTable", "relation"),
        ("HTTPDown", "HTTPDown", ""),
        (
            "socket.gaierror: [Errno -2] Name or service not known",
            "socket.gaierror",
            "[Errno -2] Name or service not known",
        ),
        ("Boom: x", "Boom", "x"),
        ("app.main.make.<locals>.Broken: x", "app.main.make.<locals>.Broken", "x"),
        ("asyncio.exceptions.CancelledError", "asyncio.exceptions.CancelledError", ""),
        ("Exception: x", "Exception", "x"),
        ("Überlauf: x", "Überlauf", "x"),
        (
            "NameError: name 'x' is not defined. Did you mean: 'y'?",
            "NameError",
            "name 'x' is not defined. Did you mean: 'y'?",
        ),
    ],
)
def test_an_exceptions_last_line(last: str, type_: str, message: str) -> None:
    rows = [*texts.MISSING.split("\n")[:-1], last]

    for written in (rows, ["\n".join(rows)]):
        assert kinds(only(*written)) == [(type_, message)]


def test_a_message_may_begin_on_the_next_line() -> None:
    rows = [
        *texts.MISSING.split("\n")[:-1],
        "sqlalchemy.exc.OperationalError:",
        "could not connect to server",
    ]

    for written in (rows, ["\n".join(rows)]):
        assert only(*written).root.message == "could not connect to server"


def test_pydantics_fields_may_follow_a_grouped_traceback_in_entries_of_their_own() -> None:
    grouped, _, fields = texts.PYDANTIC.partition("\ndatabase_url")

    traceback = only(grouped, *f"database_url{fields}".split("\n"), "Application startup failed. Exiting.")

    assert traceback.root.message == TWO_FIELDS


def test_what_follows_a_grouped_traceback_in_other_entries_is_not_its_message() -> None:
    traceback = only(
        texts.MISSING.replace("ModuleNotFoundError", "RuntimeError"), "the worker will be started again"
    )

    assert traceback.root.message == "No module named 'Back_End'"


def test_a_wrapped_message_is_joined() -> None:
    rows = [
        *texts.MISSING.split("\n")[:-1],
        "ImportError: cannot import name 'x' from partially initialized module 'fastapi' (most likely due to a circular",
        "import) (/app/fastapi.py)",
    ]

    assert only(*rows).root.message.endswith("(most likely due to a circular import) (/app/fastapi.py)")


def test_a_wrapped_frame_is_joined() -> None:
    rows = texts.MISSING.split("\n")
    rows[-3:-2] = ['  File "/app/ma', 'in.py", line 14, in', "<module>"][:2]
    rows[-3] += " <module>"

    assert places(only(*rows).root) == IN_MAIN


@pytest.mark.parametrize(
    "text",
    [
        "/app/main.py:3: DeprecationWarning: old\n  import x",
        "WARNING:app:ImportError: redis not installed, using in-memory cache",
        "probing: ImportError: redis is not there",
        "import time:       200 |        200 |   _io",
        "Call stack:\n  File \"/app/main.py\", line 3, in <module>\n    log.warning('x', 1)\nMessage: 'x'\nArguments: (1,)",
        'Stack (most recent call last):\n  File "/app/main.py", line 3, in <module>\n    log.warning("x")',
        'Current thread 0x7f (most recent call first):\n  File "/app/main.py", line 3 in <module>',
        "Error: Cannot find module '/app/x.js'\n    at Module._load (node:internal/modules/cjs/loader:1:2)",
        'Exception in thread "main" java.lang.RuntimeException: x\n\tat com.a.B.c(B.java:1)\nCaused by: java.io.IOException: y',
        "panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:9 +0x1d",
        'see File "/app/main.py" for details',
        'ERROR: cannot parse File "/app/main.py", line 3\nINFO: up\nValueError: handled',
        "",
    ],
)
def test_what_is_no_traceback_is_none(text: str) -> None:
    assert found_in(*text.split("\n")) == ()
    assert found_in(text) == ()


def test_a_logging_error_ends_before_its_call_stack() -> None:
    traceback = only(
        *[
            "--- Logging error ---",
            "Traceback (most recent call last):",
            '  File "/usr/local/lib/python3.11/logging/__init__.py", line 1110, in emit',
            "    msg = self.format(record)",
            "TypeError: not all arguments converted during string formatting",
            "Call stack:",
            '  File "/app/main.py", line 3, in <module>',
            '    log.warning("x", 1)',
            "Message: 'x'",
            "Arguments: (1,)",
        ]
    )

    assert kinds(traceback) == [("TypeError", "not all arguments converted during string formatting")]
    assert places(traceback.root) == []


def test_an_ascii_box_is_read_too() -> None:
    drawn = str.maketrans("╭╮╰╯─│❱", "++++-|?")

    assert kinds(only(*texts.RICH.translate(drawn).split("\n"))) == kinds(only(texts.RICH))


def test_colours_change_nothing() -> None:
    coloured = (
        "Traceback (most recent call last):\n"
        '  File \x1b[35m"/app/main.py"\x1b[0m, line \x1b[35m14\x1b[0m, in \x1b[35m<module>\x1b[0m\n'
        "    \x1b[31mload\x1b[0m\x1b[1;31m()\x1b[0m\n"
        "    \x1b[31m~~~~\x1b[0m\x1b[1;31m^^\x1b[0m\n"
        "\x1b[1;35mValueError\x1b[0m: \x1b[35mno\x1b[0m"
    )

    for text in (coloured, coloured.replace("\x1b", "^["), coloured.replace("\x1b", "")):
        traceback = only(text)
        assert kinds(traceback) == [("ValueError", "no")]
        assert traceback.root.frames[0].source == "load()"
