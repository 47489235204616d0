"""What was found out about a boot, in the operator's words. Pure: cells and facts, for every screen that tells it."""

from collections.abc import Iterator
from typing import Final

from buddy_tui.finding import Cause, Confidence, Finding, Incident
from screens.widgets.facts import Fact
from screens.words import Cell

# What stands for a cause where the finding has no shorter words of its own.
_CAUSES: Final = {
    Cause.NONE: "it booted",
    Cause.LOCAL_MODULE_MISSING: "a module of the project is missing",
    Cause.THIRD_PARTY_MISSING: "a package is not installed",
    Cause.APP_TARGET_MISSING: "the app that the server was told to load is not there",
    Cause.IMPORT_NAME_MISSING: "a name cannot be imported",
    Cause.CIRCULAR_IMPORT: "modules import each other in a circle",
    Cause.MODULE_SHADOWED: "a file hides a module of the same name",
    Cause.SYNTAX_ERROR: "syntax error",
    Cause.ERROR_AT_IMPORT: "an error while a module was imported",
    Cause.BINARY_INCOMPATIBILITY: "compiled for another version",
    Cause.SHARED_OBJECT_MISSING: "a system library is missing",
    Cause.ENV_MISSING: "a setting is missing",
    Cause.ENV_INVALID: "a setting has a wrong value",
    Cause.CONFIG_FILE_MISSING: "a file is missing",
    Cause.CREDENTIALS: "no usable credentials",
    Cause.DATABASE_AT_STARTUP: "the database was not reached",
    Cause.PERMISSION_DENIED: "permission denied",
    Cause.EXEC_FORMAT: "built for another kind of processor",
    Cause.ENTRYPOINT_NOT_FOUND: "the start command was not found",
    Cause.EXITED_ZERO: "the program ended by itself",
    Cause.LOOPBACK_BIND: "it listens on 127.0.0.1 only",
    Cause.PORT_MISMATCH: "it listens on another port",
    Cause.PORT_IN_USE: "its port is taken",
    Cause.NEVER_LISTENED: "it never listened",
    Cause.SLOW_START: "it starts too slowly",
    Cause.PROBE_MISCONFIGURED: "the startup probe asks for the wrong thing",
    Cause.WRONG_WORKER_CLASS: "wrong kind of worker",
    Cause.RESPAWN_LOOP: "its workers die again and again",
    Cause.OUT_OF_MEMORY: "out of memory",
    Cause.KILLED_BY_SIGNAL: "killed by a signal",
    Cause.IMAGE_NOT_FOUND: "the image was not found",
    Cause.IMAGE_PERMISSION: "the image may not be read",
    Cause.SECRET_PERMISSION: "a secret may not be read",
    Cause.NO_OUTPUT: "the container wrote nothing",
    Cause.INCOMPLETE: "the log is incomplete",
    Cause.UNKNOWN: "cause unknown",
}
# These say that nobody knows: a "perhaps" in front would say it twice.
_NO_GUESS = {Cause.NO_OUTPUT, Cause.INCOMPLETE, Cause.UNKNOWN}
_HEDGES = {Confidence.CERTAIN: "", Confidence.LIKELY: "likely ", Confidence.UNSURE: "perhaps "}
_SURE = {Confidence.CERTAIN: "strong", Confidence.LIKELY: "warn", Confidence.UNSURE: "warn"}


def cause_in_words(finding: Finding) -> str:
    """Return the cause in a few words, e.g. `No module named Back_End`."""
    return finding.short or _CAUSES[finding.cause]


def hedged(finding: Finding) -> str:
    """Return the cause in a few words that are no surer than the finding: `likely`, `perhaps`."""
    hedge = "" if finding.cause in _NO_GUESS else _HEDGES[finding.confidence]
    return f"{hedge}{cause_in_words(finding)}"


def verdict(finding: Finding) -> Cell:
    """Return whether it boots, and if not, why: glyph, words and tone."""
    if finding.boots:
        return Cell("✓ It boots", "ok")
    if finding.boots is None:
        return Cell(f"! Cannot be told: {cause_in_words(finding)}", "warn")
    return Cell(f"✗ Does not boot: {cause_in_words(finding)}", "bad")


def sureness(finding: Finding) -> Cell:
    """Return how sure the finding is."""
    return Cell(finding.confidence.value, _SURE[finding.confidence])


def first_fix(finding: Finding | None) -> str:
    """Return what to do first, or an empty text."""
    return finding.fix[0] if finding and finding.fix else ""


def finding_facts(finding: Finding) -> tuple[Fact, ...]:
    """Return all of a finding, what to do about it first."""
    return tuple(_finding(finding))


def incident_facts(incident: Incident) -> tuple[Fact, ...]:
    """Return a run of failed revisions as one story."""
    return tuple(_incident(incident))


def _finding(finding: Finding) -> Iterator[Fact]:
    yield Fact("boots", (verdict(finding), sureness(finding)))
    yield from _some("seen", finding.observed)
    yield from _some("cause", finding.summary)
    yield from _some("fix", *finding.fix, tone="info")
    yield from _some("uncertain", *finding.uncertain, tone="warn")
    yield from _some("fails at", finding.frame)
    yield from _some("missing", finding.missing)
    yield from _some("imports", " → ".join(finding.chain) if len(finding.chain) > 1 else "")
    yield from _some("evidence", *(quote.text for quote in finding.evidence), tone="dim")


def _incident(incident: Incident) -> Iterator[Fact]:
    yield Fact(f"Incident: {len(incident.failed)} revisions in a row")
    yield Fact("in short", (Cell(incident.headline, "bad"), Cell(incident.confidence.value)))
    yield from _some("story", *incident.story)
    yield from _some("fix", *incident.fix, tone="info")
    yield from _some("first bad", incident.first_bad)
    yield from _some("last good", incident.last_good)
    yield from _some("changed", *incident.changed)


def _some(label: str, *values: str, tone: str = "") -> Iterator[Fact]:
    told = tuple(Cell(value, tone) for value in values if value)
    if told:
        yield Fact(label, told)
