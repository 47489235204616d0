"""What a check gets to work with, and how what it found is written down so that two servers can be compared."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Client
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY

from buddy_tui.errors import BuddyError
from buddy_tui.gcp.errors import About

PROJECT, REGION = "demo", "us-central1"
# Where Google tells a reason in a word of its own, the fake repeats the status in plain words. That ours are Google's
# is a check of its own.
_REASONS = {
    "Bad Request": "invalid",
    "Conflict": "conflict",
    "Not Found": "notFound",
    "Precondition Failed": "conditionNotMet",
}
# The client library carries no types.
Untyped = Any
Answer = object
# How a call is tried again where its answer is lost.
PATIENT: Untyped = DEFAULT_RETRY.with_delay(initial=0.01, maximum=0.02).with_timeout(60.0)


class Losing:
    """Stands before an adapter of requests, and loses the answers of so many of the next pieces of an upload."""

    def __init__(self, adapter: Untyped) -> None:
        self._adapter, self.lost = adapter, 0

    def send(self, request: Untyped, **more: Untyped) -> Untyped:
        answer = self._adapter.send(request, **more)
        if request.method == "PUT" and self.lost:
            self.lost -= 1
            raise ConnectionError("The answer was lost.")
        return answer

    def close(self) -> None:
        self._adapter.close()


@dataclass(frozen=True, slots=True)
class Bench:
    """One of the servers, as one check sees it: a bucket and a project of which no other check knows.

    `client` is the official one, `http` asks by hand, and `clients` is what our own adapters are made of.
    """

    url: str
    name: str
    client: Untyped
    http: httpx.Client
    losing: Losing
    _generations: list[int] = field(default_factory=list)

    @property
    def bucket(self) -> Untyped:
        """The bucket of this check; it need not be there."""
        return self.client.bucket(self.name)

    @property
    def clients(self) -> Untyped:
        return SimpleNamespace(credentials=None, rest=self.url, channels=(), about=About(PROJECT))

    def made(self) -> Untyped:
        """Make the bucket of this check."""
        return self.client.create_bucket(self.name, location=REGION, retry=None)

    def put(self, name: str, content: bytes, **more: Untyped) -> Untyped:
        """Upload an object in one request; the client's own blob."""
        blob = self.bucket.blob(name)
        blob.upload_from_string(content, retry=None, **more)
        self.age(blob.generation)
        return blob

    def age(self, generation: object) -> int:
        """Return the place of a generation among those that were seen: 1, 2 … Every new one is larger."""
        number = int(str(generation))
        if number not in self._generations:
            assert number > max(self._generations, default=0)
            self._generations.append(number)
        return self._generations.index(number) + 1

    def told(self, blob: Untyped) -> Answer:
        """Write down what an object's resource tells, as far as anybody here reads it."""
        return {
            "name": blob.name,
            "bucket": blob.bucket.name == self.name,
            "generation": self.age(blob.generation),
            "metageneration": blob.metageneration,
            "size": blob.size,
            "type": blob.content_type,
            "hashes": (blob.md5_hash, blob.crc32c),
            "metadata": blob.metadata,
            "times": [isinstance(one, datetime) for one in (blob.time_created, blob.updated)],
        }

    def asked(self, method: str, path: str, **more: Untyped) -> httpx.Response:
        """Ask by hand; `path` begins with a slash, or is a whole URL of this server."""
        return self.http.request(method, path if "://" in path else f"{self.url}{path}", **more)


def tried(call: Callable[..., Answer], *of: Untyped, **more: Untyped) -> Answer:
    """Return what a call answers, or how it is refused: Google's status and reason, or our own error."""
    try:
        return call(*of, **more)
    except GoogleAPICallError as error:
        return refusal(int(error.code or 0), error.errors)
    except DataCorruption:
        return "the client finds another checksum"
    except BuddyError as error:
        return re.sub(r"#\d+", "#…", f"{type(error).__name__}: {error}")


def refusal(status: int, errors: Untyped) -> str:
    """Write down a refusal, with its reason where the client tells one. Its words differ, and are for people."""
    reasons = (_REASONS.get(one["reason"], one["reason"]) for one in errors)
    return " ".join(("refused", str(status), *reasons))


@contextmanager
def benches(url: str) -> Iterator[Callable[[str], Bench]]:
    """Give benches of the server at `url`; each is asked for with the name of a bucket."""
    session: Untyped = AuthorizedSession(AnonymousCredentials())  # type: ignore[no-untyped-call]
    session.trust_env = False
    losing = Losing(session.get_adapter(url))
    session.mount(url, losing)
    with (
        Client(
            project=PROJECT,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": url},
            _http=session,
        ) as client,
        # The fake ends a connection after some answers without saying so: none is used twice.
        httpx.Client(trust_env=False, timeout=60.0, limits=httpx.Limits(max_keepalive_connections=0)) as http,
    ):
        yield lambda name: Bench(url, name, client, http, losing)
