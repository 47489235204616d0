"""preflight: whether a dependency that is declared may bring a module, although its name does not say so for sure."""

from packaging.utils import canonicalize_name

from buddy_tui.preflight.values import Facts
from buddy_tui.source.values import Import

_SHORTEST = 3


def surely_brought(facts: Facts, one: Import) -> bool:
    """Tell whether the very distribution that would bring it is declared."""
    return bool(one.target) and canonicalize_name(one.target) in facts.declared


def perhaps_brought(facts: Facts, one: Import) -> bool:
    """Tell whether a distribution whose name begins as the module's does is declared: `graphql` and graphql-core."""
    first = canonicalize_name(one.name.partition(".")[0])
    return len(first) >= _SHORTEST and any(name.startswith(first) for name in facts.declared)


def namesake(facts: Facts, one: Import) -> bool:
    """Tell whether a declared distribution bears the module's whole name, alone or before a hyphen."""
    first = canonicalize_name(one.name.partition(".")[0])
    return any(f"{name}-".startswith(f"{first}-") for name in facts.declared)
