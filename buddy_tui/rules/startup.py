"""rules: a server that starts, and whose workers never come to serve."""

import re
from dataclasses import replace

from buddy_tui.boot.values import Mark, Outcome
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.telling import about, at_of, failed, last_event, last_hit, raised, update

_TIMEOUT = re.compile(r"WORKER TIMEOUT \(pid:\s?\d+\)")
_CALL = re.compile(
    r"(?:\b(\w{1,80})\.)?__call__\(\) missing \d+ required positional arguments?: .*'(send|receive|start_response)'",
)
# Signals of native code that fails: these name a cause of their own.
_CRASHES = frozenset({4, 6, 7, 8, 11})
_ASGI_UNDER_WSGI = frozenset({"send", "receive"})


def slow_start(evidence: Evidence) -> Finding | None:
    """Tell of a program that was still starting when the server or the probe lost patience."""
    boot = evidence.boot
    if boot.outcome is Outcome.UP or (
        evidence.root and evidence.root.name not in {"SystemExit", "WorkerTimeout"}
    ):
        return None
    return _impatient_server(evidence) or _late(evidence)


def wrong_worker_class(evidence: Evidence) -> Finding | None:
    """Tell of an ASGI program under a WSGI server, or the other way round: every request fails."""
    for at, line in enumerate(evidence.boot.lines):
        if "__call__() missing" in line.text and (found := _CALL.search(line.text)):
            return _misfit(evidence, found, at)
    return None


def respawn_loop(evidence: Evidence) -> Finding | None:
    """Workers die and are started again for ever, and no line says why."""
    boot = evidence.boot
    crashed = any(event.number in _CRASHES for event in boot.marks(Mark.SIGNAL))
    if boot.outcome is not Outcome.LOOPING or crashed:
        return None
    died = boot.marks(Mark.WORKER_DIED)
    codes = sorted({event.number for event in died})
    told = f" with code {', '.join(map(str, codes))}" if codes else ""
    finding = Finding(
        cause=Cause.RESPAWN_LOOP,
        confidence=Confidence.LIKELY,
        boots=False,
        summary=f"The server starts its workers again and again: each of them ends{told} before it serves.",
        observed=f"{len(boot.marks(Mark.WORKER))} workers were started, {len(died)} ended, and no request was served.",
        short="workers die again and again",
        fix=(
            "Run the command once with gunicorn's --preload: it then ends where the program ends it, and shows why.",
            "Look for sys.exit() or os._exit() in code that is run while it is imported.",
        ),
        evidence=evidence.quote(*at_of(*(died or boot.marks(Mark.WORKER))[-1:])),
        uncertain=("No line says why the workers end.",),
    )
    return raised(evidence, finding) if evidence.root else about(evidence, finding)


def _impatient_server(evidence: Evidence) -> Finding | None:
    hit = last_hit(evidence, _TIMEOUT)
    if hit is None or evidence.boot.marks(Mark.SERVED, Mark.READY) or not failed(evidence):
        return None
    finding = Finding(
        cause=Cause.SLOW_START,
        confidence=Confidence.LIKELY,
        boots=False,
        summary="gunicorn ended the worker because the program took longer to import than --timeout allows.",
        observed="WORKER TIMEOUT, and nothing was served before.",
        short="import takes longer than --timeout",
        fix=(
            "Start gunicorn with --timeout 0, as Cloud Run has limits of its own.",
            update(evidence, "--cpu-boost"),
        ),
        evidence=evidence.quote(hit.at),
        uncertain=("A program that waits for ever while it is imported looks the same.",),
    )
    return raised(evidence, finding) if evidence.root else about(evidence, finding)


def _late(evidence: Evidence) -> Finding | None:
    """Tell of a program that listened after the probe had given up."""
    refused = last_event(evidence, Mark.PROBE_FAILED)
    up = last_event(evidence, Mark.LISTENING, Mark.READY)
    if refused is None or up is None or up.at < refused.at or evidence.boot.marks(Mark.EXIT):
        return None
    start = last_event(evidence, Mark.START)
    took = (
        f" {(up.when - start.when) / 10**9:.0f} s after its start" if start and up.when > start.when else ""
    )
    probe = "tcpSocket.port=PORT,periodSeconds=10,timeoutSeconds=10,failureThreshold=60"
    return about(
        evidence,
        Finding(
            cause=Cause.SLOW_START,
            confidence=Confidence.LIKELY,
            boots=False,
            summary=f"The program came up{took}, when the startup probe had given up already.",
            observed="It says that it listens after the line of the failed probe.",
            short="came up too late",
            fix=(update(evidence, "--cpu-boost"), update(evidence, f"--startup-probe={probe}")),
            evidence=evidence.quote(*at_of(start, refused, up)),
        ),
    )


def _misfit(evidence: Evidence, found: re.Match[str], at: int) -> Finding:
    program = found[1] or "The program"
    asgi = found[2] in _ASGI_UNDER_WSGI
    summary = (
        f"{program} is an ASGI application under a WSGI worker: every request fails."
        if asgi
        else f"{program} is a WSGI application under an ASGI server: every request fails."
    )
    fix = (
        "Start it with an ASGI worker: gunicorn --worker-class uvicorn.workers.UvicornWorker --bind :$PORT main:app"
        if asgi
        else "Start it with a WSGI server: gunicorn --bind :$PORT main:app"
    )
    up = evidence.boot.outcome in {Outcome.UP, Outcome.OPEN, Outcome.CUT}
    finding = Finding(
        cause=Cause.WRONG_WORKER_CLASS,
        confidence=Confidence.CERTAIN,
        boots=up,
        summary=summary,
        observed="The server calls the application with the arguments of the other interface.",
        short="wrong kind of worker",
        exception="TypeError",
        fix=(fix,),
        evidence=evidence.quote(at),
        uncertain=("The server itself runs, so Cloud Run takes the boot for good.",) if up else (),
    )
    return raised(evidence, replace(finding, boots=False)) if evidence.root else about(evidence, finding)
