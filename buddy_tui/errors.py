"""Everything that can go wrong, in the operator's words: one sentence, the way out, and an exit code.

BuddyError
├── UsageProblem      the command line or a setting is wrong          2
│   ├── ConfigProblem a value in buddy.toml, with file, line and key
│   └── NotFound      no such service, region or project; names the near ones
├── Unreachable       the network or Google's front end did not answer 3
│   ├── OverQuota     too many calls; slows down by itself
│   └── ServerTrouble an answer that is Google's own failure
├── Unwritable        there is no room for what we have to write        3
├── NotAllowed        this identity may not do that                    4
│   ├── NotSignedIn   no usable credentials at all
│   ├── Denied        one permission is missing; names it and its role
│   └── ApiDisabled   the project has not enabled the API
└── Refused           a guard said no                                  5
    └── ChangedUnderneath  somebody else changed it since we looked
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The one place of the exit codes. They are an API: scripts branch on them."""

    OK = 0
    PROBLEM_FOUND = 1
    USAGE = 2
    RETRYABLE = 3
    NOT_ALLOWED = 4
    REFUSED = 5
    UNFINISHED = 6
    INTERRUPTED = 130


class BuddyError(Exception):
    """One clear sentence for the operator, and a hint that says what to do next.

    `str(error)` is the sentence. `hint` may be a sentence or a command to copy, and may be empty.
    Both are already clean: whoever raises one passes foreign text through `buddy_tui.clean` first.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.PROBLEM_FOUND

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.hint = hint


class UsageProblem(BuddyError):
    """The command line, a name or a setting cannot be used as it is."""

    exit_code = ExitCode.USAGE


class ConfigProblem(UsageProblem):
    """A configuration file says something that cannot be used; the sentence has file, line and key."""


class NotFound(UsageProblem):
    """There is no such thing in that place; the hint has the nearest names."""


class Unreachable(BuddyError):
    """No answer: network, name resolution, TLS, or a deadline."""

    exit_code = ExitCode.RETRYABLE


class OverQuota(Unreachable):
    """A quota is used up for the moment."""


class ServerTrouble(Unreachable):
    """Google answered, and the answer is its own failure."""


class Unwritable(BuddyError):
    """There is no room for what we have to write."""

    exit_code = ExitCode.RETRYABLE


class NotAllowed(BuddyError):
    """This identity may not do that."""

    exit_code = ExitCode.NOT_ALLOWED


class NotSignedIn(NotAllowed):
    """There are no usable credentials."""


class Denied(NotAllowed):
    """A permission is missing; the hint has the role that holds it and a command that grants it."""


class ApiDisabled(NotAllowed):
    """The project has not enabled the API; the hint has the command that does."""


class Refused(BuddyError):
    """A guard said no, and nothing was changed."""

    exit_code = ExitCode.REFUSED


class ChangedUnderneath(Refused):
    """Somebody else changed the service since it was read; look again and decide anew."""
