"""rules: credentials that the program looks for while it starts, and that are not there or no good."""

import re

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import chain_of, path_in, raised, service_of, update

_KEY_FILE = re.compile(r"^File (.+?) was not found|(?:file|path) ['\"]?(/[^\s'\"]+)['\"]? (?:was )?not found")
_BROKEN = re.compile(
    r"Invalid (?:service account )?certificate|Failed to initialize a certificate credential"
    r"|Service account info was not in the expected format|Could not (?:de|un)serialize key data"
    r"|No key could be detected|Unable to load PEM file|Could not parse the provided (?:public|private) key"
    r"|is not a valid (?:json file|service account)",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"default credentials were not found|Could not automatically determine credentials|Unable to locate credentials"
    r"|Failed to retrieve http://metadata\.google\.internal|metadata server|Compute Engine Metadata",
    re.IGNORECASE,
)
_TYPES = frozenset(
    {"DefaultCredentialsError", "RefreshError", "MalformedError", "NoCredentialsError", "GoogleAuthError"}
)
_UNSET = "--remove-env-vars=GOOGLE_APPLICATION_CREDENTIALS"


def credentials(evidence: Evidence) -> Finding | None:
    """No credentials could be found, loaded or exchanged for a token."""
    for one in chain_of(evidence):
        if one.name in _TYPES or one.type.startswith("google.auth.exceptions.") or _says_so(one.message):
            return raised(evidence, _finding(evidence, one))
    return None


def _says_so(message: str) -> bool:
    return bool(_BROKEN.search(message) or _NONE.search(message))


def _finding(evidence: Evidence, told: Raised) -> Finding:
    file = _KEY_FILE.search(told.message)
    path = path_in(file[1] or file[2]) if file else ""
    if path:
        summary = f"The program looks for the key file {path}, and the container has none."
        short, fix = "key file is missing", (update(evidence, _UNSET), _attached(evidence))
    elif _BROKEN.search(told.message):
        summary = "The key that the program loads is no valid service account key."
        short, fix = (
            "key is no good",
            (update(evidence, "--update-secrets=/secrets/key.json=SECRET:latest"), _attached(evidence)),
        )
    else:
        summary = "The program found no credentials that Google accepts while it starts."
        short, fix = "no credentials", (_attached(evidence), update(evidence, _UNSET))
    certain = path or told.name in _TYPES
    return Finding(
        cause=Cause.CREDENTIALS,
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        boots=False,
        summary=summary,
        observed=f"{told.name} while the program starts.",
        short=short,
        missing=path,
        fix=fix,
        evidence=evidence.quote(told.at),
        uncertain=() if certain else ("What the key is read from does not show.",),
    )


def _attached(evidence: Evidence) -> str:
    """On Cloud Run the attached service account needs no key file at all."""
    return update(evidence, f"--service-account={service_of(evidence)}@PROJECT.iam.gserviceaccount.com")
