"""A listen stream without the client's own watch around it: what it adds up to at each consistent moment."""

from collections.abc import Iterator
from queue import Queue
from typing import Any

from tests.emulator.firestore_differential.bench import Bench, Checks, tried

STREAMS = Checks("stream")


class _Stream:
    """One stream with one target, followed as the protocol has it.

    A server may send more than it must, e.g. everything again after a reset: what counts is what is left of it.
    """

    def __init__(self, bench: Bench, request: dict[str, Any]) -> None:
        self._requests: Queue[dict[str, Any] | None] = Queue()
        self._database = bench.db._database_string
        # The client waits here for the first answer.
        self.send(request)
        self._answers = bench.db._firestore_api.listen(
            requests=self._sent(), metadata=[("google-cloud-resource-prefix", self._database)]
        )
        self.state: dict[str, int] = {}
        self.token = b""

    def _sent(self) -> Iterator[dict[str, Any]]:
        while (request := self._requests.get()) is not None:
            yield {"database": self._database, **request}

    def send(self, request: dict[str, Any]) -> None:
        self._requests.put(request)

    def until_whole(self) -> list[str]:
        """Return which documents match at the next consistent moment, or how the target ends."""
        for answer in self._answers:
            kind = answer._pb.WhichOneof("response_type")
            if kind != "target_change":
                self._document(kind, getattr(answer, kind))
                continue
            change = answer.target_change
            match change.target_change_type.name:
                case "RESET":
                    self.state.clear()
                case "REMOVE":
                    return [f"removed {list(change.target_ids)} because {change.cause.code}"]
                case "NO_CHANGE" if not change.target_ids and change.read_time:
                    self.token = change.resume_token
                    return [f"{name}={n}" for name, n in sorted(self.state.items())]
        return ["the stream has ended"]

    def _document(self, kind: str, change: Any) -> None:  # noqa: ANN401 - a message of the API
        if kind == "document_change" and change.target_ids:
            self.state[change.document.name.rpartition("/")[2]] = change.document._pb.fields[
                "n"
            ].integer_value
        elif kind != "filter":
            name = change.document.name if kind == "document_change" else change.document
            self.state.pop(name.rpartition("/")[2], None)

    def close(self) -> None:
        self._requests.put(None)
        self._answers.cancel()


def _target(bench: Bench, **options: object) -> dict[str, Any]:
    query = {"from_": [{"collection_id": bench.here.id}]}
    parent = f"{bench.db._database_string}/documents"
    return {"add_target": {"query": {"parent": parent, "structured_query": query}, "target_id": 7, **options}}


@STREAMS.add
def tells_what_there_is(bench: Bench) -> object:
    bench.fill({"a": {"n": 1}, "b": {"n": 2}})
    stream = _Stream(bench, _target(bench))
    said = [stream.until_whole()]
    bench.here.document("c").set({"n": 1})
    said.append(stream.until_whole())
    bench.here.document("a").delete()
    said.append(stream.until_whole())
    stream.close()
    return said


@STREAMS.add
def tells_of_documents_by_name(bench: Bench) -> object:
    names = [bench.here.document(name)._document_path for name in ("a", "nobody")]
    bench.fill({"a": {"n": 1}})
    stream = _Stream(bench, {"add_target": {"documents": {"documents": names}, "target_id": 3}})
    said = [stream.until_whole()]
    bench.here.document("nobody").set({"n": 1})
    said.append(stream.until_whole())
    stream.close()
    return said


@STREAMS.add
def goes_on_from_a_token(bench: Bench) -> object:
    bench.fill({"a": {"n": 1}, "b": {"n": 2}})
    first = _Stream(bench, _target(bench))
    said = [first.until_whole()]
    first.close()
    bench.here.document("c").set({"n": 3})
    second = _Stream(bench, _target(bench, resume_token=first.token))
    second.state = first.state
    said.append(second.until_whole())
    second.close()
    return said


@STREAMS.add
def is_told_to_stop(bench: Bench) -> object:
    bench.one(n=1)
    stream = _Stream(bench, _target(bench))
    said = [stream.until_whole()]
    stream.send({"remove_target": 7})
    said.append(stream.until_whole())
    stream.close()
    return said


@STREAMS.add
def refuses_a_bad_target(bench: Bench) -> object:
    stream = _Stream(bench, {"add_target": {"documents": {"documents": ["nowhere"]}, "target_id": 3}})
    said = tried(stream.until_whole)
    stream.close()
    return said
