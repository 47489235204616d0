"""rules: an image or a secret that Cloud Run itself could not read: no process was ever started."""

import re
from collections.abc import Iterator

from buddy_tui.boot.values import Outcome
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import Saying, about, gcloud, in_few, sayings, service_account_of

_NO_IMAGE = re.compile(r"Image '([^']+)' not found")
_IMAGE_REFUSED = re.compile(r"must have permission to read the image, ([^\s,]+?)\.?(?:\s|,|$)")
_AGENT = re.compile(r"[\w-]+@(?:serverless-robot-prod|gcp-sa-[\w-]+)\.iam\.gserviceaccount\.com")
_SECRET_REFUSED = re.compile(
    r"Permission denied on secret: projects/(?P<project>[^/\s]+)/secrets/(?P<name>[^/\s]+)(?:/versions/[^\s]+)?"
    r"(?: for Revision service account (?P<account>[^\s,;]+@[\w.-]+\w))?",
)
_NO_SECRET = re.compile(
    r"[Ss]ecret \[?projects/(?P<project>[^/\s]+)/secrets/(?P<name>[^/\s\]]+)(?:/versions/[^\s\]]+)?\]? (?:was )?(?:not found|has no versions)",
)
# europe-west1-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE
_REGISTRY = re.compile(r"([\w-]+)-docker\.pkg\.dev/([^/]+)/([^/]+)/")
_OLD_REGISTRY = re.compile(r"(?:[\w-]+\.)?gcr\.io/([^/]+)/")


def image_not_found(evidence: Evidence) -> Finding | None:
    """Tell of an image that does not exist."""
    for saying in _before_the_start(evidence):
        if found := _NO_IMAGE.search(saying.text):
            return about(evidence, _no_image(found[1], saying))
    return None


def image_permission(evidence: Evidence) -> Finding | None:
    """Tell of an image that Cloud Run's service agent may not read."""
    for saying in _before_the_start(evidence):
        if found := _IMAGE_REFUSED.search(saying.text):
            return about(evidence, _image_refused(found[1], saying))
    return None


def secret_permission(evidence: Evidence) -> Finding | None:
    """Tell of a secret that the revision's service account may not read, or that does not exist."""
    for saying in _before_the_start(evidence):
        if refused := list(_SECRET_REFUSED.finditer(saying.text)):
            return about(evidence, _secrets_refused(evidence, refused, saying))
        if found := _NO_SECRET.search(saying.text):
            return about(evidence, _no_secret(found, saying))
    return None


def _before_the_start(evidence: Evidence) -> Iterator[Saying]:
    """Yield what is said of a revision, as long as no exception of its own explains it."""
    if evidence.root is None and evidence.boot.outcome is not Outcome.UP:
        yield from sayings(evidence)


def _no_image(image: str, saying: Saying) -> Finding:
    place = _REGISTRY.search(image)
    listing = (
        gcloud(
            "artifacts",
            "docker",
            "images",
            "list",
            f"{place[1]}-docker.pkg.dev/{place[2]}/{place[3]}",
            "--include-tags",
        )
        if place
        else gcloud("container", "images", "list-tags", re.split(r"[@:]", image)[0])
    )
    return Finding(
        cause=Cause.IMAGE_NOT_FOUND,
        confidence=Confidence.CERTAIN,
        boots=False,
        summary=f"There is no image {image}.",
        observed="Cloud Run could not find the image, so no process was started.",
        short="image not found",
        missing=image,
        fix=(listing, "Deploy again with a tag or digest from that list, or push the image."),
        evidence=(saying.quote,),
    )


def _image_refused(image: str, saying: Saying) -> Finding:
    agent = _AGENT.search(saying.text)
    member = f"--member=serviceAccount:{agent[0] if agent else 'SERVICE_AGENT'}"
    role = "--role=roles/artifactregistry.reader"
    place, old = _REGISTRY.search(image), _OLD_REGISTRY.search(image)
    if place:
        where = (f"--location={place[1]}", f"--project={place[2]}")
        grant = gcloud("artifacts", "repositories", "add-iam-policy-binding", place[3], *where, member, role)
    else:
        grant = gcloud("projects", "add-iam-policy-binding", old[1] if old else "PROJECT", member, role)
    return Finding(
        cause=Cause.IMAGE_PERMISSION,
        confidence=Confidence.CERTAIN,
        boots=False,
        summary=f"Cloud Run's service agent may not read the image {image}.",
        observed="Cloud Run was refused the image, so no process was started.",
        short="may not read the image",
        missing=image,
        fix=(grant,),
        evidence=(saying.quote,),
        uncertain=("Google answers the same where the image does not exist.",),
    )


def _secrets_refused(evidence: Evidence, refused: list[re.Match[str]], saying: Saying) -> Finding:
    names = tuple(dict.fromkeys(one["name"] for one in refused))
    account = next((one["account"] for one in refused if one["account"]), service_account_of(evidence))
    grants = dict.fromkeys(_grant(one, account) for one in refused)
    which = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return Finding(
        cause=Cause.SECRET_PERMISSION,
        confidence=Confidence.CERTAIN,
        boots=False,
        summary=f"The revision's service account may not read the secret {which}.",
        observed=f"Cloud Run was refused {', '.join(names)}, so no process was started.",
        short=in_few(f"may not read secret {names[0]}"),
        missing=names[0],
        fix=tuple(grants),
        evidence=(saying.quote,),
    )


def _grant(refused: re.Match[str], account: str) -> str:
    return gcloud(
        "secrets",
        "add-iam-policy-binding",
        refused["name"],
        f"--project={refused['project']}",
        f"--member=serviceAccount:{account}",
        "--role=roles/secretmanager.secretAccessor",
    )


def _no_secret(found: re.Match[str], saying: Saying) -> Finding:
    name, project = found["name"], f"--project={found['project']}"
    return Finding(
        cause=Cause.SECRET_PERMISSION,
        confidence=Confidence.LIKELY,
        boots=False,
        summary=f"The secret {name}, or a version of it, does not exist.",
        observed="Cloud Run could not find the secret, so no process was started.",
        short=in_few(f"no secret {name}"),
        missing=name,
        fix=(
            gcloud("secrets", "create", name, project, "--data-file=FILE"),
            gcloud("secrets", "versions", "add", name, project, "--data-file=FILE"),
        ),
        evidence=(saying.quote,),
        uncertain=("A secret of a project that the account may not see reads the same.",),
    )
