"""actions: gcloud's traffic arithmetic, over traffic lists as they are on the wire. Pure.

The rules are those of `gcloud run services update-traffic`, and the tests compare them with gcloud's own. A key is the
name of a revision, or `LATEST`. An empty list means 100 % LATEST, as Cloud Run has it. What is not touched stays as it
was: only a change of percents brings a list into gcloud's order (percents by key, LATEST last, then the tags).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from buddy_tui.actions.values import Targets
from buddy_tui.errors import UsageProblem
from buddy_tui.model import TrafficTarget

# No revision's name has a capital letter, so this key stands apart from all of them.
LATEST = "LATEST"
ALL_TO_LATEST: Targets = (TrafficTarget(percent=100, latest=True),)

_WAY_OUT = "Roll back, or restore the latest: neither depends on how the list is now."
_SUM = "Name percents from 0 to 100 that add up to 100, or to less where others share the rest."


def changed(targets: Targets, percents: Mapping[str, int]) -> Targets:
    """Give these keys their percents; all others that have traffic share the rest as they shared it before.

    A key with 0 loses its traffic and keeps its tags. Raises UsageProblem, in gcloud's own words, when the percents
    do not fit or the list is not at 100 % as it is.
    """
    if not percents:
        return targets
    now = targets or ALL_TO_LATEST
    _refuse_a_broken_list(percents_of(now))
    # Of two entries with traffic for one revision gcloud weighs only the last: a quirk, kept for equal results.
    others = {key_of(one): one.percent for one in now if one.percent and key_of(one) not in percents}
    _refuse_bad_percents(percents, nobody_else=not others)
    shared = _rounded({**percents, **_rest(others, 100 - sum(percents.values()))})
    kept = sorted((key for key in shared if percents.get(key) != 0), key=_order)
    return (*(_target(key, percent=shared[key]) for key in kept), *_tags_apart(now))


def tagged(targets: Targets, tags: Mapping[str, str]) -> Targets:
    """Put each tag on its key, and take it from whoever had it. Percents stay."""
    if not tags:
        return targets
    return (
        *untagged(targets or ALL_TO_LATEST, tags),
        *(_target(key, tag=tag) for tag, key in sorted(tags.items())),
    )


def untagged(targets: Targets, tags: Collection[str]) -> Targets:
    """Take these tags away; entries that are left with neither traffic nor tag go with them."""
    if not tags:
        return targets
    left = (replace(one, tag="") if one.tag in tags else one for one in targets or ALL_TO_LATEST)
    return tuple(one for one in left if one.percent or one.tag)


def all_to(targets: Targets, key: str) -> Targets:
    """Give everything to one key, also where the list was broken: a way back must not depend on it. Tags stay."""
    return (_target(key, percent=100), *_tags_apart(targets))


def to_latest(targets: Targets) -> Targets:
    """Give everything to LATEST, as `--to-latest` does. Tags stay."""
    return all_to(targets, LATEST)


def no_traffic(targets: Targets, latest_ready: str) -> Targets:
    """Name the revision that LATEST stands for, as `deploy --no-traffic` does: the next deployment gets nothing."""
    now = targets or ALL_TO_LATEST
    percents = percents_of(now)
    if LATEST not in percents:
        return targets
    percents[latest_ready] = percents.get(latest_ready, 0) + percents.pop(LATEST)
    return (*(_target(key, percent=percents[key]) for key in sorted(percents)), *_tags_apart(now))


def percents_of(targets: Targets) -> dict[str, int]:
    """Sum up the traffic of each key that has any, in list order."""
    found: dict[str, int] = {}
    for one in targets or ALL_TO_LATEST:
        if one.percent:
            found[key_of(one)] = found.get(key_of(one), 0) + one.percent
    return found


def tags_of(targets: Targets) -> dict[str, str]:
    """Return the key that each tag is on, in list order."""
    return {one.tag: key_of(one) for one in targets if one.tag}


def same(one: Targets, other: Targets) -> bool:
    """Tell whether two lists ask for the same, in whatever form and order."""
    return percents_of(one) == percents_of(other) and tags_of(one) == tags_of(other)


def key_of(target: TrafficTarget) -> str:
    """Return the revision's name, or LATEST for a target that follows it."""
    return LATEST if target.latest else target.revision


def _target(key: str, *, percent: int = 0, tag: str = "") -> TrafficTarget:
    latest = key == LATEST
    return TrafficTarget("" if latest else key, percent, tag, latest)


def _tags_apart(targets: Targets) -> Iterable[TrafficTarget]:
    return (_target(key_of(one), tag=one.tag) for one in targets if one.tag)


def _order(key: str) -> tuple[bool, str]:
    return key == LATEST, key


def _rest(others: Mapping[str, int], percent: int) -> dict[str, float]:
    if not percent:
        return {}
    together = sum(others.values())
    return {key: share * float(percent) / together for key, share in others.items()}


def _rounded(percents: Mapping[str, float]) -> dict[str, int]:
    """Round down, then give the percents that are missing to those that lost most; to the smaller one among equals."""
    down = {key: int(percent) for key, percent in percents.items()}
    missing = round(sum(percents.values())) - sum(down.values())
    # Floating point decides some ties, so the terms are gcloud's own: 1 - loss is not the same as -loss.
    by_loss = sorted(percents, key=lambda key: (1 - (percents[key] - down[key]), percents[key], _order(key)))
    return {key: percent + (key in by_loss[:missing]) for key, percent in down.items()}


def _refuse_a_broken_list(percents: Mapping[str, int]) -> None:
    if (total := sum(percents.values())) != 100:
        raise UsageProblem(f"Current traffic allocation of {total} is not 100 percent", _WAY_OUT)
    for key, percent in percents.items():
        if percent < 0:
            raise UsageProblem(f"Current traffic for target {key} is negative ({percent})", _WAY_OUT)


def _refuse_bad_percents(percents: Mapping[str, int], *, nobody_else: bool) -> None:
    if (total := sum(percents.values())) > 100:
        raise UsageProblem("Over 100% of traffic is specified.", _SUM)
    for key, percent in percents.items():
        if not 0 <= percent <= 100:
            raise UsageProblem(f"New traffic for target {key} is {percent}, not between 0 and 100", _SUM)
    if nobody_else and total < 100:
        raise UsageProblem(
            "Every target with traffic is updated but 100% of traffic has not been specified.", _SUM
        )
