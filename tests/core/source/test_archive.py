"""The archive: the same tree gives the same bytes, and what is not whole is never in its place."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import google_crc32c
import pytest

from buddy_tui.errors import Refused, Unwritable
from buddy_tui.source.archive import digest, pack, verified
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import Upload
from tests.core.source.trees import grow

FILES: dict[str, str | bytes] = {
    "main.py": "app = 1\n" * 100,
    "run.sh": "#!/bin/sh\n",
    "pkg/é.txt": "é",
    "pkg/empty": "",
    "big.bin": bytes(range(256)) * (3 << 12),
}


def tree(root: Path) -> Upload:
    """Return an upload with a program in it, and an empty folder."""
    grow(root, FILES)
    (root / "run.sh").chmod(0o755)
    (root / "logs").mkdir()
    return upload_set(root)


def quiet(_: int) -> None:
    """Hear nothing."""


def test_it_holds_every_file_with_its_permissions_and_nothing_else(tmp_path: Path) -> None:
    packed = pack(tree(tmp_path / "root"), tmp_path / "out/source.zip", quiet)

    with zipfile.ZipFile(packed.path) as archive:
        told = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert told == dict.fromkeys(FILES, 0o100644) | {"run.sh": 0o100755, "logs/": 0o040755}
        for path, content in FILES.items():
            assert archive.read(path) == (content.encode() if isinstance(content, str) else content)


def test_it_says_what_cloud_storage_will_say_of_it(tmp_path: Path) -> None:
    packed = pack(tree(tmp_path / "root"), tmp_path / "source.zip", quiet)

    data = packed.path.read_bytes()
    assert packed.size == len(data)
    assert packed.sha256 == hashlib.sha256(data).hexdigest()
    assert packed.crc32c == base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    first = tree(tmp_path / "one")
    grow(tmp_path / "two", dict(reversed(FILES.items())))
    (tmp_path / "two/logs").mkdir()
    (tmp_path / "two/run.sh").chmod(0o700)
    (tmp_path / "two/main.py").chmod(0o600)
    os.utime(tmp_path / "two/main.py", (1, 1))
    second = upload_set(tmp_path / "two")

    assert digest(first) == digest(second)
    archives = [pack(one, tmp_path / f"{one.root.name}.zip", quiet) for one in (first, second)]
    assert archives[0].path.read_bytes() == archives[1].path.read_bytes()
    assert archives[0].sha256 == archives[1].sha256


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "main.py").write_text("app = 2\n" * 100),
        lambda root: (root / "main.py").rename(root / "mail.py"),
        lambda root: (root / "main.py").chmod(0o755),
        lambda root: (root / "logs").rmdir(),
        lambda root: (root / "pkg/empty").unlink(),
    ],
    ids=["content", "name", "permission", "folder", "file"],
)
def test_another_tree_has_another_digest_and_other_bytes(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    before = tree(tmp_path / "root")
    was = digest(before), pack(before, tmp_path / "before.zip", quiet).sha256

    change(before.root)

    after = upload_set(before.root)
    now = digest(after), pack(after, tmp_path / "after.zip", quiet).sha256
    assert was[0] != now[0]
    assert was[1] != now[1]


def test_links_are_packed_as_what_they_lead_to(tmp_path: Path) -> None:
    grow(tmp_path / "root", {"src/main.py": "app = 1\n"})
    (tmp_path / "root/alias.py").symlink_to("src/main.py")

    packed = pack(upload_set(tmp_path / "root"), tmp_path / "source.zip", quiet)

    with zipfile.ZipFile(packed.path) as archive:
        assert archive.read("alias.py") == b"app = 1\n"
        assert archive.getinfo("alias.py").external_attr >> 16 == 0o100644


def test_it_tells_how_far_it_is_up_to_the_last_byte(tmp_path: Path) -> None:
    upload, heard = tree(tmp_path / "root"), list[int]()

    pack(upload, tmp_path / "source.zip", heard.append)

    assert heard == sorted(heard)
    assert len(heard) > 4
    assert heard[-1] == upload.size


def _grows(root: Path) -> None:
    with (root / "main.py").open("a") as file:
        file.write("more")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_grows, r"main\.py has changed since it was looked at"),
        (lambda root: os.truncate(root / "main.py", 3), r"main\.py has changed since it was looked at"),
        (lambda root: os.utime(root / "main.py", (1, 1)), r"main\.py has changed since it was looked at"),
        (lambda root: (root / "main.py").unlink(), r"main\.py is not there any more"),
    ],
    ids=["grows", "shrinks", "is written anew", "vanishes"],
)
def test_a_file_that_changes_is_refused_and_nothing_is_left(
    change: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    upload = tree(tmp_path / "root")
    out = tmp_path / "out"

    def at_the_first_piece(done: int) -> None:
        if done <= 1 << 20:
            change(upload.root)

    with pytest.raises(Refused, match=says) as refused:
        pack(upload, out / "source.zip", at_the_first_piece)
    with pytest.raises(Refused, match=says):
        digest(upload)

    assert "nothing was uploaded" in refused.value.hint
    assert list(out.iterdir()) == []


def test_a_list_that_was_cut_is_never_packed_as_if_it_were_whole(tmp_path: Path) -> None:
    tree(tmp_path / "root")
    cut = upload_set(tmp_path / "root", most=3)

    with pytest.raises(Refused, match="more files than the 3 that were looked at"):
        pack(cut, tmp_path / "out/source.zip", quiet)
    with pytest.raises(Refused, match="more files than the 3"):
        digest(cut)

    assert not (tmp_path / "out").exists()


def test_a_listener_that_raises_ends_it_and_the_former_archive_stays(tmp_path: Path) -> None:
    upload = tree(tmp_path / "root")
    former = pack(upload, tmp_path / "out/source.zip", quiet)

    def enough(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(upload, former.path, enough)

    assert list(former.path.parent.iterdir()) == [former.path]
    assert verified(former.path, former.sha256)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    grow(tmp_path, {"file": ""})

    with pytest.raises(Unwritable, match=r"The archive cannot be written to .*file: "):
        pack(tree(tmp_path / "root"), tmp_path / "file/source.zip", quiet)


def test_without_room_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="only POSIX bounds the size of a file")
    upload = tree(tmp_path / "root")
    grow(upload.root, {"noise": os.urandom(1 << 16)})
    upload = upload_set(upload.root)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 15, hard))
    try:
        with pytest.raises(Unwritable, match=r"The archive cannot be written to .*: File too large"):
            pack(upload, tmp_path / "out/source.zip", quiet)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list((tmp_path / "out").iterdir()) == []


def test_a_process_that_is_killed_leaves_no_archive_and_the_next_one_clears_up(tmp_path: Path) -> None:
    upload, to = tree(tmp_path / "root"), tmp_path / "out/source.zip"
    killed = (
        "import os, sys; from pathlib import Path; from buddy_tui.source.archive import pack; "
        "from buddy_tui.source.upload import upload_set; "
        "pack(upload_set(Path(sys.argv[1])), Path(sys.argv[2]), lambda done: os._exit(9))"
    )
    ended = subprocess.run([sys.executable, "-c", killed, str(upload.root), str(to)], check=False)

    assert ended.returncode == 9
    assert len(list(to.parent.iterdir())) == 1
    assert not to.exists()
    packed = pack(upload, to, quiet)
    assert list(to.parent.iterdir()) == [to]
    assert verified(to, packed.sha256)


def test_only_a_whole_archive_is_trusted(tmp_path: Path) -> None:
    packed = pack(tree(tmp_path / "root"), tmp_path / "source.zip", quiet)
    half = tmp_path / "half.zip"
    half.write_bytes(packed.path.read_bytes()[: packed.size // 2])

    assert verified(packed.path, packed.sha256)
    assert not verified(half, packed.sha256)
    assert not verified(tmp_path / "missing.zip", packed.sha256)
    assert not verified(tmp_path, packed.sha256)


def test_an_upload_of_nothing_is_an_archive_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()

    packed = pack(upload_set(tmp_path / "root"), tmp_path / "source.zip", quiet)

    assert zipfile.ZipFile(packed.path).namelist() == []


def test_links_that_were_listed_elsewhere_are_not_followed_by_a_forged_listing(tmp_path: Path) -> None:
    grow(tmp_path, {"outside/key": "secret", "root/key": "1234567"})
    upload = upload_set(tmp_path / "root")
    (tmp_path / "root/out").symlink_to("../outside", target_is_directory=True)
    forged = replace(upload, files=(replace(upload.files[0], link="out/key"),))

    with pytest.raises(Refused, match="key cannot be read"):
        pack(forged, tmp_path / "source.zip", quiet)
