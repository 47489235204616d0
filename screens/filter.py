"""What the filter line means: words that must (or with `!` must not) be in a row, and `field:value` terms. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it was typed, e.g. `canary !retired state:failed`. Terms are joined by AND; case is ignored."""

    query: str = ""

    def __bool__(self) -> bool:
        return bool(self.query.split())

    def accepts(self, text: str, fields: Mapping[str, tuple[str, ...]]) -> bool:
        """Tell whether a row passes: `text` is all it shows, `fields` what `name:` terms are held against."""
        text = text.casefold()
        return all(_holds(term, text, fields) for term in self.query.casefold().split())


def _holds(term: str, text: str, fields: Mapping[str, tuple[str, ...]]) -> bool:
    if term.startswith("!") and len(term) > 1:
        return not _holds(term[1:], text, fields)
    name, colon, value = term.partition(":")
    if colon and name in fields:
        return any(value in held.casefold() for held in fields[name])
    return term in text
