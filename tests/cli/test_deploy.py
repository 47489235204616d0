"""`buddy-tui deploy`: the preflight first, then a plan, a question, and only what was proved counts as done."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from buddy_tui import gcp
from buddy_tui.actions.values import Ending, Plan, Verb
from buddy_tui.cli import deploy as verb
from buddy_tui.cli.deploy import DeployGuard, deploy
from buddy_tui.cli.deployed import as_text, code_of, new_lines
from buddy_tui.cli.options import Context
from buddy_tui.config import Known, Settings
from buddy_tui.deploy.archiving import packed
from buddy_tui.deploy.deploying import lock_of
from buddy_tui.deploy.outside import Outside
from buddy_tui.deploy.values import Deployment, Release
from buddy_tui.errors import ExitCode, Refused, UsageProblem
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import RevisionState
from tests import make
from tests.core.deploy.world import IMAGE, OLD, TRAFFIC, MemoryJournal, Program, World

SETTINGS = Settings(
    project=Known(make.NAME.project),
    regions=(Known(make.NAME.region),),
    service=Known(make.NAME.service),
    environment=Known("staging"),
)
YES = DeployGuard(yes=True, json=True)
GOOD = {
    "Dockerfile": 'FROM python:3.12-slim\nCOPY . .\nCMD ["python", "main.py"]\n',
    "main.py": "import os\nfrom http.server import HTTPServer, SimpleHTTPRequestHandler\n\n"
    "HTTPServer(('0.0.0.0', int(os.environ['PORT'])), SimpleHTTPRequestHandler).serve_forever()\n",
}
BAD = {**GOOD, "Dockerfile": 'FROM python:3.12-slim\nWORKDIR /app\nCMD ["python", "nowhere.py"]\n'}

Deploy = Callable[..., int]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Return the verb, in a folder that is a good project, before a Cloud Run from memory."""

    async def connect(_settings: Settings) -> World:
        return world

    @asynccontextmanager
    async def outside(_scene: object) -> AsyncGenerator[Outside, None]:
        yield replace(Program(world).outside, pack=packed)

    laid_out(world, GOOD)
    monkeypatch.chdir(world.folder / "project")
    monkeypatch.setattr(gcp, "connect", connect)
    monkeypatch.setattr(verb, "_outside", outside)
    monkeypatch.setattr("buddy_tui.journal.keep.Journal", lambda: MemoryJournal(world))
    monkeypatch.setattr(Context, "settings", lambda _self: SETTINGS)
    return lambda guard=YES, **over: deploy(guard=guard, no_boot=True, **over)


def laid_out(world: World, files: dict[str, str]) -> None:
    root = world.folder / "project"
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["schema"] == "buddy.deployment/1"
    return document


def is_untouched(world: World) -> bool:
    return not world.rolled and not world.builds and world.service_now.desired == TRAFFIC


def test_a_folder_is_deployed_and_proved(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run()

    document = told(capsys)
    assert (code, document["ending"], document["preflight"]) == (ExitCode.OK, "done", "pass")
    assert document["source"]["files"] == 2
    assert document["revision"].startswith("api-00038-")
    assert [one["revision"] for one in document["after"] if one["tag"]] == [OLD, document["revision"]]
    assert {step["state"] for step in document["steps"]} == {"done"}
    assert world.served == {OLD}


def test_steps_are_told_on_stderr_and_the_result_on_stdout(
    run: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    run(DeployGuard(yes=True))

    printed = capsys.readouterr()
    assert printed.out.startswith("api-00038-")
    assert "its probes pass" in printed.out
    assert "hint      buddy-tui promote api-00038-" in printed.out
    assert "  Upload it: gs://sources/" in printed.err
    assert "command   gcloud run deploy api --source" in printed.err


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(DeployGuard(dry_run=True, json=True))

    document = told(capsys)
    assert (code, document["ending"], document["refusal"]) == (ExitCode.OK, None, None)
    assert "--no-traffic --tag api-00038-" in document["command"]
    assert is_untouched(world)
    assert not world.lines


def test_a_folder_that_fails_its_preflight_is_not_deployed(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(world, BAD)

    code = run()

    document = told(capsys)
    assert (code, document["preflight"]) == (ExitCode.PROBLEM_FOUND, "fail")
    assert document["refusal"].startswith("The source fails its preflight: ")
    assert is_untouched(world)


def test_a_folder_that_lacks_nothing_but_a_permission_is_told_as_not_allowed(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.withheld = frozenset({"run.services.update"})

    code = run()

    assert (code, told(capsys)["preflight"]) == (ExitCode.NOT_ALLOWED, "fail")
    assert is_untouched(world)


def test_a_typed_reason_overrules_the_preflight_and_is_kept(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(world, BAD)

    code = run(DeployGuard(yes=True, json=True, reason="the base image has it"))

    document = told(capsys)
    assert (code, document["ending"]) == (ExitCode.OK, "done")
    assert document["overruled"]
    assert {one.reason for one in world.lines} == {"the base image has it"}


def test_yes_alone_never_changes_production(
    run: Deploy, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = replace(SETTINGS, environment=Known("production", "a test"))
    monkeypatch.setattr(Context, "settings", lambda _self: production)

    with pytest.raises(Refused, match="--yes alone changes nothing"):
        run(DeployGuard(yes=True, reason="it is time"))

    assert is_untouched(world)
    assert run(DeployGuard(yes=True, confirm="api", reason="it is time")) == ExitCode.OK


@pytest.mark.parametrize(
    ("guard", "why"),
    [
        (DeployGuard(), "Nobody can be asked here"),
        (DeployGuard(yes=True, confirm="shop"), "--confirm says shop"),
    ],
)
def test_what_was_not_confirmed_is_not_done(run: Deploy, world: World, guard: DeployGuard, why: str) -> None:
    with pytest.raises(Refused, match=why):
        run(guard)

    assert is_untouched(world)


def test_a_first_deployment_wants_its_own_word(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.remove(make.NAME)

    refused = run()
    document = told(capsys)
    code = run(first=True)

    assert (refused, document["hint"]) == (ExitCode.REFUSED, "Say --first if that is meant.")
    assert (code, told(capsys)["first"]) == (ExitCode.OK, True)


def test_a_boot_that_fails_is_put_back_and_exits_1(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.booting = (RevisionState.PENDING, RevisionState.FAILED)

    code = run()

    document = told(capsys)
    assert (code, document["ending"]) == (ExitCode.PROBLEM_FOUND, "put_back")
    assert document["finding"]["summary"] == "Back_End is not in the image."
    assert world.service_now.desired == TRAFFIC


def test_an_image_needs_no_folder(run: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(image=IMAGE)

    document = told(capsys)
    assert (code, document["image"], document["source"], document["preflight"]) == (0, IMAGE, None, None)


def test_what_was_left_is_gone_on_with(run: Deploy, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(Program(world).killed(20))

    code = run()

    printed = capsys.readouterr()
    assert (code, json.loads(printed.out)["ending"]) == (ExitCode.OK, "done")
    assert "was left: its image is built." in printed.err or "was left: its build was begun." in printed.err
    assert len(world.rolled) == 1


def test_what_was_left_is_given_up_when_that_is_said(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(Program(world).killed(20))

    code = run(cancel=True)

    assert (code, told(capsys)["sentence"]) == (ExitCode.OK, "It was given up. api is as it was.")
    assert not world.rolled
    assert world.service_now.desired == TRAFFIC


def test_nothing_is_given_up_where_nothing_was_left(run: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cancel=True) == ExitCode.OK
    assert "No deployment of api was left." in capsys.readouterr().err


@pytest.mark.parametrize("other", [{"image": IMAGE}, {"source": ".."}])
def test_another_deployment_does_not_pass_for_the_one_that_was_left(
    run: Deploy, world: World, other: dict[str, str]
) -> None:
    asyncio.run(Program(world).killed(20))

    with pytest.raises(Refused, match="another source or image") as refused:
        run(**other)

    assert refused.value.hint.startswith("buddy-tui deploy --service api --source ")


def test_what_is_under_way_in_another_program_is_not_said_to_be_left(
    run: Deploy, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(Program(world).killed(20))
    world.locks.add(lock_of(make.NAME))

    with pytest.raises(Refused, match="under way in another program here"):
        run()

    assert "was left" not in capsys.readouterr().err


def test_what_was_left_is_not_gone_on_with_unasked(run: Deploy, world: World) -> None:
    asyncio.run(Program(world).killed(20))
    calls = world.count("roll_out")

    with pytest.raises(Refused, match="Nobody can be asked here"):
        run(DeployGuard())

    assert world.count("roll_out") == calls


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"source": ".", "image": IMAGE}, "Which one"),
        ({"source": " "}, "--source is empty"),
        ({"image": ""}, "--image is empty"),
        ({"tag": ""}, "--tag is empty"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, str], why: str) -> None:
    with pytest.raises(UsageProblem, match=why):
        deploy(**options)  # type: ignore[arg-type]


def test_being_interrupted_leaves_it_to_be_gone_on_with_and_says_so(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async def endless() -> AsyncGenerator[Deployment, None]:
        yield Deployment(RELEASE)
        await asyncio.Event().wait()

    async def interrupted() -> None:
        release = replace(RELEASE, root=Path("/work/my shop"))
        task = asyncio.create_task(verb._followed(endless(), release))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    asyncio.run(interrupted())

    told = capsys.readouterr().err
    assert "`buddy-tui deploy --service api --source '" in told
    assert "my shop'` goes on with it" in told


RELEASE = Release(
    Plan(Verb.DEPLOY, make.NAME, "Deploy", TRAFFIC, TRAFFIC, "", ""),
    "0" * 16,
    "api-00038-cvc",
    "api-00038-cvc",
)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (Ending.DONE, 0),
        (Ending.PUT_BACK, 1),
        (Ending.FAILED, 1),
        (Ending.DENIED, 4),
        (Ending.REFUSED, 5),
        (Ending.CONFLICT, 5),
        (Ending.NOT_DONE, 6),
        (Ending.UNKNOWN, 6),
        (None, 6),
    ],
)
def test_only_what_was_proved_exits_0(ending: Ending | None, code: int) -> None:
    assert code_of(Deployment(RELEASE, ending=ending)) == code


def test_a_failure_is_told_with_its_cause_its_fix_and_the_end_of_the_log() -> None:
    finding = Finding(
        Cause.UNKNOWN,
        Confidence.UNSURE,
        boots=False,
        summary="No module named app.",
        fix=("Deploy the root.",),
    )
    lines = tuple(f"line {number}" for number in range(9))

    text = as_text(
        Deployment(
            RELEASE, ending=Ending.FAILED, sentence="It failed.", finding=finding, lines=lines, hint="Go."
        )
    )

    assert text.splitlines() == [
        "It failed.",
        "fix       Deploy the root.",
        *(f"  line {number}" for number in range(4, 9)),
        "hint      Go.",
    ]


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ("", "ab", "ab"),
        ("ab", "ab", ""),
        ("ab", "abc", "c"),
        ("abc", "bcd", "d"),
        ("ab", "xy", "xy"),
        ("ab", "", ""),
    ],
)
def test_each_line_of_a_log_is_told_once(before: str, now: str, new: str) -> None:
    assert new_lines(tuple(before), tuple(now)) == tuple(new)
