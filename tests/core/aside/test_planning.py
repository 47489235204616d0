"""The plan: which folders go, which never may, and what is said about them before."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from buddy_tui.aside.planning import plan as planned
from buddy_tui.aside.values import Plan
from buddy_tui.aside.worse import worse
from buddy_tui.preflight.gather import gather
from buddy_tui.preflight.judge import preflight

DOCKERFILE = """\
FROM python:3.12-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD exec uvicorn Back_End.main:app --host 0.0.0.0 --port $PORT
"""
MAIN = """\
from fastapi import FastAPI

app = FastAPI()


def later() -> None:
    import lazy.part
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    for path, text in {
        "Dockerfile": DOCKERFILE,
        "requirements.txt": "fastapi\nuvicorn\n",
        "Back_End/__init__.py": "",
        "Back_End/main.py": MAIN,
        "Back-End/main.py": "x = 1\n",
        "backend/sub/main.py": "x = 1\n",
        "lazy/__init__.py": "",
        "lazy/part.py": "",
        "docs/index.txt": "x\n",
        ".git-not/x.txt": "x\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


async def plan_of(root: Path, *names: str, shelf: Path | None = None) -> Plan:
    facts = await gather(str(root), smoke=False)
    return await planned(facts, names, shelf or root.parent / "state", "c0ffee")


async def test_without_names_the_stale_look_alikes_go_and_the_started_one_stays(root: Path) -> None:
    plan = await plan_of(root)

    assert plan.refusal == ""
    assert [(one.path, one.files, one.size) for one in plan.folders] == [
        ("Back-End", 1, 6),
        ("backend", 1, 6),
    ]
    assert plan.used == ("Back_End",)
    assert plan.title == "Set Back-End/, backend/ aside"
    assert not plan.needs_reason
    assert plan.undo_command == f"buddy-tui set-aside --undo --source {root}"


@pytest.mark.parametrize(
    ("names", "refusal"),
    [
        (["Back_End"], "Back_End/ is used: the service imports Back_End/main.py."),
        (["lazy"], "lazy/ is used: the service imports lazy/__init__.py."),
        (["."], "./ is the root itself."),
        (["docs/.."], "docs/../ is the root itself."),
        ([".."], "../ is not in the root."),
        (["../elsewhere"], "../elsewhere/ is not in the root."),
        (["/etc"], "/etc/ is not in the root."),
        ([".git"], ".git/ is git's own."),
        ([".GIT/hooks"], ".GIT/hooks/ is git's own."),
        (["Dockerfile"], "Dockerfile/ is no folder."),
        (["backend", "backend/sub"], "backend/sub/ is in backend/, which is set aside as a whole."),
    ],
)
async def test_what_must_stay_is_refused(root: Path, names: list[str], refusal: str) -> None:
    for folder in (".git/hooks", ".GIT/hooks"):
        (root / folder).mkdir(parents=True, exist_ok=True)

    plan = await plan_of(root, *names)

    assert plan.refusal == refusal
    assert plan.folders == ()


async def test_a_folder_that_is_not_there_is_refused(root: Path) -> None:
    assert (await plan_of(root, "nothing")).refusal == f"There is no folder {root}/nothing."


async def test_a_link_to_the_started_folder_may_go_and_the_folder_that_a_used_link_leads_to_may_not(
    root: Path,
) -> None:
    (root / "alias").symlink_to("Back_End")
    (root / "real").mkdir()
    (root / "lazy/part.py").rename(root / "real/part.py")
    (root / "lazy/part.py").symlink_to("../real/part.py")

    alias, real = await plan_of(root, "alias"), await plan_of(root, "real")

    assert (alias.refusal, alias.folders[0].link, alias.folders[0].files) == ("", True, 0)
    assert real.refusal.startswith("real/ is used: ")


async def test_no_link_on_the_way_is_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside/inner").mkdir(parents=True)
    (root / "door").symlink_to(tmp_path / "outside")

    assert (await plan_of(root, "door/inner")).refusal == (
        "door/inner/ cannot be set aside: there is a link on its way."
    )
    assert (await plan_of(root, str(root / "door/inner"))).refusal.endswith("is not in the root.")


async def test_a_folder_that_is_named_twice_goes_once(root: Path) -> None:
    plan = await plan_of(root, str(root / "backend"), "backend", "./backend/")

    assert plan.folders == (await plan_of(root, "backend")).folders


async def test_where_case_does_not_count_the_name_on_disk_is_meant(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lstat, lexists = Path.lstat, os.path.lexists

    def on_disk(path: Path) -> Path:
        names = {one.name.casefold(): one.name for one in path.parent.iterdir()}
        return path.parent / names.get(path.name.casefold(), path.name)

    monkeypatch.setattr(Path, "lstat", lambda path: lstat(on_disk(path)))
    monkeypatch.setattr(os.path, "lexists", lambda path: lexists(on_disk(Path(path))))

    stale, started = await plan_of(root, "BACKEND"), await plan_of(root, "back_end")

    assert [one.path for one in stale.folders] == ["backend"]
    assert started.refusal.startswith("Back_End/ is used: ")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX") or os.name == "nt", reason="has no pipes in folders")
async def test_a_pipe_is_not_carried(root: Path) -> None:
    os.mkfifo(root / "backend/pipe")

    assert (
        await plan_of(root, "backend")
    ).refusal == f"{root}/backend/pipe is neither file, folder nor link."


async def test_the_state_directory_is_not_moved_into_itself(root: Path) -> None:
    plan = await plan_of(root, "docs", shelf=root / "docs/state/set-aside")

    assert plan.refusal == "docs/ holds the state of buddy-tui, where it would be moved to."


async def test_names_with_escapes_are_told_cleaned_and_kept_as_they_are(root: Path) -> None:
    name = "back end\n\x1b[31m"
    (root / name).mkdir()

    plan = await plan_of(root, name)

    assert plan.folders[0].path == name
    assert "\x1b" not in plan.title + plan.command
    assert "\n" not in plan.title + plan.command


async def test_more_than_the_journal_can_keep_is_refused(root: Path) -> None:
    names = [f"{number:03}{'x' * 200}" for number in range(20)]
    for name in names:
        (root / name).mkdir()

    plan = await plan_of(root, *names)

    assert (plan.refusal, plan.hint) == ("These are too many at once.", "Name some of them at a time.")


async def test_with_nothing_stale_there_is_nothing_to_do(root: Path) -> None:
    for name in ("Back-End", "backend"):
        (root / name).rename(root.parent / name)

    plan = await plan_of(root)

    assert plan.nothing
    assert plan.hint.startswith("No folder looks like the one that is started.")


async def test_where_nobody_knows_what_is_started_a_reason_is_wanted(root: Path) -> None:
    (root / "Dockerfile").write_text('FROM python:3.12-slim\nCOPY . .\nCMD ["./start.sh"]\n')

    unnamed, named = await plan_of(root), await plan_of(root, "Back_End")

    assert unnamed.nothing
    assert "Back_End/" in unnamed.hint
    assert named.needs_reason
    assert named.warnings[0].startswith("What the service starts is not known: ")


async def test_git_is_asked_what_it_has_of_each(root: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", "Back-End")
    git("-c", "user.email=a@example.com", "-c", "user.name=a", "commit", "-qm", "x")
    (root / "Back-End/main.py").write_text("x = 2\n")

    plan = await plan_of(root)

    assert [(one.path, one.tracked, one.changed) for one in plan.folders] == [
        ("Back-End", 1, 1),
        ("backend", 0, 1),
    ]
    assert plan.warnings == (
        "Back-End/ has 1 change that is not committed.",
        "backend/ is not in git: what is set aside is the only copy.",
    )


async def test_what_still_starts_is_no_worse_and_what_does_not_is(root: Path) -> None:
    before = preflight(await gather(str(root), smoke=False))
    (root / "backend").rename(root.parent / "backend")
    fine = await worse(str(root), before)
    (root / "Back_End").rename(root.parent / "Back_End")
    broken = await worse(str(root), before)

    assert fine == ""
    assert broken.startswith("Without these folders the preflight fails (image-layout)")
    assert "cannot look" in await worse(str(root / "nothing"), before)
