"""Identity tokens: who signs them, who knows them again, and the three ways in which Google hands them out.

Access tokens of service accounts that somebody acts as, too: they say whose they are and are worth nothing else.
"""

import secrets
import time
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

import jwt
from aiohttp import web

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.rest import ACTING

_ISSUER = "https://accounts.google.com"
_HOUR = 3600.0
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_FLAVOR = {"Metadata-Flavor": "Google"}
_ACCOUNT = "/computeMetadata/v1/instance/service-accounts/{account}"


class Identities:
    """Signs identity tokens and knows its own again. Nobody else does: the secret is that of one emulator's run.

    Google's are signed RS256 with published keys. These are HS256, which no client looks at. Times are real ones,
    whatever a story's clock shows: Google's clients compare them with theirs.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def sign(self, email: str, audience: str, *, lifetime: float = _HOUR) -> str:
        """Return a token of the account `email` for `audience`, which expires after `lifetime` seconds."""
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "aud": audience,
            "sub": str(10**20 + zlib.crc32(email.encode())),
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + int(lifetime),
        }
        return jwt.encode(claims, self._secret, "HS256")

    def email(self, token: str, audiences: Sequence[str]) -> str:
        """Return whose token it is.

        Raises jwt.InvalidTokenError when it is none of ours, has expired, or was made for none of `audiences`.
        """
        claims = jwt.decode(
            token,
            self._secret,
            algorithms=["HS256"],
            audience=audiences,
            issuer=_ISSUER,
            options={"require": ["exp", "aud", "iss", "email"]},
        )
        return str(claims["email"])


def routes(identities: Identities, faults: Faults, email: str) -> list[web.RouteDef]:
    """Return the routes of the metadata server, of IAM Credentials and of OAuth, as far as they give tokens.

    `email` is the account of the metadata server. Tokens always tell it; Google's do so when they are asked to.
    """
    metadata = _Metadata(identities, email)

    async def generated(request: web.Request) -> web.Response:
        return await _generated(request, identities, faults)

    async def lent(request: web.Request) -> web.Response:
        return _lent(request.match_info["email"], faults)

    async def granted(request: web.Request) -> web.Response:
        return await _granted(request, identities)

    return [
        web.get("/", metadata.root),
        web.get(f"{_ACCOUNT}/", metadata.account),
        web.get(f"{_ACCOUNT}/identity", metadata.identity),
        web.post("/v1/projects/{project}/serviceAccounts/{email:[^/:]+}:generateIdToken", generated),
        web.post("/v1/projects/{project}/serviceAccounts/{email:[^/:]+}:generateAccessToken", lent),
        web.post("/token", granted),
    ]


class _Metadata:
    """The metadata server of a machine that runs as the account `email`."""

    def __init__(self, identities: Identities, email: str) -> None:
        self._identities = identities
        self._email = email

    async def root(self, _request: web.Request) -> web.Response:
        """Answer google-auth, which asks whether there is a metadata server at all."""
        return web.Response(text="computeMetadata/\n", headers=_FLAVOR)

    async def account(self, _request: web.Request) -> web.Response:
        """Tell the account, as `?recursive=true` does."""
        return web.json_response(
            {"aliases": ["default"], "email": self._email, "scopes": []}, headers=_FLAVOR
        )

    async def identity(self, request: web.Request) -> web.Response:
        """Return a token for `?audience=`."""
        if request.headers.get("Metadata-Flavor") != "Google":
            return web.Response(status=403, text="Missing Metadata-Flavor:Google header.\n")
        audience = request.query.get("audience", "")
        if not audience:
            return web.Response(status=400, text="non-empty audience parameter required\n", headers=_FLAVOR)
        return web.Response(text=self._identities.sign(self._email, audience), headers=_FLAVOR)


async def _generated(request: web.Request, identities: Identities, faults: Faults) -> web.Response:
    """Impersonate: answer IAM Credentials' generateIdToken, unless the account is one of the refused."""
    email = request.match_info["email"]
    if email in faults.refused_accounts:
        message = "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist)."
        return _api_error(403, "PERMISSION_DENIED", message)
    asked = await _json(request)
    audience = asked.get("audience")
    if not isinstance(audience, str) or not audience:
        return _api_error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
    return web.json_response({"token": identities.sign(email, audience)})


def _lent(email: str, faults: Faults) -> web.Response:
    """Impersonate: answer IAM Credentials' generateAccessToken, unless the account is one of the refused."""
    if email in faults.refused_accounts:
        message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
        return _api_error(403, "PERMISSION_DENIED", message)
    expires = datetime.fromtimestamp(time.time() + _HOUR, UTC).isoformat(timespec="seconds")
    return web.json_response(
        {"accessToken": f"{ACTING}{email}", "expireTime": expires.replace("+00:00", "Z")}
    )


async def _granted(request: web.Request, identities: Identities) -> web.Response:
    """Give a service account its token for the assertion that it signed, as OAuth's JWT-bearer grant does.

    The signature is not checked: this emulator knows nobody's keys.
    """
    form = await request.post()
    if form.get("grant_type") != _JWT_BEARER:
        return _oauth_error("unsupported_grant_type", "Invalid grant_type.")
    try:
        claims = jwt.decode(
            str(form.get("assertion", "")), options={"verify_signature": False}, algorithms=["RS256"]
        )
    except jwt.InvalidTokenError:
        return _oauth_error("invalid_grant", "Invalid JWT.")
    email, audience = claims.get("iss"), claims.get("target_audience")
    if not isinstance(email, str) or not isinstance(audience, str):
        return _oauth_error("invalid_request", "The assertion needs iss and target_audience.")
    return web.json_response({"id_token": identities.sign(email, audience)})


async def _json(request: web.Request) -> dict[str, object]:
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _api_error(code: int, status: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message, "status": status}}, status=code)


def _oauth_error(error: str, description: str) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=400)
