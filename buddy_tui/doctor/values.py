"""doctor: what is known of this machine and of Google, and what a check says of it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from buddy_tui.config import Settings
from buddy_tui.gcloud_files import ActiveConfiguration, AdcFile
from buddy_tui.model import Service, ServiceName
from buddy_tui.preflight.values import Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """What one check says. `message` is a sentence, `fix` what to do, a command where there is one.

    `name` is given by whoever runs the check; `evidence` are more lines, e.g. each setting and its origin. `stops` are
    the names of the jobs that cannot be done as long as it is so.
    """

    verdict: Verdict
    message: str
    fix: str = ""
    evidence: tuple[str, ...] = ()
    name: str = ""
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What all checks come to: the jobs that can be done here and those that cannot, each `(name, what one says)`.

    Of `unknown` jobs nobody can tell. `see` are the names of the checks, other than the jobs' own, that say why
    something cannot be done.
    """

    can: tuple[tuple[str, str], ...] = ()
    cannot: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    see: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """How far a look has come: `checks` are all that there are, as they are to be read.

    Those whose names are `pending` are still to be judged, and say nothing yet. `took` is in seconds, so far.
    """

    checks: tuple[Check, ...]
    pending: frozenset[str]
    conclusion: Conclusion
    took: float
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Untold:
    """Why something is not known, in a sentence, and what helps. `tried` says that it was asked for, in vain.

    `unreached`: there was no way to whoever was asked, or no answer in time.
    """

    why: str
    fix: str = ""
    tried: bool = True
    unreached: bool = False


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal, as far as it tells: `none` says why no screen can be drawn in it; 0 columns are not known."""

    none: str = ""
    columns: int = 0
    lines: int = 0
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Programs:
    """What is installed: each library of ours with its version (empty: it is missing), and gcloud where it is found."""

    versions: tuple[tuple[str, str], ...] = ()
    gcloud: str = ""
    gcloud_version: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """All that is known without asking anybody.

    - `trouble`: why the context could not be settled; `toml_trouble`: why buddy.toml at `toml` cannot be used. Then
      `settings` are those without them
    - `differences`: sentences about where gcloud and Application Default Credentials disagree
    - `unknown_configuration`: gcloud's active configuration has a name, and no file
    - `lost`: the variables that name a file from which no certificate can be read
    - `journal`: where it is, `state_trouble` why nothing can be written there
    - `interpreter`: what the smoke boot would run, empty for none; `own`: it is the project's; `broken`: a virtual
      environment without a Python
    - `meter`: how many log reads were made in the last minute, and how many we take; `None` where nobody counts
    """

    settings: Settings
    gcloud: ActiveConfiguration
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    trouble: Untold | None = None
    toml: Path | None = None
    toml_trouble: Untold | None = None
    terminal: Terminal = Terminal()
    programs: Programs = Programs()
    adc: AdcFile | None = None
    differences: tuple[str, ...] = ()
    unknown_configuration: bool = False
    lost: tuple[str, ...] = ()
    journal: Path = Path("journal.jsonl")
    state_trouble: str = ""
    interpreter: str = ""
    own: bool = False
    broken: str = ""
    platform: str = "linux"
    meter: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """An answer over HTTP, of whatever kind: `server` is the time in it, `None` for none; `ours` that of this machine.

    `took` is in seconds.
    """

    host: str
    server: datetime | None
    ours: datetime
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose credentials Google took: their kind, account and `member` (IAM's spelling), each empty where not known.

    `expires` is when the present access token does, `asked` when it was told.
    """

    kind: str = ""
    account: str = ""
    member: str = ""
    expires: datetime | None = None
    asked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The service, and the account that it runs as; empty where no revision tells."""

    name: ServiceName
    service: Service
    account: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What we may do: permissions that we hold, and those of which nobody can say.

    `grants` has, for each that is missing, a sentence and the command that grants it.
    """

    granted: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    grants: Mapping[str, tuple[str, str]] = field(default_factory=dict)
