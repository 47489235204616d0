"""Checklists that are kept: one for each release, read back whole, and never taken for what is true now."""

import json
import sys
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from buddy_tui.report.checklist import keepable
from buddy_tui.verify.kept import Kept, recalled, remembered, services_kept
from buddy_tui.verify.plan import PLAN, answer
from buddy_tui.verify.ticks import Ticks, vouched
from buddy_tui.verify.values import Answered, Before, Checklist, Line
from tests import make

REVISION = "api-00002-bbb"
THEN = make.NOW - timedelta(hours=2)
MADE = make.NOW - timedelta(hours=3)


def plain(text: str) -> str:
    return text


def line(answered: Answered, evidence: str = "It was seen.", at: datetime = make.NOW) -> Line:
    return answer("boots", answered, evidence, "log", at)


def checklist(*lines: Line, revision: str = REVISION, created: datetime = MADE) -> Checklist:
    return Checklist(make.NAME, revision, lines, done=True, as_of=make.NOW, created=created)


def boots(told: Checklist) -> Line:
    return next(one for one in told.lines if one.id == "boots")


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(make.NAME, lambda: make.NOW, tmp_path / "verify")


def test_what_was_kept_is_read_back_as_it_was_and_says_that_it_is_kept(kept: Kept) -> None:
    looked = checklist(*(answer(one.id, Answered.YES, f"{one.id} seen", "probe", THEN) for one in PLAN))

    assert kept.keep(looked, plain) is None

    assert kept.of(REVISION) == replace(looked, kept=True)


def test_what_was_never_looked_at_has_no_lines_and_is_no_pass(kept: Kept) -> None:
    assert kept.of(REVISION) == Checklist(make.NAME, REVISION, kept=True)
    assert kept.all() == ()


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
def test_only_its_owner_may_read_the_file(kept: Kept) -> None:
    kept.keep(checklist(line(Answered.YES)), plain)

    assert kept.path(REVISION).stat().st_mode & 0o777 == 0o600
    assert kept.path(REVISION).parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("seen", [Answered.YES, Answered.NO])
def test_what_cannot_be_answered_any_more_stays_unknown_and_tells_what_was_last_seen(
    kept: Kept, seen: Answered
) -> None:
    before = Before(seen, "It was seen.", "log", THEN)
    kept.keep(checklist(line(seen, at=THEN)), plain)

    for _ in range(3):  # however often nobody can tell
        kept.keep(checklist(line(Answered.UNKNOWN, "You may not.")), plain)

    now = boots(kept.of(REVISION))
    assert (now.answered, now.evidence, now.before) == (Answered.UNKNOWN, "You may not.", before)


@pytest.mark.parametrize("now", [Answered.YES, Answered.NO])
def test_what_is_seen_now_takes_the_place_of_all_that_was_seen(kept: Kept, now: Answered) -> None:
    for answered in (Answered.YES, Answered.UNKNOWN, now):
        kept.keep(checklist(line(answered)), plain)

    assert boots(kept.of(REVISION)) == line(now)


def test_a_revision_of_the_same_name_that_was_made_at_another_time_is_another(kept: Kept) -> None:
    kept.keep(checklist(line(Answered.YES)), plain)
    anew = checklist(line(Answered.UNKNOWN), created=make.NOW)

    assert recalled(anew, kept.of(REVISION)) == anew
    kept.keep(anew, plain)
    assert boots(kept.of(REVISION)).before is None


def test_somebodys_word_is_in_its_own_file_and_what_was_measured_in_this(kept: Kept) -> None:
    ticks = Ticks(make.NAME, kept.path(REVISION).parent)
    ticks.keep(REVISION, vouched("boots", "alice@example.com", "I looked.", THEN))
    looked = ticks.on(checklist(line(Answered.UNKNOWN, "Nobody knows.")), make.NOW)

    kept.keep(looked, plain)

    assert "alice" not in kept.path(REVISION).read_text(encoding="utf-8")
    assert kept.of(REVISION) == replace(looked, kept=True)
    assert boots(kept.of(REVISION)).answered is Answered.BY_HAND


def test_secrets_tokens_and_addresses_are_not_kept(kept: Kept) -> None:
    told = "alice@example.com lacks it; Authorization: Bearer abcdefghijklmnop; DB_PASSWORD=hunter2 \x1b[2J"
    before = Before(Answered.NO, told, "log", THEN)

    kept.keep(checklist(replace(line(Answered.UNKNOWN, told), before=before)), keepable)

    text = kept.path(REVISION).read_text(encoding="utf-8")
    for secret in ("alice@example.com", "abcdefghijklmnop", "hunter2", "\\u001b"):
        assert secret not in text
    assert boots(kept.of(REVISION)).evidence.startswith("somebody lacks it; ")


def test_long_evidence_is_cut(kept: Kept) -> None:
    kept.keep(checklist(line(Answered.NO, "x" * 1_000_000)), plain)

    assert kept.path(REVISION).stat().st_size < 10_000


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "buddy.checklist/2"},
        {"revision": "another"},
        {"service": "projects/other/locations/x/services/api"},
        {"lines": 5},
        {"lines": [7]},
        {"lines": [{"id": "boots"}]},
        {"as_of": "yesterday"},
        {"lines": "x" * 101},
    ],
    ids=lambda change: "-".join(f"{key}-{value}"[:20] for key, value in change.items()),
)
def test_a_foreign_file_is_told_and_set_aside_by_the_next_look(kept: Kept, change: dict[str, object]) -> None:
    kept.keep(checklist(line(Answered.YES)), plain)
    path = kept.path(REVISION)
    foreign = json.dumps(json.loads(path.read_text(encoding="utf-8")) | change)
    path.write_text(foreign, encoding="utf-8")

    told = kept.of(REVISION)
    assert (told.done, told.lines) == (False, ())
    assert told.trouble is not None
    assert "cannot be read" in told.trouble.sentence

    aside = kept.keep(checklist(line(Answered.UNKNOWN)), plain)
    assert aside is not None
    assert aside.read_text(encoding="utf-8") == foreign
    assert boots(kept.of(REVISION)) == line(Answered.UNKNOWN)


@pytest.mark.parametrize("answered", ["pending", "by_hand", "", "YES"])
def test_a_kept_answer_is_yes_no_or_unknown(kept: Kept, answered: str) -> None:
    kept.keep(checklist(line(Answered.YES)), plain)
    path = kept.path(REVISION)
    text = path.read_text(encoding="utf-8").replace('"answered": "yes"', f'"answered": "{answered}"')
    path.write_text(text, encoding="utf-8")

    assert kept.of(REVISION).trouble is not None


def test_words_of_a_file_are_cleaned_before_anybody_sees_them(kept: Kept) -> None:
    kept.keep(checklist(line(Answered.YES, "plain")), plain)
    path = kept.path(REVISION)
    path.write_text(
        path.read_text(encoding="utf-8").replace("plain", r"\u001b]52;c;x\u0007plain"), encoding="utf-8"
    )

    assert boots(kept.of(REVISION)).evidence == "plain"


def test_releases_are_listed_by_when_they_were_made_the_newest_first(kept: Kept) -> None:
    for number, hours in (("1", 3), ("3", 1), ("2", 2)):
        looked = checklist(
            line(Answered.YES), revision=f"api-{number}", created=make.NOW - timedelta(hours=hours)
        )
        kept.keep(replace(looked, as_of=make.NOW + timedelta(hours=hours)), plain)

    assert [one.revision for one in kept.all()] == ["api-3", "api-2", "api-1"]


def test_one_that_cannot_be_read_hides_no_other(kept: Kept) -> None:
    kept.keep(checklist(line(Answered.YES)), plain)
    kept.path("api-torn").write_text("{", encoding="utf-8")

    good, torn = kept.all()
    assert (good.revision, torn.revision) == (REVISION, "api-torn")
    assert torn.trouble is not None


@pytest.mark.parametrize("name", ["../../etc/passwd", "*", "a_b", "[x]", "a b"])
def test_a_hostile_name_is_one_file_name_and_is_found_again(kept: Kept, name: str) -> None:
    kept.keep(checklist(line(Answered.YES), revision=name), plain)

    assert kept.path(name).parent == kept.path(REVISION).parent
    assert not set(kept.path(name).name) & set(':/\\*?"<>|[] ')
    assert [one.revision for one in kept.all()] == [name]


def test_the_services_of_which_something_is_kept_are_known(kept: Kept, tmp_path: Path) -> None:
    folder = tmp_path / "verify"
    other = make.name(project="example.com:acme", service="web")
    for one in (make.NAME, other):
        Kept(one, lambda: make.NOW, folder).keep(replace(checklist(line(Answered.YES)), name=one), plain)
    Ticks(make.name(service="ticked"), folder).keep(REVISION, vouched("boots", "a", "b", THEN))

    assert set(services_kept(folder)) == {make.NAME, other}
    assert services_kept(tmp_path / "nowhere") == ()


def test_looks_of_many_at_once_leave_one_whole_file(kept: Kept) -> None:
    def keep(number: int) -> None:
        kept.keep(checklist(line(Answered.NO, f"look {number}")), plain)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, range(16)))

    assert boots(kept.of(REVISION)).evidence.startswith("look ")
    assert [path.name for path in kept.path(REVISION).parent.iterdir() if path.suffix == ".new"] == []


async def looks(*values: Checklist) -> AsyncGenerator[Checklist, None]:
    for value in values:
        yield value


async def test_a_whole_look_is_kept_and_one_that_was_left_is_not(kept: Kept) -> None:
    half = replace(checklist(line(Answered.YES)), done=False)

    assert [one async for one in remembered(looks(half), kept, plain)] == [half]
    assert kept.all() == ()

    whole = checklist(line(Answered.YES))
    assert [one async for one in remembered(looks(half, whole), kept, plain)] == [half, whole]
    assert kept.of(REVISION) == replace(whole, kept=True)


async def test_while_it_looks_it_tells_what_was_last_seen(kept: Kept) -> None:
    kept.keep(checklist(line(Answered.YES, at=THEN)), plain)
    unknown = replace(checklist(line(Answered.UNKNOWN)), done=False)
    pending = replace(checklist(line(Answered.PENDING)), done=False)

    first, second = [one async for one in remembered(looks(pending, unknown), kept, plain)]

    assert boots(first).before is None
    assert boots(second).before == Before(Answered.YES, "It was seen.", "log", THEN)


async def test_a_folder_that_cannot_be_written_is_told_and_changes_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Kept(make.NAME, lambda: make.NOW, tmp_path / "file")
    looked = checklist(line(Answered.YES))

    (told,) = [one async for one in remembered(looks(looked), kept, plain)]

    assert "The checklist cannot be kept in" in told.keeping
    assert replace(told, keeping="") == looked


async def test_a_file_that_was_set_aside_is_told(kept: Kept) -> None:
    kept.keep(checklist(line(Answered.YES)), plain)
    kept.path(REVISION).write_text("{", encoding="utf-8")

    (told,) = [one async for one in remembered(looks(checklist(line(Answered.YES))), kept, plain)]

    assert "could not be read, and is now" in told.keeping
    assert told.trouble is None
