"""What a diagnosis is: a cause, its evidence, the fix, and how sure we are. Values only."""

from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How sure. `certain` is kept for what the evidence cannot mean otherwise: never wrong *and* certain."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNSURE = "unsure"


class Cause(StrEnum):
    """Why a revision did not boot. `NONE` means that it did; the last three are findings of their own."""

    NONE = "none"
    LOCAL_MODULE_MISSING = "local_module_missing"
    THIRD_PARTY_MISSING = "third_party_missing"
    APP_TARGET_MISSING = "app_target_missing"
    IMPORT_NAME_MISSING = "import_name_missing"
    CIRCULAR_IMPORT = "circular_import"
    MODULE_SHADOWED = "module_shadowed"
    SYNTAX_ERROR = "syntax_error"
    ERROR_AT_IMPORT = "error_at_import"
    BINARY_INCOMPATIBILITY = "binary_incompatibility"
    SHARED_OBJECT_MISSING = "shared_object_missing"
    ENV_MISSING = "env_missing"
    ENV_INVALID = "env_invalid"
    CONFIG_FILE_MISSING = "config_file_missing"
    CREDENTIALS = "credentials"
    DATABASE_AT_STARTUP = "database_at_startup"
    PERMISSION_DENIED = "permission_denied"
    EXEC_FORMAT = "exec_format"
    ENTRYPOINT_NOT_FOUND = "entrypoint_not_found"
    EXITED_ZERO = "exited_zero"
    LOOPBACK_BIND = "loopback_bind"
    PORT_MISMATCH = "port_mismatch"
    PORT_IN_USE = "port_in_use"
    NEVER_LISTENED = "never_listened"
    SLOW_START = "slow_start"
    PROBE_MISCONFIGURED = "probe_misconfigured"
    WRONG_WORKER_CLASS = "wrong_worker_class"
    RESPAWN_LOOP = "respawn_loop"
    OUT_OF_MEMORY = "out_of_memory"
    KILLED_BY_SIGNAL = "killed_by_signal"
    IMAGE_NOT_FOUND = "image_not_found"
    IMAGE_PERMISSION = "image_permission"
    SECRET_PERMISSION = "secret_permission"  # noqa: S105 - a cause, no secret
    NO_OUTPUT = "no_output"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Quote:
    """A line of evidence. `text` is one clean line as it was logged.

    `entry` is the entry's index in the Reading, `row` the line within that entry's text (from 0); `number` is the
    line in a file (from 1), 0 where there is none; `insert_id` is Google's name of the entry, or empty.
    `entry` is -1 where the evidence is no log entry: a condition of the revision, a listing of an archive.
    """

    text: str
    entry: int = -1
    row: int = 0
    number: int = 0
    insert_id: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a boot, and why.

    `boots` is None when it cannot be told. `exception` is the root exception's type as it was printed; `missing` a
    module, package, setting, file or port where there is one; `frame` is `file:line`, the deepest project frame of
    the root cause. `observed` says what was seen, `summary` the probable cause, each in one sentence; `short` says it
    in a few words for a table, e.g. `No module named Back_End`. `fix` are commands or edits, the first one first.
    `chain` is the way that imports took to the failing line, as `file:line` or module names, outermost first.
    All text is clean.
    """

    cause: Cause
    confidence: Confidence
    boots: bool | None
    summary: str
    observed: str = ""
    short: str = ""
    exception: str = ""
    missing: str = ""
    frame: str = ""
    fix: tuple[str, ...] = ()
    evidence: tuple[Quote, ...] = ()
    uncertain: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """A run of failed revisions read as one. Names only, never values.

    `failed` are the revisions of the run, oldest first; `first_bad` its first, `last_good` the one before it or
    empty. `one_cause` is true when all that could be read have the same cause and missing name. `changed` says what
    differs between the last good revision and the first bad one, e.g. `source root: project root -> Back_End/`.
    `headline` is one line for the service screen, `story` the whole in a few sentences, `fix` what to do.
    """

    failed: tuple[str, ...]
    first_bad: str
    last_good: str
    one_cause: bool
    cause: Cause
    headline: str
    story: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    confidence: Confidence = Confidence.UNSURE
