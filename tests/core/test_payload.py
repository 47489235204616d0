"""JSON payloads in words: what each logger writes, and what is left alone."""

import pytest

from buddy_tui.payload import level, request_line, said, severity, short_log

STACK = {
    "exc_type": "ModuleNotFoundError",
    "exc_value": "No module named 'yaml'",
    "exc_notes": ["look into requirements.txt"],
    "syntax_error": None,
    "is_cause": False,
    "frames": [{"filename": "/app/main.py", "lineno": 5, "name": "<module>", "line": "import yaml"}],
}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"message": "hello", "severity": "INFO"}, "hello"),
        ({"msg": "hello"}, "hello"),
        ({"event": "started", "level": "info"}, "started"),
        (
            {"message": "boom", "exc_info": "Traceback (most recent call last):\nE: x"},
            "boom\nTraceback (most recent call last):\nE: x",
        ),
        ({"message": "boom", "error": {"stack_trace": "Traceback\n  x"}}, "boom\nTraceback\n  x"),
        (
            {"message": "boom", "exceptions": ["Traceback\n", "  x\n", "KeyError"]},
            "boom\nTraceback\n  x\nKeyError",
        ),
        (
            {"text": "12:00 | ERROR | boom\nTraceback", "record": {"message": "boom"}},
            "12:00 | ERROR | boom\nTraceback",
        ),
        ({"message": "Traceback\nE: x", "exception": "Traceback\nE: x"}, "Traceback\nE: x"),
        ({"code": 7}, '{"code": 7}'),
    ],
)
def test_a_payload_is_told_by_its_message_and_its_traceback(payload: dict[str, object], words: str) -> None:
    assert said(payload) == words


def test_structlogs_frames_become_an_ordinary_traceback() -> None:
    assert said({"event": "startup_failed", "exception": [STACK]}).split("\n") == [
        "startup_failed",
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 5, in <module>',
        "    import yaml",
        "ModuleNotFoundError: No module named 'yaml'",
        "look into requirements.txt",
    ]


def test_structlogs_chain_is_turned_round_so_that_the_root_comes_first() -> None:
    outer = {"exc_type": "RuntimeError", "exc_value": "no settings", "frames": [], "is_cause": False}
    root = STACK | {"is_cause": True, "exc_notes": []}

    words = said({"event": "boom", "exception": [outer, root]})

    assert words.index("No module named 'yaml'") < words.index("direct cause") < words.index("RuntimeError")


def test_the_leaf_of_a_structlog_group_comes_before_the_group() -> None:
    group = {
        "exc_type": "ExceptionGroup",
        "exc_value": "unhandled errors (1 sub-exception)",
        "frames": [],
        "is_group": True,
        "exceptions": [[STACK]],
    }

    words = said({"event": "boom", "exception": [group]})

    assert words.index("ModuleNotFoundError") < words.index("ExceptionGroup")


def test_an_error_object_that_names_no_exception_is_left_alone() -> None:
    empty = {"message": "Missing field", "severity": "ERROR", "type": "str", "traceback": ""}

    assert said({"message": "Redis is up", "error": empty}) == "Redis is up"


def test_an_error_object_adds_the_exception_that_the_message_lacks() -> None:
    error = {"type": "ModuleNotFoundError", "value": "No module named 'yaml'", "traceback": None}

    assert said({"message": "cannot start", "error": error}) == (
        "cannot start\nModuleNotFoundError: No module named 'yaml'"
    )
    assert said({"message": "cannot start: No module named 'yaml'", "error": error}).count("yaml") == 1


@pytest.mark.parametrize(
    ("log_name", "short"),
    [
        ("projects/p/logs/run.googleapis.com%2Fstderr", "stderr"),
        ("projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem", "system"),
        ("projects/p/logs/run.googleapis.com%2F%2Fvar%2Flog%2Fsystem", "system"),
        ("projects/p/logs/cloudaudit.googleapis.com%2Fsystem_event", "event"),
        ("projects/p/logs/cloudaudit.googleapis.com%2Factivity", "activity"),
        ("projects/p/logs/cloudbuild", "build"),
        ("projects/p/logs/my-own", "my-own"),
        ("", ""),
    ],
)
def test_logs_have_short_names(log_name: str, short: str) -> None:
    assert short_log(log_name) == short


def test_a_request_is_told_without_its_query() -> None:
    assert request_line("GET", 200, 0.0123, "https://x.run.app/chat?token=abc") == "GET 200 12ms /chat"
    assert request_line("GET", 404, 0, "https://x.run.app") == "GET 404 0ms /"


def test_levels_are_googles_words() -> None:
    assert [level(name) for name in ("warn", "FATAL", "inf", "ERROR", "odd")] == [
        "WARNING",
        "CRITICAL",
        "INFO",
        "ERROR",
        "ODD",
    ]
    assert severity({"level": "warning"}) == "WARNING"
    assert severity({"message": "x"}) == "DEFAULT"
