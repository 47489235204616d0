"""source: the state of an image while its Dockerfile is read from top to bottom."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from buddy_tui.clean import clean_line
from buddy_tui.source.shell_words import needs_shell, words_of
from buddy_tui.source.tree import folders_of
from buddy_tui.source.values import NO_PLACE, At, Unknown

# Where packages that are installed from the upload itself are thought to lie.
SITE = "/usr/local/lib/python3/site-packages"
_NAMES = ("bin", "etc", "home", "mnt", "opt", "root", "srv", "tmp", "usr", "usr/local", "usr/src", "var")
# Folders that every image has: a file that is copied to one of them goes into it.
_USUAL = frozenset(("/", *(f"/{name}" for name in _NAMES)))
# More files than an upload may have, and room for several copies of them; a hostile Dockerfile multiplies.
_MOST_FILES = 100_000
_MOST_SAID = 100


@dataclass(frozen=True, slots=True)
class Said:
    """An ENTRYPOINT or CMD: the words of its exec form, or the line of its shell form."""

    words: tuple[str, ...] = ()
    line: str = ""
    at: At = NO_PLACE


@dataclass(slots=True)
class Stage:
    """One stage of a build; `requirements` and `installs` keep their order."""

    base: str = ""
    platform: str = ""
    files: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: set(_USUAL))
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    entrypoint: Said | None = None
    command: Said | None = None
    python: str = ""
    python_at: At = NO_PLACE
    requirements: dict[str, None] = field(default_factory=dict)
    installs: dict[str, None] = field(default_factory=dict)
    missing: list[Unknown] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    # Requirements that a RUN has exported from others, which are noted already: absolute paths.
    exported: set[str] = field(default_factory=set)
    # How many words of `rm` were followed.
    removals: int = 0

    def child(self) -> "Stage":
        """Return the stage that a `FROM` of this one begins with. Arguments end with their stage."""
        return Stage(
            base=self.base,
            platform=self.platform,
            files=dict(self.files),
            folders=set(self.folders),
            workdir=self.workdir,
            env=dict(self.env),
            entrypoint=self.entrypoint,
            command=self.command,
            python=self.python,
            python_at=self.python_at,
            requirements=dict(self.requirements),
            installs=dict(self.installs),
            missing=list(self.missing),
            unknown=list(self.unknown),
            exported=set(self.exported),
        )

    @property
    def variables(self) -> dict[str, str]:
        """What `$x` means in an instruction: ENV wins over ARG."""
        return self.args | self.env

    def add(self, pairs: Iterable[tuple[str, str]], at: At) -> int:
        """Put files into the image; return how many."""
        count = 0
        fresh: list[str] = []
        for path, file in pairs:
            if len(self.files) >= _MOST_FILES:
                self.wonder("The image would hold more files than are looked at.", at)
                break
            self.files[path] = file
            fresh.append(path)
            count += 1
        self.folders |= folders_of(fresh)
        return count

    def install(self, other: "Stage") -> None:
        """Take over what another stage has installed, and what it misses: it is built before this one."""
        self.requirements |= other.requirements
        self.installs |= other.installs
        self.missing += [one for one in other.missing if one not in self.missing]

    def wonder(self, said: str, at: At) -> None:
        """Note what could not be followed."""
        if len(self.unknown) < _MOST_SAID:
            self.unknown.append(Unknown(clean_line(said), at))

    def miss(self, said: str, at: At) -> None:
        """Note what a build would look for in vain."""
        if len(self.missing) < _MOST_SAID:
            self.missing.append(Unknown(clean_line(said), at))

    def started(self) -> tuple[tuple[str, ...], bool, At]:
        """Return the words of the process, whether they need a shell, and where they stand.

        An ENTRYPOINT in shell form takes no arguments; a CMD in shell form beside an exec ENTRYPOINT becomes the
        arguments `/bin/sh -c LINE`, as Docker documents.
        """
        first, then = self.entrypoint, self.command
        if first and first.line:
            return words_of(first.line), needs_shell(first.line), first.at
        if first and first.words:
            more = ("/bin/sh", "-c", then.line) if then and then.line else (then.words if then else ())
            return (*first.words, *more), False, first.at
        if then and then.line:
            return words_of(then.line), needs_shell(then.line), then.at
        return (then.words, False, then.at) if then else ((), False, NO_PLACE)
