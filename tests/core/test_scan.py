"""What kinds of lines there are, as they stream by."""

import pytest

from buddy_tui.boot.scan import Kind, Scan, find_problems

TRACEBACK = """\
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py", line 22, in import_from_string
    module = importlib.import_module(module_str)
  File "/app/main.py", line 14, in <module>
    from Back_End import metrics
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
ModuleNotFoundError: No module named 'Back_End'
""".splitlines()
KINDS = [
    Kind.HEADER,
    Kind.LIBRARY,
    Kind.LIBRARY_SOURCE,
    Kind.PROJECT,
    Kind.PROJECT_SOURCE,
    Kind.PROJECT_SOURCE,
    Kind.IMPORT_ERROR,
]


def kinds(*texts: str) -> list[Kind]:
    return [Kind(kind) for kind in Scan().kinds(texts)]


@pytest.mark.parametrize(
    "prefix",
    ["", "2026-11-23T08:00:00.000001Z ERROR ", "[2026-11-23 08:00:00 +0000] [7] ", "web-1  | ", "  | "],
)
def test_a_traceback_is_read_whatever_stands_before_its_lines(prefix: str) -> None:
    assert kinds(*(prefix + line for line in TRACEBACK)) == KINDS


def test_a_traceback_whose_header_alone_has_a_prefix_is_read() -> None:
    assert kinds(f"ERROR:    {TRACEBACK[0]}", *TRACEBACK[1:]) == KINDS


def test_a_line_of_somebody_else_within_a_traceback_stays_what_it_is() -> None:
    found = kinds(*TRACEBACK[:3], "INFO:     Started server process [1]", *TRACEBACK[3:])

    assert found == [*KINDS[:3], Kind.NORMAL, *KINDS[3:]]


def test_a_traceback_without_an_end_does_not_last_for_ever() -> None:
    found = kinds(*TRACEBACK[:3], *["INFO: still running"] * 20, "SomeName: is no exception here")

    assert found[-1] is Kind.NORMAL


def test_a_chain_has_an_exception_for_each_of_its_parts() -> None:
    words = "During handling of the above exception, another exception occurred:"
    again = [*TRACEBACK[:-1], "RuntimeError: cannot start"]

    found = kinds(*TRACEBACK, "", words, "", *again)

    assert found == [*KINDS, *[Kind.NORMAL] * 3, *KINDS[:-1], Kind.EXCEPTION]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("GET /healthz 200", Kind.NORMAL),
        ("could not reach it: TimeoutError: trying again", Kind.NORMAL),
        ("ModuleNotFoundError: No module named 'yaml'", Kind.IMPORT_ERROR),
        ('ERROR:    Error loading ASGI app. Could not import module "main".', Kind.IMPORT_ERROR),
        ("Container called exit(1).", Kind.EXIT),
        (
            'Default STARTUP TCP probe failed 1 time consecutively for container "x-1" on port 8080.',
            Kind.PROBE_FAILED,
        ),
        (
            'Default STARTUP TCP probe succeeded after 1 attempt for container "x-1" on port 8080.',
            Kind.NORMAL,
        ),
        ("the probe failed to find water", Kind.NORMAL),
        ("INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)", Kind.READY),
        ("[2026-11-23 08:00:00 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)", Kind.READY),
        ("INFO:     Application startup complete.", Kind.READY),
        ("", Kind.NORMAL),
    ],
)
def test_a_line_alone(text: str, kind: Kind) -> None:
    assert kinds(text) == [kind]


def test_problems_are_found_in_a_row_of_kinds() -> None:
    row = bytes([Kind.NORMAL, Kind.HEADER, Kind.EXCEPTION, Kind.READY, Kind.EXIT, Kind.PROBE_FAILED])

    assert find_problems(row) == [2, 4, 5]
    assert all(Kind(row[at]).is_problem for at in find_problems(row))
