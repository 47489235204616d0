"""gcp: identity tokens, which prove to a service who is asking.

    in an emulated world    from its metadata server; nobody's credentials are looked for
    a service account       by its key, or from the metadata server where it is attached to a machine
    impersonation           from the IAM Credentials API, as the account that we act as
    user credentials        from gcloud

A token is a secret. It is kept in memory alone, and neither it nor an answer that holds one is in any error.
"""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import httpx
from google.api_core.exceptions import format_http_response_error
from google.auth import compute_engine, external_account, external_account_authorized_user, jwt
from google.auth.impersonated_credentials import Credentials as ImpersonatedCredentials
from google.auth.impersonated_credentials import IDTokenCredentials as ImpersonatedIDTokenCredentials
from google.oauth2 import credentials as user
from google.oauth2 import service_account

from buddy_tui.errors import BuddyError, NotSignedIn, ServerTrouble, Unreachable
from buddy_tui.gcp import gcloud
from buddy_tui.gcp.blocking import in_thread
from buddy_tui.gcp.calls import FOREIGN, Calls
from buddy_tui.gcp.clients import CALL_SECONDS, SCOPE, Clients, Credentials, adc_file, http_request
from buddy_tui.gcp.errors import translate

_SECONDS = 10.0
# A token is not handed out when it may expire on its way, or while a slow answer is awaited.
_EARLY = 300.0
_FORM = re.compile(r"[\w=-]+\.[\w=-]+\.[\w=-]+", re.ASCII)
_USERS = (user.Credentials, external_account_authorized_user.Credentials)
_IMPERSONATE = "Act as a service account with --impersonate-service-account ACCOUNT."


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    until: float


class GoogleTokens(Calls):
    """Makes identity tokens and keeps them until shortly before they expire."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._kept: dict[str, _Token] = {}
        self._fetches: dict[str, asyncio.Task[_Token]] = {}

    async def identity_token(self, audience: str) -> str:
        """Return an identity token for `audience`, kept until five minutes before it expires.

        A user account has one for all, as gcloud makes it. Who asks while a token is being fetched waits for that one.
        Raises NotSignedIn, Denied, ApiDisabled or Unreachable.
        """
        if isinstance(self.clients.credentials, _USERS):
            audience = ""
        token = self._kept.get(audience)
        if token is None or token.until <= time.time():
            # Shielded: whoever else waits for it gets it when this caller is cancelled.
            token = await asyncio.shield(self._fetching(audience))
        return token.text

    async def close(self) -> None:
        """Forget the tokens, and close the connections. Safe to call twice."""
        fetches = tuple(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)
        self._kept.clear()
        await super().close()

    def _fetching(self, audience: str) -> asyncio.Task[_Token]:
        if audience not in self._fetches:
            self._fetches[audience] = asyncio.create_task(_fetched(self.clients, audience))
            self._fetches[audience].add_done_callback(partial(self._over, audience))
        return self._fetches[audience]

    def _over(self, audience: str, fetch: asyncio.Task[_Token]) -> None:
        del self._fetches[audience]
        if not fetch.cancelled() and fetch.exception() is None:
            self._kept[audience] = fetch.result()


async def _fetched(clients: Clients, audience: str) -> _Token:
    problem: BuddyError
    try:
        text = (await _asked(clients, audience)).strip()
        return _Token(text, _expires(text) - _EARLY)
    except (ValueError, TypeError, KeyError):
        problem = ServerTrouble("What came instead of an identity token cannot be read.", "Try again.")
    except FOREIGN as error:
        problem = _told(error, clients)
    except OSError:  # what requests raises, and a limit that was reached
        problem = Unreachable(
            f"Google's identity server cannot be reached, or did not answer within {_SECONDS:g} s.",
            "Check the network, the VPN and https_proxy.",
        )
    # Not raised from the error, nor while it is handled: google-auth quotes tokens, and whole answers with them.
    raise problem


async def _asked(clients: Clients, audience: str) -> str:
    credentials = clients.credentials
    if credentials is None:
        return await _from_metadata_server(clients.rest, audience)
    if isinstance(credentials, _USERS):
        return await gcloud.identity_token(clients.gcloud_account)
    return await in_thread(partial(_signed, credentials, audience), _SECONDS)


async def _from_metadata_server(base: str, audience: str) -> str:
    url = f"{base}/computeMetadata/v1/instance/service-accounts/default/identity"
    query = {"audience": audience, "format": "full"}
    async with httpx.AsyncClient(timeout=CALL_SECONDS, trust_env=False) as http:
        response = await http.get(url, params=query, headers={"metadata-flavor": "Google"})
    if not response.is_success:
        raise format_http_response_error(response, "GET", url, None)
    return response.text


def _signed(credentials: Credentials, audience: str) -> str:
    """Make a token with google-auth. Blocks."""
    request = http_request()
    made = _id_credentials(credentials, audience, request)
    made.refresh(request)
    return str(made.token)


def _id_credentials(credentials: Credentials, audience: str, request: Callable[..., Any]) -> Credentials:
    match credentials:
        case ImpersonatedCredentials():
            return _impersonated(credentials, audience)
        case external_account.Credentials() if credentials.service_account_email:
            return _impersonated(_acting(credentials), audience)
        case service_account.Credentials() if adc := adc_file():
            load: Any = service_account.IDTokenCredentials.from_service_account_file
            return load(str(adc.path), target_audience=audience)
        case compute_engine.Credentials():
            attached: Any = compute_engine.IDTokenCredentials
            return attached(request, audience, use_metadata_identity_endpoint=True)
    raise NotSignedIn("The credentials that we are signed in with make no identity tokens.", _IMPERSONATE)


def _impersonated(credentials: Credentials, audience: str) -> Credentials:
    return ImpersonatedIDTokenCredentials(credentials, audience, include_email=True)  # type: ignore[no-untyped-call]


def _acting(federated: Credentials) -> Credentials:
    """Split a federated identity that acts as a service account: google-auth makes tokens for the two parts alone."""
    told = {key: value for key, value in federated.info.items() if "impersonation" not in key}
    source = type(federated).from_info(told, scopes=[SCOPE])
    return ImpersonatedCredentials(source, federated.service_account_email, [SCOPE])  # type: ignore[no-untyped-call]


def _expires(token: str) -> float:
    """Read when a token expires, as seconds since 1970. Raises ValueError, TypeError or KeyError."""
    if not _FORM.fullmatch(token):
        raise ValueError
    claims = jwt.decode(token, verify=False)  # type: ignore[no-untyped-call]
    return float(claims["exp"])


def _told(error: Exception, clients: Clients) -> BuddyError:
    credentials, about = clients.credentials, clients.about
    if isinstance(credentials, compute_engine.Credentials):
        return NotSignedIn("The metadata server of this machine gives no identity token.", _IMPERSONATE)
    acted = about.service_account or getattr(credentials, "service_account_email", "") or ""
    product = "Google's identity server" if credentials else "The emulator"
    told = replace(about, what="identity token", service_account=acted, product=product, seconds=CALL_SECONDS)
    return translate(error, told)
