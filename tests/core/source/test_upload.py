"""The upload set: which files go along, which stay, and by which line of which file."""

import os
from pathlib import Path

import pytest

from buddy_tui.errors import NotFound, UsageProblem
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import At, LeftOut, NotTaken, SourceFile, Upload
from tests.core.source.trees import grow

APP: dict[str, str | bytes] = {
    "main.py": "app = 1\n",
    "pkg/__init__.py": "",
    "pkg/data.bin": b"\0" * 9,
    "run.log": "x",
}


def paths(upload: Upload) -> list[str]:
    return [file.path for file in upload.files]


def test_without_any_rules_everything_goes_along_in_order(tmp_path: Path) -> None:
    grow(tmp_path, APP)

    told = upload_set(tmp_path)

    assert paths(told) == ["main.py", "pkg/__init__.py", "pkg/data.bin", "run.log"]
    assert (told.root, told.ignore_file, told.cut, told.size) == (tmp_path, "", False, 18)
    assert (told.left_out, told.not_taken, told.folders) == ((), (), ())


def test_a_file_tells_its_size_its_time_and_whether_it_is_a_program(tmp_path: Path) -> None:
    grow(tmp_path, {"start.sh": "#!/bin/sh\n"})
    (tmp_path / "start.sh").chmod(0o700)
    os.utime(tmp_path / "start.sh", (5, 1234.5))

    told = upload_set(tmp_path)

    assert told.files == (SourceFile("start.sh", 10, 1234.5, executable=os.name != "nt"),)


def test_what_is_left_out_names_the_rule_and_its_line(tmp_path: Path) -> None:
    grow(
        tmp_path,
        {**APP, ".gcloudignore": "# words\n\n*.log\n#!include:.gitignore\n", ".gitignore": "\npkg/\n"},
    )

    told = upload_set(tmp_path)

    assert told.ignore_file == ".gcloudignore"
    assert told.left_out == (
        LeftOut("pkg/", "pkg/", At(".gitignore", 2)),
        LeftOut("run.log", "*.log", At(".gcloudignore", 3)),
    )


def test_the_last_rule_that_matches_decides_and_a_folder_that_stays_keeps_all_in_it(tmp_path: Path) -> None:
    grow(
        tmp_path,
        {**APP, "keep.log": "", ".gcloudignore": "*.log\npkg\n!keep.log\n!pkg/data.bin\n.gcloudignore\n"},
    )

    told = upload_set(tmp_path)

    assert paths(told) == ["keep.log", "main.py"]


@pytest.mark.parametrize("sign", [".git/HEAD", ".git", ".gitignore"])
def test_where_git_is_gcloud_has_rules_of_its_own(sign: str, tmp_path: Path) -> None:
    grow(tmp_path, {**APP, sign: ""})

    told = upload_set(tmp_path)

    assert paths(told) == sorted(APP)
    assert {one.path.rstrip("/") for one in told.left_out} == {sign.partition("/")[0]}
    assert told.ignore_file == (".gitignore" if sign == ".gitignore" else "")


def test_a_gcloudignore_alone_holds_where_both_are_there(tmp_path: Path) -> None:
    grow(tmp_path, {**APP, ".gcloudignore": "", ".gitignore": "*.py\n"})

    assert paths(upload_set(tmp_path)) == [".gcloudignore", ".gitignore", *sorted(APP)]


def test_ignored_folders_are_not_walked(tmp_path: Path) -> None:
    grow(tmp_path, {**APP, ".gcloudignore": "node_modules/\n"})
    grow(tmp_path, {f"node_modules/m{number}/index.js": "" for number in range(60)})

    told = upload_set(tmp_path, most=6)  # of ten entries for each file, the modules alone would be more

    assert not told.cut
    assert [one.path for one in told.left_out] == ["node_modules/"]


def test_more_files_than_are_looked_at_is_said(tmp_path: Path) -> None:
    grow(tmp_path, {f"{number:03}.txt": "" for number in range(20)})

    assert upload_set(tmp_path, most=20).cut is False
    told = upload_set(tmp_path, most=19)

    assert (told.cut, len(told.files)) == (True, 19)


def test_folders_in_which_nothing_goes_along_are_kept_as_gcloud_keeps_them(tmp_path: Path) -> None:
    grow(tmp_path, {"main.py": "", "logs/a.log": "", "pkg/mod.py": "", ".gcloudignore": "*.log\ncache/\n"})
    (tmp_path / "empty/inner").mkdir(parents=True)
    (tmp_path / "cache").mkdir()

    assert upload_set(tmp_path).folders == ("empty/inner", "logs")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({".gcloudignore": "a\n#!include:missing\n"}, r"no rules to read in missing, which \.gcloudignore:2"),
        (
            {".gcloudignore": "#!include:../up\n"},
            r"\.gcloudignore:1 includes \.\./up, which is not beside it",
        ),
        ({".gcloudignore": "#!include:\n"}, "a file without a name"),
        ({".gcloudignore": "#!include:more\n" * 200, "more": "a\n" * 100}, "more than 20000 lines of rules"),
        ({".gitignore/inner": ""}, r"no rules to read in \.gitignore"),
        ({".gcloudignore": b"caf\xe9\n"}, r"\.gcloudignore is not UTF-8"),
        ({".gcloudignore": b"#" * (1 << 20) + b"\n"}, r"\.gcloudignore is too large to read"),
    ],
)
def test_rules_that_cannot_be_followed_stop_it(
    files: dict[str, str | bytes], says: str, tmp_path: Path
) -> None:
    grow(tmp_path, files)

    with pytest.raises(UsageProblem, match=says):
        upload_set(tmp_path)


def test_a_folder_that_is_called_like_a_file_of_rules_holds_none(tmp_path: Path) -> None:
    grow(tmp_path, {".gcloudignore/inner": "*", "a": ""})

    assert paths(upload_set(tmp_path)) == [".gcloudignore/inner", "a"]


def test_a_root_that_is_missing_or_no_folder_is_said(tmp_path: Path) -> None:
    grow(tmp_path, {"file": ""})

    with pytest.raises(NotFound, match=r"There is no folder .*nowhere"):
        upload_set(tmp_path / "nowhere")
    with pytest.raises(UsageProblem, match="file is no folder"):
        upload_set(tmp_path / "file")


def test_links_inside_are_followed_and_say_where_the_file_lies(tmp_path: Path) -> None:
    grow(tmp_path, {"src/main.py": "", "real.txt": "12345"})
    (tmp_path / "alias.txt").symlink_to("real.txt")
    (tmp_path / "lib").symlink_to(tmp_path / "src", target_is_directory=True)

    told = upload_set(tmp_path)

    assert [(file.path, file.link, file.size) for file in told.files] == [
        ("alias.txt", "real.txt", 5),
        ("lib/main.py", "src/main.py", 0),
        ("real.txt", "", 5),
        ("src/main.py", "", 0),
    ]


def test_a_root_behind_a_link_is_the_folder_that_it_leads_to(tmp_path: Path) -> None:
    grow(tmp_path, {"real/main.py": ""})
    (tmp_path / "link").symlink_to("real", target_is_directory=True)

    told = upload_set(tmp_path / "link")

    assert (told.root, paths(told)) == (tmp_path / "real", ["main.py"])


def test_rules_see_the_name_of_a_link_and_not_its_target(tmp_path: Path) -> None:
    grow(tmp_path, {"src/main.py": "", ".gcloudignore": "lib/\nsrc/\n.gcloudignore\n"})
    (tmp_path / "lib").symlink_to("src", target_is_directory=True)
    (tmp_path / "code").symlink_to("src", target_is_directory=True)

    told = upload_set(tmp_path)

    assert paths(told) == ["code/main.py"]
    assert told.not_taken == ()


def test_links_that_lead_nowhere_or_in_a_circle_are_told_and_not_taken(tmp_path: Path) -> None:
    grow(tmp_path, {"a/mod.py": "", "b/mod.py": ""})
    (tmp_path / "broken").symlink_to("missing")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "a/top").symlink_to("..", target_is_directory=True)
    (tmp_path / "a/other").symlink_to("../b", target_is_directory=True)
    (tmp_path / "b/other").symlink_to("../a", target_is_directory=True)

    told = upload_set(tmp_path)

    circle = "It is a link back to a folder that it lies in."
    assert {"a/mod.py", "a/other/mod.py", "b/mod.py", "b/other/mod.py"} == set(paths(told))
    assert NotTaken("broken", "It is a link that leads nowhere.") in told.not_taken
    assert NotTaken("self", "It is a link that cannot be followed.") in told.not_taken
    assert NotTaken("a/top", circle) in told.not_taken
    assert NotTaken("a/other/other", circle) in told.not_taken
