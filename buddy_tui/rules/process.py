"""rules: how the container's own process began and ended: command, architecture, exit, signal, memory."""

import re
from dataclasses import replace

from buddy_tui.boot.values import Event, Mark, Outcome
from buddy_tui.finding import Cause, Confidence, Finding, Quote
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import (
    about,
    failed,
    in_few,
    last_event,
    last_hit,
    last_words,
    lines_outside,
    raised,
    root_of,
    service_of,
    update,
)

_FORMAT = re.compile(r"[Ee]xec format error")
_NOT_FOUND = (
    re.compile(r"Application failed to start: \"(?P<what>[^\"]+)\" not found"),
    re.compile(r"error finding executable \"(?P<what>[^\"]+)\""),
    re.compile(r"exec: \\?\"(?P<what>[^\"\\]+)\\?\": (?:executable file not found|stat |no such file)"),
    re.compile(r"can't open file '(?P<what>[^']+)': \[Errno 2\]"),
    re.compile(
        r"(?<!\.)\b(?:ba|da|a)?sh: (?:line )?\d*:? ?(?:exec: )?(?P<what>[^\s:]+): (?:command )?not found"
    ),
    re.compile(r"\bexec: (?:line \d+: )?(?P<what>[^:]+): not found"),
    re.compile(r"\bexec (?P<what>/\S+): no such file or directory"),
    re.compile(
        r"\benv: (?:can't execute )?['\"\u2018]?(?P<what>[^'\"\u2019:]+)['\"\u2019]?: No such file or directory"
    ),
    re.compile(r"\b(?:ba|da|a)?sh: (?:\d+: )?(?:can't open|Can't open|cannot open) '?(?P<what>[^\s':]+)"),
    re.compile(r"Cannot find module '(?P<what>/[^']+)'"),
    re.compile(r"failed to launch: (?:path lookup|determine start command).*?(?P<what>[^\s:]*)$"),
)
# What bash and ash say of a command in a script; the script goes on, so it counts as its last word alone.
_NOT_FOUND_IN_SCRIPT = re.compile(
    r"^\S+\.sh: (?:line )?\d+: (?P<what>[^\s:]+): (?:(?:command )?not found|cannot execute: required file not found"
    r"|No such file or directory)$"
)
# These can mean nothing else; the others are a shell's, whose script may go on after them.
_PLAIN = _NOT_FOUND[:4]
# What a shell or Python exits with where a command or file is not there.
_COMMAND_CODES = frozenset({1, 2, 126, 127})
_NEVER_EXECUTED = re.compile(r"Application failed to start\b(?!.*(?:exec format|[Pp]ermission|not found))")
# What Cloud Run says e.g. where the command lies on a mounted bucket that may not be read.
_NOT_PERMITTED = re.compile(r"Application exec likely failed")
_ENDS = frozenset({Mark.EXIT, Mark.GAVE_UP, Mark.PROBE_FAILED, Mark.REJECTED, Mark.SHUTDOWN})
_LIMIT = re.compile(r"Memory limit of (\d+) Mi?B exceeded")
# gunicorn asks so of every worker that got SIGKILL, of those too that it killed itself after their timeout.
_TIMED_OUT = re.compile(r"WORKER TIMEOUT \(pid:\s?(\d+)\)")
_PERHAPS = re.compile(r"Worker \(pid:\s?(\d+)\) was sent SIGKILL! Perhaps out of memory\?")
_SHORT_OF_MEMORY = re.compile(
    r"Perhaps out of memory\?|CUDA out of memory|JavaScript heap out of memory|Cannot allocate memory"
    r"|^MemoryError\b|OutOfMemory(?:Error|Exception)|Container (?:was )?(?:OOM|killed due to memory)",
)
# Sizes that an operator would take next, in MiB; more than 4, 8, 16 and 24 GiB want 2, 4, 6 and 8 CPUs
# (Cloud Run's documentation of memory limits).
_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 24576, 32768)
_CPUS = ((24576, 8), (16384, 6), (8192, 4), (4096, 2))
_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}
_WHY = {
    6: ", which a program sends itself when it gives up (an assertion in native code, abort())",
    9: ", which nobody can catch: most often the container had too little memory",
    11: ": native code reached for memory that is not its own",
    4: ": native code uses instructions that the processor lacks",
}
_SIGNAL_FIX = {
    4: ("Install wheels that fit linux/amd64: pip install --only-binary=:all: PACKAGE",),
}
# What Python's faulthandler or a shell says of a signal.
_CRASH = re.compile(
    r"Fatal Python error: (Aborted|Segmentation fault|Bus error|Illegal instruction)|^(Segmentation fault|Aborted)\b"
)
_CRASHES = {"Aborted": 6, "Segmentation fault": 11, "Bus error": 7, "Illegal instruction": 4}


def exec_format(evidence: Evidence) -> Finding | None:
    """Tell of an image for another processor, or of a script whose first line names no interpreter."""
    if evidence.root is not None:
        return None
    saying = next((one for one in last_words(evidence) if _FORMAT.search(one.text)), None)
    if saying is None:
        return None
    return about(
        evidence,
        Finding(
            cause=Cause.EXEC_FORMAT,
            confidence=Confidence.LIKELY,
            boots=False,
            summary="The image is not built for linux/amd64, so the machine cannot execute its command.",
            observed="The start of the command ended with an exec format error.",
            short="image for another processor",
            fix=(
                "docker build --platform linux/amd64 -t IMAGE . && docker push IMAGE",
                f"Or let Cloud Build build it: gcloud run deploy {service_of(evidence)} --source . --region=REGION",
            ),
            evidence=(saying.quote,),
            uncertain=("A script without a line such as #!/bin/sh at its top ends in the same words.",),
        ),
    )


def entrypoint_not_found(evidence: Evidence) -> Finding | None:
    """Tell of a command that names something that is not in the image."""
    if evidence.root is not None:
        return None
    end = last_event(evidence, Mark.EXIT)
    if end is not None and end.number not in _COMMAND_CODES:
        return None
    for saying in last_words(evidence):
        for pattern in _NOT_FOUND:
            if found := pattern.search(saying.text):
                confidence = Confidence.CERTAIN if pattern in _PLAIN else Confidence.LIKELY
                return about(evidence, _no_command(evidence, found["what"], confidence, saying.quote))
    if (hit := last_hit(evidence, _NOT_FOUND_IN_SCRIPT)) and _is_last(evidence, hit.at):
        quote = evidence.quote(hit.at)[0]
        return about(evidence, _no_command(evidence, hit.match["what"], Confidence.LIKELY, quote))
    refused = next((one for one in last_words(evidence) if _NEVER_EXECUTED.search(one.text)), None)
    if (
        refused is None
        or last_hit(evidence, _NOT_PERMITTED)
        or evidence.boot.outcome is not Outcome.NOT_STARTED
    ):
        return None
    return about(evidence, _no_command(evidence, "", Confidence.UNSURE, refused.quote))


def _is_last(evidence: Evidence, at: int) -> bool:
    """Tell whether the program says nothing more after a line, and did not come up."""
    told = {event.at for event in evidence.boot.events if event.mark in _ENDS}
    later = (place for place, text in lines_outside(evidence) if place > at and text.strip())
    return evidence.boot.outcome is not Outcome.UP and all(place in told for place in later)


def exited_zero(evidence: Evidence) -> Finding | None:
    """Tell of a program that came to its end by itself, without an error and without having served."""
    end = last_event(evidence, Mark.EXIT)
    if not _ended(evidence, end) or end is None or end.number != 0 or evidence.root is not None:
        return None
    return about(
        evidence,
        Finding(
            cause=Cause.EXITED_ZERO,
            confidence=Confidence.LIKELY
            if evidence.boot.marks(Mark.LISTENING, Mark.READY)
            else Confidence.CERTAIN,
            boots=False,
            summary="The program ran to its end without an error: it starts no server that stays.",
            observed="The container ended with exit code 0.",
            short="ended by itself, exit(0)",
            fix=(
                "Let the command start a server in the foreground, on 0.0.0.0:$PORT.",
                "For work without requests make it a job: gcloud run jobs deploy JOB --image=IMAGE --region=REGION",
            ),
            evidence=evidence.quote(end.at),
        ),
    )


def out_of_memory(evidence: Evidence) -> Finding | None:
    """Tell of a container that needed more memory than it may have."""
    limit = last_event(evidence, Mark.MEMORY)
    root = root_of(evidence)
    if root is not None and (
        root.name == "MemoryError" or _SHORT_OF_MEMORY.search(f"{root.name}: {root.message}")
    ):
        return raised(evidence, _memory(evidence, 0, Confidence.LIKELY))
    if root is not None and not limit:
        return None
    if limit is not None and failed(evidence):
        quotes = evidence.quote(limit.at)
        return about(evidence, replace(_memory(evidence, limit.number, Confidence.CERTAIN), evidence=quotes))
    timed_out = {found[1] for _, text in lines_outside(evidence) if (found := _TIMED_OUT.search(text))}
    for saying in last_words(evidence):
        told = _LIMIT.search(saying.text)
        worker = _PERHAPS.search(saying.text)
        if worker and (worker[1] in timed_out or not _is_seen(evidence)):
            continue
        if told or _SHORT_OF_MEMORY.search(saying.text):
            confidence = Confidence.CERTAIN if told else Confidence.LIKELY
            finding = _memory(evidence, int(told[1]) if told else 0, confidence)
            return about(evidence, replace(finding, evidence=(saying.quote,)))
    return None


def _is_seen(evidence: Evidence) -> bool:
    """Tell whether the start is in the log, or an end: a worker that ends later had come up."""
    return failed(evidence) or bool(evidence.boot.marks(Mark.START, Mark.PROCESS))


def killed_by_signal(evidence: Evidence) -> Finding | None:
    """Tell of a process that a signal ended."""
    number, quote = _signal(evidence)
    if evidence.root is not None or quote is None:
        return None
    name = _SIGNALS.get(number, f"signal {number}")
    return about(
        evidence,
        Finding(
            cause=Cause.KILLED_BY_SIGNAL,
            confidence=Confidence.LIKELY,
            boots=False,
            summary=f"The process was ended by {name}{_WHY.get(number, '')}.",
            observed=f"The platform or the server tells of {name}.",
            short=f"ended by {name}",
            fix=_SIGNAL_FIX.get(
                number, ("Run the image locally with PYTHONFAULTHANDLER=1: it prints where it was.",)
            ),
            evidence=(quote,),
            uncertain=("What the process did at that moment is not in the log.",),
        ),
    )


def _no_command(evidence: Evidence, what: str, confidence: Confidence, quote: Quote) -> Finding:
    name = what or "The command"
    if what.endswith(("\\r", "^M")):
        summary = (
            "The start script has Windows line ends, so its interpreter's name ends in a carriage return."
        )
        fix = ("sed -i 's/\\r$//' SCRIPT", "Keep it so: a line `*.sh text eol=lf` in .gitattributes.")
    elif " " in what:
        summary = f"The whole command line is taken for the name of one program: {what}"
        fix = (
            'Give every word for itself: in the Dockerfile CMD ["PROGRAM", "WORD", "WORD"]',
            update(evidence, "--command=PROGRAM", "--args=FIRST,SECOND"),
        )
    else:
        summary = f"{name} is what the container is to start, and the image has no such program or file."
        fix = (
            f"See that the Dockerfile installs or copies {what or 'it'}, and that CMD and ENTRYPOINT name its path.",
            update(evidence, "--command=PROGRAM", "--args=FIRST,SECOND"),
        )
    return Finding(
        cause=Cause.ENTRYPOINT_NOT_FOUND,
        confidence=confidence,
        boots=False,
        summary=summary,
        observed=f"{name} was not found when the container was started.",
        short=in_few(f"not found: {what}") if what else "command could not be started",
        missing=what,
        fix=fix,
        evidence=(quote,),
        uncertain=_unseen(what, confidence),
    )


def _unseen(what: str, confidence: Confidence) -> tuple[str, ...]:
    if not what:
        return ("Cloud Run does not say why the command could not be started.",)
    if confidence is Confidence.CERTAIN:
        return ()
    return ("A script with Windows line ends, or an interpreter that is missing, ends in the same words.",)


def _ended(evidence: Evidence, end: Event | None) -> bool:
    return end is not None and failed(evidence) and not evidence.boot.marks(Mark.SERVED, Mark.SHUTDOWN)


def _memory(evidence: Evidence, limit: int, confidence: Confidence) -> Finding:
    size = next((one for one in _SIZES if one > limit), _SIZES[-1]) if limit else 0
    cpus = next((count for above, count in _CPUS if size > above), 0)
    return Finding(
        cause=Cause.OUT_OF_MEMORY,
        confidence=confidence,
        boots=False,
        summary="The container needs more memory while it starts than the revision may have.",
        observed=f"The limit of {limit} MiB was exceeded." if limit else "The memory was used up.",
        short=f"more than {limit} MiB of memory" if limit else "out of memory",
        fix=(
            update(evidence, f"--memory={_written(size)}", *((f"--cpu={cpus}",) if cpus else ())),
            "Or start fewer workers: each of them holds the whole program.",
        ),
    )


def _written(size: int) -> str:
    if not size:
        return "SIZE"
    return f"{size // 1024}Gi" if size % 1024 == 0 else f"{size}Mi"


def _signal(evidence: Evidence) -> tuple[int, Quote | None]:
    """Return the signal that ended the process and who says so: the platform, an exit code above 128, or Python."""
    event = last_event(evidence, Mark.SIGNAL) or last_event(evidence, Mark.EXIT, Mark.WORKER_DIED)
    if event is not None and failed(evidence):
        number = event.number if event.mark is Mark.SIGNAL else event.number - 128
        if number in _SIGNALS:
            return number, evidence.quote(event.at)[0]
    for at, text in lines_outside(evidence) if evidence.boot.outcome is not Outcome.UP else ():
        if found := _CRASH.search(text):
            return _CRASHES[found[1] or found[2]], evidence.quote(at)[0]
    return 0, None
