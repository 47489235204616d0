"""config: `[release]` of buddy.toml: at what pace a service is promoted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """The steps of a promotion in percent, rising; how long each is baked, in seconds; how many requests each needs."""

    steps: tuple[int, ...] = (10, 50, 100)
    bake: float = 60.0
    least: int = 20


DEFAULT_RELEASE = ReleaseSettings()
