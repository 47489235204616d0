"""The import contracts forget no module: each is held by the rules that hold for all the others."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    f"buddy_tui.{path.stem}"
    for path in (ROOT / "buddy_tui").iterdir()
    if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").exists()
} | {"screens"}
CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}


@pytest.mark.parametrize(
    ("name", "field", "exempt"),
    [
        ("The emulator is an island", "forbidden_modules", {"buddy_tui.__main__", "buddy_tui.emulator"}),
        ("Textual only in app and screens", "source_modules", {"buddy_tui.app", "screens"}),
        ("Google only in gcp and the emulator", "source_modules", {"buddy_tui.gcp", "buddy_tui.emulator"}),
        ("httpx only in gcp and probes", "source_modules", {"buddy_tui.gcp", "buddy_tui.probes"}),
        (
            "Only commands start the emulator",
            "source_modules",
            {"buddy_tui.__main__", "buddy_tui.cli", "buddy_tui.emulator"},
        ),
        (
            "gcp is the only adapter, and only a command chooses it",
            "source_modules",
            {"buddy_tui.__main__", "buddy_tui.cli", "buddy_tui.emulator", "buddy_tui.gcp"},
        ),
    ],
)
def test_a_contract_holds_for_every_module_but_those_that_it_is_about(
    name: str, field: str, exempt: set[str]
) -> None:
    assert set(CONTRACTS[name][field]) == MODULES - exempt
