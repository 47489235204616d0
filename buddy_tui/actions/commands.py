"""actions: the gcloud commands that do the same as a plan, quoted for a shell."""

import shlex
from collections.abc import Iterator, Mapping

from buddy_tui.actions.arithmetic import LATEST, percents_of, tags_of
from buddy_tui.actions.values import Targets
from buddy_tui.model import ServiceName


def update_traffic(name: ServiceName, before: Targets, after: Targets, acting: str = "") -> str:
    """Return the command that leads from one list to the other, empty where both ask for the same.

    gcloud changes tags and percents with one command, and the percents are spelled out, so it does not depend on what
    the list is meanwhile. Its list asks for the same as `after`, in gcloud's form: percents and tags stand apart.
    """
    flags = (*_percents(percents_of(before), percents_of(after)), *_tags(tags_of(before), tags_of(after)))
    return _gcloud(name, flags, acting) if flags else ""


def _percents(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    if before == after:
        return
    if after == {LATEST: 100}:
        yield "--to-latest"
    else:
        yield from ("--to-revisions", ",".join(f"{key}={percent}" for key, percent in after.items()))


def _tags(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    put = [f"{tag}={key}" for tag, key in after.items() if before.get(tag) != key]
    gone = [tag for tag in before if tag not in after]
    if put:
        yield from ("--update-tags", ",".join(put))
    if gone:
        yield from ("--remove-tags", ",".join(gone))


def _gcloud(name: ServiceName, flags: tuple[str, ...], acting: str) -> str:
    place = ("--region", name.region, "--project", name.project)
    identity = ("--impersonate-service-account", acting) if acting else ()
    return shlex.join(
        ("gcloud", "run", "services", "update-traffic", name.service, *flags, *place, *identity)
    )
