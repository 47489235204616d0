"""probes: what is sent, and what of an exchange must not be seen. Pure but for the environment."""

import os
import re
import secrets
from collections.abc import Iterable, Mapping

from buddy_tui import __version__
from buddy_tui.clean import clean_line
from buddy_tui.errors import UsageProblem
from buddy_tui.question import Ask
from buddy_tui.redact import redact

USER_AGENT = f"buddy-tui/{__version__} (probe)"
HIDDEN = "…"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET = re.compile(r"cookie|authori[sz]ation|token|secret|password|session|api-?key|csrf|xsrf|signature")
_FRAMING = {"content-length", "transfer-encoding"}
_MOST_HEADERS, _LONGEST_VALUE = 60, 300


def headers_of(ask: Ask, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the headers that an ask brings along, names in lower case, `${NAME}` replaced from the environment.

    Raises UsageProblem, without any value, for a method or a header that cannot be sent and a variable that is not set.
    """
    if not _TOKEN.fullmatch(ask.method):
        raise UsageProblem(f"{clean_line(ask.method)!r} is no HTTP method.")
    sent = {}
    for name, value in ask.headers:
        if not _TOKEN.fullmatch(name):
            raise UsageProblem(f"{clean_line(name)!r} is no name of a header.")
        if name.lower() in _FRAMING:
            raise UsageProblem(f"Header {name} follows from the body and cannot be set.")
        sent[name.lower()] = filled = _filled(name, value, environ)
        if not _is_sendable(filled):
            raise UsageProblem(f"The value of header {name} has a line break or another control character.")
    return sent


def marked(ask: Ask, own: Mapping[str, str], token: str, trace: str) -> list[tuple[bytes, bytes]]:
    """Return all headers of a request: the ask's `own`, ours, the token, and a `traceparent` (W3C) with `trace`.

    Where the ask has an Authorization of its own the token travels as X-Serverless-Authorization, which Cloud Run
    looks at first. What marks a request as ours cannot be overridden.
    """
    sent = {"accept": "application/json, */*"}
    if ask.json:
        sent["content-type"] = "application/json"
    sent |= own
    if token:
        sent["x-serverless-authorization" if "authorization" in own else "authorization"] = f"Bearer {token}"
    sent |= {
        "accept-encoding": "gzip, deflate",
        "user-agent": USER_AGENT,
        "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01",
    }
    return [(name.encode("ascii"), value.encode()) for name, value in sent.items()]


def seen(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return an answer's headers as they may be shown: clean, bounded, without cookies and other secrets."""
    return tuple(
        (lower := clean_line(name[:_LONGEST_VALUE]).lower(), _shown(lower, value))
        for (name, value), _ in zip(headers, range(_MOST_HEADERS), strict=False)
    )


def _shown(name: str, value: str) -> str:
    if _SECRET.search(name):
        return HIDDEN
    if name in {"location", "content-location", "refresh", "link"} and "?" in value:
        value = f"{value.partition('?')[0]}?{HIDDEN}"  # where a login page is told whom to send back, and with what
    return redact(clean_line(value[:_LONGEST_VALUE]))


def _filled(header: str, value: str, environ: Mapping[str, str]) -> str:
    def variable(match: re.Match[str]) -> str:
        try:
            return environ[match[1]]
        except KeyError:
            raise UsageProblem(
                f"Header {header} asks for the environment variable {match[1]}, which is not set.",
                f"Set {match[1]}, or change `headers` in buddy.toml.",
            ) from None

    return _VARIABLE.sub(variable, value)


def _is_sendable(value: str) -> bool:
    return all(char == "\t" or ord(char) >= 0x20 for char in value) and "\x7f" not in value
