"""What the official emulator answered when it was last asked; to ask it anew: python -m tests.emulator.firestore_differential."""

import json
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_name("recorded.json")


def read() -> dict[str, str]:
    """Return the answers by the names of the checks."""
    answers: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return answers


def write(answers: Mapping[str, str]) -> None:
    """Keep these answers."""
    _FILE.write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")
