import pytest

from buddy_tui.boot.lines import lines_of
from buddy_tui.boot.values import Line
from buddy_tui.model import LogEntry

FLAT = [
    "Traceback (most recent call last):",
    '  File "/app/x.py", line 3, in <module>',
    "    import y",
    "ModuleNotFoundError: No module named 'y'",
]


def read(*written: str) -> list[Line]:
    return lines_of([LogEntry(n, "stderr", str(n), text) for n, text in enumerate(written)])


def texts(*written: str) -> list[str]:
    return [line.text for line in read(*written)]


def test_every_line_knows_its_entry_and_row() -> None:
    assert read("a  ", "b\n  c\t\n", "", "d\r\ne") == [
        Line("a", 0, 0),
        Line("b", 1, 0),
        Line("  c", 1, 1),
        Line("", 2, 0),
        Line("d", 3, 0),
        Line("e", 3, 1),
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[1;35mKeyError\x1b[0m: \x1b[35m'x'\x1b[0m", "KeyError: 'x'"),
        ("^[[31mred^[[0m", "red"),
        ("[32m2026-11-23[0m | [1mINFO[0m", "2026-11-23 | INFO"),
        (r"\u001b[31mred\u001b[0m", "red"),
        ("#033[31mred#033[0m", "red"),
        ("<red>down</red> <b>x</b>", "down <b>x</b>"),
        ("rate(x[5m]) of [3m] <red>", "rate(x[5m]) of [3m] <red>"),
    ],
)
def test_what_terminals_leave_behind_is_gone(written: str, shown: str) -> None:
    assert texts(written) == [shown]


@pytest.mark.parametrize(
    "written",
    [
        " ".join(FLAT),
        " ".join(line.strip() for line in FLAT),
        "".join(FLAT),
        r"\n".join(FLAT),
        r"\n".join(FLAT).replace('"', r"\""),
        r"\\n".join(FLAT).replace('"', r"\\\""),
        r"\r\n".join(FLAT),
        "#012".join(FLAT),
    ],
)
def test_a_traceback_on_one_line_is_several_again(written: str) -> None:
    assert read(f"boom: {written}") == [
        Line(f"boom: {FLAT[0]}" if n == 0 else text, 0, 0) for n, text in enumerate(FLAT)
    ]


def test_a_flat_chain_with_carets_keeps_its_order() -> None:
    assert texts(
        'Traceback (most recent call last): File "/a.py", line 1, in f raise Gone("x") from e ^^^^ app.Gone: x'
        " During handling of the above exception, another exception occurred:"
        ' Traceback (most recent call last): File "/b.py", line 2, in g File "/b.py", line 3, in h'
        " [Previous line repeated 9 more times] KeyError"
    ) == [
        "Traceback (most recent call last):",
        '  File "/a.py", line 1, in f',
        '    raise Gone("x") from e',
        "app.Gone: x",
        "During handling of the above exception, another exception occurred:",
        "Traceback (most recent call last):",
        '  File "/b.py", line 2, in g',
        '  File "/b.py", line 3, in h',
        "  [Previous line repeated 9 more times]",
        "KeyError",
    ]


def test_a_string_of_json_or_logfmt_ends_where_it_ends() -> None:
    flat = r"\n".join(FLAT).replace('"', r"\"")

    assert texts(f'{{"message": "{flat}", "severity": "ERROR"}}')[3:] == [FLAT[3], '", "severity": "ERROR"}']
    assert texts(f'level=error msg="{flat}" pid=3')[3:] == [FLAT[3], '" pid=3']


@pytest.mark.parametrize(
    "written",
    [
        '  File "/app/x.py", line 3, in <module>',
        '  File "/app/x.py", line 3',
        '  File "/app/x.py", line 3 in <module>',
        "ERROR:    Traceback (most recent call last):",
        "╭───── Traceback (most recent call last) ─────╮",
        r"path C:\new\table",
        r"a literal \n stays",
        'see File "/app/x.py" for more',
    ],
)
def test_other_lines_stay_one(written: str) -> None:
    assert texts(written) == [written]
