"""The upload set beside gcloud's own, on trees that hold what ignore files can say.

BUDDY_GCLOUD_EXAMPLES=300 also tries so many generated ignore files, at a second each.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buddy_tui.source.upload import upload_set
from tests.core.source.gcloud import listed, needs_gcloud

EXAMPLES = int(os.environ.get("BUDDY_GCLOUD_EXAMPLES", "0"))

# Names that patterns below tell apart: depth, blanks, signs, case, one letter, folders that are called like files.
PATHS = (
    "a", "b.py", "c.pyc", "foo", "x/foo", "xy/foo", "xy/z/foo", "xy/z/a", "x/y/b.py", "build/out/a.o", "src/build/a.o",
    "src/app/main.py", "src/app/main.pyc", "src/app/data/big.bin", "src/app/data/keep.bin", "logs/a.log", "logs/keep.log",
    "deep/er/and/deeper/file.log", "deep/file.log", "#hash", "!bang", "back\\slash", "trail ", "in ner/two  blanks",
    "[brackets]", "star*", "quest?ion", "^caret", "Upper.TXT", "upper.txt", "é/ü.py", ".hidden", ".git/config",
    "x/.gitignore", "node_modules/m/index.js", "src/node_modules/n/index.js", "bar/foo", "foo.d/bar/baz", "doc/a/b/c.md",
)  # fmt: skip
CASES = {
    "negations": "*.log\n!keep.log\nsrc/app/data/*\n!src/app/data/keep.bin\nnode_modules\n!node_modules/m/index.js\n",
    "double stars": "**/build\ndeep/**/file.log\ndoc/**\n!doc/a/b/c.md\nsrc/**/*.pyc\nxy/**/a\n",
    "anchors, or none": "/foo\n/x/*.py\n/src/node_modules\nz/a\n*/b.py\n*/*/a.o\nfoo.d/**/baz\n**/.gitignore\n*/foo\n!*/*/foo\n",
    "blanks and signs": "trail\\ \nfoo   \n\\#hash\n\\!bang\n\\^caret\nin\\ ner/two  blanks\nback\\\\slash\nlone\\\n",
    "classes": "[abc]\n[!a-z].py\n[^a].py\n\\[brackets\\]\nstar\\*\nquest\\?ion\n[z-a]\n[\nUPPER.txt\n",
    "everything but": "*\n!src\n!src/app\n!src/app/main.py\n!x\n!xy\n",
    "everything but, anchored": "/*\n!/src\n/src/*\n!/src/app\n!/x\n",
    "folders alone": "foo/\nbuild/\na/\nb.py/\nlogs/ \n*/\n!src/\n!x/\n",
    "odd ones": "a//b\n//foo\n/\n**\n!**/*.py\n!src\n!src/app\n***\n!xy/***/a\n!*/foo\n",
    "windows": "\ufeff*.pyc\r\n*.py\r\n# words\r\n\r\n/foo\r\nlogs/\r\n!logs\r\n",
}


def grow(root: Path) -> None:
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path, encoding="utf-8")


def ours(root: Path) -> set[str]:
    return {file.path for file in upload_set(root).files}


@needs_gcloud
@pytest.mark.parametrize("case", CASES)
def test_gcloud_would_upload_the_same_files(case: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    grow(root)
    (root / ".gcloudignore").write_text(CASES[case], encoding="utf-8", newline="")

    assert ours(root) == listed(root, tmp_path / "config")
    assert ours(root) < {*PATHS, ".gcloudignore"}


@needs_gcloud
def test_gcloud_includes_the_same_files_of_rules(tmp_path: Path) -> None:
    root = tmp_path / "root"
    grow(root)
    (root / ".gcloudignore").write_text("#!include:.gitignore\n#  !include:more\n# !include nothing\n!foo\n")
    (root / ".gitignore").write_text("foo\n*.log\n#!include:never\n")
    (root / "more").write_text("src/app/data\n")
    (root / "never").write_text("*\n")

    assert ours(root) == listed(root, tmp_path / "config")


@needs_gcloud
def test_gcloud_has_the_same_defaults_follows_the_same_links_and_heeds_no_nested_file(tmp_path: Path) -> None:
    root = tmp_path / "root"
    grow(root)
    (root / ".gitignore").write_text("*.pyc\n/src/build/\n!.gitignore\ngone/\n")
    (root / "x/.gitignore").write_text("*\n")
    (root / "linked.py").symlink_to("src/app/main.py")
    (root / "lib").symlink_to("src/app", target_is_directory=True)
    (root / "x/up").symlink_to("../deep/er", target_is_directory=True)
    (root / "gone").symlink_to("node_modules", target_is_directory=True)

    assert ours(root) == listed(root, tmp_path / "config")
    assert {"lib/main.py", "linked.py", "x/up/and/deeper/file.log"} < ours(root)


names = st.sampled_from(
    ["*", "**", "a", "foo", "src", "app", "x", "xy", "*.py", "?", "[!a]*", "***", "b*", "", "build"]
)
lines = st.builds(
    lambda sign, parts, end: sign + "/".join(parts) + end,
    st.sampled_from(["", "", "!", "/", "!/", "\\"]),
    st.lists(names, min_size=1, max_size=4),
    st.sampled_from(["", "", "/", " ", "\\ ", "/**", "\\", "\r"]),
)


@needs_gcloud
@pytest.mark.skipif(
    not EXAMPLES, reason="takes a second for each example: BUDDY_GCLOUD_EXAMPLES says how many"
)
@pytest.mark.timeout(0)
@settings(max_examples=EXAMPLES or 1, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(rules=st.lists(lines, min_size=1, max_size=6))
def test_gcloud_understands_any_rules_as_we_do(rules: list[str], tmp_path: Path) -> None:
    root = tmp_path / "root"
    grow(root)
    (root / ".gcloudignore").write_text("\n".join(rules), newline="")

    assert ours(root) == listed(root, tmp_path / "config")
