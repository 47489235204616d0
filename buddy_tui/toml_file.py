"""config: reads buddy.toml, strictly. Every problem names the file, the line and the key."""

import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

from buddy_tui.clean import clean_line
from buddy_tui.errors import ConfigProblem
from buddy_tui.pacing import DEFAULT_RELEASE, ReleaseSettings
from buddy_tui.question import Question, SessionPlan

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 1_000_000


class _Values(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What buddy.toml may say, at its top and in each `[profiles.NAME]`."""

    project: str = ""
    region: str = ""
    regions: list[str] = []
    service: str = ""
    account: str = ""
    impersonate: str = ""
    environment: str = ""
    read_only: bool = False
    ascii: bool = False


class _Top(_Values):
    profile: str = ""
    profiles: dict[str, dict[str, Any]] = {}
    probe: list[dict[str, Any]] = []
    session: dict[str, Any] = {}
    release: dict[str, Any] = {}


_Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]


class _Release(msgspec.Struct, forbid_unknown_fields=True):
    steps: Annotated[tuple[_Percent, ...], msgspec.Meta(min_length=1, max_length=20)] = DEFAULT_RELEASE.steps
    bake: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = DEFAULT_RELEASE.bake
    least: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = DEFAULT_RELEASE.least


_Kind = TypeVar("_Kind", _Values, _Top, _Release)


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of the file: its value as text (`yes` for true, commas in a list) and `file:line`."""

    value: str
    where: str


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a buddy.toml says. `questions` are empty, `session` and `release` `None` where it does not speak of them."""

    settings: dict[str, Entry] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    session: SessionPlan | None = None
    release: ReleaseSettings | None = None


def read(path: "Path", profile: str = "") -> Contents:
    """Read the settings of `profile`, or of the profile that the file itself chooses, over those of its top.

    `regions` comes back as `region`. Raises ConfigProblem.
    """
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, text, error) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, a thousand brackets
        raise ConfigProblem(f"{path}: its values are too long or too deep for a buddy.toml.") from None
    file = _File(path, text)
    top = file.checked(raw, _Top, ())
    profiles = {
        name: file.checked(values, _Values, ("profiles", name)) for name, values in top.profiles.items()
    }
    chosen = profile or top.profile
    settings = file.entries(top, ())
    if chosen:
        settings = file.over(settings, profiles, chosen)
    return Contents(settings, file.questions(top.probe), file.session(top.session), file.release(top.release))


@dataclass(frozen=True, slots=True)
class _File:
    path: "Path"
    text: str

    def checked(self, raw: object, kind: type[_Kind], table: tuple[str, ...]) -> _Kind:
        try:
            values = msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            raise self._problem(str(error), kind, table) from None
        if isinstance(values, _Values) and values.region and values.regions:
            raise ConfigProblem(
                f"{self.where('regions', table)}: say either `region` or `regions`, not both."
            )
        return values

    def entries(self, values: _Values, table: tuple[str, ...]) -> dict[str, Entry]:
        found = {}
        for key in _Values.__struct_fields__:
            if value := getattr(values, key):
                name = "region" if key == "regions" else key
                found[name] = Entry(_as_text(value), self.where(key, table))
        return found

    def over(self, top: dict[str, Entry], profiles: dict[str, _Values], chosen: str) -> dict[str, Entry]:
        if chosen not in profiles:
            near = get_close_matches(chosen, profiles, 1)
            known = ", ".join(sorted(profiles)) or "none"
            raise ConfigProblem(
                f"{self.path}:{self.line('profile', ())}: there is no [profiles.{clean_line(chosen)}].",
                f"Did you mean {near[0]}?" if near else f"Known profiles: {known}.",
            )
        return top | self.entries(profiles[chosen], ("profiles", chosen))

    def questions(self, tables: list[dict[str, Any]]) -> tuple[Question, ...]:
        from buddy_tui.toml_questions import WrongQuestion, question

        found: dict[str, Question] = {}
        for number, table in enumerate(tables):
            try:
                one = question(table, taken=found)
            except WrongQuestion as wrong:
                where = f"{self.path}:{self.line_of_probe(number, wrong.key.partition('.')[0])}"
                raise ConfigProblem(f"{where}: `probe.{clean_line(wrong.key)}`: {wrong}.") from None
            found[one.name] = one
        return tuple(found.values())

    def session(self, table: dict[str, Any]) -> SessionPlan | None:
        from buddy_tui.toml_questions import WrongQuestion, session_plan

        try:
            return session_plan(table) if table else None
        except WrongQuestion as wrong:
            where = self.where(wrong.key.partition(".")[0], ("session",))
            raise ConfigProblem(f"{where}: `session.{clean_line(wrong.key)}`: {wrong}.") from None

    def release(self, table: dict[str, Any]) -> ReleaseSettings | None:
        told = self.checked(table, _Release, ("release",))
        if tuple(sorted(set(told.steps))) != told.steps:
            raise ConfigProblem(
                f"{self.where('steps', ('release',))}: `release.steps` should rise, e.g. [10, 50, 100]."
            )
        return ReleaseSettings(told.steps, told.bake, told.least) if table else None

    def line_of_probe(self, number: int, key: str) -> int:
        """Find the line of `key` in the probe of that number (from 0); else the line on which that probe begins."""
        lines = self.text.split("\n")
        heads = [at for at, line in enumerate(lines, 1) if re.match(r"\s*\[\[\s*probe\s*\]\]", line)]
        if number >= len(heads):
            return self.line("probe", ())
        end = heads[number + 1] if number + 1 < len(heads) else len(lines) + 1
        inside = range(heads[number] + 1, end)
        return next(
            (at for at in inside if _parts(lines[at - 1].partition("=")[0])[:1] == (key,)), heads[number]
        )

    def where(self, key: str, table: tuple[str, ...]) -> str:
        return f"{self.path}:{self.line(key, table)}"

    def line(self, key: str, table: tuple[str, ...]) -> int:
        """Find the line of `key` in `table`; else the first line that mentions the key; else line 1."""
        mention = 0
        current: tuple[str, ...] = ()
        for number, line in enumerate(self.text.split("\n"), 1):
            if header := re.match(r"\s*\[([^\[\]]+)\]", line):
                current = _parts(header[1])
                if current[: len(table) + 1] == (*table, key):
                    mention = mention or number
            elif current == table and _parts(line.partition("=")[0]) == (key,):
                return number
            elif key in line:
                mention = mention or number
        return mention or 1

    def _problem(self, message: str, kind: type[msgspec.Struct], table: tuple[str, ...]) -> ConfigProblem:
        unknown = re.search(r"unknown field `(.*?)`", message)
        at = re.search(r"at `\$\.?([^.\[`]*)", message)
        key = unknown[1] if unknown else at[1] if at else ""
        name = clean_line(".".join((*table, key)))
        where = self.where(key, table)
        if name == "probe":
            return ConfigProblem(f"{where}: `probe` should be a list of tables: write [[probe]].")
        if not unknown:
            return ConfigProblem(f"{where}: `{name}`: {message.partition(' - at ')[0].lower()}.")
        near = get_close_matches(key, kind.__struct_fields__, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(kind.__struct_fields__)}."
        return ConfigProblem(f"{where}: there is no setting `{name}`.", hint)


def _text(path: "Path") -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigProblem(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > _MOST_BYTES:
        raise ConfigProblem(f"{path} is larger than {_MOST_BYTES:,} bytes; that is no buddy.toml.")
    try:
        return data.decode("utf-8-sig")  # editors on Windows put a byte order mark first
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigProblem(f"{path}:{line}: this is not UTF-8 text.") from None


def _broken(path: "Path", text: str, error: tomllib.TOMLDecodeError) -> ConfigProblem:
    told = clean_line(str(error)).partition(" (at ")[0]
    at = re.search(r"line (\d+), column (\d+)", str(error))
    line = int(at[1]) if at else text.rstrip().count("\n") + 1
    where = f"{path}:{line}:{at[2]}" if at else f"{path}:{line}"
    key, equals, _ = text.split("\n")[line - 1].partition("=")
    named = f"`{clean_line(key)}`: " if equals else ""
    return ConfigProblem(f"{where}: {named}{told}.")


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", dotted))


def _as_text(value: str | bool | list[str]) -> str:  # noqa: FBT001 - a TOML value
    if isinstance(value, list):
        return ",".join(value)
    return "yes" if value is True else str(value)
