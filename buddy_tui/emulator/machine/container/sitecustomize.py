"""Runs first in every Python of an emulated container, and gives it a network of its own.

On Cloud Run each instance may listen on 0.0.0.0:8080; here all instances share one machine. So a bind to the
container's port on every address goes to a private port of this machine's loopback. Any other bind goes to a port
that nobody knows: on Cloud Run it would not be reached either. Programs that are not Python are not touched.
"""  # noqa: INP001 - Python finds it as a top-level module, by its name

import os
import signal
import socket
import sys
from typing import Any


def _give_a_network(container: int, private: int) -> None:
    bind = socket.socket.bind
    # The private port is IPv4; asyncio binds 0.0.0.0 and :: side by side, so the first family gets it.
    family: list[int] = []

    def redirected(self: socket.socket, address: Any) -> None:  # noqa: ANN401 - as socket.bind has it
        internet = self.family in (socket.AF_INET, socket.AF_INET6) and self.type == socket.SOCK_STREAM
        if not internet or not isinstance(address, tuple):
            return bind(self, address)
        six = self.family == socket.AF_INET6
        wanted = address[1] == container and address[0] in ("", "0.0.0.0", "::")  # noqa: S104 - compared only
        if not wanted or (family and family[0] != self.family):
            return bind(self, ("::1" if six else "127.0.0.1", 0))
        family[:] = [self.family]
        if six:
            self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if sys.platform == "linux":
            # The emulator keeps the port reserved with a bound socket until this instance listens.
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return bind(self, ("::ffff:127.0.0.1" if six else "127.0.0.1", private))

    socket.socket.bind = redirected  # type: ignore[method-assign, assignment]


def _die_with(parent: int) -> None:
    """Ask Linux for an end with the emulator: it may be killed before its reaper knows of this process."""
    import ctypes

    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _take(name: str, shown: str = "") -> str:
    """Let the application see `shown`, or nothing, as this variable; programs that it starts still inherit it."""
    environ: Any = os.environ
    value = environ.pop(name, "")
    if value:
        # Only the popped copy is Python's own; this puts the variable back where child processes get it from.
        os.putenv(name, value)
    if shown:
        environ._data[environ.encodekey(name)] = environ.encodevalue(shown)  # noqa: SLF001 - putenv must not happen
    return str(value)


def _chain() -> None:
    """Let the sitecustomize that this one stands in front of have its turn."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would slow every boot
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]  # noqa: PTH100
    this = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
    except ModuleNotFoundError:
        sys.modules["sitecustomize"] = this


_container, _, _private = _take("BUDDY_CONTAINER_PORTS").partition(":")
if _private:
    _give_a_network(int(_container), int(_private))
# Only the first process of the container is a child of the emulator, so nobody inherits this one.
_parent = os.environ.pop("BUDDY_CONTAINER_PARENT", "")
if _parent and sys.platform == "linux":
    _die_with(int(_parent))
_take("PYTHONPATH", os.environ.get("PYTHONPATH", "").partition(os.pathsep)[2])
_chain()
