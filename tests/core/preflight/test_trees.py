"""Every small project of the corpus gets the verdicts that are right, and no other."""

from pathlib import Path

import pytest

from buddy_tui.preflight.gather import gather
from buddy_tui.preflight.judge import preflight
from buddy_tui.preflight.values import Preflight, Verdict
from tests.core.preflight.trees import GOOD, TREES, Tree


async def judged(tree: Tree, folder: Path) -> Preflight:
    return preflight(await gather(str(tree.lay(folder)), smoke=False))


def by(found: Preflight, verdict: Verdict) -> set[str]:
    return {check.name for check in found.checks if check.verdict is verdict}


def test_there_are_at_least_sixty_trees_and_no_two_of_one_name() -> None:
    assert len({tree.name for tree in TREES}) == len(TREES) >= 60


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
async def test_every_tree_gets_the_right_verdicts(tree: Tree, tmp_path: Path) -> None:
    found = await judged(tree, tmp_path)

    assert by(found, Verdict.FAIL) == tree.fails
    warned = by(found, Verdict.WARN)
    assert warned == tree.warns if tree in GOOD else warned >= tree.warns
    assert found.suggested_root == (None if tree.root is None else (tmp_path / tree.root).resolve())
    told = " ".join(
        [f"{one.message} {one.fix}" for one in found.checks]
        + [f"{seen.said} {seen.at.path}:{seen.at.line}" for one in found.checks for seen in one.evidence]
    )
    assert [words for words in tree.says if words not in told] == []
