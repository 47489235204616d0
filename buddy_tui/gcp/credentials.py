"""gcp: whose credentials we are signed in with, and until when. Of a token, nothing but its end is read."""

from dataclasses import dataclass
from datetime import UTC, datetime

from buddy_tui.clean import clean_line
from buddy_tui.gateway import Cloud
from buddy_tui.gcp.calls import Calls

_KINDS = {
    "google.oauth2.credentials": "user credentials",
    "google.oauth2.service_account": "a service account's key",
    "google.auth.impersonated_credentials": "impersonation",
    "google.auth.compute_engine.credentials": "the metadata server's credentials",
}


@dataclass(frozen=True, slots=True)
class Credential:
    """What can be told of credentials; each text is empty where it is not known, `member` is in IAM's spelling."""

    kind: str = ""
    account: str = ""
    member: str = ""
    expires: datetime | None = None


def credential(cloud: Cloud) -> Credential:
    """Describe what `gcp.connect` signed in with; of an emulated world there is nothing to tell."""
    if not isinstance(cloud, Calls):
        raise TypeError(cloud)
    held = cloud.clients.credentials
    if held is None:
        return Credential()
    account = getattr(held, "service_account_email", "") or ""
    # google-auth's times are in UTC and do not say so.
    expires: datetime | None = held.expiry
    return Credential(
        _KINDS.get(type(held).__module__, "federated credentials"),
        clean_line(account if "@" in account else ""),
        cloud.clients.about.member,
        expires.replace(tzinfo=UTC) if expires else None,
    )
