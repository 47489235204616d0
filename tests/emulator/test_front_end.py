"""Who may come in: every way to be refused, through a real emulator, Google's own clients and a real container."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import grpc
import pytest
import pytest_asyncio
from google.cloud import run_v2
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from google.iam.v1 import policy_pb2

from buddy_tui.emulator.logs.store import Query
from buddy_tui.emulator.machine.identity import Identities
from buddy_tui.emulator.server import Emulator, Options, serve
from buddy_tui.emulator.tree import Tree

PARENT = "projects/demo-project/locations/us-central1"
SHOP = f"{PARENT}/services/shop"
CUSTOM = "https://shop.example.com"
INVOKER = "prober@demo-project.iam.gserviceaccount.com"
STRANGER = "stranger@example.com"
REQUESTS = Query(("projects/demo-project",), 'logName:"requests"', page_size=1000)
# Tells the credentials that reached the application.
ECHO = """\
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        names = ("Authorization", "X-Serverless-Authorization")
        body = json.dumps({name: self.headers[name] for name in names if name in self.headers}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD python main.py\n"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Shop:
    """One service with a tag, seen from its operator's side and from outside. `tagged` is the tag's address."""

    emulator: Emulator
    services: run_v2.ServicesAsyncClient
    http: aiohttp.ClientSession
    uri: str = ""
    tagged: str = ""

    async def shape(self, **fields: object) -> run_v2.Service:
        """Let the service be as it was made, but for `fields`."""
        mask = ("ingress", "default_uri_disabled", "invoker_iam_disabled", "custom_audiences")
        wanted = run_v2.Service(name=SHOP, ingress=run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL)
        for name, value in fields.items():
            setattr(wanted, name, value)
        request = run_v2.UpdateServiceRequest(service=wanted, update_mask={"paths": mask})
        await self.services.update_service(request)
        return await self.services.get_service(name=SHOP)

    async def invite(self, *members: str) -> None:
        """Let `members` invoke the service, and nobody else."""
        policy = policy_pb2.Policy()
        policy.bindings.add(role="roles/run.invoker", members=members)
        await self.services.set_iam_policy({"resource": SHOP, "policy": policy})

    async def ask(self, url: str, headers: Mapping[str, str]) -> tuple[int, str, Mapping[str, str]]:
        async with self.http.get(url, headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers

    async def logged(self) -> list[Any]:
        entries, _ = await self.emulator.logs.list_entries(REQUESTS)
        return list(entries)


@asynccontextmanager
async def _shop() -> AsyncIterator[Shop]:
    async with serve(Options()) as emulator, aiohttp.ClientSession() as http:
        built = await emulator.stage.build(
            "shop", Tree({"main.py": ECHO.encode(), "Dockerfile": DOCKERFILE.encode()})
        )
        async with grpc.aio.insecure_channel(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"]) as channel:
            services = run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=channel))
            revision = "shop-00001-abc"
            service = run_v2.Service(
                template={"revision": revision, "containers": [{"image": built.reference}]},
                traffic=[
                    {"type_": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
                    {
                        "type_": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
                        "revision": revision,
                        "tag": "green",
                    },
                ],
            )
            made = await services.create_service(parent=PARENT, service=service, service_id="shop")
            await emulator.bell.wait(made.operation.name, 30)
            made = await services.get_service(name=SHOP)
            yield Shop(emulator, services, http, made.uri, made.traffic_statuses[1].uri)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop() -> AsyncIterator[Shop]:
    async with _shop() as running:
        yield running


def _made_for(audience: Callable[[Shop], str], email: str = INVOKER) -> Callable[[Shop], str]:
    return lambda shop: f"Bearer {shop.emulator.identities.sign(email, audience(shop))}"


def _expired(shop: Shop) -> str:
    return f"Bearer {shop.emulator.identities.sign(INVOKER, shop.uri, lifetime=-60)}"


def _foreign(shop: Shop) -> str:
    return f"Bearer {Identities().sign(INVOKER, shop.uri)}"


def _uri(shop: Shop) -> str:
    return shop.uri


FORBIDDEN = "Your client does not have permission to get URL <code>/a&lt;b</code> from this server."
UNAUTHORIZED = "Your client does not have permission to the requested URL <code>/a&lt;b</code>."
NOBODY = "The requested URL was not found on this server."
NOT_AUTHENTICATED = (
    "The request was not authenticated. Either allow unauthenticated invocations or set the proper"
)
NOT_AUTHORIZED = (
    "The request was not authorized to invoke this service. The access token could not be verified."
)
CHECKED = "SIGNATURE_REMOVED_BY_GOOGLE"
PROHIBITED = "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: "


@dataclass(frozen=True)
class Case:
    """`members` may invoke; `token` is what the Authorization header says. `log` is how the remark in the log begins.

    A `log` of None means that there is no entry.
    """

    status: int
    text: str
    log: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    members: tuple[str, ...] = (f"serviceAccount:{INVOKER}",)
    token: Callable[[Shop], str] | None = None
    prohibited: bool = False


INGRESS = {
    "internal": {"ingress": run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_ONLY},
    "balanced": {"ingress": run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER},
    "none": {"ingress": run_v2.IngressTraffic.INGRESS_TRAFFIC_NONE},
}
CASES = {
    "public": Case(200, "{}", "", members=("allUsers",)),
    "the check is disabled": Case(200, "{}", "", {"invoker_iam_disabled": True}),
    "no token": Case(403, FORBIDDEN, NOT_AUTHENTICATED),
    "the service's address": Case(200, CHECKED, "", token=_made_for(_uri)),
    "a user": Case(200, CHECKED, "", members=(f"user:{INVOKER}",), token=_made_for(_uri)),
    "any account": Case(
        200, CHECKED, "", members=("allAuthenticatedUsers",), token=_made_for(_uri, STRANGER)
    ),
    "a custom audience": Case(
        200, CHECKED, "", {"custom_audiences": [CUSTOM]}, token=_made_for(lambda _: CUSTOM)
    ),
    "an audience that is not one of the custom": Case(
        401, UNAUTHORIZED, NOT_AUTHORIZED, token=_made_for(lambda _: CUSTOM)
    ),
    "wrong audience": Case(
        401, UNAUTHORIZED, NOT_AUTHORIZED, token=_made_for(lambda _: "https://elsewhere.example.com")
    ),
    "the tag's address as audience": Case(
        401, UNAUTHORIZED, NOT_AUTHORIZED, token=_made_for(lambda shop: shop.tagged)
    ),
    "expired": Case(401, UNAUTHORIZED, NOT_AUTHORIZED, token=_expired),
    "foreign signer": Case(401, UNAUTHORIZED, NOT_AUTHORIZED, token=_foreign),
    "malformed": Case(401, UNAUTHORIZED, NOT_AUTHORIZED, token=lambda _: "Bearer ya29.an-access-token"),
    "another scheme": Case(401, UNAUTHORIZED, NOT_AUTHORIZED, token=lambda _: "Basic YTpi"),
    "no invoker": Case(403, FORBIDDEN, NOT_AUTHENTICATED, token=_made_for(_uri, STRANGER)),
    "nobody is an invoker": Case(403, FORBIDDEN, NOT_AUTHENTICATED, members=(), token=_made_for(_uri)),
    "internal": Case(404, NOBODY, None, INGRESS["internal"], ("allUsers",)),
    "internal and load balancer": Case(404, NOBODY, None, INGRESS["balanced"], ("allUsers",)),
    "none": Case(404, NOBODY, None, INGRESS["none"], token=_made_for(_uri)),
    "the address is disabled": Case(404, NOBODY, None, {"default_uri_disabled": True}, ("allUsers",)),
    "an organisation's policy": Case(403, PROHIBITED, None, members=("allUsers",), prohibited=True),
}


@pytest.mark.parametrize("at", ["service", "tag"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_request_comes_in_or_meets_googles_page(shop: Shop, case: Case, at: str) -> None:
    await shop.shape(**case.fields)
    await shop.invite(*case.members)
    shop.emulator.faults.organisation_policy = case.prohibited
    headers = {} if case.token is None else {"Authorization": case.token(shop)}
    before = len(await shop.logged())

    status, text, told = await shop.ask(f"{shop.uri if at == 'service' else shop.tagged}/a<b", headers)

    assert status == case.status
    assert case.text in text
    assert told["Server"] == "Google Frontend"
    challenge = 'Bearer error="invalid_token" error_description="The access token could not be verified"'
    assert told.get("WWW-Authenticate") == (challenge if case.status == 401 else None)
    entries = (await shop.logged())[before:]
    found = [(entry.http_request.status, entry.resource.labels["revision_name"]) for entry in entries]
    assert found == ([] if case.log is None else [(case.status, "shop-00001-abc")])
    assert all(entry.text_payload.startswith(case.log or "") for entry in entries)
    assert all(bool(entry.text_payload) == (case.status != 200) for entry in entries)


@pytest.mark.parametrize(
    ("status", "title"), [(401, "Unauthorized"), (403, "Forbidden"), (404, "Page not found")]
)
async def test_the_page_is_htmls_and_names_its_error(shop: Shop, status: int, title: str) -> None:
    case = next(case for case in CASES.values() if case.status == status)
    await shop.shape(**case.fields)
    await shop.invite(*case.members)
    shop.emulator.faults.organisation_policy = False

    _, text, told = await shop.ask(shop.uri, {"Authorization": case.token(shop)} if case.token else {})

    assert told["Content-Type"] == "text/html; charset=UTF-8"
    assert f"<title>{status} {title}</title>" in text
    assert f"<h1>Error: {title}</h1>" in text


async def test_a_checked_token_reaches_the_application_without_its_signature(shop: Shop) -> None:
    await shop.shape()
    await shop.invite(f"serviceAccount:{INVOKER}")
    bearer = _made_for(_uri)(shop)
    kept = f"{bearer.rpartition('.')[0]}.SIGNATURE_REMOVED_BY_GOOGLE"

    async with shop.http.get(shop.uri, headers={"Authorization": bearer}) as answer:
        assert await answer.json(content_type=None) == {"Authorization": kept}
    both = {"X-Serverless-Authorization": bearer, "Authorization": "Bearer of the application"}
    async with shop.http.get(shop.uri, headers=both) as answer:
        assert await answer.json(content_type=None) == {
            "X-Serverless-Authorization": kept,
            "Authorization": "Bearer of the application",
        }


async def test_of_two_headers_only_the_serverless_one_is_checked(shop: Shop) -> None:
    await shop.shape()
    await shop.invite(f"serviceAccount:{INVOKER}")
    good = _made_for(_uri)(shop)

    status, _, _ = await shop.ask(
        shop.uri, {"X-Serverless-Authorization": "Bearer x.y.z", "Authorization": good}
    )

    assert status == 401


async def test_two_headers_of_one_name_are_a_wrong_format(shop: Shop) -> None:
    await shop.shape()
    await shop.invite(f"serviceAccount:{INVOKER}")
    good = _made_for(_uri)(shop)

    async with shop.http.get(shop.uri, headers=(("Authorization", good), ("Authorization", good))) as answer:
        assert answer.status == 401


async def test_a_public_services_authorization_is_the_applications_own(shop: Shop) -> None:
    await shop.shape()
    await shop.invite("allUsers")
    mine = {"Authorization": "Bearer a.b.c", "X-Serverless-Authorization": "Bearer d.e.f"}

    async with shop.http.get(shop.uri, headers=mine) as answer:
        assert await answer.json(content_type=None) == mine


async def test_a_service_whose_policy_nobody_set_trusts_this_machine() -> None:
    async with _shop() as shop:
        assert (await shop.ask(shop.uri, {}))[0] == 200


async def test_a_disabled_address_is_told_nowhere_and_comes_back_the_same(shop: Shop) -> None:
    disabled = await shop.shape(default_uri_disabled=True)
    again = await shop.shape()

    told = [(one.uri, list(one.urls), one.traffic_statuses[1].uri) for one in (disabled, again)]
    assert told == [("", [], ""), (shop.uri, [shop.uri], shop.tagged)]
