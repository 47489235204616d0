import pytest

from buddy_tui.boot.platform import Verdict, never_ran, probe_status, said_by_platform, verdict_of
from buddy_tui.boot.values import Mark
from tests.core.boot.written import PROBE_LOST, PROBE_OK, READY, ROLLOUT, UNHEALTHY


@pytest.mark.parametrize(
    ("text", "mark", "detail", "number"),
    [
        (ROLLOUT, Mark.START, "DEPLOYMENT_ROLLOUT", 0),
        ("Starting new instance.", Mark.START, "", 0),
        (PROBE_OK, Mark.PROBE_PASSED, "tcp", 8080),
        (
            'STARTUP HTTP probe succeeded after 3 attempts for container "shop-1" on port 80 path "/up".',
            Mark.PROBE_PASSED,
            "http",
            80,
        ),
        (PROBE_LOST.format("CANCELLED"), Mark.PROBE_FAILED, "CANCELLED", 8080),
        (
            (
                'Default STARTUP TCP probe failed 1 time consecutively for container "shop-1" on port 8080. The instance'
                " was not started."
            ),
            Mark.PROBE_FAILED,
            "",
            8080,
        ),
        (
            (
                'STARTUP HTTP probe failed 3 times consecutively for container "shop-1" on port 9 path "/up". The instance'
                " was not started. Connection failed with status ERROR_CONNECTION_FAILED."
            ),
            Mark.PROBE_FAILED,
            "ERROR_CONNECTION_FAILED",
            9,
        ),
        (
            'STARTUP GRPC probe failed 1 time consecutively for container "a" on port 50051.',
            Mark.PROBE_FAILED,
            "",
            50051,
        ),
        ("Container called exit(3).", Mark.EXIT, "", 3),
        ("Uncaught signal: 6, pid=1, tid=1, fault_addr=0.", Mark.SIGNAL, "", 6),
        ("Uncaught signal: 15, pid=1, tid=1, fault_addr=0.", Mark.SHUTDOWN, "", 0),
        ("Memory limit of 512 MiB exceeded with 526 MiB used. Consider", Mark.MEMORY, "", 512),
        ("Memory limit of 512M exceeded with 526M used.", Mark.MEMORY, "", 512),
        ("Shutting down user disabled instance", Mark.SHUTDOWN, "", 0),
        (
            'LIVENESS HTTP probe failed 1 time consecutively for container "a" on port 8080 path "/".',
            Mark.SHUTDOWN,
            "liveness",
            0,
        ),
        ("web-1 exited with code 1", Mark.EXIT, "", 1),
        ("==> Exited with status 1", Mark.EXIT, "", 1),
        ("Process exited with status 3", Mark.EXIT, "", 3),
        ("Error R10 (Boot timeout) -> Web process failed to bind", Mark.PROBE_FAILED, "DEADLINE_EXCEEDED", 0),
        ("==> Your service is live 🎉", Mark.ACCEPTED, "", 0),
    ],
)
def test_the_platforms_words_are_understood(text: str, mark: Mark, detail: str, number: int) -> None:
    said = said_by_platform(text)

    assert said is not None
    assert (said.mark, said.detail, said.number) == (mark, detail, number)


@pytest.mark.parametrize(
    "text",
    [
        'terminated: Application failed to start: "uvicorn main:app" not found (PATH=/usr/bin)',
        "Application failed to start: not available",
        "failed to load /app/server: exec format error",
        'error finding executable "gunicorn main:app" in PATH [/usr/bin]: no such file or directory',
        "Application exec likely failed",
    ],
)
def test_a_command_that_never_ran_is_a_rejection_in_the_platforms_words(text: str) -> None:
    said = said_by_platform(text)

    assert said is not None
    assert (said.mark, said.detail) == (Mark.REJECTED, text)
    assert never_ran(text)


@pytest.mark.parametrize(
    "text", ["Application failed to start: the database is down", "probe failed", "exit(1)", "worker exited"]
)
def test_what_only_looks_like_the_platforms_words_says_nothing(text: str) -> None:
    assert said_by_platform(text) is None


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (
            READY.format("shop-00007-abc"),
            Verdict(Mark.ACCEPTED, "Deploying revision succeeded in 5.73s.", "shop-00007-abc"),
        ),
        (
            (
                "Ready condition status changed to False for Service shop with message: Revision 'shop-00007-abc' is not"
                " ready and cannot serve traffic. Image 'x:latest' not found."
            ),
            Verdict(Mark.REJECTED, "Image 'x:latest' not found.", "shop-00007-abc"),
        ),
        ("Ready condition status changed to True for Service shop.", None),
        (
            (
                "ERROR: (gcloud.run.deploy) Revision 'shop-00007-abc' is not ready and cannot serve traffic. Image 'x' not"
                " found."
            ),
            Verdict(Mark.REJECTED, "Image 'x' not found.", "shop-00007-abc"),
        ),
        (
            (
                "ERROR: (gcloud.run.deploy) spec.template.spec.containers[0].env[1].value_from.secret_key_ref.name:"
                " Permission denied on secret: projects/1/secrets/KEY/versions/latest"
            ),
            Verdict(
                Mark.REJECTED,
                "spec.template.spec.containers[0].env[1].value_from.secret_key_ref.name:"
                " Permission denied on secret: projects/1/secrets/KEY/versions/latest",
            ),
        ),
        (
            "Service [shop] revision [shop-00007-abc] has been deployed and is serving 100 percent of traffic.",
            Verdict(Mark.ACCEPTED, "", "shop-00007-abc"),
        ),
        ("Image 'x:latest' not found.", Verdict(Mark.REJECTED, "Image 'x:latest' not found.")),
        ("google.cloud.run.v1.Services.ReplaceService by someone", None),
    ],
)
def test_a_verdict_names_its_revision_and_reason(text: str, verdict: Verdict | None) -> None:
    assert verdict_of(text) == verdict


def test_a_verdict_ends_where_the_links_begin() -> None:
    verdict = verdict_of(UNHEALTHY.format("shop-00007-abc"))

    assert verdict is not None
    assert verdict.message.endswith("Logs for this revision might contain more information.")
    assert not never_ran(verdict.message)


def test_the_reason_of_a_failed_probe_may_stand_on_a_line_of_its_own() -> None:
    assert probe_status("Connection failed with status DEADLINE_EXCEEDED.") == "DEADLINE_EXCEEDED"
    assert not probe_status("Connection failed.")
