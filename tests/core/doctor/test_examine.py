"""All checks as a stream: who is asked what, what comes late, and that nobody waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from buddy_tui.cli.target import find
from buddy_tui.config import Known, Settings
from buddy_tui.doctor import examine as stream
from buddy_tui.doctor.checks import CHECKS
from buddy_tui.doctor.conclude import conclude
from buddy_tui.doctor.examine import examine, in_order, worst
from buddy_tui.doctor.gather import Outside
from buddy_tui.doctor.values import Check, Machine, Reached, SignedIn, Untold
from buddy_tui.errors import BuddyError, NotFound, NotSignedIn, Unreachable
from buddy_tui.gcloud_files import AdcFile
from buddy_tui.gcp.permissions import missing
from buddy_tui.preflight.values import Verdict
from tests import make
from tests.core.doctor.made import ALICE, environ, machine, settings
from tests.fakes import FakeReads

ACT_AS = "iam.serviceAccounts.actAs"


def cloud() -> FakeReads:
    reads = FakeReads(regions=("europe-west1",))
    reads.put(make.service(), make.revision())
    return reads


def outside(
    reads: FakeReads,
    here: Machine,
    *,
    connect: Callable[[Settings], Awaitable[Any]] | None = None,
    reach: Callable[[Settings], Awaitable[Reached]] | None = None,
) -> Outside:
    async def reached(_: Settings) -> Reached:
        return Reached("run.googleapis.com", make.NOW, make.NOW)

    async def connected(_: Settings) -> tuple[FakeReads, SignedIn]:
        return reads, SignedIn("user credentials", "", f"user:{ALICE}")

    return Outside(lambda: here, reach or reached, connect or connected, find, missing)


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    return machine(journal=tmp_path / "journal.jsonl")


async def examined(everything: Outside, seconds: float = 5.0) -> dict[str, Check]:
    return {check.name: check async for check in examine(everything, seconds)}


def raises(error: Exception) -> Callable[[Settings], Awaitable[Any]]:
    async def call(_: Settings) -> None:
        raise error

    return call


async def never(_: Settings) -> Any:  # noqa: ANN401 - it never gives anything
    await asyncio.Event().wait()


async def test_each_check_is_told_once_and_google_is_let_go(here: Machine) -> None:
    reads = cloud()

    checks = [check async for check in examine(outside(reads, here))]

    assert sorted(check.name for check in checks) == sorted(item.name for item in CHECKS)
    assert [check.name for check in in_order(checks)] == [item.name for item in CHECKS]
    assert worst(checks) is Verdict.PASS
    assert reads.closed


async def test_nothing_is_changed(here: Machine) -> None:
    reads = cloud()

    await examined(outside(reads, here))

    asked = {"regions", "apis", "service", "revisions", "permissions", "project_permissions", "may_act_as"}
    assert {method for method, _ in reads.calls} == asked
    assert not here.journal.exists()


async def test_a_missing_permission_comes_with_the_role_and_the_one_who_needs_it(here: Machine) -> None:
    reads = cloud()
    reads.withheld = frozenset((ACT_AS,))

    checks = await examined(outside(reads, here))

    assert checks["roll-back"].verdict is Verdict.FAIL
    assert checks["roll-back"].fix == (
        "gcloud iam service-accounts add-iam-policy-binding api@acme-prod.iam.gserviceaccount.com "
        f"--member=user:{ALICE} --role=roles/iam.serviceAccountUser"
    )


async def test_who_may_look_at_one_service_alone_may_look(here: Machine) -> None:
    reads = cloud()
    reads.withheld = frozenset(("run.revisions.list",))

    assert (await examined(outside(reads, here)))["look"].verdict is Verdict.PASS


async def test_a_service_that_lets_everybody_in_needs_no_invoker(here: Machine) -> None:
    reads = cloud()
    reads.put(make.service(invoker_iam_disabled=True), make.revision())
    reads.withheld = frozenset(("run.routes.invoke",))

    assert (await examined(outside(reads, here)))["probe"].verdict is Verdict.PASS


async def test_sessions_of_another_project_are_asked_about_there(here: Machine) -> None:
    reads = cloud()
    told = settings(session=replace(here.settings.session, project="acme-data"))

    await examined(outside(reads, replace(here, settings=told)))

    projects = [about for method, about in reads.calls if method == "project_permissions"]
    assert sorted(projects) == ["acme-data", "acme-prod"]


async def test_without_a_service_the_project_is_asked(here: Machine) -> None:
    reads = cloud()
    reads.withheld = frozenset(("run.services.update",))

    checks = await examined(outside(reads, replace(here, settings=settings(service=Known()))))

    assert (checks["service"].verdict, checks["service"].fix) == (Verdict.SKIPPED, "Say --service NAME.")
    assert checks["look"].verdict is Verdict.PASS
    assert checks["roll-back"].verdict is Verdict.FAIL


async def test_a_service_that_is_not_there_is_named_and_the_project_is_asked(here: Machine) -> None:
    checks = await examined(outside(FakeReads(regions=("europe-west1",)), here))

    assert checks["service"].verdict is Verdict.FAIL
    assert "There is no service api" in checks["service"].message
    assert checks["logs"].verdict is Verdict.PASS


async def test_where_nobody_can_be_reached_the_network_alone_is_accused(here: Machine) -> None:
    lost = raises(Unreachable("Google's sign-in server cannot be reached.", "Check the network."))

    checks = await examined(outside(cloud(), here, connect=lost, reach=lost))

    assert [name for name, one in checks.items() if one.verdict is Verdict.FAIL] == ["network"]
    assert checks["credentials"].message == "Google's sign-in server cannot be reached. See network."


async def test_where_only_the_sign_in_cannot_be_reached_that_is_accused(here: Machine) -> None:
    lost = raises(Unreachable("Google's sign-in server cannot be reached.", "Check the network."))

    checks = await examined(outside(cloud(), here, connect=lost))

    assert [name for name, one in checks.items() if one.verdict is Verdict.FAIL] == ["credentials"]


async def test_through_a_proxy_that_is_none_nobody_is_asked(here: Machine) -> None:
    broken = replace(here, environ=environ(https_proxy="socks5://127.0.0.1:1080"))
    asked = raises(AssertionError("asked"))

    checks = await examined(outside(cloud(), broken, connect=asked, reach=asked))

    assert [name for name, one in checks.items() if one.verdict is Verdict.FAIL] == ["proxy"]
    assert not conclude(tuple(checks.values())).can


async def test_an_emulator_that_hangs_is_what_to_look_at(here: Machine) -> None:
    emulated = settings(emulated=Known("127.0.0.1:8080", "CLOUD_RUN_EMULATOR_HOST"))

    checks = await examined(
        outside(cloud(), replace(here, settings=emulated), connect=never, reach=never), 0.2
    )

    assert "CLOUD_RUN_EMULATOR_HOST" in checks["network"].fix


async def test_a_key_that_a_variable_names_is_left_before_signing_in(here: Machine) -> None:
    adc = AdcFile(Path("key.json"), "GOOGLE_APPLICATION_CREDENTIALS", "service_account")
    error = NotSignedIn("You are not signed in to Google Cloud.", "gcloud auth application-default login")

    checks = await examined(outside(cloud(), replace(here, adc=adc), connect=raises(error)))

    assert checks["credentials"].fix == (
        "unset GOOGLE_APPLICATION_CREDENTIALS && gcloud auth application-default login"
    )


async def test_a_service_that_is_misspelt_is_told_what_is_near_whoever_answers_first(here: Machine) -> None:
    reads = cloud()
    reads.fail("revisions", NotFound("There is no service apu."))
    reads.fail("service", NotFound("There is no service apu.", "Did you mean api?"))

    checks = await examined(outside(reads, here))

    assert checks["service"].fix == "Did you mean api?"


async def test_without_credentials_only_the_credentials_are_accused(here: Machine) -> None:
    error = NotSignedIn("You are not signed in to Google Cloud.", "gcloud auth application-default login")

    checks = await examined(outside(cloud(), here, connect=raises(error)))

    assert [name for name, one in checks.items() if one.verdict is Verdict.FAIL] == ["credentials"]
    assert checks["service"].message == "Not asked: nobody is signed in."


async def test_without_a_project_nobody_asks_about_one(here: Machine) -> None:
    reads = cloud()

    checks = await examined(outside(reads, replace(here, settings=settings(project=Known()))))

    assert [name for name, one in checks.items() if one.verdict is Verdict.FAIL] == ["context"]
    assert reads.calls == []
    assert reads.closed


async def test_where_nobody_knows_where_to_look_nobody_is_asked(here: Machine) -> None:
    broken = replace(here, trouble=Untold("BUDDY_REGION: X is not a region."))
    asked = raises(AssertionError("asked"))

    checks = await examined(outside(cloud(), broken, connect=asked, reach=asked))

    assert [name for name, one in checks.items() if one.verdict is Verdict.FAIL] == ["context"]
    assert checks["network"].verdict is Verdict.SKIPPED


async def test_what_does_not_answer_is_said_so_and_never_passed(here: Machine) -> None:
    silent = replace(here, environ=environ(https_proxy="http://proxy.acme.example:3128"))

    checks = await examined(outside(cloud(), silent, connect=never, reach=never), 0.3)

    failed = {name for name, one in checks.items() if one.verdict is Verdict.FAIL}
    assert failed == {"network"}
    assert checks["credentials"].message == "There was no answer within 0.3 s. See network."
    assert checks["network"].message == (
        "There was no answer within 0.3 s. It was asked through the proxy proxy.acme.example:3128 (https_proxy)."
    )
    asked_of_google = {item.name for item in CHECKS if {"held", "apis", "regions", "found"} & {*item.needs}}
    assert {checks[name].verdict for name in asked_of_google} == {Verdict.SKIPPED}
    assert checks["versions"].verdict is Verdict.PASS


async def test_an_answer_that_comes_is_kept_though_another_does_not(here: Machine) -> None:
    reads = cloud()
    reads.hold("europe-west1")

    checks = await examined(outside(reads, here), 0.3)

    assert checks["apis"].verdict is Verdict.PASS
    assert checks["service"].message == "There was no answer within 0.3 s."
    assert checks["look"].verdict is Verdict.SKIPPED
    assert reads.closed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unreachable("run.googleapis.com cannot be reached: no connection."), "cannot be reached"),
        (FileNotFoundError(2, "No such file or directory"), "No such file or directory"),
    ],
)
async def test_what_stops_the_way_is_told(error: BuddyError | OSError, words: str, here: Machine) -> None:
    checks = await examined(outside(cloud(), here, reach=raises(error)))

    assert checks["network"].verdict is Verdict.FAIL
    assert words in checks["network"].message


async def test_a_bug_is_no_finding(here: Machine) -> None:
    with pytest.raises(ExceptionGroup):
        await examined(outside(cloud(), here, connect=raises(ZeroDivisionError())))


async def test_whoever_leaves_early_leaves_nothing_running(here: Machine) -> None:
    checks = examine(outside(cloud(), here, connect=never, reach=never))
    await anext(checks)

    await checks.aclose()

    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


def test_the_limit_leaves_room_for_start_and_end() -> None:
    assert stream.SECONDS <= 4.0
