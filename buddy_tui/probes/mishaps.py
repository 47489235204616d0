"""probes: what went wrong on the wire, in words. No word of it comes from the other side unseen."""

import socket
import ssl
from collections.abc import Iterator

from buddy_tui.clean import clean_line


def unreached(error: BaseException, host: str) -> str:
    """Say why no connection to `host` came about."""
    for one in _causes(error):
        if isinstance(one, socket.gaierror):
            return f"the name {host} is not known"
        if isinstance(one, ConnectionRefusedError):
            return f"{host} refuses connections"
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"the certificate of {host} is not trusted: {clean_line(one.verify_message)}"
        if isinstance(one, ssl.SSLError):
            return f"no secure connection (TLS) to {host}"
    if type(error).__name__ == "ProxyError":
        return f"the proxy does not let us through to {host}"
    return f"no connection to {host}"


def broken(error: BaseException, status: int, arrived: int) -> str:
    """Say how an exchange ended too soon, after `arrived` bytes of a body."""
    text = str(error)
    if "Receive buffer too long" in text:
        return "the head of the answer is larger than 100 KiB"
    if "disconnected without" in text:
        return "the connection was closed without an answer"
    if status and "without sending complete" in text:
        return f"the answer broke off after {arrived:,} bytes"
    if type(error).__name__ == "RemoteProtocolError":
        return "the answer is not valid HTTP"
    return f"the connection broke{f' after {arrived:,} bytes' if status else ' before an answer came'}"


def too_late(seconds: float, *, sent: bool, status: int, host: str) -> str:
    """Say what did not happen within the time that a whole answer may take."""
    within = f"within {seconds:g} s"
    if not sent:
        return f"no connection to {host} {within}"
    return f"the answer did not end {within}" if status else f"no answer {within}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and whatever caused it, with the members of groups."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__
