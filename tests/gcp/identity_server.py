"""Whoever hands out identity tokens, in a few lines on loopback: metadata server, OAuth and IAM Credentials."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web

_KEY = "made up for the tests, and long enough"
ACCESS = {"access_token": "made-up-access", "expires_in": 3600, "token_type": "Bearer"}


def token(audience: str, lifetime: float = 3600.0) -> str:
    """Make an identity token that nobody would accept."""
    return jwt.encode({"aud": audience, "exp": int(time.time() + lifetime)}, _KEY, "HS256")


@dataclass
class Identities:
    """`asked` tells who was asked for which audience, in order; `bodies` what IAM Credentials was sent.

    `lifetime` is that of the tokens, in seconds. `answer` is given instead of tokens: a status and a body.
    """

    lifetime: float = 3600.0
    answer: tuple[int, Any] | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    base: str = ""

    def handed_out(self, by: str, audience: str) -> str:
        self.asked.append((by, audience))
        self.issued.append(token(audience, self.lifetime))
        return self.issued[-1]

    async def metadata(self, request: web.Request) -> web.Response:
        flavor = {"metadata-flavor": "Google"}
        if request.headers.get("metadata-flavor") != "Google":
            return web.Response(status=403)
        if "audience" not in request.query:
            return web.json_response({"email": "machine@acme-prod.iam.gserviceaccount.com"}, headers=flavor)
        text = self.handed_out("metadata", request.query["audience"])
        return self._spoilt() or web.Response(text=text, headers=flavor)

    async def oauth(self, request: web.Request) -> web.Response:
        form = await request.post()
        claims = jwt.decode(str(form["assertion"]), options={"verify_signature": False})
        if "target_audience" not in claims:
            return web.json_response(ACCESS)
        text = self.handed_out(claims["iss"], claims["target_audience"])
        return self._spoilt() or web.json_response({"id_token": text})

    async def sts(self, _request: web.Request) -> web.Response:
        return web.json_response(
            ACCESS | {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        )

    async def iam(self, request: web.Request) -> web.Response:
        account, _, verb = request.match_info["account"].partition(":")
        body = await request.json()
        if verb == "generateAccessToken":
            return web.json_response({"accessToken": "made-up-access", "expireTime": "2099-01-01T00:00:00Z"})
        self.bodies.append(body)
        text = self.handed_out(account, body["audience"])
        return self._spoilt() or web.json_response({"token": text})

    def _spoilt(self) -> web.Response | None:
        if self.answer is None:
            return None
        status, body = self.answer
        return (
            web.Response(status=status, text=body)
            if isinstance(body, str)
            else web.json_response(body, status=status)
        )


@asynccontextmanager
async def running(identities: Identities) -> AsyncGenerator[Identities, None]:
    """Serve on a free port of loopback."""
    app = web.Application()
    app.router.add_get("/computeMetadata/v1/{path:.*}", identities.metadata)
    app.router.add_post("/token", identities.oauth)
    app.router.add_post("/sts", identities.sts)
    app.router.add_post("/v1/projects/-/serviceAccounts/{account}", identities.iam)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    identities.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield identities
    finally:
        await runner.cleanup()
