"""preflight: whether something else may bring a module: a dependency of a similar name, or a step of the build."""

from packaging.utils import canonicalize_name

from buddy_tui.preflight.values import Facts
from buddy_tui.preflight.wording import line_at
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


def run_not_followed(facts: Facts) -> bool:
    """Tell whether a RUN of the Dockerfile does what cannot be followed: it may install or write anything."""
    return any(line_at(facts, one.at).upper().startswith("RUN") for one in facts.image.unknown)
