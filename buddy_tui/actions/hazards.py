"""actions: what a way back to an older revision may meet. Pure, and told before anything is done."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from buddy_tui.model import Container, Revision

# Cloud Run takes the first form through its v1 API; gcloud's --labels takes only keys like the second.
_IRREVERSIBLE = ("buddy-tui.dev/irreversible", "buddy-tui-irreversible")
_NO = {"false", "no", "0"}


def hazards(
    target: Revision,
    current: Revision | None,
    *,
    revisions: Sequence[Revision] = (),
    image: bool | None = None,
) -> tuple[str, ...]:
    """Say what may go wrong when traffic goes from `current` back to `target`, the gravest first; empty for nothing.

    `current` is who serves now, `None` where nobody does. Among `revisions` those between the two are looked for that
    cannot be undone. `image` tells whether the target's image is still there, `None` where nobody looked. What every
    change of traffic brings with it (tags, cold starts) is not told here: the plan tells it.
    """
    return tuple(_hazards(target, current, revisions, image=image))


def crossed(target: Revision, current: Revision | None, revisions: Sequence[Revision]) -> str:
    """Return the first revision after `target`, up to `current`, that is marked irreversible; empty for none.

    The mark is a label, `buddy-tui.dev/irreversible` or `buddy-tui-irreversible`, of a revision that changes something
    which older ones cannot read, such as the form of the data. Without `current` all later ones count.
    """
    end = current.created if current else None
    marked = (
        (one.created, one.name)
        for one in revisions
        if one.created and is_irreversible(one) and _is_between(one.created, target.created, end)
    )
    return min(marked, default=(None, ""))[1]


def is_irreversible(revision: Revision) -> bool:
    """Whether a revision is marked as one that cannot be taken back."""
    labels = dict(revision.labels)
    return any(key in labels and labels[key].lower() not in _NO for key in _IRREVERSIBLE)


def moved(target: Revision, current: Revision) -> tuple[str, ...]:
    """Say which settings are other ones in `target` than in `current`. Names of variables and secrets, never values.

    What runs in it (image, commit) is not among them: that is what a way back is for.
    """
    return tuple(_moved(target, current))


def same_image(one: Revision, other: Revision) -> bool:
    """Whether two revisions run the same images. Only digests prove it."""
    images = [tuple(container.image for container in revision.containers) for revision in (one, other)]
    return bool(images[0]) and images[0] == images[1] and all("@sha256:" in image for image in images[0])


def secrets_of(revision: Revision) -> tuple[str, ...]:
    """Return the names of the secrets that a revision reads, each once."""
    names = (name for container in revision.containers for name in container.secret_names)
    return tuple(dict.fromkeys(names))


def _hazards(
    target: Revision, current: Revision | None, revisions: Sequence[Revision], *, image: bool | None
) -> Iterator[str]:
    if image is False:
        yield f"The image of {target.name} is gone from its registry: new instances may not start."
    if mark := crossed(target, current, revisions):
        yield (
            f"{mark} is marked irreversible and is newer than {target.name}, "
            "which may not be able to work with what it left."
        )
    if current and (settings := moved(target, current)):
        yield f"{target.name} has other settings than {current.name}: {'; '.join(settings)}."
    if secrets := secrets_of(target):
        yield (
            f"{target.name} reads {_counted(secrets)} when an instance starts: "
            "a reference to `latest` gets today's value, not that of then."
        )


def _moved(target: Revision, current: Revision) -> Iterator[str]:
    one, other = _main(target), _main(current)
    yield from _names("environment", one.env_names, other.env_names)
    yield from _names("secrets", secrets_of(target), secrets_of(current))
    for what, mine, theirs in (
        ("memory", one.memory, other.memory),
        ("CPU", one.cpu, other.cpu),
        ("port", one.port, other.port),
        ("concurrency", target.concurrency, current.concurrency),
        ("timeout", _seconds(target), _seconds(current)),
        ("service account", target.service_account, current.service_account),
        ("instances at most", target.max_instances, current.max_instances),
        ("containers", len(target.containers), len(current.containers)),
    ):
        if mine != theirs:
            yield f"{what} {mine or 'by default'} instead of {theirs or 'the default'}"
    if one.command != other.command:
        yield "another command"
    if one.startup_probe != other.startup_probe:
        yield "another startup probe"


def _names(what: str, mine: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    if lacks := [name for name in theirs if name not in mine]:
        yield f"{what} without {', '.join(lacks)}"
    if has := [name for name in mine if name not in theirs]:
        yield f"{what} with {', '.join(has)}"


def _main(revision: Revision) -> Container:
    """Return the container that takes requests: the one with a port, else the first."""
    return next(
        (one for one in revision.containers if one.port), next(iter(revision.containers), Container())
    )


def _seconds(revision: Revision) -> str:
    return f"{revision.timeout_seconds:g} s" if revision.timeout_seconds else ""


def _counted(secrets: Sequence[str]) -> str:
    return f"secret {secrets[0]}" if len(secrets) == 1 else f"{len(secrets)} secrets ({', '.join(secrets)})"


def _is_between(moment: datetime, after: datetime | None, until: datetime | None) -> bool:
    return after is not None and after < moment and (until is None or moment <= until)
