"""A tree that means harm: it is refused, or handled, and nothing outside of it is read."""

import os
import socket
import stat
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from buddy_tui.errors import UsageProblem
from buddy_tui.source.archive import pack
from buddy_tui.source.reading import read_text
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import NotTaken
from tests.core.source.trees import grow

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
OUT = "It is a link out of the folder that is uploaded."


def test_links_out_of_the_root_are_not_taken(tmp_path: Path) -> None:
    grow(tmp_path, {"outside/key.py": "secret", "root/main.py": "", "root-2/key.py": "secret"})
    root = tmp_path / "root"
    (root / "folder").symlink_to("../outside", target_is_directory=True)
    (root / "file.py").symlink_to(tmp_path / "outside/key.py")
    (root / "beside.py").symlink_to("../root-2/key.py")
    (root / "twice.py").symlink_to("file.py")
    (root / "above").symlink_to("..", target_is_directory=True)

    told = upload_set(root)

    assert [file.path for file in told.files] == ["main.py"]
    assert told.not_taken == tuple(
        NotTaken(path, OUT) for path in ("above", "beside.py", "file.py", "folder", "twice.py")
    )


@pytest.mark.parametrize(("name", "includes"), [(".gcloudignore", ""), ("more", "#!include:more\n")])
def test_rules_are_not_read_from_outside(name: str, includes: str, tmp_path: Path) -> None:
    grow(tmp_path, {"outside/rules": "*.py\n", "root/main.py": ""})
    if includes:
        grow(tmp_path, {"root/.gcloudignore": includes})
    (tmp_path / "root" / name).symlink_to("../outside/rules")

    with pytest.raises(UsageProblem, match=rf"{name} is a link out of the folder, and is not read\."):
        upload_set(tmp_path / "root")


@posix
def test_pipes_sockets_and_devices_are_told_and_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    expected = {"pipe": "It is a pipe, and no file.", "socket": "It is a socket, and no file."}
    with suppress(OSError):  # only root may make one
        os.mknod(tmp_path / "zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        expected["zero"] = "It is a device, and no file."
    (tmp_path / "null").symlink_to(os.devnull)
    expected["null"] = OUT

    told = upload_set(tmp_path)

    assert told.files == ()
    assert {one.path: one.why for one in told.not_taken} == expected


@posix
def test_a_pipe_in_place_of_rules_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gcloudignore")

    with pytest.raises(UsageProblem, match=r"\.gcloudignore cannot be read: it is no regular file"):
        upload_set(tmp_path)


@posix
def test_names_with_escapes_and_newlines_go_along_as_they_are_and_are_told_cleaned(tmp_path: Path) -> None:
    name = "a\x1b]52;c;aGk=\x07\n[b]bold[/b] \u202egnp.py"
    grow(tmp_path / "root", {name: "x = 1\n", "-rf": "", "$(touch x)": "", "`id`": ""})
    (tmp_path / "root" / f"{name}.link").symlink_to("/etc")

    told = upload_set(tmp_path / "root")

    assert {file.path for file in told.files} == {name, "-rf", "$(touch x)", "`id`"}
    assert [one.path for one in told.not_taken] == ["a [b]bold[/b] <U+202E>gnp.py.link"]
    assert read_text(told, name) == "x = 1\n"
    packed = pack(told, tmp_path / "source.zip", lambda _: None)
    assert zipfile.ZipFile(packed.path).read(name) == b"x = 1\n"


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="such names are Linux's alone")
def test_a_name_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    grow(tmp_path, {"main.py": "", os.fsdecode(b"caf\xe9.py"): "", os.fsdecode(b"d\xff/mod.py"): ""})

    told = upload_set(tmp_path)

    assert [file.path for file in told.files] == ["main.py"]
    assert told.not_taken == (
        NotTaken("caf<U+DCE9>.py", "Its name is not UTF-8, as names in an archive are."),
        NotTaken("d<U+DCFF>", "Its name is not UTF-8, as names in an archive are."),
    )


def test_a_sparse_file_is_listed_with_its_size_at_once(tmp_path: Path) -> None:
    grow(tmp_path, {"disk.img": ""})
    os.truncate(tmp_path / "disk.img", 10 << 30)

    told = upload_set(tmp_path)

    assert told.size == 10 << 30


def test_links_that_multiply_are_bounded(tmp_path: Path) -> None:
    for level in range(30):  # two ways down on each level: a thousand million folders
        (tmp_path / f"d{level}").mkdir()
        for way in "ab":
            (tmp_path / f"d{level}" / way).symlink_to(f"../d{level + 1}", target_is_directory=True)
    (tmp_path / "d30").mkdir()

    told = upload_set(tmp_path, most=200)

    assert told.cut


def test_rules_that_would_take_for_ever_do_not(tmp_path: Path) -> None:
    deep = "/".join("a" * 40)
    grow(
        tmp_path, {f"{deep}/b": "", ".gcloudignore": "/".join(["**", "a"] * 25) + "/c\n" + "*a" * 30 + "b\n"}
    )
    grow(tmp_path, {"a" * 200: ""})

    told = upload_set(tmp_path)

    assert len(told.files) == 3


@posix
def test_a_folder_that_is_very_deep_is_walked_as_far_as_the_system_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(40):
        Path("d" * 200).mkdir()
        monkeypatch.chdir("d" * 200)

    told = upload_set(tmp_path)

    assert told.files == ()
    assert [one.why[-20:] for one in told.not_taken] == [" File name too long."]
