"""preflight: the exact commands that mend what a check found."""

import os
import posixpath
import shlex
from collections.abc import Sequence

from buddy_tui.clean import clean, clean_line
from buddy_tui.preflight.values import Facts


def source_from(facts: Facts, folder: str) -> str:
    """Return how an operator says a folder, told relative to the upload's root, where they said `facts.source`."""
    said = facts.source.replace(os.sep, "/") or "."
    return posixpath.normpath(posixpath.join(said, folder))


def deploy_from(facts: Facts, folder: str) -> str:
    """Return the command that deploys from a folder (relative to the upload's root), and gcloud's own beside it."""
    source = source_from(facts, folder)
    name = facts.target.name
    mine = ["buddy-tui", "deploy", "--source", source]
    theirs = ["gcloud", "run", "deploy"]
    if name:
        place = ["--project", name.project, "--region", name.region]
        mine += ["--service", name.service, *place]
        theirs += [name.service, "--source", source, *place, "--no-traffic"]
        theirs += ["--tag", facts.tag] if facts.tag else []
    else:
        theirs += ["--source", source]
    return clean(f"{shlex.join(mine)}  # with gcloud: {shlex.join(theirs)}")


def leave_out(facts: Facts, paths: Sequence[str]) -> str:
    """Say which lines keep these paths out of the upload, and in which file."""
    if not paths:
        return ""
    file = facts.upload.ignore_file or ".gcloudignore"
    return f"Add to {file}: {'  '.join(map(clean_line, paths[:5]))}"
