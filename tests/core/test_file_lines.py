"""A file of any size as lines: from its end, while it grows, and when it is no log at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buddy_tui.boot.scan import Kind
from buddy_tui.errors import NotFound, UsageProblem
from buddy_tui.file_index import PIECE
from buddy_tui.file_lines import FileLines
from buddy_tui.log_filter import LogFilter


@contextmanager
def opened(path: Path, text: str | bytes = b"") -> Iterator[FileLines]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with closing(FileLines(path)) as lines:
        assert lines.counted(10)
        yield lines


def texts(lines: FileLines) -> list[str]:
    return [lines.line(at).text for at in range(lines.first, lines.end)]


class Note:
    """Counts how often it is told that these are other lines."""

    def __init__(self) -> None:
        self.restarts = 0

    def shifted(self, at: int, count: int) -> None:
        raise AssertionError((at, count))

    def restarted(self) -> None:
        self.restarts += 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "boot.log"


def test_the_end_is_there_before_anything_is_counted(path: Path) -> None:
    path.write_text("".join(f"{number:0199}\n" for number in range(10_000)))

    lines = FileLines(path)

    assert not lines.complete
    assert lines.line(lines.end - 1).text == f"{9999:0199}"
    assert lines.find(lines.line(lines.end - 1).place) == lines.end - 1
    assert lines.find(lines.end - 10_000) is None
    assert lines.counted(10)
    assert len(lines) == 10_000
    assert lines.line(lines.first).text == f"{0:0199}"
    assert lines.find(lines.end) is None
    assert lines.find(lines.end - 10_000) == lines.line(lines.first).place
    lines.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", []),
        ("one", ["one"]),
        ("one\n", ["one"]),
        ("one\n\n", ["one", ""]),
        ("\n", [""]),
        ("one\r\ntwo\r\n", ["one", "two"]),
        ("grün\n", ["grün"]),
        (b"\xff\xfb broken\n", ["\ufffd\ufffd broken"]),
        ("\x1b[31mred\x1b[0m \x1b]52;c;eA==\x07 \u202e\n", ["red  <U+202E>"]),
    ],
)
def test_a_small_file_is_shown_clean_as_it_is(path: Path, text: str | bytes, shown: list[str]) -> None:
    with opened(path, text) as lines:
        assert texts(lines) == shown


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0, 1, 7, 200, 5000, PIECE - 1, PIECE, PIECE + 1]), max_size=12),
    st.booleans(),
)
def test_lines_of_any_length_are_found_whole_or_cut_with_a_mark(
    tmp_path_factory: pytest.TempPathFactory,
    lengths: list[int],
    ends: bool,  # noqa: FBT001 - given by hypothesis
) -> None:
    path = tmp_path_factory.mktemp("any") / "boot.log"
    written = [chr(97 + at) * length for at, length in enumerate(lengths)]
    text = "\n".join(written) + ("\n" if ends and written else "")

    with opened(path, text) as lines:
        shown = texts(lines)

    expected = text.split("\n")[: len(text.split("\n")) - (not text or text.endswith("\n"))]
    assert len(shown) == len(expected)
    for one, whole in zip(shown, expected, strict=True):
        assert one == whole if len(whole) < 16_384 else whole.startswith(one[:16_384]) and "cut here" in one


def test_a_file_that_is_one_long_line_is_cut_with_a_mark(path: Path) -> None:
    with opened(path, b"x" * (20 * PIECE)) as lines:
        assert len(lines) == 1
        assert lines.line(lines.first).text.endswith("cut here: the line goes on")
        assert len(lines.line(lines.first).text) < 17_000


def test_a_file_that_grows_is_followed_also_within_a_line(path: Path) -> None:
    with opened(path, "one\ntw") as lines:
        lines.poll()
        assert not lines.poll()

        with path.open("a") as file:
            file.write("o\nthree\n")

        assert lines.poll()
        assert texts(lines) == ["one", "two", "three"]
        assert not lines.poll()


def test_a_file_that_grows_over_many_pieces_loses_no_line(path: Path) -> None:
    number = 0
    with opened(path) as lines:
        for size in (1, 100, 2000, 3, 4000, 1):
            with path.open("a") as file:
                file.write("".join(f"{number + at:0149}\n" for at in range(size)))
            number += size
            lines.poll()
            assert lines.line(lines.end - 1).text == f"{number - 1:0149}"

        assert texts(lines) == [f"{at:0149}" for at in range(number)]


def test_a_file_that_is_cut_off_or_replaced_is_read_anew(path: Path) -> None:
    note = Note()
    with opened(path, "one\ntwo\n") as lines:
        lines.watch(note)

        path.write_text("new\n")
        assert lines.poll()
        assert texts(lines) == ["new"]

        other = path.with_name("other")
        other.write_text("quite\nanother\nfile\n")
        os.replace(other, path)  # noqa: PTH105 - Windows too
        lines.poll()

        assert texts(lines) == ["quite", "another", "file"]
        assert (note.restarts, lines.replaced) == (2, 2)


def test_a_file_that_is_gone_stays_as_it_was(path: Path) -> None:
    with opened(path, "one\n") as lines:
        lines.poll()
        path.unlink()

        assert not lines.poll()
        assert texts(lines) == ["one"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x7fELF\0\0\0", "is binary, not a log"),
        (b"\xff\xfeb\0o\0", "is in UTF-16"),
    ],
)
def test_what_is_no_text_is_named(path: Path, data: bytes, words: str) -> None:
    path.write_bytes(data)

    with pytest.raises(UsageProblem, match=words) as caught:
        FileLines(path)

    assert caught.value.hint


def test_a_folder_and_a_missing_file_are_named_with_a_way_out(path: Path) -> None:
    path.write_text("x")

    with pytest.raises(UsageProblem, match="is a folder"):
        FileLines(path.parent)
    with pytest.raises(NotFound, match=r"There is no file .*boot\.lgo") as caught:
        FileLines(path.with_name("boot.lgo"))

    assert caught.value.hint == "Near: boot.log"


@pytest.mark.skipif(sys.platform == "win32", reason="the file would have no holes, and take two gigabytes")
def test_two_gigabytes_open_at_once(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"first\n" * PIECE)
        file.seek(2 << 30)
        file.write(b"\nlast\n")

    lines = FileLines(path)

    assert lines.line(lines.end - 1).text == "last"
    lines.close()


def test_kinds_are_known_across_the_border_of_pieces(path: Path) -> None:
    head = 'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\n'
    filler = "x" * (PIECE - len(head) - 1)

    with opened(
        path, f"{filler}\n{head}    import yaml\nModuleNotFoundError: No module named 'yaml'\n"
    ) as lines:
        kinds = [lines.line(at).kind for at in range(lines.first, lines.end)]
        assert kinds == [Kind.NORMAL, Kind.HEADER, Kind.PROJECT, Kind.PROJECT_SOURCE, Kind.IMPORT_ERROR]


@pytest.mark.parametrize("step", [1, -1])
def test_a_search_finds_every_hit_once(path: Path, step: int) -> None:
    with opened(
        path, "".join(f"{'needle' if at % 999 == 5 else 'hay'} {at:0149}\n" for at in range(8000))
    ) as lines:
        at: int | None = lines.first if step > 0 else lines.end - 1
        hits = list[int]()
        while at is not None:
            found, at = lines.search(LogFilter("needle"), at, step)
            hits += found

        assert [hit - lines.first for hit in hits] == [at for at in range(8000) if at % 999 == 5][::step]


def test_severities_are_read_from_the_text(path: Path) -> None:
    with opened(path, "INFO fine\n2026-11-23 08:00:00 ERROR bad\nWARNING so so\nCRITICAL worse\n") as lines:
        assert lines.search(LogFilter("sev:error"), lines.first, 1).hits == [1, 3]


def test_the_last_minutes_are_those_before_the_newest_line(path: Path) -> None:
    with opened(
        path, "".join(f"2026-11-23T08:{at // 60 % 60:02}:{at % 60:02}Z {at:0199}\n" for at in range(3600))
    ) as lines:
        assert lines.recent(60 * 10**9) - lines.first == 3599 - 60


def test_without_times_there_are_no_last_minutes(path: Path) -> None:
    with opened(path, "no\ntimes\n") as lines:
        assert lines.recent(60) == 0


@pytest.mark.parametrize(
    "text", ["", "one", "one\n", "one\n\n", "".join(f"line {at}\n" for at in range(60_000))]
)
def test_the_newest_lines_are_handed_out_with_the_number_of_the_first(path: Path, text: str) -> None:
    path.write_text(text)
    lines = FileLines(path)

    start, newest = lines.newest(2000)

    shown = [lines.line(at).text for at in range(start, lines.end)]
    assert newest.split("\n") == (shown or [""])
    assert len(shown) == min(2000, len(text.splitlines()))
    lines.close()
