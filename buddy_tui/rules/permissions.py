"""rules: files, ports and services of Google that the container may not use."""

import re
import shlex
from dataclasses import replace

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.files import unquoted
from buddy_tui.rules.telling import (
    about,
    ended,
    failed,
    gcloud,
    in_few,
    last_hit,
    raised,
    root_of,
    service_account_of,
)

_PERMISSION = (
    re.compile(r"[Pp]ermission '([\w.]+)' denied"),
    re.compile(r"does not have ([a-z]+(?:\.\w+)+) (?:access|permission)"),
    re.compile(r"(?:required|missing) permission:? ['\"]?([a-z]+(?:\.\w+)+)"),
)
_REFUSED = frozenset({"PermissionDenied", "Forbidden"})
# Cloud Run says the second one e.g. where a mounted bucket may not be read.
_EXEC_REFUSED = re.compile(
    r"(?:exec(?:ute)?\b.*?|failed to (?:load|start) |sh: .*?|Application failed to start: .*?)"
    r"[\"']?(?P<path>[/.][^\s\"':]+)[\"']?.*?[Pp]ermission denied|Application exec likely failed",
)
# What a shell's own tools say: mkdir, touch, cp, chown.
_TOOL_REFUSED = re.compile(
    r"^\S{1,80}: (?:.{0,40}: )?(?:cannot (?:create|touch|open|access|remove|stat|change)[\w ]{0,20}|changing \w+ of) ?"
    r"['\"\u2018]?(?P<path>/?[^\s'\"\u2019:]{1,300})['\"\u2019]?: (?:Permission denied|Operation not permitted|Read-only file system)"
)
_PORT_REFUSED = re.compile(r"EACCES: permission denied \S*?:(\d+)\b")
# The role that holds a permission, by the permission's service or by itself.
_ROLES = (
    ("secretmanager.", "roles/secretmanager.secretAccessor"),
    ("storage.objects.create", "roles/storage.objectUser"),
    ("storage.objects.delete", "roles/storage.objectUser"),
    ("storage.objects.update", "roles/storage.objectUser"),
    ("storage.buckets.", "roles/storage.legacyBucketReader"),
    ("storage.", "roles/storage.objectViewer"),
    ("cloudsql.", "roles/cloudsql.client"),
    ("datastore.", "roles/datastore.user"),
    ("pubsub.topics.publish", "roles/pubsub.publisher"),
    ("pubsub.", "roles/pubsub.subscriber"),
    ("bigquery.", "roles/bigquery.user"),
    ("aiplatform.", "roles/aiplatform.user"),
    ("logging.", "roles/logging.logWriter"),
    ("cloudkms.", "roles/cloudkms.cryptoKeyEncrypterDecrypter"),
    ("iam.serviceAccounts.getAccessToken", "roles/iam.serviceAccountTokenCreator"),
    ("iam.serviceAccounts.signBlob", "roles/iam.serviceAccountTokenCreator"),
)


def permission_denied(evidence: Evidence) -> Finding | None:
    """Tell of a file or an API that the program may not use while it starts."""
    root = root_of(evidence)
    if root is None and failed(evidence) and (port := last_hit(evidence, _PORT_REFUSED)):
        return about(evidence, replace(_no_port(port.match[1]), evidence=evidence.quote(port.at)))
    if root is None:
        if tool := last_hit(evidence, _TOOL_REFUSED) if ended(evidence) else None:
            return about(evidence, _no_access_of_tool(evidence, tool.match["path"], tool.at))
        hit = last_hit(evidence, _EXEC_REFUSED) if failed(evidence) else None
        return about(evidence, _not_executable(evidence, hit.match["path"] or "", hit.at)) if hit else None
    if root.name == "PermissionError" or "[Errno 13]" in root.message or "[Errno 30]" in root.message:
        bound = any("bind(" in frame.source for frame in root.frames[-1:])
        return raised(evidence, _no_port("") if bound else _no_access(root))
    if root.name in _REFUSED or any(pattern.search(root.message) for pattern in _PERMISSION):
        return raised(evidence, _no_role(evidence, root))
    return None


def _no_access(root: Raised) -> Finding:
    found = re.search(
        r"(?:Permission denied|Operation not permitted|Read-only file system): (.+)$", root.message
    )
    path = unquoted(found[1]) if found else ""
    read_only = "[Errno 30]" in root.message
    why = "the file system is read-only" if read_only else "its user may not"
    finding = _no_use(path, why)
    confidence = Confidence.CERTAIN if path else Confidence.LIKELY
    return replace(
        finding, confidence=confidence, observed=f"{root.name} for {path or 'a path that is not told'}."
    )


def _no_access_of_tool(evidence: Evidence, path: str, at: int) -> Finding:
    return replace(
        _no_use(path, "its user may not"),
        observed=f"A command of the start script was refused {path}.",
        evidence=evidence.quote(at),
        uncertain=("The script may go on after it, and end for another reason.",),
    )


def _no_use(path: str, why: str) -> Finding:
    return Finding(
        cause=Cause.PERMISSION_DENIED,
        confidence=Confidence.LIKELY,
        boots=False,
        summary=f"The program uses {path or 'a file'} while it starts, and {why}.",
        short=in_few(f"may not use {path or 'a file'}"),
        missing=path,
        fix=(
            f"In the Dockerfile, before USER: RUN chown -R USER {shlex.quote(path or 'PATH')}, or COPY --chown=USER.",
            "Or write below /tmp, which is memory on Cloud Run.",
        ),
    )


def _not_executable(evidence: Evidence, path: str, at: int) -> Finding:
    name = path or "The command"
    return Finding(
        cause=Cause.PERMISSION_DENIED,
        confidence=Confidence.LIKELY,
        boots=False,
        summary=f"{name} may not be executed in the container.",
        observed="The start of the command was refused.",
        short=in_few(f"may not execute {path}".strip()),
        missing=path,
        fix=(
            f"In the Dockerfile: RUN chmod +x {shlex.quote(path or 'PATH')}",
            'Or let an interpreter start it: CMD ["sh", "PATH"]',
        ),
        evidence=evidence.quote(at),
        uncertain=(
            "A folder on its way, or a mounted bucket, that may not be read is refused in the same words.",
        ),
    )


def _no_port(port: str) -> Finding:
    return Finding(
        cause=Cause.PERMISSION_DENIED,
        confidence=Confidence.LIKELY,
        boots=False,
        summary=f"The program may not listen on {f'port {port}' if port else 'its port'}: below 1024 only root may.",
        observed="The server was refused its port.",
        short="may not listen on its port",
        missing=port,
        fix=("Listen on $PORT, which is 8080 as long as the service sets no other.",),
        uncertain=("Which user the container runs as was not told.",),
    )


def _no_role(evidence: Evidence, root: Raised) -> Finding:
    found = next((match for pattern in _PERMISSION if (match := pattern.search(root.message))), None)
    permission = found[1] if found else ""
    role = next((role for begin, role in _ROLES if permission.startswith(begin)), "ROLE")
    member = f"--member=serviceAccount:{service_account_of(evidence)}"
    return Finding(
        cause=Cause.PERMISSION_DENIED,
        confidence=Confidence.CERTAIN if permission else Confidence.LIKELY,
        boots=False,
        summary=f"The revision's service account lacks {permission or 'a permission'} that the program needs while it starts.",
        observed=f"A Google API refused a call of the program with {root.name}.",
        short=in_few(f"lacks {permission or 'an IAM permission'}"),
        missing=permission,
        fix=(gcloud("projects", "add-iam-policy-binding", "PROJECT", member, f"--role={role}"),),
        uncertain=("The resource may not exist: Google answers both alike.",),
    )
