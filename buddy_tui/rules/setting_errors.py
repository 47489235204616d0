"""rules: which setting an exception shows to be missing, or to have a wrong value."""

import re
from dataclasses import dataclass

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Confidence
from buddy_tui.rules.evidence import Evidence, deepest_project_frame
from buddy_tui.rules.settings import Fields, constant_in, fields_of, lacking, read_in, says_lacking, wrong
from buddy_tui.rules.telling import chain_of

_UPPER = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_QUOTED = re.compile(r"[\"'](\w+)[\"']")
_ENVIRONMENT_FRAME = re.compile(r"^<frozen os>$|[/\\]os\.py$")
_SETTINGS_FRAME = re.compile(r"pydantic_settings|env_settings")
_FIELD_LINES = 40
_SETTINGS_MODEL = re.compile(r"settings|config|environment|^env", re.IGNORECASE)
# Messages of libraries that can only mean a variable that is not there; group 1 is its name.
_SAID_MISSING = (
    re.compile(r"^(\w+) not found\. Declare it as envvar or define a default value"),  # python-decouple
    re.compile(r"^[\"']?Config '(\w+)' is missing, and has no default"),  # starlette
    re.compile(r"^Set the (\w+) environment variable"),  # django-environ
    re.compile(r"^Environment variable \"(\w+)\" not set"),  # environs
    re.compile(r"^The (\w+) setting must not be empty"),  # Django
    re.compile(r"^Requested settings?,? .*environment variable (\w+)"),  # Django without its settings module
    re.compile(r"^Did not find \w+, please add an environment variable `(\w+)`"),  # langchain
)
_SAID_WRONG = (
    re.compile(r"error parsing (?:value for|env var) (?:field )?\"(\w+)\""),  # pydantic-settings
    re.compile(r"^Environment variable \"(\w+)\" invalid"),  # environs
)
# Exceptions whose message may name a setting, and which have a cause of their own.
_OTHER_CAUSE = re.compile(
    r"ModuleNotFoundError|ImportError|SyntaxError|IndentationError|NameError|FileNotFoundError|PermissionError"
    r"|OperationalError|ProgrammingError|InterfaceError|DefaultCredentialsError|Connect|Timeout|gaierror|TypeError",
)
# Messages that name a setting as a way out.
_ADVICE = re.compile(r"Cannot find empty port")
_SCHEME = re.compile(r"Can't load plugin: sqlalchemy\.dialects:postgres\b")
_ADDRESS = re.compile(
    r"Could not parse (?:SQLAlchemy|rfc1738) URL|Port could not be cast to integer|Invalid URL"
)
_CONVERSIONS = frozenset(
    {"ValueError", "JSONDecodeError", "ArgumentError", "InvalidOperation", "Error", "TypeError"}
)


@dataclass(frozen=True, slots=True)
class Told:
    """Which setting, how sure, and what shows it. `more` are others that lack too. A field keeps its own spelling."""

    name: str
    confidence: Confidence
    observed: str
    uncertain: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


def missing_in(evidence: Evidence, root: Raised) -> Told | None:
    """Return the setting that is not there, as the root exception or one that it led to tells."""
    source = _source(evidence)
    return (
        _lookup(root)
        or _library(evidence)
        or _missing_field(evidence, root)
        or _none_used(root, source)
        or _asserted(root, source)
        or _missing_by_own_words(root, source)
    )


def wrong_in(evidence: Evidence, root: Raised) -> Told | None:
    """Return the setting whose value is of no use, as the root exception or one that it led to tells."""
    source = _source(evidence)
    return (
        _parser(evidence)
        or _wrong_field(evidence, root)
        or _address(root, source)
        or _conversion(root, source)
        or _wrong_by_own_words(root)
    )


def variable_of(name: str) -> str:
    """Return the environment variable of a setting or field: most settings models read it in upper case."""
    return name if _UPPER.fullmatch(name) else name.upper()


def _source(evidence: Evidence) -> str:
    frame = deepest_project_frame(evidence)
    return frame.source if frame else ""


def _lookup(root: Raised) -> Told | None:
    """`os.environ[...]`, or a lookup of a name that only a setting has."""
    found = _QUOTED.fullmatch(root.message.strip())
    if root.name != "KeyError" or not found:
        return None
    name = found[1]
    in_os = bool(root.frames) and bool(_ENVIRONMENT_FRAME.search(root.frames[-1].file))
    if in_os or any(read_in(frame.source) == name for frame in root.frames):
        return Told(name, Confidence.CERTAIN, f"os.environ has no {name}.")
    if not _UPPER.fullmatch(name):
        return None
    source = root.frames[-1].source if root.frames else ""
    other = re.search(rf"\w\[[\"']{name}[\"']\]", source) and not _SETTINGS_MODEL.search(source)
    if other and "_" not in name:
        return None
    doubt = "The log does not show whether the name was looked up in the environment or in another mapping."
    confidence = Confidence.UNSURE if other else Confidence.LIKELY
    return Told(name, confidence, f"A lookup of {name} found nothing.", (doubt,))


def _library(evidence: Evidence) -> Told | None:
    for one in chain_of(evidence):
        for pattern in _SAID_MISSING:
            if found := pattern.search(one.message):
                return Told(found[1], Confidence.CERTAIN, f"{one.name} says that {found[1]} is not set.")
    return None


def _missing_field(evidence: Evidence, root: Raised) -> Told | None:
    fields = _settings_model(evidence, root)
    if fields is None or not fields.missing:
        return None
    observed = f"{fields.model or 'A settings model'} lacks {', '.join(fields.missing)}."
    name = fields.missing[0]
    return Told(name, _proven(root), observed, _spelling(name), fields.missing[1:])


def _wrong_field(evidence: Evidence, root: Raised) -> Told | None:
    fields = _settings_model(evidence, root)
    if fields is None or not fields.wrong:
        return None
    observed = f"{fields.model or 'A settings model'} refuses the value of {', '.join(fields.wrong)}."
    return Told(fields.wrong[0], _proven(root), observed, _spelling(fields.wrong[0]))


def _settings_model(evidence: Evidence, root: Raised) -> Fields | None:
    """Read pydantic's complaint where it is about a model that reads the environment.

    Cloud Logging takes a traceback up to its last line for one entry: the fields then follow in entries of their own.
    """
    if root.name != "ValidationError":
        return None
    after = evidence.boot.lines[root.at + 1 : root.at + _FIELD_LINES] if root.at >= 0 else ()
    fields = fields_of("\n".join((root.message, *(line.text for line in after))))
    known = _proven(root) is Confidence.CERTAIN or _SETTINGS_MODEL.search(fields.model)
    return fields if known else None


def _proven(root: Raised) -> Confidence:
    frames = any(_SETTINGS_FRAME.search(frame.file) for frame in root.frames)
    return Confidence.CERTAIN if frames else Confidence.LIKELY


def _spelling(name: str) -> tuple[str, ...]:
    if _UPPER.fullmatch(name):
        return ()
    return (f"The variable of field {name} is usually {name.upper()}, maybe with a prefix.",)


def _none_used(root: Raised, source: str) -> Told | None:
    """`os.getenv(...)` gave None, and the next call wants a text."""
    if "None" not in root.message or root.name in {"ImportError", "ModuleNotFoundError"}:
        return None
    if name := read_in(source):
        observed = f"The environment gives None for {name}, which is used at once."
        return Told(name, Confidence.LIKELY, observed)
    if root.name == "ArgumentError" and (name := constant_in(source)):
        doubt = f"That {name} comes from the environment is a guess from its name."
        return Told(name, Confidence.LIKELY, f"{name} is None where an address is expected.", (doubt,))
    return None


def _asserted(root: Raised, source: str) -> Told | None:
    name = read_in(source)
    if root.name != "AssertionError" or not name:
        return None
    return Told(name, Confidence.LIKELY, f"An assertion about {name} fails.")


def _missing_by_own_words(root: Raised, source: str) -> Told | None:
    if _OTHER_CAUSE.search(root.name) or _ADVICE.search(root.message):
        return None
    if name := lacking(root.message):
        return Told(name, Confidence.LIKELY, f"{root.name} says that {name} is not set.")
    if (name := read_in(source)) and says_lacking(root.message):
        return Told(
            name, Confidence.LIKELY, f"{root.name} lacks what the environment should give for {name}."
        )
    return None


def _wrong_by_own_words(root: Raised) -> Told | None:
    if _OTHER_CAUSE.search(root.name) or not (name := wrong(root.message)):
        return None
    return Told(name, Confidence.LIKELY, f"The program says that the value of {name} is wrong.")


def _parser(evidence: Evidence) -> Told | None:
    for one in chain_of(evidence):
        for pattern in _SAID_WRONG:
            if found := pattern.search(one.message):
                observed = f"{one.name} says that the value of {found[1]} is wrong."
                return Told(found[1], Confidence.CERTAIN, observed)
    return None


def _address(root: Raised, source: str) -> Told | None:
    """Look at an address of a database that no driver can read."""
    scheme = _SCHEME.search(root.message)
    if not scheme and not _ADDRESS.search(root.message):
        return None
    name = read_in(source) or constant_in(source)
    doubt = "That the address comes from the environment is a guess."
    if scheme:
        observed = "The address begins with postgres://, which SQLAlchemy calls postgresql://."
        return Told(name, Confidence.LIKELY, observed, (doubt,))
    return Told(name, Confidence.LIKELY, f"{root.name} cannot read an address.", (doubt,)) if name else None


def _conversion(root: Raised, source: str) -> Told | None:
    """Look at a line that reads a variable and makes something else of it, e.g. `int(os.environ["X"])`."""
    name = read_in(source)
    if not name or root.name not in _CONVERSIONS or "None" in root.message:
        return None
    return Told(name, Confidence.LIKELY, f"{root.name} where the value of {name} is read.")
