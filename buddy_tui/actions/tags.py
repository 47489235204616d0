"""actions: a tag, and with it an address of its own, for a revision; or away from it. Traffic stays."""

from collections.abc import Iterator, Sequence

from buddy_tui.actions.arithmetic import tagged, tags_of, untagged
from buddy_tui.actions.drafting import Look, Terms, drafted, guarded, unfit, unmade
from buddy_tui.actions.values import Plan, Verb
from buddy_tui.model import Revision, Service, ServiceName
from buddy_tui.traffic import MOST_TAG_AND_SERVICE, TAG

_RULE = "Tags have three characters or more: lower-case letters, digits, hyphens, first a letter."


def tag(service: Service, revisions: Sequence[Revision], name: str, revision: str, terms: Terms) -> Plan:
    """Plan to put a tag on a revision (or LATEST). Whoever has it now loses it, and the plan warns of that."""
    seen = Look(service, tuple(revisions), terms)
    title = f"Tag {revision} as {name}"
    if why := _unfit_name(service.name, name):
        return unmade(seen, Verb.TAG, title, (why, _RULE), revision=revision)
    after = tagged(service.desired, {name: revision})
    plan = drafted(seen, Verb.TAG, title, after, revision=revision, own=_taken(service, name))
    return guarded(plan, unfit(seen, [revision]))


def untag(service: Service, revisions: Sequence[Revision], name: str, terms: Terms) -> Plan:
    """Plan to take a tag away, and with it its address."""
    seen = Look(service, tuple(revisions), terms)
    title = f"Take tag {name} away"
    tags = tags_of(service.desired)
    if name not in tags:
        hint = f"There are: {', '.join(tags)}." if tags else "There is no tag at all."
        return unmade(seen, Verb.UNTAG, title, (f"There is no tag {name}.", hint))
    return drafted(seen, Verb.UNTAG, title, untagged(service.desired, [name]), revision=tags[name])


def _unfit_name(service: ServiceName, name: str) -> str:
    if not TAG.fullmatch(name):
        return f"{name!r} cannot be a tag."
    if (length := len(name) + len(service.service)) > MOST_TAG_AND_SERVICE:
        return (
            f"Tag and service name together may have {MOST_TAG_AND_SERVICE} characters; "
            f"{name} and {service.service} have {length}."
        )
    return ""


def _taken(service: Service, name: str) -> Iterator[str]:
    if owner := tags_of(service.desired).get(name):
        yield f"Tag {name} is on {owner} now: who uses its address gets another revision."
