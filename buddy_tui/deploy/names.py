"""deploy: what the new things of a deployment are called. Pure but for the dice in `new_suffix`."""

import re
import secrets
from collections.abc import Iterable

from buddy_tui.model import ServiceName
from buddy_tui.traffic import MOST_TAG_AND_SERVICE

_NUMBERED = re.compile(r"-(\d{5,})-[a-z0-9]{3,}")
_CONSONANTS, _VOWELS = "bcdfghjklmnpqrstvwxyz", "aeiou"
# The most that Cloud Run takes for a revision's name.
_LONGEST = 63


def new_suffix() -> str:
    """Return three random letters, consonant, vowel, consonant, as gcloud ends the name of a revision."""
    return "".join(map(secrets.choice, (_CONSONANTS, _VOWELS, _CONSONANTS)))


def next_revision(service: str, taken: Iterable[str], suffix: str) -> str:
    """Return the name of the revision that comes after all of `taken`, e.g. `api-00038-cvc`, as gcloud writes it.

    Numbers are read from names of that form alone: somebody may call a revision anything.
    """
    numbers = (int(found[1]) for name in taken if (found := _numbered(service, name)))
    end = f"-{max(numbers, default=0) + 1:05d}-{suffix}"
    return f"{service[: _LONGEST - len(end)]}{end}"


def tag_of(service: str, revision: str) -> str:
    """Return the tag that a revision gets: its own name, e.g. `api-00038-cvc`.

    Shorter forms such as `r00038-cvc` follow where the name of the service leaves less room, for a tag begins with a
    letter; the last one may still be too long.
    """
    _, number, suffix = revision.rsplit("-", 2)
    forms = (revision, *_forms(number, suffix))
    room = MOST_TAG_AND_SERVICE - len(service)
    return next((one for one in forms if len(one) <= room), forms[-1])


def object_of(release: str, digest: str) -> str:
    """Return the name of the archive among those of its service: nobody else's, and another one for other contents."""
    return f"{release}-{digest[:16]}"


def image_of(name: ServiceName) -> str:
    """Return the image that gcloud builds sources of this service into, without tag or digest."""
    project = name.project.replace(":", "/")  # domain-scoped, as registries write it
    return f"{name.region}-docker.pkg.dev/{project}/cloud-run-source-deploy/{name.service}"


def _numbered(service: str, name: str) -> re.Match[str] | None:
    prefix = service[: _LONGEST - len("-00000-aaa")]
    return _NUMBERED.fullmatch(name, len(prefix)) if name.startswith(prefix) else None


def _forms(number: str, suffix: str) -> tuple[str, ...]:
    short = number.lstrip("0")
    return (f"r{number}-{suffix}", f"r{short}-{suffix}", f"r{short}{suffix}", f"r-{suffix}")
