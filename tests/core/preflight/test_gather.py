"""What is read before the checks: nothing outside of the root, and nothing is run but the smoke boot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from buddy_tui.errors import BuddyError, Denied, Unreachable, UsageProblem
from buddy_tui.preflight.gather import gather
from buddy_tui.preflight.git_state import git_state
from buddy_tui.preflight.judge import preflight
from buddy_tui.preflight.target import ACT_AS, look_at
from buddy_tui.preflight.values import Preflight, Verdict
from buddy_tui.source.values import Booted
from tests import make
from tests.core.preflight.trees import SCRIPT, TREES, dockerfile
from tests.fakes import FakeReads

WORKLOAD = Path(__file__).parents[3] / "buddy_tui" / "emulator" / "workload" / "buddy"
posix = pytest.mark.skipif(os.name == "nt", reason="links and pipes as POSIX has them")
with_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def lay(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def verdicts(found: Preflight) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in found.checks}


def run_git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Alice", "-c", "user.email=alice@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, "-C", str(folder), *words], check=True, capture_output=True)


async def test_the_sample_project_fails_from_inside_and_passes_from_its_root() -> None:
    inside = preflight(await gather(str(WORKLOAD / "Back_End"), smoke=False))
    whole = preflight(await gather(str(WORKLOAD), smoke=False))

    assert inside.verdict is Verdict.FAIL
    assert inside.suggested_root == WORKLOAD.resolve()
    assert f"buddy-tui deploy --source {WORKLOAD}  #" in inside.checks[0].fix
    assert whole.verdict is Verdict.WARN
    assert (verdicts(whole)["root"], verdicts(whole)["look-alikes"]) == (Verdict.PASS, Verdict.WARN)


@pytest.mark.parametrize(
    ("main", "booted", "verdict"),
    [
        (SCRIPT.replace("    ", "", 1).replace("\n    ", "\n"), Booted.PASSED, Verdict.PASS),
        ("import os\nprint(nothing_like_it)\n", Booted.FAILED, Verdict.FAIL),
        ("import os\nos.environ['DATABASE_URL']\n", Booted.NOT_TRIED, Verdict.SKIPPED),
    ],
    ids=["good", "a name that is not there", "a setting that is not here"],
)
async def test_the_smoke_boot_is_announced_and_judged(
    main: str, booted: Booted, verdict: Verdict, tmp_path: Path
) -> None:
    lay(tmp_path, {"Dockerfile": dockerfile('["python", "main.py"]', install=False), "main.py": main})
    told: list[str] = []

    facts = await gather(str(tmp_path), tell=told.append)

    assert facts.boot.booted is booted
    assert verdicts(preflight(facts))["boot"] is verdict
    assert len(told) == 1
    assert "--no-boot" in told[0]


async def test_nothing_is_announced_or_run_when_the_smoke_boot_is_off(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    lay(
        tmp_path / "tree",
        {
            "Dockerfile": dockerfile('["python", "main.py"]', install=False),
            "main.py": f"open({str(canary)!r}, 'w')\n",
        },
    )
    told: list[str] = []

    facts = await gather(str(tmp_path / "tree"), smoke=False, tell=told.append)

    assert facts.boot.booted is Booted.NOT_TRIED
    assert not told
    assert not canary.exists()


@posix
async def test_a_hostile_tree_is_refused_or_handled_and_nothing_outside_is_read(tmp_path: Path) -> None:
    secret = lay(tmp_path / "outside", {"secret.py": "hunter2 = 1\n"}) / "secret.py"
    canary = tmp_path / "canary"
    tree = lay(
        tmp_path / "tree",
        {
            "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\n"
            f"RUN touch {canary}; $(touch {canary})\nENV X=`touch {canary}`\n"
            f'CMD exec uvicorn "main:app" --host 0.0.0.0 --port $(touch {canary})\n',
            "main.py": "import secret\napp = 1\n",
            "\x1b]52;c;aGk=\x07\n.env": "x",
        },
    )
    (tree / "secret.py").symlink_to(secret)
    (tree / "round").symlink_to(tree)
    os.mkfifo(tree / "pipe")

    found = preflight(await gather(str(tree), smoke=False))

    told = repr([(one.message, one.fix, one.evidence) for one in found.checks])
    assert not canary.exists()
    assert "hunter2" not in repr(found)
    assert "\\x1b" not in told
    assert "secret.py" in told
    assert verdicts(found)["left-out"] is Verdict.WARN


@posix
async def test_a_source_that_is_a_link_names_the_right_root_absolutely(tmp_path: Path) -> None:
    tree = next(tree for tree in TREES if tree.name == "the seed's mistake")
    tree.lay(tmp_path / "project")
    (tmp_path / "here").symlink_to(tmp_path / "project" / "shop")

    found = preflight(await gather(str(tmp_path / "here"), smoke=False))

    assert found.suggested_root == (tmp_path / "project").resolve()
    assert f"--source {(tmp_path / 'project').resolve()}  #" in found.checks[0].fix


@pytest.mark.parametrize("source", ["nothing", "file.txt"])
async def test_what_is_no_folder_is_a_usage_problem(source: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()

    with pytest.raises(UsageProblem, match=source):
        await gather(str(tmp_path / source), smoke=False)


@with_git
async def test_git_tells_what_is_not_committed_and_what_is_not_pushed(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet", "--initial-branch=main")
    lay(tmp_path, {"a.py": "", "größe.py": ""})
    run_git(tmp_path, "add", "--all")
    run_git(tmp_path, "commit", "--quiet", "--message=x")
    lay(tmp_path, {"a.py": "changed", "new.py": ""})

    state = await git_state(tmp_path)

    assert (state.there, state.branch, state.unpushed, state.trouble) == (True, "main", 1, "")
    assert set(state.dirty) == {"a.py", "new.py"}


@with_git
async def test_a_folder_outside_of_git_has_no_state(tmp_path: Path) -> None:
    assert not (await git_state(tmp_path)).there


@with_git
@posix
async def test_nothing_that_a_repository_configures_is_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    program = lay(tmp_path / "bin", {"evil": f"#!{sys.executable}\nopen({str(canary)!r}, 'w')\n"}) / "evil"
    program.chmod(0o755)
    tree = lay(tmp_path / "tree", {"a.py": "1", ".gitattributes": "*.py filter=evil\n"})
    run_git(tree, "init", "--quiet")
    run_git(tree, "add", "--all")
    run_git(tree, "commit", "--quiet", "--message=x")
    for key in (
        "filter.evil.clean",
        "filter.evil.process",
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
    ):
        run_git(tree, "config", key, str(program))
    lay(tree / ".git" / "hooks", {"post-index-change": program.read_text()})
    (tree / ".git" / "hooks" / "post-index-change").chmod(0o755)
    canary.unlink(missing_ok=True)
    lay(tree, {"a.py": "2"})

    state = await git_state(tree)

    assert state.dirty == ("a.py",)
    assert not canary.exists()


async def test_a_machine_without_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (await git_state(tmp_path)).trouble == "git is not installed."


async def test_the_target_says_what_may_be_done_and_what_is_enabled() -> None:
    reads = FakeReads()
    reads.put(make.service(), make.revision())
    reads.withheld = frozenset({"run.builds.create"})
    reads.apis_off = frozenset({"run.googleapis.com"})

    target = await look_at(reads, make.NAME)

    assert target.service == make.service()
    assert set(target.wanted) - (target.granted or frozenset()) == {"run.builds.create"}
    assert ACT_AS in target.wanted
    assert target.apis["run.googleapis.com"] is False


async def test_a_service_that_is_not_there_yet_is_a_first_deployment() -> None:
    reads = FakeReads()

    target = await look_at(reads, make.NAME)

    assert target.service is None
    assert "run.services.create" in target.wanted
    assert "first deployment" in target.trouble


@pytest.mark.parametrize("error", [Unreachable("No answer."), Denied("You lack run.services.get.")])
async def test_what_google_does_not_tell_is_said_and_raises_nothing(error: BuddyError) -> None:
    reads = FakeReads()
    reads.put(make.service(), make.revision())
    reads.down(error)

    target = await look_at(reads, make.NAME)

    assert (target.trouble, target.granted) == (str(error), None)
