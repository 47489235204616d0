"""cli: the options that say where and as whom, shared by the dashboard and by every verb that looks."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from buddy_tui.cli.settle import settle
from buddy_tui.cli.verbs import CONTEXT_OPTIONS
from buddy_tui.config import Settings

_WORDS = {name: words for name, _value, words in CONTEXT_OPTIONS}


def _option(name: str) -> Parameter:
    return Parameter(name=name, help=_WORDS[name])


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Context:
    """Where and as whom. An option that was not given is `None`, empty or false."""

    project: Annotated[str | None, _option("--project")] = None
    region: Annotated[tuple[str, ...], _option("--region")] = ()
    service: Annotated[str | None, _option("--service")] = None
    profile: Annotated[str | None, _option("--profile")] = None
    impersonate: Annotated[str | None, _option("--impersonate-service-account")] = None
    read_only: Annotated[bool, _option("--read-only")] = False
    ascii: Annotated[bool, _option("--ascii")] = False

    def settings(self) -> Settings:
        """Settle them with everything else that is known. Raises UsageProblem or ConfigProblem."""
        return settle(self.flags())

    def flags(self) -> dict[str, str]:
        """Return what was given, as `config.resolve` wants it. An option given as "" is a mistake, not nothing."""
        texts = {
            "project": self.project,
            "region": ",".join(self.region) if self.region else None,
            "service": self.service,
            "profile": self.profile,
            "impersonate": self.impersonate,
            "read_only": "yes" if self.read_only else None,
            "ascii": "yes" if self.ascii else None,
        }
        return {key: text for key, text in texts.items() if text is not None}
