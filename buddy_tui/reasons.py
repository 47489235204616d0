"""The reasons of Cloud Run's conditions in an operator's words."""

# Those of run.v2 Condition.CommonReason and RevisionReason that an operator meets.
_WORDS = {
    "HealthCheckContainerError": "did not start",
    "ContainerMissing": "image not found",
    "ContainerPermissionDenied": "may not pull the image",
    "SecretsAccessCheckFailed": "may not read a secret",
    "ProgressDeadlineExceeded": "took too long to become ready",
    "RevisionFailed": "its revision failed",
    "MinInstancesNotProvisioned": "minimum instances not provided",
    "MinInstancesWarming": "minimum instances warm up",
    "ActiveRevisionLimitReached": "too many active revisions",
    "HealthCheckSkipped": "health not checked",
    "WaitingForOperation": "waits for another operation",
    "ImmediateRetry": "is tried again",
    "PostponedRetry": "is tried again later",
    "ResourcesUnavailable": "no resources to run it",
    "Internal": "Cloud Run's own failure",
    "Retired": "",
    "Retiring": "being retired",
    "Recreating": "being made again",
}


def in_words(reason: str) -> str:
    """Return a condition's reason in plain words, empty where it adds nothing; an unknown one stays as it is."""
    return _WORDS.get(reason, reason)
