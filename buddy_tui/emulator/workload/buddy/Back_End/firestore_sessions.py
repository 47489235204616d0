"""Sessions as Firestore documents: every instance of every revision sees the same."""

from google.api_core.exceptions import AlreadyExists
from google.cloud import firestore

from Back_End.error_catalog import Conflict, NotFound
from Back_End.session_model import Session, restored

COLLECTION = "sessions"
# A caller waits no longer than this for a session (seconds).
PATIENCE = 5.0


class FirestoreSessions:
    """In the collection `sessions` of `project`; an empty one is the project that we run in."""

    kind = "firestore"
    durable = True

    def __init__(self, project: str) -> None:
        self._documents = firestore.Client(project=project or None).collection(COLLECTION)

    def add(self, session: Session) -> None:
        try:
            self._documents.document(session.id).create(session.as_document(), retry=None, timeout=PATIENCE)
        except AlreadyExists:
            raise Conflict(f"There is a session '{session.id}' already.") from None

    def get(self, session_id: str) -> Session:
        found = self._documents.document(session_id).get(retry=None, timeout=PATIENCE)
        if not found.exists:
            raise NotFound(f"There is no session '{session_id}'.")
        return restored(found.to_dict())

    def save(self, session: Session) -> None:
        self._documents.document(session.id).set(session.as_document(), retry=None, timeout=PATIENCE)

    def delete(self, session_id: str) -> None:
        self.get(session_id)
        self._documents.document(session_id).delete(retry=None, timeout=PATIENCE)
