"""What holds for every test."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Let the workers of xdist 3.8 know that tests go by groups: pytest 9.2 does not hand `--dist` on to them."""
    if hasattr(config, "workerinput"):
        config.option.loadgroup = True
