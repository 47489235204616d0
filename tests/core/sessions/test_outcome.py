"""What a script learns from a session probe."""

import pytest

from buddy_tui.errors import ExitCode
from buddy_tui.model import ServiceName, Trouble
from buddy_tui.probes.values import Refusal
from buddy_tui.sessions.outcome import outcome
from buddy_tui.sessions.values import Ladder, Survival
from tests.make import NOW

LADDER = Ladder(ServiceName("acme", "europe-west1", "api"), "api-00042-xez")


@pytest.mark.parametrize(
    ("survival", "refusal", "code"),
    [
        (Survival.PERSISTED, None, ExitCode.OK),
        (Survival.MEMORY_OF_ONE_INSTANCE, None, ExitCode.PROBLEM_FOUND),
        (Survival.PERMISSION_DENIED, None, ExitCode.PROBLEM_FOUND),
        (Survival.LEAKED, None, ExitCode.PROBLEM_FOUND),
        (Survival.INCONCLUSIVE, None, ExitCode.RETRYABLE),
        (Survival.NOT_OFFERED, None, ExitCode.RETRYABLE),
        (None, None, ExitCode.RETRYABLE),
        (Survival.REFUSED, Refusal.NO_ADDRESS, ExitCode.RETRYABLE),
        (Survival.REFUSED, Refusal.NOT_RUNNING, ExitCode.RETRYABLE),
        (Survival.REFUSED, Refusal.NOT_INVOKER, ExitCode.NOT_ALLOWED),
        (Survival.REFUSED, None, ExitCode.NOT_ALLOWED),
    ],
)
def test_only_a_session_that_persists_is_good(
    survival: Survival | None, refusal: Refusal | None, code: ExitCode
) -> None:
    ladder = Ladder(LADDER.name, LADDER.revision, survival=survival, refusal=refusal)

    assert outcome(ladder) is code


def test_trouble_has_a_code_of_its_own() -> None:
    trouble = Trouble("No answer.", "", int(ExitCode.RETRYABLE), NOW)

    assert outcome(Ladder(LADDER.name, trouble=trouble)) is ExitCode.RETRYABLE
