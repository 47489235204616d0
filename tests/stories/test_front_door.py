"""Who gets in: our identity tokens and our door, at the front end of a real emulator, and a name for every refusal."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from google.auth import iam
from google.auth.credentials import AnonymousCredentials
from google.auth.impersonated_credentials import Credentials as ImpersonatedCredentials
from google.cloud import run_v2
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from google.iam.v1 import policy_pb2

from buddy_tui import gcp
from buddy_tui.config import Known, Settings
from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.gateway import TokenReads
from buddy_tui.gcp.cloud import GoogleCloud
from buddy_tui.gcp.tokens import GoogleTokens
from buddy_tui.model import ServiceName
from buddy_tui.probes.door import HttpDoor
from buddy_tui.probes.targets import targets_of
from buddy_tui.probes.values import Answer, Refusal, Target
from buddy_tui.question import Ask

NAME = ServiceName("demo-project", "us-central1", "buddy-app")
# As whom the emulator's metadata server speaks.
OPERATOR = "operator@example.com"
DEPLOYER = "deployer@demo-project.iam.gserviceaccount.com"
CUSTOM, ELSEWHERE = "https://api.acme.example", "https://elsewhere-abc123-ew.a.run.app"
INTERNAL = {"ingress": run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_ONLY}
MASK = ("ingress", "default_uri_disabled", "invoker_iam_disabled", "custom_audiences")
PROBED = Ask("GET", "/health")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class House:
    """A service of two tagged revisions in a real emulator; `cloud` looks at it, `services` is its operator's."""

    emulator: Emulator
    cloud: GoogleCloud
    services: run_v2.ServicesAsyncClient

    async def shape(self, fields: Mapping[str, object], members: tuple[str, ...]) -> Target:
        """Let the service be as it was, but for `fields`; `members` may invoke it. Return where it is asked."""
        wanted = run_v2.Service(name=NAME.path, ingress=run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL)
        for name, value in fields.items():
            setattr(wanted, name, value)
        request = run_v2.UpdateServiceRequest(service=wanted, update_mask={"paths": MASK})
        await self.services.update_service(request)
        policy = policy_pb2.Policy()
        policy.bindings.add(role="roles/run.invoker", members=members)
        await self.services.set_iam_policy({"resource": NAME.path, "policy": policy})
        return targets_of(await self.cloud.service(NAME), await self.cloud.revisions(NAME))[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[House]:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find("split"))
        host = emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]
        with pytest.MonkeyPatch.context() as environment:
            for name, value in emulator.endpoints.items():
                environment.setenv(name, value)
            settings = Settings(project=Known(NAME.project), emulated=Known(host, "CLOUD_RUN_EMULATOR_HOST"))
            cloud = await gcp.connect(settings)
            assert isinstance(cloud, GoogleCloud)
            try:
                async with grpc.aio.insecure_channel(host) as channel:
                    transport = ServicesGrpcAsyncIOTransport(channel=channel)
                    yield House(emulator, cloud, run_v2.ServicesAsyncClient(transport=transport))
            finally:
                await cloud.close()


@dataclass(frozen=True)
class Cell:
    """How a service is, with which audience it is asked (its own where empty), and what comes of it.

    `status` is what a bare request gets, `refusal` how the probe names it, in a sentence with `words`.
    """

    status: int
    refusal: Refusal | None = None
    words: str = ""
    members: tuple[str, ...] = (f"user:{OPERATOR}",)
    audience: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    prohibited: bool = False


CELLS = {
    "public": Cell(200, members=("allUsers",)),
    "public, whatever the token": Cell(200, members=("allUsers",), audience=ELSEWHERE),
    "no check": Cell(200, members=(), fields={"invoker_iam_disabled": True}),
    "private, right audience": Cell(200),
    "private, wrong audience": Cell(
        401, Refusal.UNAUTHENTICATED, "does not accept the identity token", audience=ELSEWHERE
    ),
    "private, custom audience": Cell(200, audience=CUSTOM, fields={"custom_audiences": [CUSTOM]}),
    "private, an audience that is no longer custom": Cell(
        401, Refusal.UNAUTHENTICATED, f"does not accept the identity token for {CUSTOM}", audience=CUSTOM
    ),
    "private, no invoker": Cell(403, Refusal.NOT_INVOKER, f"{OPERATOR} may not send requests", members=()),
    "internal ingress": Cell(404, Refusal.INGRESS, "takes no requests from here", fields=INTERNAL),
    "disabled address": Cell(
        404, Refusal.ADDRESS_DISABLED, "is switched off", fields={"default_uri_disabled": True}
    ),
    "organisation policy": Cell(403, Refusal.ORGANISATION_POLICY, "organisation policy", prohibited=True),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
async def test_the_front_end_and_the_probe_agree_on_who_gets_in(house: House, cell: Cell) -> None:
    before = await house.shape({}, ("allUsers",))
    target = await house.shape(cell.fields, cell.members)
    if cell.audience and target.refusal is None:
        target = replace(target, audience=cell.audience)
    house.emulator.faults.organisation_policy = cell.prohibited

    try:
        status = await bare(before.base, await house.cloud.identity_token(cell.audience or before.audience))
        answer = await asked(house.cloud, target)
    finally:
        house.emulator.faults.organisation_policy = False

    assert status == cell.status
    assert answer.refusal == cell.refusal
    assert cell.words in answer.reason
    assert answer.status == (0 if cell.refusal is Refusal.ADDRESS_DISABLED else cell.status)


async def test_an_impersonation_that_is_refused_names_the_role_that_is_missing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = await house.shape({}, (f"serviceAccount:{DEPLOYER}",))
    rest = house.emulator.endpoints["CLOUD_RUN_EMULATOR_REST"]
    monkeypatch.setattr(
        iam, "_IAM_IDTOKEN_ENDPOINT", f"{rest}/v1/projects/-/serviceAccounts/{{}}:generateIdToken"
    )
    monkeypatch.setattr(house.emulator.faults, "refused_accounts", frozenset({DEPLOYER}))
    refused = impersonating(house)

    answer = await asked(refused, target)
    monkeypatch.setattr(house.emulator.faults, "refused_accounts", frozenset())
    allowed = await asked(refused, target)

    assert answer.refusal is Refusal.NO_TOKEN
    assert "You lack iam.serviceAccounts.getOpenIdToken on service account" in answer.reason
    assert answer.fix.endswith("--role=roles/iam.serviceAccountOpenIdTokenCreator")
    assert (allowed.refusal, allowed.status) == (None, 200)


async def test_no_token_is_in_what_a_probe_keeps(house: House) -> None:
    target = await house.shape({}, (f"user:{OPERATOR}",))

    answer = await asked(house.cloud, target)

    token = await house.cloud.identity_token(target.audience)
    assert answer.status == 200
    assert token not in repr(answer) + answer.body.decode()


async def bare(base: str, token: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        response = await http.get(f"{base}{PROBED.path}", headers={"authorization": f"Bearer {token}"})
    return response.status_code


async def asked(tokens: TokenReads, target: Target) -> Answer:
    visit = HttpDoor(tokens).visit()
    try:
        return await visit.send(target, PROBED, timeout=20.0)
    finally:
        await visit.close()


def impersonating(house: House) -> GoogleTokens:
    """Return the tokens of somebody who acts as a service account; the emulator stands for IAM Credentials."""
    nobody: Any = AnonymousCredentials
    make: Any = ImpersonatedCredentials
    clients = house.cloud.clients
    about = replace(clients.about, signed_in=f"user:{OPERATOR}")
    return GoogleTokens(replace(clients, channels=(), credentials=make(nobody(), DEPLOYER, []), about=about))
