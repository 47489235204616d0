import pytest

from buddy_tui.boot.timeline import decisive, timeline
from buddy_tui.boot.values import Boot, Mark, Outcome, Reading
from buddy_tui.model import LogEntry
from tests.core.boot.written import ROLLOUT, UNCAUGHT, UVICORN, Cloud


def _decisive(reading: Reading, revision: str = "") -> Boot:
    boot = decisive(reading, revision)
    assert boot is not None
    return boot


def test_the_newest_revision_is_the_one_diagnosed_though_the_old_one_writes_last() -> None:
    old, new = "shop-00006-xyz", "shop-00007-abc"
    log = Cloud().system(ROLLOUT, revision=new, instance="b").out(UNCAUGHT, revision=new, instance="b")
    log.system("Container called exit(1).", revision=new, instance="b")
    log.say("requests", "GET 200 12ms /chat", revision=old, instance="a")
    log.system("Shutting down user disabled instance", revision=old, instance="a")
    reading = timeline(log.entries)

    assert (_decisive(reading).revision, _decisive(reading).outcome) == (new, Outcome.DIED)
    assert _decisive(reading, old).outcome is Outcome.UP


def test_without_numbers_the_revision_that_began_last_is_the_newest() -> None:
    log = (
        Cloud()
        .system(ROLLOUT, revision="shop-blue", instance="a")
        .out(UVICORN, revision="shop-blue", instance="a")
    )
    log.system(ROLLOUT, revision="shop-amber", instance="b").out(
        UNCAUGHT, revision="shop-amber", instance="b"
    )
    log.out("INFO:     still here", revision="shop-blue", instance="a")

    assert _decisive(timeline(log.entries)).revision == "shop-amber"


def test_a_revision_of_which_a_later_instance_is_up_boots() -> None:
    log = Cloud().system(ROLLOUT, instance="a").out(UNCAUGHT, instance="a")
    log.system("Container called exit(1).", instance="a")
    log.system(ROLLOUT, instance="b").out(UVICORN, instance="b")

    assert _decisive(timeline(log.entries)).outcome is Outcome.UP


@pytest.mark.parametrize("rest", [UNCAUGHT.rsplit("\n", 2)[0], "loading"])
def test_an_attempt_that_is_not_over_does_not_hide_the_one_before(rest: str) -> None:
    log = Cloud().system(ROLLOUT, instance="a").out(UNCAUGHT, instance="a")
    log.system("Container called exit(1).", instance="a")
    log.system(ROLLOUT, instance="b").out(rest, instance="b")

    boot = _decisive(timeline(log.entries))

    assert (boot.instance, boot.outcome) == ("a", Outcome.DIED)


def test_of_the_containers_of_one_instance_the_failed_one_counts() -> None:
    log = Cloud().system(ROLLOUT)
    for line in UNCAUGHT.split("\n"):
        log.say("stderr", line, container="shop-1")
    log.say("system", "Container called exit(1).", container="shop-1")
    for line in UVICORN.split("\n"):
        log.say("stderr", line, container="proxy")
    boots = {boot.container: boot for boot in timeline(log.entries).boots}

    assert boots["proxy"].outcome is Outcome.UP
    assert _decisive(timeline(log.entries)).container == "shop-1"
    assert all(boot.marks(Mark.START) for boot in boots.values())


def test_of_the_services_of_docker_compose_the_failed_one_counts() -> None:
    web = [LogEntry(0, "stdout", "", line, instance="web-1") for line in UNCAUGHT.split("\n")]
    proxy = [LogEntry(0, "stdout", "", line, instance="proxy-1") for line in UVICORN.split("\n")]
    exit_line = LogEntry(0, "stdout", "", "web-1 exited with code 1", instance="proxy-1")

    boot = _decisive(timeline([*web, *proxy, exit_line]))

    assert (boot.instance, boot.outcome) == ("web-1", Outcome.DIED)
    assert boot.marks(Mark.EXIT)


def test_a_service_of_docker_compose_that_was_meant_to_end_is_no_failure() -> None:
    web = [LogEntry(0, "stdout", "", line, instance="web-1") for line in UVICORN.split("\n")]
    errand = [
        LogEntry(0, "stdout", "", line, instance="migrate-1")
        for line in ("OK", "migrate-1 exited with code 0")
    ]

    boot = _decisive(timeline([*web, *errand]))

    assert (boot.instance, boot.outcome) == ("web-1", Outcome.UP)


def test_nothing_is_decided_by_nothing() -> None:
    assert decisive(Reading()) is None
    assert decisive(timeline([LogEntry(0, "stdout", "", "hello")]), "shop-00001-abc") is not None
    assert decisive(timeline(Cloud().out("hello").entries), "shop-00001-abc") is None
