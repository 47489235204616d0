"""preflight: whether Cloud Run accepts the names of the service and of the tag.

As Google documents them: a service is 1 to 49 characters of lower-case letters, digits and hyphens, begins with a
letter and ends with no hyphen; a tag has at least 3, and tag and service together at most 46.
"""

import re
from collections.abc import Iterator

from buddy_tui.clean import clean_line
from buddy_tui.preflight.values import Check, Facts, Verdict
from buddy_tui.traffic import MOST_TAG_AND_SERVICE, TAG

_SERVICE = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_MOST_SERVICE = 49
_LEAST_TAG = 3


def names(facts: Facts) -> Check:
    """Fail on a name that Cloud Run would refuse after everything was built."""
    service = facts.target.name.service if facts.target.name else ""
    if not service and not facts.tag:
        return Check("names", Verdict.SKIPPED, "No service was named: say it with --service.")
    faults = [*_faults(service, facts.tag)]
    if faults:
        return Check("names", Verdict.FAIL, " ".join(faults), _shorter(service, facts.tag))
    told = ", ".join(f"{noun} {name}" for noun, name in (("service", service), ("tag", facts.tag)) if name)
    return Check("names", Verdict.PASS, f"Cloud Run accepts these names: {told}.")


def _faults(service: str, tag: str) -> Iterator[str]:
    if service and not _SERVICE.fullmatch(service):
        yield (
            f'"{clean_line(service)}" is no name for a service: lower-case letters, digits and hyphens, '
            "a letter first, no hyphen last."
        )
    if len(service) > _MOST_SERVICE:
        yield f"The service's name has {len(service)} characters, {_MOST_SERVICE} is the most."
    if tag and not TAG.fullmatch(tag):
        yield (
            f'"{clean_line(tag)}" is no tag: at least {_LEAST_TAG} lower-case letters, digits and hyphens, '
            "a letter first, no hyphen last."
        )
    if tag and service and len(tag) + len(service) > MOST_TAG_AND_SERVICE:
        yield (
            f"Tag {tag} and service {service} have {len(tag) + len(service)} characters together, "
            f"{MOST_TAG_AND_SERVICE} is the most."
        )


def _shorter(service: str, tag: str) -> str:
    room = MOST_TAG_AND_SERVICE - len(service)
    if tag and _LEAST_TAG <= room < len(tag):
        return f"A tag of at most {room} characters."
    return ""
