"""doctor: the way to Google: proxies, certificates, an answer, and the time in it.

Three libraries go there, and each reads variables of its own: httpx, requests (of google-auth) and gRPC, which knows
proxies in small letters alone, as its documentation of environment variables says.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from buddy_tui.clean import clean_line
from buddy_tui.doctor.values import Check, Machine, Reached
from buddy_tui.preflight.values import Verdict

HINT = "Check the network, the VPN and https_proxy."
_HOSTS = ("run.googleapis.com", "logging.googleapis.com", "oauth2.googleapis.com")
_REST = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_GRPC = ("grpc_proxy", "https_proxy", "http_proxy")
_PROXIES = tuple(dict.fromkeys((*_REST, *_GRPC, "HTTP_PROXY")))
_HOST = re.compile(r"[\w.:-]+")
_BUNDLES = (
    ("httpx", ("SSL_CERT_FILE", "SSL_CERT_DIR")),
    ("google-auth", ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")),
    ("gRPC", ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",)),
)
CERTIFICATES = tuple(name for _, names in _BUNDLES for name in names)
# Google takes a signed request for so long before and after; Google's documentation of service accounts allows few
# minutes. Below that, ages and times of log lines are wrong.
_REFUSED = timedelta(minutes=5)
_NOTICED = timedelta(seconds=30)
_CLOCKS = {
    "darwin": "sudo sntp -sS time.apple.com",
    "win32": "w32tm /resync",
    "linux": "sudo timedatectl set-ntp true",
}


def proxy(machine: Machine) -> Check:
    """Warn where the three libraries would not go the same way; fail on a proxy that is no address."""
    environ = machine.environ
    if machine.settings.emulated:
        return Check(
            Verdict.SKIPPED,
            f"No proxy is used: Cloud Run is emulated ({machine.settings.emulated.origin}), and asked directly.",
        )
    used = dict.fromkeys(filter(None, (_first(environ, _REST), _first(environ, _GRPC))))
    # httpx stumbles also over one that it would not use.
    wrong = next((name for name in _PROXIES if environ.get(name) and not _address(environ[name])), "")
    if wrong:
        what = (
            "a SOCKS proxy: we and gRPC know HTTP alone"
            if _socks(environ[wrong])
            else "no address of a proxy"
        )
        return Check(Verdict.FAIL, f"{wrong} is {what}.", f"export {wrong}=http://HOST:PORT")
    if not used:
        return Check(Verdict.PASS, "No proxy is set.")
    told = tuple(f"{name} is {_address(environ[name])}" for name in used)
    if traps := tuple(_traps(environ)):
        return Check(Verdict.WARN, traps[0][0], traps[0][1], (*told, *(trap for trap, _ in traps[1:])))
    return Check(Verdict.PASS, f"{told[0]}.", evidence=told[1:])


def tls(machine: Machine) -> Check:
    """Fail on a file of certificates that is not there; warn where not all three libraries know of one."""
    environ = machine.environ
    if machine.settings.emulated:
        return Check(
            Verdict.SKIPPED, f"No TLS is used: Cloud Run is emulated ({machine.settings.emulated.origin})."
        )
    if machine.lost:
        name = machine.lost[0]
        return Check(
            Verdict.FAIL,
            f"{name} names {clean_line(environ[name])}, from which no certificate can be read: "
            "no connection would be trusted.",
            f"unset {name}",
        )
    told = tuple(f"{name}={clean_line(environ[name])}" for name in CERTIFICATES if environ.get(name))
    without = [(library, names[0]) for library, names in _BUNDLES if not _first(environ, names)]
    if not told:
        return Check(Verdict.PASS, "Certificates are checked against those that each library brings along.")
    if without:
        library, name = without[0]
        return Check(
            Verdict.WARN,
            f"{library} does not know the certificates that others are told of.",
            f'export {name}="${_first(environ, CERTIFICATES)}"',
            told,
        )
    return Check(Verdict.PASS, "Certificates are checked against files that you named.", evidence=told)


def network(machine: Machine, reached: Reached) -> Check:
    """Tell that there was an answer, and how it got here."""
    way = through(machine)
    return Check(
        Verdict.PASS, f"{reached.host} answers in {reached.took * 1000:.0f} ms{f', {way}' if way else ''}."
    )


def clock(machine: Machine, reached: Reached) -> Check:
    """Compare our clock with the time in the answer, which is whole seconds."""
    if reached.server is None:
        return Check(Verdict.SKIPPED, f"{reached.host} does not tell its time.")
    skew = reached.ours - reached.server
    seconds = abs(skew.total_seconds())
    side = "ahead of" if skew > timedelta() else "behind"
    told = f"This clock is {seconds:,.0f} s {side} the one of {reached.host}"
    fix = _CLOCKS.get(machine.platform, "Set the clock.")
    if abs(skew) >= _REFUSED:
        return Check(Verdict.FAIL, f"{told}: Google refuses what is signed by it.", fix)
    if abs(skew) >= _NOTICED:
        return Check(Verdict.WARN, f"{told}: ages and log times are wrong by that.", fix)
    return Check(
        Verdict.PASS, f"This clock agrees with the one of {reached.host}, within {max(seconds, 1):.0f} s."
    )


def through(machine: Machine) -> str:
    """Return `through the proxy HOST:PORT (https_proxy)`; empty where Google is asked directly."""
    environ = machine.environ
    name = _first(environ, _REST)
    if (
        machine.settings.emulated
        or not name
        or _bypassed(_HOSTS[0], _entries(environ, ("no_proxy", "NO_PROXY")))
    ):
        return ""
    return f"through the proxy {_address(environ[name]) or 'that is no address'} ({name})"


def _traps(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what makes the libraries go different ways, each with the way out."""
    rest, grpc = _first(environ, _REST), _first(environ, _GRPC)
    if not grpc:
        yield f"gRPC does not know {rest}: it reads small letters alone.", f'export https_proxy="${rest}"'
    if not rest:
        yield f"Only gRPC goes through {grpc}; sign-in and REST go directly.", f'export https_proxy="${grpc}"'
    starred = [one for one in _entries(environ, ("no_proxy", "NO_PROXY")) if one.startswith("*.")]
    if starred:
        entry = clean_line(starred[0])
        yield f'NO_PROXY: "{entry}" fits no host, for no library knows the star.', f'Write "{entry[1:]}".'
    past = [one for one in _HOSTS if _bypassed(one, _entries(environ, ("no_proxy", "NO_PROXY")))]
    past_grpc = [one for one in _HOSTS if _bypassed(one, _entries(environ, ("no_grpc_proxy", "no_proxy")))]
    if past != past_grpc:
        host = next(one for one in _HOSTS if (one in past) != (one in past_grpc))
        yield (
            f"NO_PROXY: {host} is asked past the proxy by some libraries, and through it by gRPC.",
            'export no_proxy="$NO_PROXY"',
        )
    elif past:
        yield f"NO_PROXY: {past[0]} is asked past the proxy.", "Take Google's hosts out of NO_PROXY."


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((name for name in names if environ.get(name)), "")


def _entries(environ: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, ...]:
    told = environ.get(_first(environ, names), "")
    return tuple(one.strip().lower() for one in told.split(",") if one.strip())


def _bypassed(host: str, entries: tuple[str, ...]) -> bool:
    return any(
        one == "*" or host == one.lstrip(".") or host.endswith("." + one.lstrip(".")) for one in entries
    )


def _address(value: str) -> str:
    """Return host and port of a proxy over HTTP, and never the password that may stand before them."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return ""
    known = parts.scheme.lower() in {"http", "https"} and _HOST.fullmatch(parts.hostname or "")
    return clean_line(f"{parts.hostname}{port}") if known else ""


def _socks(value: str) -> bool:
    return value.lower().startswith("socks")
