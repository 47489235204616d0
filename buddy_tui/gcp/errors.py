"""gcp: Google's errors -> ours, each in one sentence with the way out."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from buddy_tui.clean import clean_line
from buddy_tui.errors import (
    ApiDisabled,
    BuddyError,
    ChangedUnderneath,
    Denied,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OverQuota,
    Refused,
    ServerTrouble,
    Unreachable,
    UsageProblem,
)
from buddy_tui.gcp.network import no_connection
from buddy_tui.gcp.permissions import ACT_AS, ACTING, missing
from buddy_tui.redact import redact

SIGN_IN = "gcloud auth application-default login"
LOG_TAIL = "the log tail"

_PERMISSION = re.compile(r"\b(?:[Pp]ermission '?)([a-z][A-Za-z]*(?:\.[A-Za-z]+){2})\b")
_ACCOUNT = re.compile(r"[\w.-]+@[\w.-]+\.gserviceaccount\.com")
_ACTING = re.compile("|".join(map(re.escape, ACTING)))
_DISABLED = re.compile(r"has not been used in project (\S+)")
_UNKNOWN_LOCATION = re.compile(r"locations/\S+' \(or it may not exist\)|[Ll]ocation \S+ is not found")


@dataclass(frozen=True, slots=True)
class About:
    """What a call was about, for the words of its error.

    `what` is a noun such as `service api`; `member` is who we are in IAM's spelling (`user:…`), or empty;
    `service_account` is the one that we act as, or empty, and `signed_in` who we were before; `host` is where the call
    went; `seconds` is how long it was given. `product` is whose API it is, `permission` what it takes, where Google
    does not name it, and `listing` the command that lists what there is, where such a thing may be missing. `written` is
    what the call was to change, e.g. `traffic list`, or empty where it was to look.
    """

    project: str = ""
    region: str = ""
    what: str = "that"
    member: str = ""
    service_account: str = ""
    signed_in: str = ""
    host: str = "run.googleapis.com"
    seconds: float = 0.0
    product: str = "Cloud Run"
    permission: str = ""
    listing: str = ""
    written: str = ""

    @property
    def place(self) -> str:
        """Where it is, e.g. `acme-prod/europe-west1`."""
        return "/".join(filter(None, (self.project, self.region)))


def translate(error: Exception, about: About) -> BuddyError:
    """Return our error for one of google-api-core, google-auth or httpx. Anything else is raised again: a bug."""
    if isinstance(error, api.RetryError) and isinstance(error.cause, Exception):
        return translate(error.cause, about)
    for kind, say in _TABLE:
        if isinstance(error, kind):
            return _perhaps_written(say(error, about), about)
    raise error


def _perhaps_written(told: BuddyError, about: About) -> BuddyError:
    """Say of a change without an answer that it may be there; of one that Google counted out, nothing."""
    if not about.written or not isinstance(told, Unreachable) or isinstance(told, OverQuota):
        return told
    return type(told)(
        f"{told} The {about.written} may have been written all the same.",
        f"Look at {about.what} first. {told.hint}",
    )


# Of any shape: each function below knows the one that the table sends it.
_Foreign = Any


def _denied(error: _Foreign, about: About) -> BuddyError:
    text = _text(error)
    details: Mapping[str, str] = error.metadata or {}
    if error.reason == "SERVICE_DISABLED" or _DISABLED.search(text):
        return _disabled(details.get("service", ""), about.project, about)
    if error.reason == "BILLING_DISABLED":
        return NotAllowed(
            f"Billing is switched off for project {about.project}.",
            f"https://console.cloud.google.com/billing/linkedaccount?project={quote(about.project)}",
        )
    if error.reason == "CONSUMER_INVALID" or text.startswith("Permission denied on resource project"):
        return NotFound(
            f"There is no project {about.project}, or it is closed to you.", "gcloud projects list"
        )
    if _UNKNOWN_LOCATION.search(text):
        return NotFound(f"There is no region {about.region}, or project {about.project} may not use it.")
    return _without_permission(error.reason, details, text, about)


def _without_permission(reason: str, details: Mapping[str, str], text: str, about: About) -> Denied:
    named = _PERMISSION.search(text)
    permission = details.get("permission") or (named[1] if named else "")
    if reason == "USER_PROJECT_DENIED":
        permission = "serviceusage.services.use"
    account = _ACCOUNT.search(f"{details.get('resource', '')} {text}")
    if permission := permission or about.permission:
        return _missing(clean_line(permission), about, account[0] if account else "")
    return Denied(f"Google says no: {text}.", "Ask an administrator of the project for roles/run.viewer.")


def _missing(permission: str, about: About, account: str = "") -> Denied:
    """Name a permission and who may give it; `account` is the service account that Google's words are about."""
    if permission.lower() == ACT_AS.lower():  # Cloud Run spells it in small letters
        return Denied(*missing(ACT_AS, about.member, about.project, account))
    acted = about.service_account if permission.startswith("iam.serviceAccounts.") else ""
    # Who may act as an account is not that account, but whoever wants to.
    member = (permission in ACTING and about.signed_in) or about.member
    return Denied(*missing(permission, member, about.project, acted))


def _disabled(api_name: str, project: str, about: About) -> ApiDisabled:
    ours = about.host if about.host.endswith(".googleapis.com") else "run.googleapis.com"
    api_name = clean_line(api_name) or ours
    return ApiDisabled(
        f"Project {project} has not enabled {api_name}.",
        shlex.join(["gcloud", "services", "enable", api_name, "--project", project]),
    )


def _not_found(error: _Foreign, about: About) -> BuddyError:
    text = _text(error)
    if _UNKNOWN_LOCATION.search(text):
        return NotFound(f"There is no region {about.region}.")
    return NotFound(f"There is no {about.what} in {about.place}.", about.listing)


def _unavailable(error: _Foreign, about: About) -> BuddyError:
    text = _text(error)
    if "Getting metadata from plugin failed" in text:
        return _not_renewed(error, about)
    if why := no_connection(text):
        return Unreachable(f"{about.host} cannot be reached: {why}.", _network_hint(about))
    return ServerTrouble(f"{about.host} is unavailable: {text}.", _server_hint(about))


def _network_hint(about: About) -> str:
    if about.host.endswith("googleapis.com"):
        return "Check the network, the VPN and https_proxy."
    return "Is the emulator running? See CLOUD_RUN_EMULATOR_HOST."


def _server_hint(about: About) -> str:
    if about.host.endswith("googleapis.com"):
        return "Try again in a minute. How Google is: https://status.cloud.google.com"
    return "Try again. An emulator fails like this where a fault was asked for."


def _late(_error: _Foreign, about: About) -> BuddyError:
    within = f" within {about.seconds:g} s" if about.seconds else ""
    return Unreachable(f"{about.host} did not answer{within}.", _network_hint(about))


def _over_quota(error: _Foreign, about: About) -> BuddyError:
    if about.what == LOG_TAIL:
        return OverQuota(
            f"No log tail is to be had: {_text(error)}",
            "Google allows ten open tails a project, of all its users.",
        )
    return OverQuota(f"Google's quota is used up: {_text(error)}", "Looking again more slowly helps.")


def _ended(_error: _Foreign, about: About) -> BuddyError:
    return Unreachable(f"Google has ended {about.what}: it was open for as long as it may be.")


def _changed(error: _Foreign, about: About) -> BuddyError:
    return ChangedUnderneath(
        f"Somebody else changed {about.what}: {_text(error)}", "Look again and decide anew."
    )


def _unauthenticated(_error: _Foreign, _about: About) -> BuddyError:
    return NotSignedIn("Google did not accept the credentials.", SIGN_IN)


def _no_credentials(_error: _Foreign, _about: About) -> BuddyError:
    return NotSignedIn("You are not signed in to Google Cloud.", SIGN_IN)


def _not_renewed(error: _Foreign, about: About) -> BuddyError:
    # Looked through and never quoted: google-auth puts whole answers of token servers here.
    text = " ".join(map(str, error.args))
    if found := _DISABLED.search(text):
        return _disabled("iamcredentials.googleapis.com", clean_line(found[1]), about)
    if found := _ACTING.search(text):
        return _missing(found[0], about)
    if found := _PERMISSION.search(text):
        return _missing(found[1], about)
    if "Gaia id not found" in text and about.service_account:
        return NotFound(
            f"There is no service account {about.service_account}.", "gcloud iam service-accounts list"
        )
    if any(sign in _text(error) for sign in ("TransportError", "Max retries", "Connection")):
        return _no_token_server(error, about)
    return NotSignedIn("The sign-in to Google Cloud has expired or was withdrawn.", SIGN_IN)


def _no_token_server(_error: _Foreign, _about: About) -> BuddyError:
    return Unreachable(
        "Google's sign-in server cannot be reached.", "Check the network, the VPN and https_proxy."
    )


def _server_trouble(error: _Foreign, about: About) -> BuddyError:
    return ServerTrouble(f"{about.host} failed: {_text(error)}.", _server_hint(about))


def _refused(error: _Foreign, about: About) -> BuddyError:
    return Refused(
        f"{about.product} refused: {_text(error)}.", f"Look at the state of {about.what}, then try again."
    )


def _misused(error: _Foreign, about: About) -> BuddyError:
    if _UNKNOWN_LOCATION.search(text := _text(error)):
        return NotFound(f"There is no region {about.region}.")
    if about.written:
        return _refused(error, about)
    return UsageProblem(
        f"{about.product} did not accept {about.what}: {text}.",
        "buddy-tui context says where each name came from.",
    )


def _no_http(error: _Foreign, about: About) -> BuddyError:
    # httpx words every failure alike; the operating system's own words are further down the chain.
    text = " ".join(_chain(error))
    why = no_connection(text) or "no connection"
    return Unreachable(f"{about.host} cannot be reached: {why}.", _network_hint(about))


def _chain(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{type(error).__name__}: {error}"
        error = error.__cause__ or error.__context__


# The first that fits counts: subclasses before their bases.
_TABLE: tuple[tuple[type[Exception], Callable[[_Foreign, About], BuddyError]], ...] = (
    (auth.DefaultCredentialsError, _no_credentials),
    (auth.TransportError, _no_token_server),
    (auth.RefreshError, _not_renewed),
    (auth.GoogleAuthError, _no_credentials),
    (api.Unauthenticated, _unauthenticated),
    (api.Unauthorized, _unauthenticated),
    (api.Forbidden, _denied),
    (api.NotFound, _not_found),
    (api.Aborted, _changed),
    (api.TooManyRequests, _over_quota),
    (api.DeadlineExceeded, _late),
    (api.GatewayTimeout, _late),
    (api.ServiceUnavailable, _unavailable),
    (api.FailedPrecondition, _refused),
    (api.Conflict, _refused),
    (api.OutOfRange, _ended),
    (api.Cancelled, _server_trouble),
    (api.ClientError, _misused),
    (api.GoogleAPICallError, _server_trouble),
    (httpx.TimeoutException, _late),
    (httpx.HTTPError, _no_http),
    (OSError, _no_http),  # what the client of Cloud Storage has from its connections
)


def _text(error: _Foreign) -> str:
    """Return Google's own words on one clean line, without the trailing dot; they may quote what was sent."""
    told = getattr(error, "message", None) or (error.args[0] if error.args else "")
    return redact(clean_line(str(told))[:600]).rstrip(". ")
