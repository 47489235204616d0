"""World: long-running operations."""

from random import Random
from uuid import UUID

import grpc
from google.longrunning import operations_pb2

from buddy_tui.emulator.names import Problem, Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run import paging
from buddy_tui.emulator.run.messages import copied


class Operations:
    """All operations, done or under way. Metadata and response are the resource itself, as in Cloud Run v2."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._all: dict[str, Message] = {}
        self._subjects: dict[str, Message] = {}

    def finished(self, where: Where, resource: Message) -> Message:
        """Return an operation that is done and not kept: the answer of a dry run."""
        operation = operations_pb2.Operation(name=self._name(where), done=True)
        operation.metadata.Pack(resource)
        operation.response.Pack(resource)
        return operation

    def start(self, where: Where, resource: Message) -> str:
        """Keep a new operation on `resource`, which is watched until the operation is done; return its name."""
        name = self._name(where)
        self._all[name] = operations_pb2.Operation(name=name)
        self._subjects[name] = resource
        return name

    def finish(self, name: str, error: tuple[grpc.StatusCode, str] | None = None) -> None:
        """Let an operation be done, with the resource as it is now or with an error."""
        operation, resource = self._all[name], self._subjects.pop(name)
        operation.done = True
        operation.metadata.Pack(resource)
        if error is None:
            operation.response.Pack(resource)
        else:
            code, operation.error.message = error
            operation.error.code = code.value[0]

    def get(self, name: str) -> Message:
        """Return the operation as it is now; NOT_FOUND (words unverified) if there is none."""
        if name not in self._all:
            raise Problem(grpc.StatusCode.NOT_FOUND, f"Operation '{name}' does not exist.")
        operation = copied(self._all[name])
        if name in self._subjects:
            operation.metadata.Pack(self._subjects[name])
        return operation

    def list(self, where: Where, page_size: int, page_token: str) -> Message:
        """Return a page of the operations of a region."""
        keyed = ((name, name) for name in self._all if name.startswith(f"{where.parent}/operations/"))
        names, token = paging.page(keyed, page_size, page_token)
        told = [self.get(name) for name in names]
        return operations_pb2.ListOperationsResponse(operations=told, next_page_token=token)

    def delete(self, name: str) -> None:
        """Forget an operation that is done; one under way goes on (unverified), for nothing can cancel it."""
        if self.get(name).done:
            del self._all[name]

    def _name(self, where: Where) -> str:
        return f"{where.parent}/operations/{self.uuid()}"

    def uuid(self) -> str:
        """Draw an identity from the world's own generator."""
        return str(UUID(int=self._random.getrandbits(128), version=4))
