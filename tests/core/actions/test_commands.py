import random
import shlex
from argparse import ArgumentParser

import pytest

from buddy_tui.actions.arithmetic import changed, same, tagged, untagged
from buddy_tui.actions.commands import update_traffic
from buddy_tui.actions.values import Targets
from tests import make
from tests.core.actions.lists import any_list, entry

A, B = "api-00001-aaa", "api-00002-bbb"
PLACE = "--region europe-west1 --project acme-prod"


@pytest.mark.parametrize(
    ("before", "after", "flags"),
    [
        ((), (entry(A, 100),), f"--to-revisions {A}=100"),
        ((entry(A, 100),), (entry(A, 10), entry(B, 90)), f"--to-revisions {A}=10,{B}=90"),
        ((entry(A, 100),), (), "--to-latest"),
        ((entry(A, 100),), (entry("LATEST", 25), entry(A, 75)), f"--to-revisions LATEST=25,{A}=75"),
        (
            (),
            (entry("LATEST", 100), entry(A, 0, "x"), entry("LATEST", 0, "y")),
            f"--update-tags x={A},y=LATEST",
        ),
        ((entry(A, 100, "x"), entry(B, 0, "y")), (entry(A, 100),), "--remove-tags x,y"),
        (
            (entry(A, 100, "x"),),
            (entry(B, 100, "y"),),
            f"--to-revisions {B}=100 --update-tags y={B} --remove-tags x",
        ),
    ],
)
def test_a_change_is_one_command(before: Targets, after: Targets, flags: str) -> None:
    command = update_traffic(make.NAME, before, after)

    assert command == f"gcloud run services update-traffic api {flags} {PLACE}"


def test_there_is_no_command_for_a_list_that_asks_for_the_same() -> None:
    assert update_traffic(make.NAME, (entry(A, 100, "x"),), (entry(A, 0, "x"), entry(A, 100))) == ""


def test_the_account_that_we_act_as_is_named() -> None:
    command = update_traffic(make.NAME, (), (entry(A, 100),), "deployer@acme-prod.iam.gserviceaccount.com")

    assert command.endswith(
        f"{PLACE} --impersonate-service-account deployer@acme-prod.iam.gserviceaccount.com"
    )


def test_each_printed_command_read_back_leads_to_the_same_list() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(3_000):
        before, after = any_list(chance), any_list(chance)
        command = update_traffic(make.NAME, before, after)

        assert same(_run(command, before) if command else before, after)


def _run(command: str, before: Targets) -> Targets:
    """Do what gcloud does with such a command: the tags first, then the percents."""
    program, *words = shlex.split(command)
    said = FLAGS.parse_args(words)
    assert (program, said.group, said.noun, said.verb) == ("gcloud", "run", "services", "update-traffic")
    assert (said.service, said.region, said.project) == ("api", "europe-west1", "acme-prod")
    tags = tagged(untagged(before, said.remove_tags), said.update_tags)
    percents = (
        {"LATEST": 100} if said.to_latest else {key: int(value) for key, value in said.to_revisions.items()}
    )
    return changed(tags, percents)


def _flags() -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False, allow_abbrev=False)
    for word in ("group", "noun", "verb", "service"):
        parser.add_argument(word)
    for flag in ("--region", "--project"):
        parser.add_argument(flag)
    percents = parser.add_mutually_exclusive_group()
    percents.add_argument("--to-latest", action="store_true")
    percents.add_argument("--to-revisions", type=_pairs, default={})
    parser.add_argument("--update-tags", type=_pairs, default={})
    parser.add_argument("--remove-tags", type=lambda text: text.split(","), default=[])
    return parser


def _pairs(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (pair.partition("=") for pair in text.split(","))}


FLAGS = _flags()
