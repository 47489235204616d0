"""probes: the gcloud commands that let a probe in, quoted for a shell."""

import re
import shlex
from collections.abc import Collection, Iterator

from buddy_tui.model import ServiceName

# "Combined traffic tag and service name cannot exceed 46 characters" is Cloud Run's own refusal.
_TAG_AND_SERVICE = 46
_TAG = re.compile(r"[a-z][a-z0-9-]+[a-z0-9]")


def add_tag(name: ServiceName, revision: str, tag: str) -> str:
    """Return the command that gives a revision a tag, and with it an address. Traffic stays as it is."""
    return _gcloud("update-traffic", name, "--update-tags", f"{tag}={revision}")


def enable_address(name: ServiceName) -> str:
    """Return the command that switches the service's default address on again: gcloud 528 has it in beta alone."""
    return _gcloud("update", name, "--default-url", track=("beta",))


def allow_invoker(name: ServiceName, email: str) -> str:
    """Return the command that lets an account send requests; `MEMBER` stands for one that is not known."""
    kind = "serviceAccount" if email.endswith(".gserviceaccount.com") else "user"
    member = f"{kind}:{email}" if email else "MEMBER"
    return _gcloud("add-iam-policy-binding", name, "--member", member, "--role", "roles/run.invoker")


def tag_for(name: ServiceName, revision: str, taken: Collection[str]) -> str:
    """Return a tag that says what it is for, is valid and nobody's; empty where the service's name leaves no room."""
    room = _TAG_AND_SERVICE - len(name.service)
    fitting = (tag for tag in _tags(name, revision) if len(tag) <= room and _TAG.fullmatch(tag))
    return next((tag for tag in fitting if tag not in taken), "")


def _tags(name: ServiceName, revision: str) -> Iterator[str]:
    suffix = revision.removeprefix(f"{name.service}-")
    for rest in (suffix, suffix.rpartition("-")[2]):
        yield from (f"{prefix}-{rest}" for prefix in ("probe", "p"))


def _gcloud(verb: str, name: ServiceName, *words: str, track: tuple[str, ...] = ()) -> str:
    place = ("--region", name.region, "--project", name.project)
    return shlex.join(("gcloud", *track, "run", "services", verb, name.service, *words, *place))
