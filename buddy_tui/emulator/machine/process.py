"""What is started for one instance: arguments, environment, folder, and how its output is made to read."""

import asyncio
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from buddy_tui.emulator.logs.agent import LONGEST, Agent
from buddy_tui.emulator.machine.command import program
from buddy_tui.emulator.machine.images import Image
from buddy_tui.emulator.machine.layout import inside
from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message

# The PATH of Google's Python images, as it stands in a log.
PATH = "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What a Python needs on Windows to start and to open sockets.
_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP")
_CONTAINER = Path(__file__).parent / "container"
# A traceback is over when nothing followed it for so long (seconds).
_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Start:
    """How a container is started. `argv` is empty where its program, `word`, does not exist."""

    argv: tuple[str, ...]
    word: str
    env: Mapping[str, str]
    folder: Path


def prepare(
    container: Message,
    image: Image,
    where: Where,
    ports: tuple[int, int],
    home: Path,
    around: Mapping[str, str],
) -> Start:
    """Work out how to start `container` (run.v2 Container) of the revision `where`; ValueError for a shell.

    `ports` are the container's and the private one of this machine. `home` is a folder of its own: without one, the
    application would find the operator's credentials under theirs. `around` are environment variables that stand for
    what a container finds on Google: the image and the revision have the last word.
    """
    workdir = container.working_dir or image.workdir
    told = {
        **around,
        **dict(image.env),
        **{one.name: one.value for one in container.env if one.WhichOneof("values") == "value"},
        "PORT": str(ports[0]),
        "K_SERVICE": where.service,
        "K_REVISION": where.revision,
        "K_CONFIGURATION": where.service,
    }
    words = _words(container, image, {"PATH": PATH, **told})
    here = inside(image.root, workdir)
    scripts = Path(sys.executable).parent
    head = program(words[0], image.root, here, scripts) if words else ()
    argv = (*head, *(_on_this_machine(image, word) for word in words[1:])) if head else ()
    modules = [_on_this_machine(image, one) for one in told.get("PYTHONPATH", "").split(":") if one]
    ours = {
        "PATH": os.pathsep.join((str(scripts), os.environ.get("PATH", os.defpath))),
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(_CONTAINER), *modules)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "BUDDY_CONTAINER_PORTS": f"{ports[0]}:{ports[1]}",
        "BUDDY_CONTAINER_PARENT": str(os.getpid()),
    }
    # The official Python images set LANG; everything else of the emulator's environment stays outside.
    return Start(argv, words[0] if words else "", {"LANG": "C.UTF-8", **_system(home), **told, **ours}, here)


def _words(container: Message, image: Image, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command line: what the revision says goes before what the image says, as Kubernetes has it."""
    if container.command:
        return (*container.command, *container.args)
    if container.args:
        return (*image.entrypoint.resolved(env), *container.args)
    return (*image.entrypoint.resolved(env), *image.command.resolved(env))


def _on_this_machine(image: Image, word: str) -> str:
    """Return where an absolute path of the image lies; any other word as it is."""
    place = inside(image.root, word)
    return str(place) if word.startswith("/") and place.exists() else word


def _system(home: Path) -> dict[str, str]:
    if sys.platform == "win32":
        kept = {name: os.environ[name] for name in _WINDOWS if name in os.environ}
        return {**kept, "USERPROFILE": str(home), "APPDATA": str(home), "LOCALAPPDATA": str(home)}
    return {}


class Disguise:
    """Makes paths of this machine read as those of a container.

    Tracebacks name files: on Cloud Run `/app/main.py`, here a folder of this machine. Whoever reads the log, person
    or rule, must find what the real one says, and learn nothing of the machine.
    """

    def __init__(self, root: Path) -> None:
        library = f"/usr/local/lib/python{sys.version_info.major}.{sys.version_info.minor}"
        paths = sysconfig.get_paths()
        pairs = {
            str(root): "",
            str(_CONTAINER): library,
            paths["purelib"]: f"{library}/site-packages",
            paths["platlib"]: f"{library}/site-packages",
            paths["stdlib"]: library,
            paths["platstdlib"]: library,
            sys.executable: "/usr/local/bin/python",
        }
        self._pairs = {os.fsencode(path): text.encode() for path, text in pairs.items()}
        longest_first = sorted(self._pairs, key=len, reverse=True)
        self._paths = re.compile(b"|".join(re.escape(path) for path in longest_first))

    def __call__(self, data: bytes) -> bytes:
        """Return `data`, whole lines, with its paths replaced."""
        return self._paths.sub(lambda found: self._pairs[found[0]], data)


class Output(asyncio.SubprocessProtocol):
    """Hands what a process prints to its agents, line by line, and tells when it has ended.

    `exited` is done when the process has ended, `closed` when nobody holds its output any more: a process that it
    left behind may do so.
    """

    def __init__(self, agents: Mapping[int, Agent], disguise: Callable[[bytes], bytes]) -> None:
        self._agents = agents
        self._disguise = disguise
        self._rests = dict.fromkeys(agents, b"")
        self._pauses: dict[int, asyncio.TimerHandle] = {}
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Pass on whole lines; a path may lie across two pieces of a line."""
        lines, newline, rest = (self._rests[fd] + data).rpartition(b"\n")
        if len(rest) > LONGEST:
            lines, newline, rest = lines + newline + rest, b"", b""
        self._rests[fd] = rest
        self._agents[fd].feed(self._disguise(lines + newline))
        if fd in self._pauses:
            self._pauses[fd].cancel()
        self._pauses[fd] = asyncio.get_running_loop().call_later(_PAUSE, self._agents[fd].flush)

    def process_exited(self) -> None:
        """Tell it."""
        self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Write what is left."""
        for pause in self._pauses.values():
            pause.cancel()
        for fd, agent in self._agents.items():
            agent.feed(self._disguise(self._rests[fd]))
            agent.close()
        self.closed.set_result(None)
