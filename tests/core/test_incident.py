"""A run of failures read as one incident: one cause or several, where it began, and what changed there."""

from dataclasses import replace

from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.incident import incident
from buddy_tui.model import Container, Revision, RevisionState, SourceTree

GOOD = Revision(
    "api-00001-aaa", "api", RevisionState.READY, containers=(Container(image="img@1", memory="512Mi"),)
)
WHOLE = SourceTree("gs://b/1", ("Back_End/db.py", "Back_End/main.py", "Dockerfile"), (), (1, 2, 3))
PART = SourceTree("gs://b/2", ("db.py", "main.py"), (), (1, 2))
EDITED = replace(PART, where="gs://b/3", checksums=(1, 9))


def failed(number: int, **container: object) -> Revision:
    base = Container(image=f"img@{number}", memory="512Mi")
    return Revision(
        f"api-{number:05d}-xxx",
        "api",
        RevisionState.FAILED,
        containers=(replace(base, **container),),  # type: ignore[arg-type]
    )


def found(revision: Revision, **over: object) -> Finding:
    base = Finding(
        Cause.LOCAL_MODULE_MISSING, Confidence.CERTAIN, boots=False, summary="The wrong folder was uploaded.",
        short="wrong folder", missing="Back_End", fix=("cd ..",), revision=revision.name,
    )  # fmt: skip
    return replace(base, **over)  # type: ignore[arg-type]


def test_one_failure_is_no_run() -> None:
    assert incident((failed(2), GOOD), (found(failed(2)),)) is None


def test_a_healthy_newest_revision_does_not_hide_the_run_below_it() -> None:
    newest = replace(GOOD, name="api-00009-zzz")

    told = incident((newest, failed(3), failed(2), GOOD), (found(failed(2)), found(failed(3))))

    assert told is not None
    assert told.failed == ("api-00002-xxx", "api-00003-xxx")


def test_the_same_cause_and_module_in_all_of_them_is_one_cause() -> None:
    two, three = failed(2), failed(3, memory="1Gi", env_names=("PYTHONPATH",))
    trees = {GOOD.name: WHOLE, two.name: PART, three.name: EDITED}

    told = incident((three, two, GOOD), (found(two), found(three)), trees)

    assert told is not None
    assert (told.one_cause, told.cause, told.confidence) == (
        True,
        Cause.LOCAL_MODULE_MISSING,
        Confidence.CERTAIN,
    )
    assert (told.first_bad, told.last_good) == (two.name, GOOD.name)
    assert told.headline == "2 revisions failed since 00001-aaa, one cause: wrong folder"
    assert told.changed == ("source root: project root → Back_End/",)
    assert told.fix == ("cd ..",)
    assert any("uploaded from the project root; all of these from Back_End/" in line for line in told.story)
    assert "00003-xxx tried: main.py; environment +PYTHONPATH; memory 512Mi → 1Gi" in told.story


def test_different_causes_are_counted_and_none_is_blamed() -> None:
    two, three = failed(2), failed(3)

    told = incident((three, two, GOOD), (found(two), found(three, cause=Cause.ENV_MISSING, missing="DB")))

    assert told is not None
    assert (told.one_cause, told.cause, told.fix) == (False, Cause.UNKNOWN, ())
    assert "2 different causes" in told.headline


def test_what_was_not_read_yet_is_not_claimed() -> None:
    two, three = failed(2), failed(3)

    told = incident((three, two, GOOD), (found(two),))
    unread = incident((three, two, GOOD), ())

    assert told is not None
    assert unread is not None
    assert (told.confidence, "1 of them read" in told.headline) == (Confidence.LIKELY, True)
    assert "being read" in unread.headline


def test_unknown_causes_are_not_one_cause() -> None:
    two, three = failed(2), failed(3)
    unknown = [found(one, cause=Cause.UNKNOWN, missing="") for one in (two, three)]

    told = incident((three, two, GOOD), unknown)

    assert told is not None
    assert not told.one_cause


def test_a_run_without_any_good_revision_before_it_says_so_by_naming_none() -> None:
    told = incident((failed(3), failed(2)), (found(failed(2)), found(failed(3))))

    assert told is not None
    assert (told.last_good, told.changed) == ("", ())


def test_a_revision_that_is_still_starting_belongs_to_no_run() -> None:
    starting = replace(failed(4), state=RevisionState.PENDING)

    told = incident((starting, failed(3), failed(2), GOOD), ())

    assert told is not None
    assert told.failed == ("api-00002-xxx", "api-00003-xxx")
