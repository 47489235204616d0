"""What gcloud itself would upload, where it is found."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOUND = shutil.which("gcloud")
needs_gcloud = pytest.mark.skipif(FOUND is None, reason="gcloud is not installed: nothing to compare with")


def listed(root: Path, config: Path) -> set[str]:
    """Return the paths that `gcloud meta list-files-for-upload` prints; they hold no newline."""
    environ = {**os.environ, "CLOUDSDK_CONFIG": str(config), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    command = [FOUND or "gcloud", "meta", "list-files-for-upload", str(root)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    return set(told.stdout.splitlines())
