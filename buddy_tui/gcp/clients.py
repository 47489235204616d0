"""gcp: credentials, channels and transports, and how long a call may take."""

import asyncio
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import google.auth
import grpc
from google.api_core.exceptions import GoogleAPIError, ServiceUnavailable
from google.api_core.gapic_v1.client_info import ClientInfo
from google.api_core.retry import AsyncRetry, if_exception_type
from google.auth import impersonated_credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcAsyncIOTransport,
)
from google.cloud.run_v2 import BuildsAsyncClient, RevisionsAsyncClient, ServicesAsyncClient
from google.cloud.run_v2.services.builds.transports import BuildsGrpcAsyncIOTransport
from google.cloud.run_v2.services.revisions.transports import RevisionsGrpcAsyncIOTransport
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from google.oauth2.credentials import Credentials as UserCredentials

from buddy_tui import __version__, gcloud_files
from buddy_tui.clean import clean_line
from buddy_tui.config import Settings
from buddy_tui.errors import NotSignedIn, Unreachable
from buddy_tui.gcp.errors import SIGN_IN, About, translate
from buddy_tui.gcp.network import rest_base

CALL_SECONDS = 8.0
_SIGN_IN_SECONDS = 8.0
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
CLIENT_INFO = ClientInfo(user_agent=f"buddy-tui/{__version__}")  # type: ignore[no-untyped-call]
# An outage is told in seconds: the library's own policy retries for up to ten.
RETRY = AsyncRetry(
    if_exception_type(ServiceUnavailable), initial=0.1, multiplier=2.0, maximum=0.8, timeout=2.0
)
_OPTIONS = (
    # Audit logs keep it as the program that called.
    ("grpc.primary_user_agent", str(CLIENT_INFO.user_agent)),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # After an outage gRPC waits up to two minutes before it dials again.
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 3000),
)

# google-auth ships no types.
Credentials = Any


@dataclass(frozen=True, slots=True)
class Clients:
    """What a `Cloud` over Google needs. `credentials` is `None` in an emulated world; `rest` is a base URL.

    `gcloud_account` is the account that gcloud's own settings name, or empty.
    """

    services: ServicesAsyncClient
    revisions: RevisionsAsyncClient
    logs: LoggingServiceV2AsyncClient
    builds: BuildsAsyncClient
    channels: tuple[grpc.aio.Channel, ...]
    credentials: Credentials
    rest: str
    about: About
    gcloud_account: str = ""


async def open_clients(settings: Settings) -> Clients:
    """Sign in and make the clients, in the running event loop. Raises NotSignedIn, Denied or Unreachable."""
    about = About(settings.project.value, host=settings.emulated.value or "run.googleapis.com")
    credentials = None
    if not settings.emulated:
        target = settings.impersonate.value.rpartition(",")[2]
        about = replace(about, service_account=target, signed_in=_signed_in(settings))
        credentials = await _sign_in(settings, about)
        about = replace(about, member=_member(settings, credentials))
    channels = (
        _channel(ServicesGrpcAsyncIOTransport, settings.emulated.value, credentials),
        _channel(RevisionsGrpcAsyncIOTransport, settings.emulated.value, credentials),
        _channel(LoggingServiceV2GrpcAsyncIOTransport, _logging_host(settings), credentials),
        _channel(BuildsGrpcAsyncIOTransport, settings.emulated.value, credentials),
    )
    # A transport appends an interceptor to the channel that it is given, so each has one of its own.
    return Clients(
        services=ServicesAsyncClient(
            transport=ServicesGrpcAsyncIOTransport(channel=channels[0], client_info=CLIENT_INFO)
        ),
        revisions=RevisionsAsyncClient(
            transport=RevisionsGrpcAsyncIOTransport(channel=channels[1], client_info=CLIENT_INFO)
        ),
        logs=LoggingServiceV2AsyncClient(
            transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channels[2], client_info=CLIENT_INFO)
        ),
        builds=BuildsAsyncClient(
            transport=BuildsGrpcAsyncIOTransport(channel=channels[3], client_info=CLIENT_INFO)
        ),
        channels=channels,
        credentials=credentials,
        rest=rest_base(settings),
        about=about,
        gcloud_account=_gcloud_account(settings),
    )


class _Dials(Protocol):
    def create_channel(self, **options: Any) -> grpc.aio.Channel: ...  # noqa: ANN401 - gRPC's own


def _channel(transport: _Dials, emulated: str, credentials: Credentials) -> grpc.aio.Channel:
    if emulated:
        # Plain text, and past any proxy: `api_endpoint` would always mean TLS. Another host than this one is fine,
        # say a container beside us, because no credentials are even looked for in an emulated world.
        options = (*_OPTIONS, ("grpc.enable_http_proxy", 0))
        return grpc.aio.insecure_channel(emulated, options=options)
    return transport.create_channel(credentials=credentials, options=_OPTIONS)


def _logging_host(settings: Settings) -> str:
    """Where the logs of an emulated world are; empty in the real one, whatever the environment says."""
    if not settings.emulated:
        return ""
    return os.environ.get("CLOUD_LOGGING_EMULATOR_HOST") or settings.emulated.value


async def _sign_in(settings: Settings, about: About) -> Credentials:
    try:
        return await asyncio.to_thread(_credentials, settings)
    except (GoogleAuthError, GoogleAPIError) as error:
        raise translate(error, about) from error
    except OSError as error:  # requests says so of a file of certificates that is not there
        raise Unreachable(
            f"Google cannot be asked for a token: {clean_line(str(error))}",
            "Look where REQUESTS_CA_BUNDLE and SSL_CERT_FILE lead.",
        ) from error
    except ValueError as error:  # a file of credentials that lacks a field
        raise NotSignedIn("The file of Application Default Credentials is broken.", SIGN_IN) from error


def _credentials(settings: Settings) -> Credentials:
    """Find, impersonate and refresh. Blocks, so it runs in a thread; a first token now tells trouble early."""
    credentials = _application_default()
    *delegates, target = settings.impersonate.value.split(",")
    if target:
        credentials = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
            credentials, target, target_scopes=[SCOPE], delegates=delegates
        )
    quota = settings.quota_project
    if quota and (quota.origin == "GOOGLE_CLOUD_QUOTA_PROJECT" or not credentials.quota_project_id):
        credentials = credentials.with_quota_project(quota.value)
    credentials.refresh(http_request())
    return credentials


def _application_default() -> Credentials:
    adc = adc_file()
    if adc and adc.problem:
        raise NotSignedIn(
            f"The credentials in {adc.path} ({adc.origin}) cannot be used: {adc.problem}.", SIGN_IN
        )
    if adc and adc.type == "authorized_user":
        # `google.auth.default` would run `gcloud config get project` for these, about a second.
        load = UserCredentials.from_authorized_user_file
        return load(str(adc.path), [SCOPE])  # type: ignore[no-untyped-call]
    credentials, _project = google.auth.default(scopes=[SCOPE])
    return credentials


def adc_file() -> gcloud_files.AdcFile | None:
    """Find the file of Application Default Credentials, as google-auth does."""
    return gcloud_files.adc_file(gcloud_files.directory(os.environ, gcloud_files.home()), os.environ)


def http_request() -> Callable[..., Any]:
    """Return google-auth's blocking transport, with a bound: its own default is two minutes."""
    return functools.partial(Request(), timeout=_SIGN_IN_SECONDS)


def _member(settings: Settings, credentials: Credentials) -> str:
    """Spell who we are as IAM does. The account of user credentials is not in them: gcloud's is our best guess."""
    service_account = getattr(credentials, "service_account_email", "") or ""
    return _spelled(service_account if "@" in service_account else settings.account.value)


def _signed_in(settings: Settings) -> str:
    """Spell who we are before we act as somebody else, as far as files tell."""
    adc = adc_file()
    return _spelled((adc.account if adc else "") or settings.account.value)


def _spelled(account: str) -> str:
    if account.endswith(".gserviceaccount.com"):
        return f"serviceAccount:{account}"
    return f"user:{account}" if account else ""


def _gcloud_account(settings: Settings) -> str:
    told = settings.account
    return told.value if told.origin.startswith(("CLOUDSDK_", "core/account of gcloud")) else ""
