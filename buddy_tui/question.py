"""What is asked of a revision, as buddy.toml says it: health questions and the session to try. Values only."""

from dataclasses import dataclass, field

# A status, a JSON number, text, truth or null: what an answer's field can be compared with.
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request without its host.

    `path` begins with one `/` and may have a query. `json` is the body as JSON text, empty for none. Values of
    `headers` may be secrets: they are sent and never shown; `${NAME}` in one stands for an environment variable.
    """

    method: str = "GET"
    path: str = "/"
    json: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Expect:
    """What makes an answer good. `statuses` are ranges, ends included.

    `fields` are JSON pointers (RFC 6901) with the value that must be there; `pattern` is a regular expression that
    must be found in the body's text, empty for none.
    """

    statuses: tuple[tuple[int, int], ...] = ((200, 299),)
    fields: tuple[tuple[str, Scalar], ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A health question. `timeout` is in seconds, for one whole answer.

    A failure of a `critical` one decides the exit code. `assumed` marks our own defaults: nobody said that the
    service offers such a path, so 404 everywhere means that it does not.
    """

    name: str
    ask: Ask = Ask()
    expect: Expect = Expect()
    timeout: float = 10.0
    critical: bool = True
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """How a service keeps sessions, so that one can be tried. The defaults fit the sample service.

    In paths, bodies and in `document`, `{id}` is the session's id; in `create` it is an id of our own choosing, and
    `{mark}` a word that marks the session as ours. `id` is the JSON pointer of the id in the answer to `create`.
    `document` is the path of its Firestore document in `database` of `project` (empty: the service's own project).
    `agree` are pairs of a JSON pointer in the answer to `read` and a field path in the document that must be equal.
    `mark` is the document's field that keeps `{mark}`, `instance` the pointer under which an answer names its
    instance; both may be empty. `reads` are sent at once, `patience` is how many seconds a session may take to be
    readable. `revision` and `created` are the document's fields that the audit counts by; both may be empty.
    """

    create: Ask = Ask("POST", "/sessions", '{"id": "{id}", "probe": "{mark}"}')
    read: Ask = Ask("GET", "/sessions/{id}")
    delete: Ask = Ask("DELETE", "/sessions/{id}")
    id: str = "/session/id"
    document: str = "sessions/{id}"
    project: str = ""
    database: str = "(default)"
    agree: tuple[tuple[str, str], ...] = (("/session/id", "id"), ("/session/created", "created"))
    mark: str = "probe"
    instance: str = "/instance"
    reads: int = 20
    patience: float = 5.0
    timeout: float = 10.0
    revision: str = "revision"
    created: str = "created"

    @property
    def collection(self) -> str:
        """The path of the collection that holds the documents, e.g. `sessions`."""
        return self.document.rpartition("/")[0]


DEFAULT_QUESTIONS = (
    Question("health", Ask("GET", "/health"), assumed=True),
    Question("system health", Ask("GET", "/system/health"), assumed=True),
    Question("test flow", Ask("GET", "/system/test-flow"), timeout=20.0, assumed=True),
    Question("persistence", Ask("GET", "/health/persistence"), assumed=True),
    # A message that changes nothing: a service that keeps no conversation without being told a session.
    Question(
        "chat", Ask("POST", "/chat", '{"message": "Hello from buddy-tui."}'), timeout=20.0, assumed=True
    ),
)

DEFAULT_SESSION = SessionPlan()
