"""The report of two promotions that were played: the candidate goes bad under load and is put back, and fails again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from buddy_tui import gcp
from buddy_tui.actions.drafting import Terms
from buddy_tui.actions.promotion import promotion
from buddy_tui.actions.values import Ending, Promotion
from buddy_tui.config import Settings
from buddy_tui.emulator import tree, workload
from buddy_tui.emulator.scenarios.release import overloaded
from buddy_tui.emulator.stage import Stage
from buddy_tui.emulator.story import Deployment, Story
from buddy_tui.probes.door import HttpDoor
from buddy_tui.report.markdown import as_markdown
from buddy_tui.report.values import Report, Status, What
from tests.core.report.test_harmless import harmless
from tests.stories.load import loading
from tests.stories.test_report import NAME, World, played

STABLE, BAD = "buddy-app-00001-bsx", "buddy-app-00002-z4t"
WHO = "ana@example.com"
REASONS = ("the new model", "the cache is warm now")


def _now() -> datetime:
    return datetime.now(UTC)


async def _play(stage: Stage) -> None:
    """Deploy well, then a candidate without traffic that goes bad when many ask."""
    project, now = tree.read(workload.BUDDY), stage.clock.now()
    await stage.deploy(Deployment("00001-bsx", now - timedelta(days=2), project, instances=1))
    candidate = Deployment(
        "00002-z4t",
        now - timedelta(hours=1),
        overloaded(project),
        traffic=False,
        tag="candidate",
        instances=1,
    )
    await stage.deploy(candidate)


async def promoted(world: World, reason: str) -> Promotion:
    """Promote the bad candidate as the program does, though with short bakes; return how it ended."""
    cloud = world.cloud
    stream = promotion(
        await cloud.service(NAME),
        await cloud.revisions(NAME),
        BAD,
        steps=(10, 50, 100),
        bake=0.6,
        least=5,
        interval=0.3,
        lag=0.3,
        reads=cloud,
        writes=gcp.writes(cloud),
        journal=world.journal,
        door=HttpDoor(cloud),
        questions=Settings().questions,
        clock=_now,
        who=WHO,
        reason=reason,
        terms=Terms(_now(), who=WHO),
    )
    return [told async for told in stream][-1]


async def test_two_promotions_that_failed_are_one_incident_told_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with played(Story("promotions", "A bad candidate.", _play), tmp_path, monkeypatch) as world:
        async with loading((await world.cloud.service(NAME)).uri, rate=80):
            ended = [await promoted(world, reason) for reason in REASONS]
        told = await world.report()

    page, summary = as_markdown(told), " ".join(told.summary)
    # It has not got over the load when it is tried again, so that its probes fail before it has any traffic.
    assert [one.ending for one in ended] == [Ending.PUT_BACK, Ending.REFUSED], ended
    harmless(page)
    assert told.status is Status.MITIGATED
    assert summary.startswith(f"Two promotions of {BAD} failed: put back at 50 % (")
    assert ", then refused before it had any traffic (" in summary
    assert "restore latest" not in summary
    assert not told.failed
    _tells_each_change_once_with_its_reason(told)
    _counts_what_people_met_with(told)
    _concludes_no_more_than_the_gates_measured(told)
    assert "@" not in page
    assert page.count(f"Why: {REASONS[1]}") == 1


def _tells_each_change_once_with_its_reason(told: Report) -> None:
    traffic = [one for one in told.timeline if one.what is What.TRAFFIC]
    moved = [one for one in traffic if one.agent.startswith("buddy-tui")]
    noted = [one.words for one in told.timeline if one.what is What.ACTION]
    back = "a gate of the promotion failed"
    assert [one.why for one in moved] == [REASONS[0], REASONS[0], back]
    assert len({one.by for one in moved}) == 1
    assert [one.partition(":")[0] for one in noted] == [
        f"The promotion of {BAD} began",
        f"The promotion of {BAD} ended as put back",
        f"The promotion of {BAD} began",
        f"The promotion of {BAD} ended as refused",
    ]
    assert [one.at for one in told.timeline] == sorted(one.at for one in told.timeline)
    assert any(one.what is What.PROBES for one in told.timeline)


def _counts_what_people_met_with(told: Report) -> None:
    impact = told.impact
    assert impact is not None
    assert impact.failed
    assert impact.requests
    assert impact.by_revision == ((BAD, impact.failed),)
    assert impact.requests > impact.failed
    assert impact.until - impact.since < timedelta(minutes=1)
    assert f"{STABLE} served 50 to 100 % of the traffic" in impact.words[-1]
    assert f"{BAD} served 10 to 50 % of the traffic" in impact.words[-1]


def _concludes_no_more_than_the_gates_measured(told: Report) -> None:
    root = told.root
    assert root.words[0].startswith(f"{BAD} did not pass these gates: ")
    assert "5xx answers" in root.words[0]
    assert root.confidence == ""
    assert root.unsure == (f"Why {BAD} fails: the gates measured that it does, and its log was not read.",)
    assert "put back at 50 %: " in root.evidence[0]
    assert "refused before it had any traffic: " in root.evidence[-1]
    assert [("came back by itself" in one) for one in told.done] == [True, False]
    assert told.trigger[-1].endswith(f"Why: {REASONS[0]}")
    assert any(one.words.startswith(f"Do not restore latest yet: LATEST means {BAD}.") for one in told.advice)
    assert not any("--to-latest" in one.command for one in told.advice)
    assert told.asked == ()
