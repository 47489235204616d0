"""rules: files that are not in the container."""

import re
import shlex
from dataclasses import replace

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import (
    about,
    ended,
    in_few,
    last_hit,
    path_in,
    raised,
    root_of,
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


def _path_of(root: Raised) -> str | None:
    """Return the path that was not found, None where the exception is about something else."""
    if root.name in _OURS:
        found = _NO_FILE.search(root.message)
        return unquoted(found[1]) if found else _first_said(root.message)
    if root.name == "TemplateNotFound":
        return root.message.strip().strip("'\"")
    if root.name == "TemplateDoesNotExist":
        return root.message.split(",")[0].strip()
    return _first_said(root.message) or None


def _first_said(message: str) -> str:
    return next((found[1] for pattern in _SAID if (found := pattern.search(message))), "")


def unquoted(text: str) -> str:
    """Return the path of a message without its quotes, empty where it is none."""
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
