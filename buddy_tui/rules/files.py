"""rules: files that are not in the container, and files or services that it may not use."""

import re
import shlex
from dataclasses import replace

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import (
    about,
    ended,
    failed,
    gcloud,
    in_few,
    last_hit,
    path_in,
    raised,
    root_of,
    service_account_of,
    update,
)

_NO_FILE = re.compile(
    r"(?:No such file or directory|Is a directory|Not a directory|The system cannot find .*?): (.+)$"
)
_QUOTED = re.compile(r"^(?:\w+\()?b?(['\"])(.*?)\1")
_SAID = (
    re.compile(r"^Directory '(.+?)' does not exist"),  # starlette's StaticFiles
    re.compile(r"(?:^|: )'([^']+)' doesn't exist"),  # gunicorn's --config
    re.compile(r"^(.+?\.(?:ini|conf|ya?ml|json|toml)) doesn't exist"),  # logging.config
    re.compile(r"Path '(.+?)' does not exist"),  # click
    re.compile(
        r"(?:[Cc]onfig(?:uration)?|settings|credentials?|key|certificate|model|template) file (?:not found|missing|does not exist)[: at]*['\"]?([^\s'\"]+)"
    ),
    re.compile(
        r"['\"]?\b([\w./-]{1,200}\.(?:json|ya?ml|toml|ini|env|pem|crt|key|cfg))['\"]? (?:was )?(?:not found|does not exist|is missing)"
    ),
)
# Data that a library loads by name, and the command that puts it into the image.
_DOWNLOADED = (
    (re.compile(r"Resource (\S+) not found\.\s+Please use the NLTK Downloader"), "python -m nltk.downloader"),
    (re.compile(r"\[E050\] Can't find model '([^']+)'"), "python -m spacy download"),
)
_OURS = frozenset({"FileNotFoundError", "IsADirectoryError", "NotADirectoryError"})
_MOUNTED = re.compile(r"^/(?:run/|etc/|var/|mnt/|app/)?secrets?/")
_SOCKET = re.compile(r"^/cloudsql/|\.s\.PGSQL|\.sock$")
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


def config_file_missing(evidence: Evidence) -> Finding | None:
    """Tell of a file that the program opens while it starts, and that the container does not have."""
    root = root_of(evidence)
    if root is None:
        return _file_said(evidence)
    for pattern, command in _DOWNLOADED:
        if data := pattern.search(root.message):
            return raised(evidence, _no_data(data[1], command))
    path = _path_of(root)
    if path is None or _SOCKET.search(path):
        return None
    program = any(frame.file.endswith("subprocess.py") for frame in root.frames)
    return raised(evidence, _no_program(path) if program else _no_file(evidence, path, root.name))


def permission_denied(evidence: Evidence) -> Finding | None:
    """Tell of a file or an API that the program may not use while it starts."""
    root = root_of(evidence)
    if root is None and failed(evidence) and (port := last_hit(evidence, _PORT_REFUSED)):
        return about(evidence, replace(_no_port(port.match[1]), evidence=evidence.quote(port.at)))
    if root is None:
        hit = last_hit(evidence, _EXEC_REFUSED) if failed(evidence) else None
        return about(evidence, _not_executable(evidence, hit.match["path"] or "", hit.at)) if hit else None
    if root.name == "PermissionError" or "[Errno 13]" in root.message or "[Errno 30]" in root.message:
        bound = any("bind(" in frame.source for frame in root.frames[-1:])
        return raised(evidence, _no_port("") if bound else _no_access(root))
    if root.name in _REFUSED or any(pattern.search(root.message) for pattern in _PERMISSION):
        return raised(evidence, _no_role(evidence, root))
    return None


def _path_of(root: Raised) -> str | None:
    """Return the path that was not found, None where the exception is about something else."""
    if root.name in _OURS:
        found = _NO_FILE.search(root.message)
        return _unquoted(found[1]) if found else _first_said(root.message)
    if root.name == "TemplateNotFound":
        return root.message.strip().strip("'\"")
    if root.name == "TemplateDoesNotExist":
        return root.message.split(",")[0].strip()
    return _first_said(root.message) or None


def _first_said(message: str) -> str:
    return next((found[1] for pattern in _SAID if (found := pattern.search(message))), "")


def _unquoted(text: str) -> str:
    found = _QUOTED.match(text.strip())
    return path_in(found[2] if found else text)


def _file_said(evidence: Evidence) -> Finding | None:
    if not ended(evidence):
        return None
    for pattern in _SAID:
        if hit := last_hit(evidence, pattern):
            finding = _no_file(evidence, hit.match[1], "A message")
            doubt = "The program only says so: no exception shows that this ended it."
            quotes = evidence.quote(hit.at)
            return about(
                evidence,
                replace(
                    finding,
                    confidence=Confidence.UNSURE,
                    evidence=quotes,
                    uncertain=(*finding.uncertain, doubt),
                ),
            )
    return None


def _no_file(evidence: Evidence, path: str, teller: str) -> Finding:
    return Finding(
        cause=Cause.CONFIG_FILE_MISSING,
        confidence=Confidence.CERTAIN if path else Confidence.LIKELY,
        boots=False,
        summary=f"The program opens {path or 'a file'} while it starts, and the container has no such file.",
        observed=f"{teller} names {path or 'no path'}.",
        short=in_few(f"no file {path}".strip()),
        missing=path,
        fix=_supply(evidence, path),
        uncertain=_where(path),
    )


def _supply(evidence: Evidence, path: str) -> tuple[str, ...]:
    if _MOUNTED.search(path):
        return (update(evidence, f"--update-secrets={path}=SECRET:latest"),)
    if path.rpartition("/")[2].startswith(".env"):
        copied = "Do not copy it: set what it holds on the revision."
        return (update(evidence, "--update-env-vars=NAME=VALUE"), copied)
    copied = f"Copy {path or 'it'} in the Dockerfile, and see that neither .gcloudignore, .gitignore nor .dockerignore names it."
    if path.startswith("/"):
        return (copied, f"If it is a secret: {update(evidence, f'--update-secrets={path}=SECRET:latest')}")
    return (copied,)


def _where(path: str) -> tuple[str, ...]:
    if not path or path.startswith("/") or re.match(r"[A-Za-z]:\\", path):
        return ()
    return ("The path is relative: the file may be there, and the working directory another one.",)


def _no_data(name: str, command: str) -> Finding:
    return Finding(
        cause=Cause.CONFIG_FILE_MISSING,
        confidence=Confidence.CERTAIN,
        boots=False,
        summary=f"The program loads the data {name} while it starts, and the image does not have it.",
        observed=f"The library that loads {name} did not find it in any folder.",
        short=in_few(f"no data {name}"),
        missing=name,
        fix=(f"In the Dockerfile: RUN {command} {shlex.quote(name)}",),
    )


def _no_program(path: str) -> Finding:
    return Finding(
        cause=Cause.CONFIG_FILE_MISSING,
        confidence=Confidence.LIKELY,
        boots=False,
        summary=f"The program runs {path} while it starts, and the image has no such program.",
        observed=f"A subprocess could not be started: no {path}.",
        short=in_few(f"no program {path}"),
        missing=path,
        fix=(
            f"Install {path} in the Dockerfile: RUN apt-get update && apt-get install -y {shlex.quote(path)}",
        ),
        uncertain=(
            "The Debian package may have another name. The working directory of the call may be missing instead.",
        ),
    )


def _no_access(root: Raised) -> Finding:
    found = re.search(
        r"(?:Permission denied|Operation not permitted|Read-only file system): (.+)$", root.message
    )
    path = _unquoted(found[1]) if found else ""
    read_only = "[Errno 30]" in root.message
    why = "the file system is read-only" if read_only else "its user may not"
    return Finding(
        cause=Cause.PERMISSION_DENIED,
        confidence=Confidence.CERTAIN if path else Confidence.LIKELY,
        boots=False,
        summary=f"The program uses {path or 'a file'} while it starts, and {why}.",
        observed=f"{root.name} for {path or 'a path that is not told'}.",
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
