"""source: what a Dockerfile makes of an upload. It is only read: nothing that it says is run."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from buddy_tui.errors import UsageProblem
from buddy_tui.source.base_images import base_of
from buddy_tui.source.docker_patterns import Ignore, has_wildcard, ignore_of, read_ignore
from buddy_tui.source.installing import is_of_the_system
from buddy_tui.source.instructions import Instruction, nested, read_dockerfile
from buddy_tui.source.reading import read_text
from buddy_tui.source.run_steps import read_run
from buddy_tui.source.shell_words import expand, expansion_end
from buddy_tui.source.stage import SITE, Said, Stage
from buddy_tui.source.tree import Target, Tree, absolute, copied
from buddy_tui.source.values import NO_PLACE, At, Image, Maker, Upload

NAME = "Dockerfile"
# Cloud Build's machines, which is where gcloud has an image built.
_PLATFORM = {
    "BUILDPLATFORM": "linux/amd64",
    "TARGETPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "TARGETOS": "linux",
    "BUILDARCH": "amd64",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
}
# Each one holds its own list of files.
_MOST_STAGES = 40
# Files that COPYs are followed for, all together; a hostile Dockerfile copies everything again and again.
_MOST_COPIED = 1_000_000
_PAIR = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"?|'[^']*'?)+""", re.DOTALL)
_ARCHIVE = re.compile(r"\.(?:tar|tar\.(?:gz|bz2|xz|zst)|tgz|tbz2|txz)$")
_ADDRESS = re.compile(r"(?:https?://|git@|git://|ssh://|github\.com/)")


def image_of_dockerfile(upload: Upload) -> Image:
    """Return the image of the upload's own `Dockerfile`: its last stage. Raises UsageProblem when it cannot be read."""
    ignore_file, ignore = _ignore(upload)
    context = {one.path: one.path for one in upload.files if not ignore.leaves_out(one.path)}
    read = read_dockerfile(read_text(upload, NAME))
    build = Build(Tree(context), escape=read.escape)
    for instruction in read.instructions:
        build.take(instruction)
    if read.cut:
        build.last.wonder("The Dockerfile is longer than is read.", At(NAME))
    if ignore.refused:
        build.last.wonder("Some patterns are too long to be matched.", At(ignore_file))
    if not build.stages:
        build.last.wonder("The Dockerfile has no FROM: the build fails.", At(NAME))
    return build.image()


def _ignore(upload: Upload) -> tuple[str, Ignore]:
    """Return the file that keeps others out of the build, and what it says; its own name for a Dockerfile wins."""
    paths = {one.path for one in upload.files}
    for name in (f"{NAME}.dockerignore", ".dockerignore"):
        if name in paths:
            try:
                return name, read_ignore(read_text(upload, name))
            except UsageProblem:
                return name, Ignore(refused=1)
    return "", Ignore()


@dataclass(slots=True)
class Build:
    """The stages of a build, so far."""

    context: Tree
    escape: str = "\\"
    stages: list[Stage] = field(default_factory=list)
    names: dict[str, Stage] = field(default_factory=dict)
    # ARG before the first FROM: seen by FROM, and by an ARG of the same name in a stage.
    first: Stage = field(default_factory=Stage)
    triggers: dict[int, list[Instruction]] = field(default_factory=dict)
    copied: int = 0

    @property
    def last(self) -> Stage:
        """The stage that is being read; before the first FROM, what stands there."""
        return self.stages[-1] if self.stages else self.first

    def take(self, instruction: Instruction) -> None:
        """Follow one instruction."""
        readers: dict[str, Callable[[Instruction, At], None]] = {
            "FROM": self._from,
            "ARG": self._arg,
            "ENV": self._env,
            "WORKDIR": self._workdir,
            "COPY": self._copy,
            "ADD": self._copy,
            "RUN": lambda run, at: read_run(self.last, run, at, self.context.files),
            "CMD": self._cmd,
            "ENTRYPOINT": self._entrypoint,
            "ONBUILD": lambda later, _: self.triggers.setdefault(id(self.last), []).append(nested(later)),
            "": lambda odd, at: self.last.wonder(f"`{odd.rest}` is no instruction: the build fails.", at),
        }
        reader = readers.get(instruction.name)
        if reader and (self.stages or instruction.name in ("FROM", "ARG", "")):
            reader(instruction, At(NAME, instruction.line))

    def image(self) -> Image:
        """Return the last stage as what it is to be started with."""
        stage = self.last
        words, shell, at = stage.started()
        if not words:
            stage.wonder(
                "What is started is said by the base image, which is not looked into.",
                At(NAME, stage.python_at.line),
            )
        return Image(
            maker=Maker.DOCKERFILE,
            file=NAME,
            files=stage.files,
            workdir=stage.workdir,
            env=stage.env,
            command=words,
            shell=shell,
            at=at if words else NO_PLACE,
            python=stage.python,
            python_at=stage.python_at if stage.python else NO_PLACE,
            platform=stage.platform,
            requirements=tuple(stage.requirements),
            installs=tuple(stage.installs),
            missing=tuple(stage.missing),
            unknown=tuple(stage.unknown),
        )

    def _value(self, text: str, variables: Mapping[str, str] | None = None) -> str:
        return value_of(text, self.last.variables if variables is None else variables, self.escape)

    def _from(self, instruction: Instruction, at: At) -> None:
        if len(self.stages) >= _MOST_STAGES:
            self.last.wonder("There are more stages than are followed.", at)
            return
        words = instruction.rest.split()
        known = _PLATFORM | self.first.args
        reference = self._value(words[0], known) if words else ""
        parent = None if reference.isdigit() else self.names.get(reference.lower())
        stage = parent.child() if parent else _based(reference, at)
        if platform := self._value(instruction.flag("platform"), known):
            stage.platform = platform
        self.stages.append(stage)
        self.names[str(len(self.stages) - 1)] = stage
        if len(words) == 3 and words[1].upper() == "AS":
            self.names[words[2].lower()] = stage
        for trigger in self.triggers.get(id(parent), []) if parent else []:
            self.take(trigger)

    def _arg(self, instruction: Instruction, _at: At) -> None:
        for word in _PAIR.findall(instruction.rest):
            name, equals, text = word.partition("=")
            inherited = _PLATFORM | self.first.args if self.stages else _PLATFORM
            self.last.args[name] = self._value(text) if equals else inherited.get(name, "")

    def _env(self, instruction: Instruction, _at: At) -> None:
        # A line sees the values from before it, not those of its own pairs, as Docker documents.
        before = self.last.variables
        words = _PAIR.findall(instruction.rest)
        if words and "=" not in words[0]:
            name, *rest = instruction.rest.split(None, 1)
            words = [f"{name}={rest[0] if rest else ''}"]
        for word in words:
            name, _, text = word.partition("=")
            self.last.env[self._value(name, before)] = self._value(text, before)

    def _workdir(self, instruction: Instruction, _at: At) -> None:
        self.last.workdir = absolute(self.last.workdir, self._value(instruction.rest))
        self.last.folders.add(self.last.workdir)

    def _cmd(self, instruction: Instruction, at: At) -> None:
        self.last.command = _said(instruction, at)

    def _entrypoint(self, instruction: Instruction, at: At) -> None:
        # An ENTRYPOINT forgets the CMD of the base image, not one that this Dockerfile has said.
        self.last.entrypoint = _said(instruction, at)
        if self.last.command and not self.last.command.at.path:
            self.last.command = None

    def _copy(self, instruction: Instruction, at: At) -> None:
        words = instruction.exec or tuple(instruction.rest.split())
        paths = [self._value(word) for word in words]
        if len(paths) < 2:
            self.last.wonder(f"{instruction.name} needs a source and a destination: the build fails.", at)
            return
        sources, told = paths[:-1], paths[-1]
        where = absolute(self.last.workdir, told)
        several = len(sources) > 1 or "parents" in dict(instruction.flags)
        target = Target(
            where, told.endswith(("/", "/.")) or told == "." or several or where in self.last.folders
        )
        tree = None if self._enough(at) else self._tree(instruction, sources, target, at)
        for source in sources:
            if tree and not self._enough(at):
                self._copy_one(instruction, tree, source, target, at)

    def _enough(self, at: At) -> bool:
        """Tell, and note, whether so much is copied already that no more is followed."""
        if enough := self.copied > _MOST_COPIED:
            self.last.wonder("More files are copied than are followed.", at)
        return enough

    def _tree(self, instruction: Instruction, sources: list[str], target: Target, at: At) -> Tree | None:
        """Return the files that a COPY takes from, None where they are those of an image that is not looked into."""
        origin = self._value(instruction.flag("from"))
        if not origin:
            return self.context
        stage = self.names.get(origin.lower())
        if stage is None or stage is self.last:
            if not is_of_the_system(target.path) and not all(map(is_of_the_system, sources)):
                self.last.wonder(
                    f"COPY --from={origin} brings files to {target.path} that cannot be seen.", at
                )
            return None
        self.last.install(stage)
        self.copied += len(stage.files)
        site = {path: file for path, file in stage.files.items() if path.startswith(f"{SITE}/")}
        self.last.add(site.items(), at)
        hidden = [one for one in sources if not is_of_the_system(absolute("/", one))]
        if stage.unknown and hidden and not is_of_the_system(target.path):
            self.last.wonder(f"COPY --from={origin} may bring more to {target.path} than is known.", at)
        exported = dict.fromkeys(stage.exported, "")
        return Tree({path.lstrip("/"): file for path, file in (exported | stage.files).items()})

    def _copy_one(self, instruction: Instruction, tree: Tree, source: str, target: Target, at: At) -> None:
        if source.startswith("<<"):
            self.last.wonder(f"A file at {target.path} is written in the Dockerfile itself.", at)
            return
        if instruction.name == "ADD" and (_ADDRESS.match(source) or _ARCHIVE.search(source)):
            self.last.wonder(f"ADD brings {source} to {target.path}, which is not looked into.", at)
            return
        matches = tree.matches(source)
        self.copied += len(tree.files) if has_wildcard(source) else 1
        if not matches:
            self._nothing(instruction, source, target, at)
        parents = source if "parents" in dict(instruction.flags) else ""
        exclude = ignore_of(value for name, value in instruction.flags if name == "exclude")
        for match in matches:
            pairs = list(copied(tree, match, target, parents=parents, exclude=exclude))
            self.copied += len(pairs)
            self.last.exported |= {path for path, file in pairs if not file}
            self.last.add([pair for pair in pairs if pair[1]], at)

    def _nothing(self, instruction: Instruction, source: str, target: Target, at: At) -> None:
        """Note a source that is not there. BuildKit passes over a pattern without a match: no fault of its own."""
        if instruction.flag("from"):
            if not is_of_the_system(target.path) and all(one.at != at for one in self.last.unknown):
                self.last.wonder(f"COPY takes {source} from another stage, where it is made by a RUN.", at)
        elif "$" in source:
            self.last.wonder(f"COPY takes {source}, whose value is not known.", at)
        elif not has_wildcard(source):
            self.last.miss(f"{instruction.name} of {source}: it is not in the build context.", at)


def value_of(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """Return a word of a Dockerfile as Docker processes it: quotes and escapes gone, variables put in.

    Between single quotes nothing is put in. A variable that is not set is empty, as in Docker.
    """
    parts: list[str] = []
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        end = at + 1
        if char == "'" and quote != '"':
            quote = "" if quote else "'"
        elif quote == "'":
            parts.append(char)
        elif char == '"':
            quote = "" if quote else '"'
        elif char == escape and end < len(text) and (not quote or text[end] in f'"${escape}'):
            parts.append(text[end])
            end += 1
        elif char == "$":
            end = expansion_end(text, at)
            parts.append(expand(text[at:end], variables, unset=""))
        else:
            parts.append(char)
        at = end
    return "".join(parts)


def _based(reference: str, at: At) -> Stage:
    base = base_of(reference)
    return Stage(
        base=reference,
        python=base.python,
        python_at=at,
        entrypoint=Said(base.entrypoint) if base.entrypoint else None,
        command=Said(base.command) if base.command else None,
    )


def _said(instruction: Instruction, at: At) -> Said:
    words = instruction.exec
    return Said(line=instruction.rest, at=at) if words is None else Said(words=words, at=at)
