"""Every gcloud command that the product prints is one that the real gcloud understands; here none is run."""

import ast
import os
import re
import shlex
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import buddy_tui
import screens
from buddy_tui.actions.commands import update_traffic
from buddy_tui.actions.drafting import Terms
from buddy_tui.deploy.plan import plan_deployment
from buddy_tui.deploy.values import Source, Wish
from buddy_tui.gcp.permissions import ROLES, grant
from buddy_tui.model import Container
from buddy_tui.preflight.apis import apis
from buddy_tui.preflight.commands import deploy_from
from buddy_tui.preflight.settings import settings
from buddy_tui.preflight.values import Target
from buddy_tui.probes import fixes
from buddy_tui.rules.source_root import deploy_command
from screens import links
from tests import make
from tests.boots.test_boots import OURS, SAMPLES, finding_of
from tests.core.preflight.made import facts
from tests.gcloud.judge import Gcloud, loaded, needs_beta, needs_gcloud

pytestmark = [needs_gcloud, pytest.mark.asyncio(loop_scope="module")]

_ACTING = "deployer@acme-prod.iam.gserviceaccount.com"
_GROUPS = "artifacts|auth|config|container|firestore|iam|logging|meta|projects|run|secrets|services|storage"
_COMMAND = re.compile(rf"\bgcloud (?:alpha |beta )?(?:{_GROUPS}) .+")
# Where a sentence goes on after the command; a folder `.` at its end is none.
_SENTENCE = re.compile(r", or |(?<=\w)\.$")
# Words to be filled in of which gcloud wants more than any word.
_FILLED = {"PORT": "8080", "PROJECT": "acme-prod"}


def _traffic() -> Iterator[str]:
    old, new = make.target("api-00028-bsx", 100), make.target("api-00038-g6r", 0, "candidate")
    for acting in ("", _ACTING):
        yield update_traffic(make.NAME, (old, new), (make.latest(100),), acting)
        yield update_traffic(make.NAME, (make.latest(100),), (old, new), acting)


def _deployments() -> Iterator[str]:
    wishes = (
        Wish(Source(Path("/home/alice/my shop"), 57, 49_461, "d" * 64)),
        Wish(image="hello:1", tag="next"),
    )
    service = make.service(desired=(make.target("api-00028-bsx", 100),))
    for wish in wishes:
        for acting in ("", _ACTING):
            terms = Terms(make.NOW, acting=acting)
            release = plan_deployment(
                make.NAME, service, (make.revision("api-00028-bsx"),), wish, terms, id="one", suffix="cvc"
            )
            yield from (release.plan.command, release.plan.undo_command)
    yield from (deploy_command(None), deploy_command(make.revision(), ".."))


def _copied() -> Iterator[str]:
    for acting in ("", _ACTING):
        yield links.read_logs("acme-prod", 'resource.type="cloud_run_revision" severity>=ERROR', acting)
        yield links.describe_service(make.NAME, acting)
        yield links.describe_revision("api-00028-bsx", make.NAME, acting)


def _repairs() -> Iterator[str]:
    yield fixes.add_tag(make.NAME, "api-00028-bsx", "probe-bsx")
    yield from (fixes.allow_invoker(make.NAME, email) for email in ("", "ana@example.com", _ACTING))
    for role in set(ROLES.values()):
        yield grant(role, "user:ana@example.com", project="acme-prod")
        yield grant(role, "", service_account=_ACTING)


def _repairs_in_beta() -> Iterator[str]:
    yield fixes.enable_address(make.NAME)


def _preflight() -> Iterator[str]:
    old = make.revision("api-00001-aaa", containers=(Container(port=8080, memory="1Gi"),))
    poor = Container(port=8080, memory="512Mi", startup_probe="TCP connect on port 8080, 1 attempt")
    new = make.revision("api-00002-bbb", min_instances=2, containers=(poor,))
    yield settings(facts(target=Target(make.NAME, make.service(), (new, old)))).fix
    yield apis(facts(target=Target(make.NAME, apis={"run.googleapis.com": False}))).fix
    yield from (deploy_from(one, "Back_End") for one in (facts(), facts(target=Target()), facts(tag="")))


def _diagnoses() -> Iterator[str]:
    """Yield what is advised after each of the boots that were recorded."""
    yield from (fix for known in OURS + SAMPLES for fix in finding_of(known.file).fix)


def _hints() -> Iterator[str]:
    """Yield each text of the source that holds a whole command; `1` stands for what is filled in at run time."""
    for package in (buddy_tui, screens):
        for path in Path(package.__path__[0]).rglob("*.py"):
            if "emulator" not in path.parts:
                yield from _texts(ast.parse(path.read_text(encoding="utf-8")))


def _texts(tree: ast.AST) -> Iterator[str]:
    if isinstance(tree, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in tree.values)
    elif isinstance(tree, ast.Constant):
        if isinstance(tree.value, str):
            yield tree.value
    elif not (
        isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant)
    ):  # a docstring is not printed
        for child in ast.iter_child_nodes(tree):
            yield from _texts(child)


_PRINTED: dict[str, Callable[[], Iterator[str]]] = {
    "traffic": _traffic,
    "deployments": _deployments,
    "copied": _copied,
    "repairs": _repairs,
    "preflight": _preflight,
    "diagnoses": _diagnoses,
    "hints": _hints,
}


def _commands(texts: Iterator[str]) -> set[tuple[str, ...]]:
    """Return the arguments of each gcloud command in these texts, without a comment and what it is piped into."""
    found = {_SENTENCE.split(match[0])[0] for text in texts if (match := _COMMAND.search(text))}
    return {tuple(_arguments(command)) for command in found}


def _arguments(command: str) -> Iterator[str]:
    for word in shlex.split(command, comments=True)[1:]:
        if word == "|":
            return
        yield re.sub(r"\b(?:PORT|PROJECT)\b", lambda name: _FILLED[name[0]], word)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gcloud]:
    """gcloud, which reads commands and runs none."""
    own = {"CLOUDSDK_CONFIG": str(tmp_path_factory.mktemp("gcloud")), "CLOUDSDK_CORE_PROJECT": "acme-prod"}
    async with loaded({**os.environ, **own, "CLOUDSDK_CORE_DISABLE_PROMPTS": "true"}, "parse") as gcloud:
        yield gcloud


@pytest.mark.parametrize("place", [*_PRINTED, pytest.param("repairs in beta", marks=needs_beta)])
async def test_what_is_printed_is_understood_by_gcloud(reader: Gcloud, place: str) -> None:
    commands = _commands(_PRINTED.get(place, _repairs_in_beta)())

    refused = {shlex.join(words): said.err for words in commands if (said := await reader(*words)).status}

    assert commands
    assert refused == {}


@pytest.mark.parametrize("words", [("run", "services", "lists"), ("run", "services", "list", "--bogus")])
async def test_what_gcloud_does_not_have_is_noticed(reader: Gcloud, words: tuple[str, ...]) -> None:
    assert (await reader(*words)).status == 2
