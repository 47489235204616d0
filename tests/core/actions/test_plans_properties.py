import random
from dataclasses import replace
from typing import TYPE_CHECKING

from buddy_tui.actions.arithmetic import LATEST, percents_of, tags_of
from buddy_tui.actions.drafting import Terms, nothing_to_do
from buddy_tui.actions.promote import promote
from buddy_tui.actions.restore_latest import restore_latest
from buddy_tui.actions.roll_back import roll_back
from buddy_tui.actions.split import split
from buddy_tui.actions.state import revised
from buddy_tui.actions.tags import tag, untag
from buddy_tui.actions.undo import put_back, undo
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.model import Service
from tests import make
from tests.core.actions.lists import KEYS, REVISIONS, TAGS, any_list, any_percents

if TYPE_CHECKING:
    from collections.abc import Callable

TERMS = Terms(make.NOW)
HERE = tuple(make.revision(name) for name in reversed(REVISIONS))
TAGGING = (Verb.TAG, Verb.UNTAG)
# A decision moves no traffic, and a deployment is planned in a room of its own.
MOVING: tuple[Verb, ...] = tuple(verb for verb in Verb if verb not in (Verb.STAY_PINNED, Verb.DEPLOY))


def _service(chance: random.Random) -> Service:
    return make.service(desired=any_list(chance), latest_created=REVISIONS[-1], latest_ready=REVISIONS[-1])


def _any_plan(chance: random.Random, service: Service) -> Plan:
    name, mark, key = chance.choice(REVISIONS), chance.choice(TAGS), chance.choice(KEYS)
    former, percents, step = any_list(chance), any_percents(chance), chance.randint(0, 100)
    made: dict[Verb, Callable[[], Plan]] = {
        Verb.ROLL_BACK: lambda: roll_back(service, HERE, name, TERMS),
        Verb.PROMOTE: lambda: promote(service, HERE, name, step, TERMS),
        Verb.SPLIT: lambda: split(service, HERE, percents, TERMS),
        Verb.TAG: lambda: tag(service, HERE, mark, key, TERMS),
        Verb.UNTAG: lambda: untag(service, HERE, mark, TERMS),
        Verb.RESTORE_LATEST: lambda: restore_latest(service, HERE, TERMS),
        Verb.UNDO: lambda: undo(service, HERE, former, TERMS),
        Verb.PUT_BACK: lambda: put_back(service, former, TERMS),
    }
    return made[chance.choice(MOVING)]()


def test_every_plan_keeps_the_sum_and_the_tags_and_can_be_taken_back_exactly() -> None:
    chance = random.Random(8)  # noqa: S311 - no secret
    made = dict.fromkeys(MOVING, 0)
    for _ in range(10_000):
        service = _service(chance)
        plan = _any_plan(chance, service)
        assert plan.before == service.desired
        if plan.refusal:
            assert plan.after == plan.before
            continue
        made[plan.verb] += 1
        done = replace(service, desired=plan.after, etag='"etag-2"')

        assert sum(percents_of(plan.after).values()) == 100
        assert all(0 <= one.percent <= 100 for one in plan.after)
        assert undo(done, HERE, plan.before, TERMS).after == plan.before
        assert revised(plan, done)[-1] == "It asks for what this plan was to ask for."
        if plan.verb in TAGGING:
            assert percents_of(plan.after) == percents_of(plan.before)
        elif plan.verb not in (Verb.UNDO, Verb.PUT_BACK):
            assert tags_of(plan.after) == tags_of(plan.before)
    assert min(made.values()) > 300


def test_doing_it_again_is_nothing_to_do() -> None:
    chance = random.Random(9)  # noqa: S311 - no secret
    for _ in range(1_000):
        service, name = _service(chance), chance.choice(REVISIONS)
        rolled = replace(service, desired=roll_back(service, HERE, name, TERMS).after)
        latest = replace(service, desired=restore_latest(service, HERE, TERMS).after)
        step = promote(rolled, HERE, REVISIONS[-1], 10, TERMS)

        assert nothing_to_do(roll_back(rolled, HERE, name, TERMS))
        assert nothing_to_do(restore_latest(latest, HERE, TERMS))
        assert percents_of(latest.desired) == {LATEST: 100}
        assert step.refusal or nothing_to_do(
            promote(replace(rolled, desired=step.after), HERE, REVISIONS[-1], 10, TERMS)
        )
