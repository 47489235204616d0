"""preflight: whether the process listens on `$PORT`, and not on loopback alone.

Defaults as each server documents them. Cloud Run sets PORT, 8080 unless the service says otherwise, and connects from
outside the container.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from buddy_tui.clean import clean_line
from buddy_tui.preflight.doors import Door, told_by_script
from buddy_tui.preflight.values import Check, Evidence, Facts, Verdict
from buddy_tui.preflight.wording import line_at, seen
from buddy_tui.redact import redact

_LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d+){3}|\[?::1\]?)", re.IGNORECASE)
_DEFAULT_PORT = 8080
_NUMBER = re.compile(r"\d+")
# `${PORT}`, `$PORT`, `${PORT:-8080}`.
_VARIABLE = re.compile(r"\$(?:PORT\b|\{PORT(?:[:\-=?+].*)?\})")


@dataclass(frozen=True, slots=True)
class _Default:
    """What a server does by itself: `env_host` and `env_port` are the variables that it reads first."""

    host: str
    port: str
    env_host: str = ""
    env_port: str = ""


_DEFAULTS: Mapping[str, _Default] = MappingProxyType(
    {
        "uvicorn": _Default("127.0.0.1", "8000", "UVICORN_HOST", "UVICORN_PORT"),
        "hypercorn": _Default("127.0.0.1", "8000"),
        "flask": _Default("127.0.0.1", "5000", "FLASK_RUN_HOST", "FLASK_RUN_PORT"),
        "django": _Default("127.0.0.1", "8000"),
        # Both listen on 0.0.0.0:$PORT when PORT is set.
        "gunicorn": _Default("0.0.0.0", "$PORT"),  # noqa: S104 - what a container must do
        "functions-framework": _Default("0.0.0.0", "$PORT"),  # noqa: S104 - as above
    }
)
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
# Options by which each server is told: what to say instead.
_FIXES: Mapping[str, str] = MappingProxyType(
    {
        "uvicorn": "--host 0.0.0.0 --port $PORT",
        "hypercorn": "--bind 0.0.0.0:$PORT",
        "gunicorn": "--bind 0.0.0.0:$PORT",
        "flask": "flask run --host 0.0.0.0 --port $PORT",
        "django": "python manage.py runserver 0.0.0.0:$PORT",
    }
)


def listening(facts: Facts) -> Check:
    """Fail on loopback and on a port that Cloud Run does not ask; warn of a fixed port that happens to be right."""
    if not facts.entry.server:
        return Check(
            "listening", Verdict.SKIPPED, "What is started is not understood, so its port is not known."
        )
    if literal := _never_expanded(facts):
        return literal
    door = _door(facts)
    if door is None:
        return Check(
            "listening",
            Verdict.SKIPPED,
            "The program decides itself where it listens, and does not say it plainly.",
        )
    if _LOOPBACK.fullmatch(door.host):
        return Check(
            "listening",
            Verdict.FAIL if door.sure else Verdict.WARN,
            f"{door.by} listens on {door.host}: nobody outside the container reaches it, so it never becomes ready.",
            _fix(facts),
            _evidence(facts, door),
        )
    return _port(facts, door)


def _port(facts: Facts, door: Door) -> Check:
    wanted = _wanted(facts)
    if not _NUMBER.fullmatch(door.port):
        said = f"{door.by} listens on {clean_line(door.port) or 'a port that it takes from its environment'}."
        return Check("listening", Verdict.PASS, said, evidence=_evidence(facts, door))
    if int(door.port) == wanted and not door.at.path:
        return Check("listening", Verdict.PASS, f"The buildpack itself starts {door.by}, on {door.port}.")
    if int(door.port) == wanted:
        return Check(
            "listening",
            Verdict.WARN,
            f"{door.by} listens on {door.port}, always: that is PORT's value now, and another PORT is not heeded.",
            _fix(facts),
            _evidence(facts, door),
        )
    return Check(
        "listening",
        Verdict.FAIL if door.sure else Verdict.WARN,
        f"{door.by} listens on {door.port}, and Cloud Run waits on PORT={wanted}: it never becomes ready.",
        _fix(facts),
        _evidence(facts, door),
    )


def _never_expanded(facts: Facts) -> Check | None:
    """Fail on `CMD ["uvicorn", …, "$PORT"]`: no shell replaces the variable there."""
    image, entry = facts.image, facts.entry
    written = line_at(facts, image.at)
    if entry.at != image.at or not re.match(r"(?i)(?:CMD|ENTRYPOINT)\s*\[", written):
        return None
    if any(word.rpartition("/")[2] in _SHELLS for word in image.command[:2]):
        return None
    if not any(_VARIABLE.search(told) for told in (entry.host, entry.port)):
        return None
    shell = " ".join(shlex.quote(word) if _quoted(word) else word for word in image.command)
    return Check(
        "listening",
        Verdict.FAIL,
        f"{entry.server} gets the letters {clean_line(entry.port)}, not the port: in the JSON form no shell replaces "
        "variables.",
        f"CMD exec {redact(clean_line(shell))}",
        (seen(written, image.at),),
    )


def _quoted(word: str) -> bool:
    return not re.fullmatch(r"[\w./:=@%+,${}\-]+", word)


def _door(facts: Facts) -> Door | None:
    """Return where it listens: as the command says, else as the server does by itself, else as the script says."""
    entry = facts.entry
    default = _DEFAULTS.get(entry.server)
    if default is None:
        return _without_default(facts)
    env = facts.image.env
    host = entry.host or env.get(default.env_host, "") or default.host
    port = entry.port or env.get(default.env_port, "") or default.port
    if not entry.host and entry.port and entry.server in {"gunicorn", "hypercorn"}:
        host = ""  # `--bind :8080` is every address
    if entry.server == "gunicorn" and not (entry.host or entry.port) and "GUNICORN_CMD_ARGS" in env:
        return None
    return Door(host, port, entry.server, entry.at)


def _without_default(facts: Facts) -> Door | None:
    """Ask the script where it is what runs; a module that a server imports calls nothing of its own."""
    entry = facts.entry
    script = told_by_script(facts) if entry.server.startswith("python") else None
    if script or not (entry.host or entry.port):
        return script
    return Door(entry.host, entry.port, entry.server, entry.at, sure=not entry.server.startswith("python"))


def _wanted(facts: Facts) -> int:
    """Return the port that Cloud Run will ask for: the service's own, else its default."""
    newest = next(iter(facts.target.revisions), None)
    ports = [one.port for one in newest.containers if one.port] if newest else []
    return next(iter(ports), _DEFAULT_PORT)


def _fix(facts: Facts) -> str:
    known = _FIXES.get(facts.entry.server)
    return known or 'host="0.0.0.0", port=int(os.environ.get("PORT", "8080"))'


def _evidence(facts: Facts, door: Door) -> tuple[Evidence, ...]:
    line = line_at(facts, door.at)
    return (seen(line or f"{door.by}: {door.host}:{door.port}", door.at),) if door.at.path else ()
