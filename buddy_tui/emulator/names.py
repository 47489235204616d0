"""Addresses of things in the emulated Cloud Run, and the errors that its APIs answer with."""

from dataclasses import dataclass

import grpc


@dataclass(frozen=True, slots=True)
class Where:
    """A place in Cloud Run. `service` and `revision` are short names; an empty one is not told."""

    project: str
    region: str
    service: str = ""
    revision: str = ""

    @property
    def parent(self) -> str:
        """`projects/P/locations/R`."""
        return f"projects/{self.project}/locations/{self.region}"

    @property
    def service_path(self) -> str:
        """`projects/P/locations/R/services/S`."""
        return f"{self.parent}/services/{self.service}"

    @property
    def revision_path(self) -> str:
        """`projects/P/locations/R/services/S/revisions/V`."""
        return f"{self.service_path}/revisions/{self.revision}"


class Problem(Exception):
    """An error that the API answers with: a gRPC status code and Google's words."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse(path: str) -> Where:
    """Read `projects/P/locations/R[/services/S[/revisions/V]]`; anything else is an INVALID_ARGUMENT Problem."""
    parts = path.split("/")
    kinds = ("projects", "locations", "services", "revisions")
    if len(parts) not in (4, 6, 8) or any(
        parts[2 * i] != kind for i, kind in enumerate(kinds[: len(parts) // 2])
    ):
        raise Problem(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid resource name: '{path}'.")
    return Where(*parts[1::2])
