"""cli: settles the settings in this very process: its environment, its working directory, its home."""

import os
from collections.abc import Mapping
from pathlib import Path

from buddy_tui import gcloud_files
from buddy_tui.config import Settings, resolve
from buddy_tui.errors import UsageProblem


def settle(flags: Mapping[str, str]) -> Settings:
    """Resolve `flags` against the process. Raises UsageProblem or ConfigProblem."""
    for key, value in flags.items():
        if not value.strip():
            raise UsageProblem(f"--{key.replace('_', '-')} is empty.")
    return resolve(flags, os.environ, working_directory(), gcloud_files.home())


def with_project(settings: Settings) -> Settings:
    """Return `settings` if they name a project, else raise UsageProblem."""
    if settings.project:
        return settings
    raise UsageProblem("No project is set.", "Say --project ID, or: gcloud config set project ID")


def working_directory() -> Path:
    """Return the working directory. Raises UsageProblem when it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        raise UsageProblem("The working directory does not exist any more.") from None
