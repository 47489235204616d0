"""What all checks come to: which jobs can be done here and which not, in one sentence."""

from typing import Any

import pytest

from buddy_tui.config import Known
from buddy_tui.doctor.conclude import conclude
from buddy_tui.doctor.service import wanted_apis
from buddy_tui.doctor.values import Untold
from buddy_tui.doctor.wording import sentence
from tests.core.doctor.made import SETTINGS, held, judged, machine, settings

LATE = Untold("There was no answer within 3.4 s.")
NOBODY = Untold("Not asked: nobody is signed in.", tried=False)
SIGNED_OUT = {"signed": Untold("You are not signed in to Google Cloud.")} | dict.fromkeys(
    ("regions", "found", "apis", "held"), NOBODY
)


def off(*names: str) -> dict[str, Any]:
    return {"apis": {name: name not in names for name in wanted_apis(SETTINGS)}}


# What is broken, the parts that show it, and what is said of it.
CASES: tuple[tuple[str, dict[str, Any], str], ...] = (
    (
        "nothing",
        {},
        "You can do everything here: look, read logs, probe, roll back, promote, deploy and audit sessions.",
    ),
    ("nobody is signed in", SIGNED_OUT, "You can do nothing here (see credentials)."),
    (
        "there is no network either",
        SIGNED_OUT | {"reached": LATE},
        "You can do nothing here (see credentials and network).",
    ),
    (
        "buddy.toml stops every verb",
        {"machine": machine(toml_trouble=Untold("buddy.toml:3: `region`: Invalid value."))},
        "You can do nothing here (see buddy.toml).",
    ),
    (
        "a permission is missing",
        {"held": held("run.services.update")},
        "You can look, read logs, probe and audit sessions; you cannot roll back, promote or deploy.",
    ),
    (
        "an API of deployments is off",
        off("cloudbuild.googleapis.com"),
        "You can look, read logs, probe, roll back, promote and audit sessions; you cannot deploy (see apis).",
    ),
    (
        "a promotion's gates read logs",
        off("logging.googleapis.com"),
        (
            "You can look, probe, roll back and audit sessions; "
            "you cannot read logs, promote or deploy (see apis)."
        ),
    ),
    ("Cloud Run is off", off("run.googleapis.com"), "You can do nothing here (see apis)."),
    (
        "only the audit is off",
        off("firestore.googleapis.com"),
        "You can look, read logs, probe, roll back, promote and deploy; you cannot audit sessions (see apis).",
    ),
    (
        "there is no such service, which a deployment may make",
        {"found": Untold("There is no service api.")},
        "You can deploy and audit sessions; you cannot look, read logs, probe, roll back or promote (see service).",
    ),
    (
        "nothing can be written",
        {"machine": machine(state_trouble="Permission denied")},
        (
            "You can look, read logs, probe and audit sessions; "
            "you cannot roll back, promote or deploy (see state)."
        ),
    ),
    (
        "read-only",
        {"machine": machine(settings=settings(read_only=Known("yes", "--read-only")))},
        "You can look, read logs, probe and audit sessions; you cannot roll back, promote or deploy.",
    ),
    (
        "nobody can tell",
        {"held": held(untold=("iam.serviceAccounts.actAs",))},
        (
            "You can look, read logs, probe and audit sessions; "
            "whether you can roll back, promote or deploy is not known."
        ),
    ),
    (
        "permissions were asked for in vain",
        {"held": LATE},
        "Whether you can look, read logs, probe, roll back, promote, deploy or audit sessions is not known.",
    ),
)


@pytest.mark.parametrize(("over", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_one_sentence_says_what_can_be_done(over: dict[str, Any], told: str) -> None:
    assert sentence(conclude(tuple(judged(**over).values()))) == told


def test_nothing_is_promised_as_long_as_something_may_stand_in_the_way() -> None:
    so_far = [check for name, check in judged().items() if name != "apis"]

    assert sentence(conclude(so_far, done=False)) == ""


def test_that_nothing_can_be_done_is_told_at_once() -> None:
    so_far = (judged(**SIGNED_OUT)["credentials"],)

    assert sentence(conclude(so_far, done=False)) == "You can do nothing here (see credentials)."
