"""rules: a program that runs, and cannot be reached: address, port, probe."""

import ipaddress
import re
from dataclasses import replace

from buddy_tui.boot.values import Event, Mark, Outcome
from buddy_tui.finding import Cause, Confidence, Finding, Quote
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import (
    about,
    at_of,
    in_few,
    last_event,
    last_hit,
    raised,
    root_of,
    sayings,
    update,
)

_IN_USE = re.compile(
    r"[Aa]ddress (?:is )?already in use|EADDRINUSE|Connection in use: |Only one usage of each socket address"
    r"|Port \d+ is (?:already )?in use|That port is already in use|Cannot find empty port in range: \d",
)
_PORTS = (
    re.compile(r"\(['\"][^'\"]*['\"], (\d{2,5})\)"),
    re.compile(r"[Pp]ort (\d{2,5})\b"),
    re.compile(r"in range: (\d{2,5})-\1\b"),
    re.compile(r":(\d{2,5})\s*$"),
)
_TOLD_PORT = re.compile(r"\bPORT=(\d+)\b")
_PATH = re.compile(r"path \"([^\"]+)\"")
_ANSWER = re.compile(r"\"(?:GET|HEAD) (\S+) HTTP/[\d.]+\"? (\d{3})")
_ATTEMPTS = re.compile(r"failed (?:after )?(\d+) (?:time|attempt)")
# A probe that gives up after so few seconds gave the program no chance.
_AT_ONCE = 10 * 10**9


def loopback_bind(evidence: Evidence) -> Finding | None:
    """Tell of a server that listens on loopback alone, where nothing from outside comes in."""
    boot = evidence.boot
    listening = boot.marks(Mark.LISTENING)
    if not _unreachable(evidence) or not listening or not all(_loopback(event.detail) for event in listening):
        return None
    refused = last_event(evidence, Mark.PROBE_FAILED, Mark.REJECTED)
    where = listening[-1]
    address = f"{where.detail}:{where.number}" if where.number else where.detail
    return about(
        evidence,
        Finding(
            cause=Cause.LOOPBACK_BIND,
            confidence=Confidence.CERTAIN if refused else Confidence.LIKELY,
            boots=False,
            summary=f"The server listens on {address} alone, which nothing outside of the container can reach.",
            observed=f"The only address that it names is {address}.",
            short=f"listens on {address} only",
            missing=address,
            fix=_bind(boot.starter),
            evidence=evidence.quote(*at_of(where, refused)),
            uncertain=() if refused else ("The log does not show Cloud Run's startup probe.",),
        ),
    )


def port_mismatch(evidence: Evidence) -> Finding | None:
    """Tell of a server that listens on another port than the one that is probed."""
    probed, told = _probed_port(evidence)
    listening = [event for event in evidence.boot.marks(Mark.LISTENING) if event.number]
    if (
        not _unreachable(evidence)
        or not probed
        or not listening
        or any(one.number == probed for one in listening)
    ):
        return None
    where = listening[-1]
    if _set_port(evidence) == where.number:  # the probe was told another port than the container
        return None
    return about(
        evidence,
        Finding(
            cause=Cause.PORT_MISMATCH,
            confidence=Confidence.CERTAIN if told else Confidence.LIKELY,
            boots=False,
            summary=f"The server listens on port {where.number}, and Cloud Run asks on port {probed}.",
            observed=f"It names port {where.number}; the probe went to {probed}.",
            short=f"listens on {where.number}, not on {probed}",
            missing=str(probed),
            fix=("Let the server listen on $PORT.", update(evidence, f"--port={where.number}")),
            evidence=evidence.quote(*at_of(where, told)),
        ),
    )


def port_in_use(evidence: Evidence) -> Finding | None:
    """Something else in the container has the port already."""
    if root := root_of(evidence):
        if not _IN_USE.search(root.message) and "[Errno 98]" not in root.message:
            return None
        hit, text = None, root.message
    else:
        hit = None if evidence.boot.outcome is Outcome.UP else last_hit(evidence, _IN_USE)
        if hit is None:
            return None
        text = hit.match.string
    port = _port_in(text) or _listened_port(evidence)
    finding = Finding(
        cause=Cause.PORT_IN_USE,
        confidence=Confidence.CERTAIN,
        boots=False,
        summary=f"Two processes of the container want port {port or 'of the server'}: the second could not have it.",
        observed="The server was told that its address is in use, and ended.",
        short=f"port {port} is in use" if port else "port is in use",
        missing=port,
        fix=(
            "Start one server alone: a second one may be in the entrypoint script, behind --reload, or in main.py.",
        ),
    )
    if hit is None:
        return raised(evidence, finding)
    return about(evidence, replace(finding, evidence=evidence.quote(hit.at)))


def probe_misconfigured(evidence: Evidence) -> Finding | None:
    """Tell of a startup probe that asks for what is never answered, or gives up too soon."""
    refused = last_event(evidence, Mark.PROBE_FAILED)
    if refused is None or evidence.boot.marks(Mark.EXIT, Mark.SIGNAL, Mark.MEMORY, Mark.GAVE_UP):
        return None
    text = evidence.boot.lines[refused.at].text
    custom = "Default" not in text
    for judge in (_wrong_path, _other_port, _too_soon):
        if custom and (finding := judge(evidence, refused, text)):
            return about(evidence, finding)
    return None


def never_listened(evidence: Evidence) -> Finding | None:
    """Tell of a process that lived, and in which nothing listened before the probe gave up."""
    boot = evidence.boot
    refused = last_event(evidence, Mark.PROBE_FAILED)
    if boot.outcome is not Outcome.UNREACHABLE or boot.marks(Mark.LISTENING, Mark.EXIT):
        return None
    port = f"port {refused.number}" if refused and refused.number else "its port"
    waited = refused is not None and refused.detail == "DEADLINE_EXCEEDED"
    return about(
        evidence,
        Finding(
            cause=Cause.NEVER_LISTENED,
            confidence=Confidence.LIKELY if waited else Confidence.UNSURE,
            boots=False,
            summary=f"The process ran on, and nothing in the container listened on {port} before the probe gave up.",
            observed="The startup probe failed, the process did not end, and no server said that it listens.",
            short="never listened",
            fix=(
                "Start a web server on 0.0.0.0:$PORT; for work without requests use a job or a worker pool.",
                update(evidence, "--port=PORT"),
                "If it only starts slowly: " + update(evidence, "--cpu-boost"),
            ),
            evidence=evidence.quote(*at_of(last_event(evidence, Mark.START), refused)),
            uncertain=(
                "A server that does not log its address looks the same: wrong port, loopback or slow start.",
            ),
        ),
    )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _bind(starter: str) -> tuple[str, ...]:
    command = {
        "uvicorn": 'CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port $PORT"]',
        "gunicorn": 'CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT main:app"]',
        "hypercorn": 'CMD ["sh", "-c", "exec hypercorn --bind 0.0.0.0:$PORT main:app"]',
        "flask": 'CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT main:app"]',
        "django": 'CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT PROJECT.wsgi"]',
    }.get(starter, "")
    words = "Listen on 0.0.0.0 and on $PORT"
    return (f"{words}, in the Dockerfile: {command}" if command else f"{words}.",)


def _unreachable(evidence: Evidence) -> bool:
    boot = evidence.boot
    return boot.outcome is Outcome.UNREACHABLE or (
        bool(boot.marks(Mark.PROBE_FAILED)) and not boot.marks(Mark.EXIT, Mark.PROBE_PASSED, Mark.SERVED)
    )


def _probed_port(evidence: Evidence) -> tuple[int, Event | None]:
    """Return the port that Cloud Run asks on, and the event that tells it where a probe does."""
    refused = last_event(evidence, Mark.PROBE_FAILED)
    if refused and refused.number:
        return refused.number, refused
    for saying in sayings(evidence):
        if found := _TOLD_PORT.search(saying.text):
            return int(found[1]), None
    return _set_port(evidence), None


def _set_port(evidence: Evidence) -> int:
    containers = evidence.revision.containers if evidence.revision else ()
    return next((container.port for container in containers if container.port), 0)


def _port_in(text: str) -> str:
    return next((found[1] for port in _PORTS if (found := port.search(text))), "")


def _listened_port(evidence: Evidence) -> str:
    event = last_event(evidence, Mark.LISTENING)
    return str(event.number) if event and event.number else ""


def _wrong_path(evidence: Evidence, refused: Event, text: str) -> Finding | None:
    path = _PATH.search(text)
    if not path:
        return None
    for at, line in enumerate(evidence.boot.lines):
        answer = _ANSWER.search(line.text)
        if answer and answer[1].partition("?")[0] == path[1] and answer[2][0] in "345":
            summary = f"The startup probe asks for {path[1]}, and the program answers {answer[2]}."
            quotes = evidence.quote(at, refused.at)
            return _probe(
                evidence, summary, f"{path[1]} is answered {answer[2]}", Confidence.CERTAIN, "", quotes
            )
    return None


def _other_port(evidence: Evidence, refused: Event, _text: str) -> Finding | None:
    ports = {event.number for event in evidence.boot.marks(Mark.LISTENING) if event.number}
    if not ports or refused.number in ports or _set_port(evidence) not in ports:
        return None
    summary = f"The startup probe asks on port {refused.number}, and the server listens on {min(ports)} as it was told to."
    quotes = evidence.quote(*at_of(last_event(evidence, Mark.LISTENING), refused))
    return _probe(
        evidence,
        summary,
        f"probe asks on port {refused.number}",
        Confidence.LIKELY,
        str(refused.number),
        quotes,
    )


def _too_soon(evidence: Evidence, refused: Event, text: str) -> Finding | None:
    start = last_event(evidence, Mark.START)
    attempts = _ATTEMPTS.search(text)
    waited = refused.when - start.when if start else 0
    if start is None or not attempts or waited > _AT_ONCE or refused.detail == "DEADLINE_EXCEEDED":
        return None
    came_up = next(
        (one for one in evidence.boot.marks(Mark.LISTENING, Mark.READY) if one.at > refused.at), None
    )
    times = f"{attempts[1]} attempt{'' if attempts[1] == '1' else 's'}"
    summary = f"The startup probe gave up after {times} and {waited / 10**9:.1f} s, before the program could listen."
    confidence = Confidence.LIKELY if came_up or waited < 2 * 10**9 else Confidence.UNSURE
    quotes = evidence.quote(*at_of(start, refused, came_up))
    return _probe(evidence, summary, "probe gives up too soon", confidence, "", quotes)


def _probe(
    evidence: Evidence,
    summary: str,
    short: str,
    confidence: Confidence,
    missing: str,
    quotes: tuple[Quote, ...],
) -> Finding:
    """Round off a finding about a probe that somebody configured."""
    probe = "httpGet.path=/PATH,httpGet.port=PORT,initialDelaySeconds=0,periodSeconds=5,failureThreshold=40"
    return Finding(
        cause=Cause.PROBE_MISCONFIGURED,
        confidence=confidence,
        boots=False,
        summary=summary,
        observed="The configured startup probe failed, and the process did not end by itself.",
        short=in_few(short),
        missing=missing,
        fix=(update(evidence, f"--startup-probe={probe}"),),
        evidence=quotes,
        uncertain=()
        if confidence is Confidence.CERTAIN
        else ("What the probe was told is known from its own line alone.",),
    )
