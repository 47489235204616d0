"""What is planted: secrets of every usual form that tell where they were planted, people, and text that steers.

A canary is found again by its mark, `c4n4ry` and three letters for the place. So a leak tells where it came from.
"""

import re
import unicodedata
from enum import StrEnum


class Place(StrEnum):
    """Where foreign or secret text comes in."""

    SETTING = "env"  # values of environment variables, their secrets' names left aside
    SOURCE = "src"  # files that are uploaded
    LOGGED = "log"  # lines, payloads and tracebacks of the container
    AUDITED = "aud"  # bodies of API calls in the audit log
    ASKED = "ask"  # addresses of requests, in request logs and in buddy.toml
    ANSWERED = "ans"  # bodies and headers that a probed service answers with
    SESSION = "doc"  # documents in Firestore
    MARKED = "lab"  # labels, annotations and arguments of a service
    TYPED = "typ"  # what the operator gives as a reason
    SIGNED_IN = "own"  # our own credentials
    PROXY = "prx"  # the environment of this machine
    PERSON = "ppl"  # addresses of people


MARK = re.compile(r"c4n4ry(?P<place>[a-z]{3})", re.IGNORECASE)
# Our own identity tokens cannot be planted: the emulator makes them. All of them look like this.
TOKEN = re.compile(r"\beyJ[\w-]{8,}\.(?!c4n4ry)[\w-]+")
# What moves a cursor, hides or turns text. Line ends and tabs are ours.
_STEERS = {"Cc", "Cf", "Zl", "Zp", "Cs"}
_OURS = set("\n\t")
STEERING = (
    "\x1b]52;c;aGFja2Vk\x07 \x1b[2J\x1b[H \x9b2J \x9d0;t\x9c \x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\ "
    "\x1bPq#0\x1b\\ \u202egnp.exe\u202c \u2066y\u2069 \x08\x7f "
)
MARKUP = (
    "[@click=app.quit]x[/] [red]y[/red] <script>alert(1)</script> ![x](https://evil.example/x.png) **b** "
)
HOSTILE = STEERING + MARKUP


def mark(place: Place) -> str:
    """Return what tells the place."""
    return f"c4n4ry{place.value}"


def person(place: Place = Place.PERSON) -> str:
    """Return the address of somebody."""
    return f"{mark(place)}-ana@example.com"


def secrets(place: Place) -> tuple[str, ...]:
    """Return a secret of every form that is recognised, each as a program would print it."""
    it, number = mark(place), "0123456789abcdef"
    return (
        f"postgresql://app:{it}-password@db.example:5432/shop",
        f"https://{it}-user@git.example/repo.git",
        f"http://ops:{it}%2Fproxy@proxy.example:3128",
        f"GET https://api.example/v1?page=2&access_token={it}-{number}&x=1",
        f"https://storage.example/o?X-Amz-Signature={it}{number}",
        f"Authorization: Bearer {it}-{number}",
        f"Authorization: Basic {it}{number}==",
        f"Cookie: theme=dark; session={it}-{number}",
        f"Set-Cookie: session={it}-{number}; HttpOnly",
        f"X-Api-Key: {it}-{number}",
        f"API_TOKEN={it}-assigned",
        f"export DB_PASSWORD='{it} with blanks'",
        f'{{"client_secret": "{it}-json", "port": 1}}',
        f"{{'password': '{it}-python'}}",
        f"password: {it}-yaml-1",
        f"AWS key AKIA{(it + '0' * 16)[:16].upper()}",
        f"GitHub ghp_{it}{number}{number}",
        f"GitHub github_pat_{it}{number}",
        f"GitLab glpat-{it}{number}",
        f"Slack xoxb-{it}-{number}",
        f"Stripe sk_live_{it}{number}",
        f"Google AIza{it}{number}{number}",
        f"Google ya29.{it}-{number}",
        f"OAuth 1//0{it}-{number}{number}",
        f"OAuth GOCSPX-{it}{number}",
        f"JWT eyJhbGciOiJIUzI1NiJ9.{it}.{it}",
        f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{it}{number * 3}Ab=\n{it}{number * 3}ABCDef+\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\\nMIIE{it}\\n{it}\\n-----END PRIVATE KEY-----\\n",
        f"    api_key = '{it}-local'",
        f"input_value='{it}', input_type=str",
        f"ValueError: invalid literal for int() with base 10: '{it}'",
    )


def found(text: str) -> dict[str, str]:
    """Return the places whose canaries are in a text (`token`: one of ours), with what stands around the first one."""
    hits = {hit["place"].lower(): hit for hit in reversed(list(MARK.finditer(text)))}
    told = {place: _around(text, hit) for place, hit in hits.items()}
    if hit := TOKEN.search(text):
        told.setdefault("token", _around(text, hit))
    return told


def steering(text: str) -> str:
    """Return what stands around the first character that steers a terminal; empty where there is none."""
    for at, char in enumerate(text):
        if char not in _OURS and unicodedata.category(char) in _STEERS:
            return repr(text[max(0, at - 60) : at + 20])
    return ""


def _around(text: str, hit: re.Match[str]) -> str:
    return repr(text[max(0, hit.start() - 80) : hit.end() + 20])
