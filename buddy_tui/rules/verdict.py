"""rules: what is left when no cause answers: it booted, it said nothing, the log is cut, or we do not know."""

from dataclasses import replace

from buddy_tui.boot.values import Event, Mark, Outcome
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import about, at_of, failed, in_few, is_about, last_event, raised, sayings

# Signs that a program is up, the strongest first, and what each of them shows.
_SIGNS = {
    Mark.SERVED: "It answered a request.",
    Mark.READY: "The program says that it is up.",
    Mark.ACCEPTED: "Cloud Run says that the revision is ready.",
    Mark.PROBE_PASSED: "The startup probe got through, and nothing ended the process.",
    Mark.LISTENING: "The server listens, and nothing ended it.",
    Mark.SHUTDOWN: "It was ended in good order.",
}
# Who says it: a program that calls itself ready may still listen where nobody reaches it.
_FROM_OUTSIDE = (Mark.SERVED, Mark.PROBE_PASSED, Mark.ACCEPTED)
_TERMINAL = (Mark.EXIT, Mark.SIGNAL, Mark.MEMORY, Mark.GAVE_UP, Mark.PROBE_FAILED, Mark.REJECTED)


def booted(evidence: Evidence) -> Finding | None:
    """Tell that it came up: an error that was handled, or that a request met later, is no failed boot."""
    if evidence.boot.outcome is not Outcome.UP:
        return None
    sign, event = next(
        ((mark, found) for mark in _SIGNS if (found := last_event(evidence, mark))),
        (None, None),
    )
    return about(
        evidence,
        Finding(
            cause=Cause.NONE,
            confidence=Confidence.CERTAIN if _is_certain(evidence) else Confidence.LIKELY,
            boots=True,
            summary="It booted.",
            observed=_SIGNS[sign] if sign else "Nothing in the log speaks against it.",
            short="booted",
            evidence=evidence.quote(*at_of(event)),
            uncertain=_doubts(evidence),
        ),
    )


def _is_certain(evidence: Evidence) -> bool:
    """Whether somebody else than the program says so; a probe alone is no proof, as gunicorn listens before it loads."""
    marks = evidence.boot.marks
    return bool(marks(Mark.SERVED, Mark.ACCEPTED) or (marks(Mark.READY) and marks(Mark.PROBE_PASSED)))


def _doubts(evidence: Evidence) -> tuple[str, ...]:
    doubts = []
    if not evidence.boot.marks(*_FROM_OUTSIDE):
        doubts.append("Nobody but the program says so: no request, no probe, no word of Cloud Run.")
    if evidence.boot.tracebacks:
        doubts.append("Errors in the log are handled ones, or came while it served.")
    return tuple(doubts)


def no_output(evidence: Evidence) -> Finding | None:
    """Tell that the boot failed, as the platform says, and that the container wrote nothing at all."""
    if evidence.boot.outcome is not Outcome.SILENT:
        return None
    told = last_event(evidence, *_TERMINAL)
    return about(
        evidence,
        Finding(
            cause=Cause.NO_OUTPUT,
            confidence=Confidence.LIKELY,
            boots=False,
            summary="The container failed without writing a single line, so the log cannot say why.",
            observed="There are lines of Cloud Run, and none of the container.",
            short="no output at all",
            fix=(
                "Run the image by hand: docker run --rm -e PORT=8080 -p 8080:8080 IMAGE",
                "Let Python write at once: ENV PYTHONUNBUFFERED=1 in the Dockerfile.",
            ),
            evidence=evidence.quote(*at_of(told)),
            uncertain=("A log exclusion, or lines that come late, would look the same.",),
        ),
    )


def incomplete(evidence: Evidence) -> Finding | None:
    """Tell that the log ends before anything is decided: in a traceback, or while the program starts."""
    boot = evidence.boot
    if boot.outcome not in {Outcome.CUT, Outcome.OPEN} or not boot.lines:
        return None
    whole = any(raised.type for traceback in boot.tracebacks for raised in traceback.chain)
    inside = boot.outcome is Outcome.CUT and bool(boot.tracebacks) and not whole
    end = last_event(evidence, *_TERMINAL)
    finding = Finding(
        cause=Cause.INCOMPLETE,
        confidence=Confidence.CERTAIN if inside else Confidence.LIKELY,
        boots=False if (end and end.detail != "worker") or _is_rejected(evidence) else None,
        summary="The log ends before anything decides whether the program came up.",
        observed="No exit, no probe and no server that is ready.",
        short="undecided",
        fix=("Read the whole log of the revision: buddy-tui diagnose REVISION",),
        evidence=evidence.quote(*at_of(end), len(boot.lines) - 1),
        uncertain=("It may still be starting.",),
    )
    if boot.outcome is Outcome.CUT:
        finding = replace(
            finding,
            summary="The log is cut: the part that would name the cause is missing.",
            observed="It ends inside a traceback, or has Cloud Run's word alone.",
            short="log is cut",
            uncertain=("What stands last is not the cause.",),
        )
    return about(evidence, finding)


def _is_rejected(evidence: Evidence) -> bool:
    """Whether Cloud Run said of this revision, or of one that the log does not name, that it is not ready."""
    notices = evidence.reading.notices
    return any(
        verdict.mark is Mark.REJECTED and is_about(evidence, notices[verdict.at])
        for verdict in evidence.reading.verdicts
    )


def unknown(evidence: Evidence) -> Finding:
    """Nothing that we know of explains it: tell what is seen, and that a platform's message is an effect."""
    boot = evidence.boot
    end = last_event(evidence, *_TERMINAL)
    boots = False if failed(evidence) else None
    finding = Finding(
        cause=Cause.UNKNOWN,
        confidence=Confidence.UNSURE,
        boots=boots,
        summary="It did not boot, and nothing in the log that we know of says why."
        if boots is False
        else "The log does not tell whether it booted.",
        observed=_effect(evidence, end),
        short="cause unknown",
        fix=("Read the last lines that the container wrote before its end.",),
        evidence=evidence.quote(*_last_own(evidence), *at_of(end)),
        uncertain=(
            "Looked for: imports, targets, settings, files, credentials, databases, ports, probes, memory, images.",
        ),
    )
    return raised(evidence, finding) if evidence.root and boot.fatal else about(evidence, finding)


def _effect(evidence: Evidence, end: Event | None) -> str:
    if end is not None:
        return f"Cloud Run tells the effect alone: {in_few(evidence.boot.lines[end.at].text.strip(), 160)}"
    told = next((saying.text for saying in sayings(evidence)), "")
    return f"What is told: {in_few(' '.join(told.split()), 160)}" if told else "The log is empty."


def _last_own(evidence: Evidence) -> tuple[int, ...]:
    """Return where the last three lines are that no event explains."""
    marked = {event.at for event in evidence.boot.events if event.mark is not Mark.IMPORT}
    own = [at for at, line in enumerate(evidence.boot.lines) if at not in marked and line.text.strip()]
    return tuple(own[-3:])
