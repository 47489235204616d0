"""rules: settings that the program wants from its environment, and that are missing or wrong there."""

import difflib
import re
from dataclasses import replace

from buddy_tui.boot.values import Event, Mark, Outcome, Raised
from buddy_tui.finding import Cause, Confidence, Finding, Quote
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.setting_errors import Told, missing_in, variable_of, wrong_in
from buddy_tui.rules.settings import in_passing, lacking, wrong
from buddy_tui.rules.telling import (
    about,
    at_of,
    ended,
    in_few,
    last_event,
    last_hit,
    lines_outside,
    raised,
    root_of,
    update,
)

# What a program says long before its end is not why it ended.
_LAST = 12
_JUST_BEFORE = 6
_PLAIN = frozenset({"ConfigError", "ConfigurationError", "EnvironmentError", "Exception", "OSError", "RuntimeError", "ValueError"})  # fmt: skip
_VAGUE = re.compile(r"config|setting|environment|variable|secret|initiali[sz]|validation", re.IGNORECASE)
_PORT = re.compile(r"'[^']*' is not a valid port number|Invalid value for '(?:-p'? ?/ ?'?)?--port'")


def env_missing(evidence: Evidence) -> Finding | None:
    """Tell of a setting that the program needs, and that its environment does not have."""
    root = root_of(evidence)
    if root is None or root.name == "SystemExit":
        return _said_and_left(evidence)
    told = missing_in(evidence, root) or _announced(evidence, root)
    return raised(evidence, _missing(evidence, told)) if told else None


def _announced(evidence: Evidence, root: Raised) -> Told | None:
    """Look at what was said just before an exception that only says that the configuration is of no use."""
    if root.name not in _PLAIN or not _VAGUE.search(root.message) or evidence.boot.fatal is None:
        return None
    begun = evidence.boot.fatal.lines[0]
    for at, text in lines_outside(evidence):
        if begun - _JUST_BEFORE <= at < begun and (name := lacking(text)) and not in_passing(text):
            doubt = "The exception itself does not name the setting."
            return Told(
                name, Confidence.UNSURE, f"Before it ends, the program says that {name} is not set.", (doubt,)
            )
    return None


def env_invalid(evidence: Evidence) -> Finding | None:
    """Tell of a setting that is there, and whose value is of no use."""
    if root := root_of(evidence):
        told = wrong_in(evidence, root)
        return raised(evidence, _invalid(evidence, told)) if told else None
    if not ended(evidence):
        return None
    if hit := last_hit(evidence, _PORT):
        return about(evidence, _port(evidence, hit.match, evidence.quote(hit.at)))
    return _complained_and_left(evidence)


def _said_and_left(evidence: Evidence) -> Finding | None:
    """Look for a line that names a setting as missing before a process ended without a traceback."""
    over = ended(evidence)
    if not over and not _fell_silent(evidence):
        return None
    end = last_event(evidence, Mark.WORKER_DIED, Mark.EXIT, Mark.GAVE_UP)
    for at, text in _backwards(evidence)[: None if over else 1]:
        if (name := lacking(text)) and not in_passing(text):
            observed = f"The program says that {name} is not set, and {'ends' if over else 'says no more'}."
            told = Told(name, Confidence.LIKELY if over else Confidence.UNSURE, observed)
            return about(evidence, _inferred(_missing(evidence, told), end, evidence.quote(at, *at_of(end))))
    return None


def _fell_silent(evidence: Evidence) -> bool:
    """Whether the log has neither a server's words nor the platform's, so that its last line may be the last ever."""
    heard = any(event.mark is not Mark.IMPORT for event in evidence.boot.events)
    return evidence.boot.outcome is Outcome.OPEN and not heard


def _backwards(evidence: Evidence) -> list[tuple[int, str]]:
    """Return the program's last words, last first; a line that announces a list has its next one with it."""
    marked = {event.at for event in evidence.boot.events if event.mark is not Mark.IMPORT}
    lines = [(at, text) for at, text in lines_outside(evidence) if at not in marked and text.strip()][-_LAST:]
    following = [*(text for _, text in lines), ""][1:]
    return [
        (at, f"{text} {after}" if text.endswith(":") else text)
        for (at, text), after in zip(reversed(lines), reversed(following), strict=True)
    ]


def _inferred(finding: Finding, end: Event | None, quotes: tuple[Quote, ...]) -> Finding:
    """Name SystemExit where a Python process ended with code 1 and printed no traceback."""
    if end is None or end.mark is Mark.GAVE_UP or end.number != 1:
        return replace(finding, evidence=quotes)
    doubt = "SystemExit is inferred: the process ended with code 1, and printed no traceback."
    return replace(finding, exception="SystemExit", evidence=quotes, uncertain=(*finding.uncertain, doubt))


def _missing(evidence: Evidence, told: Told) -> Finding:
    name = told.name
    variables = [variable_of(one) for one in (name, *told.more)]
    others = f" and {len(told.more)} more" if told.more else ""
    confidence, doubts = _beside_revision(evidence, variables[0], told)
    return Finding(
        cause=Cause.ENV_MISSING,
        confidence=confidence,
        boots=False,
        summary=f"The program needs the setting {name}{others}, and its environment does not have it.",
        observed=told.observed,
        short=in_few(f"{name} is not set"),
        missing=name,
        fix=(
            update(evidence, "--update-env-vars=" + ",".join(f"{one}=VALUE" for one in variables)),
            f"If it is a secret: {update(evidence, f'--update-secrets={variables[0]}=SECRET:latest')}",
        ),
        uncertain=doubts,
    )


def _beside_revision(evidence: Evidence, variable: str, told: Told) -> tuple[Confidence, tuple[str, ...]]:
    """Compare with the names that the revision sets: values are never looked at."""
    if evidence.revision is None:
        return told.confidence, told.uncertain
    names = [name for container in evidence.revision.containers for name in container.env_names]
    if variable in names:
        doubt = f"The revision does set {variable}: perhaps to an empty value, or for another container."
        return Confidence.UNSURE, (*told.uncertain, doubt)
    close = difflib.get_close_matches(variable, names, 1, 0.8)
    doubts = (f"The revision sets {close[0]}, which reads almost the same.",) if close else ()
    return told.confidence, (*told.uncertain, *doubts)


def _complained_and_left(evidence: Evidence) -> Finding | None:
    for at, text in _backwards(evidence):
        if (name := wrong(text)) and not in_passing(text):
            told = Told(name, Confidence.UNSURE, f"The program says that {name} is wrong, and ends.")
            return about(evidence, replace(_invalid(evidence, told), evidence=evidence.quote(at)))
    return None


def _invalid(evidence: Evidence, told: Told) -> Finding:
    name = told.name or "an address"
    variable = variable_of(told.name) or "NAME"
    return Finding(
        cause=Cause.ENV_INVALID,
        confidence=told.confidence,
        boots=False,
        summary=f"The value of {name} in the environment is of no use to the program.",
        observed=told.observed,
        short=in_few(f"value of {name} is wrong"),
        missing=told.name,
        fix=(update(evidence, f"--update-env-vars={variable}=VALUE"),),
        uncertain=told.uncertain,
    )


def _port(evidence: Evidence, found: re.Match[str], quotes: tuple[Quote, ...]) -> Finding:
    literal = "'$" in found.string
    uvicorn = "--port" in found.string
    command = "uvicorn main:app --host 0.0.0.0 --port $PORT" if uvicorn else "gunicorn --bind :$PORT main:app"
    summary = (
        "The server was told the literal text $PORT: no shell replaced it by the port."
        if literal
        else "The server was told a port that is no number."
    )
    return Finding(
        cause=Cause.ENV_INVALID,
        confidence=Confidence.CERTAIN if literal else Confidence.LIKELY,
        boots=False,
        summary=summary,
        observed="The server refuses its port, and ends.",
        short="$PORT was not replaced" if literal else "port is no number",
        missing="PORT",
        fix=(
            f"In the Dockerfile let a shell start the server: CMD exec {command}",
            update(evidence, "--command=sh", f"--args=-c,exec {command}"),
        ),
        evidence=quotes,
    )
