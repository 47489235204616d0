"""The layers of imports in docs/house.md, copied from the contract in pyproject.toml.

`python -m tests.docs.house` writes them anew.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "house.md"


def page() -> str:
    """Return docs/house.md as it is, with the layers of now."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = "\n".join(project["tool"]["importlinter"]["contracts"][0]["layers"])
    kept = PAGE.read_text(encoding="utf-8")
    return re.sub(r"(?<=```text\n)buddy_tui\.__main__\n.*?(?=\n```)", lambda _: layers, kept, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
