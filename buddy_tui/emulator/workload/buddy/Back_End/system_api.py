"""GET /health, /health/persistence, /system/health and /system/test-flow."""

from Back_End.audit_trail import AuditTrail
from Back_End.dependency_report import dependency_report
from Back_End.flow_tester import FlowTester
from Back_End.health_monitor import HealthMonitor
from Back_End.http_request import Request
from Back_End.http_response import Response
from Back_End.persistence_check import PersistenceCheck
from Back_End.whiteboard_metrics import Whiteboard


class SystemApi:
    def __init__(
        self,
        monitor: HealthMonitor,
        persistence: PersistenceCheck,
        flow: FlowTester,
        whiteboard: Whiteboard,
        audit: AuditTrail,
    ) -> None:
        self._monitor = monitor
        self._persistence = persistence
        self._flow = flow
        self._whiteboard = whiteboard
        self._audit = audit

    def health(self, _request: Request, _name: str) -> Response:
        return Response({"status": "ok"})

    def persistence(self, _request: Request, _name: str) -> Response:
        found = self._persistence.run()
        return _answer(bool(found["round_trip"]), found)

    def system(self, _request: Request, _name: str) -> Response:
        parts = self._monitor.parts()
        board = {"whiteboard": self._whiteboard.as_json(), "changes": self._audit.latest()}
        return _answer(set(parts.values()) == {"ok"}, {"parts": parts, **dependency_report(), **board})

    def test_flow(self, _request: Request, _name: str) -> Response:
        steps = self._flow.run()
        return _answer(all(step["ok"] for step in steps), {"steps": steps})


def _answer(ok: bool, found: dict[str, object]) -> Response:
    return Response({"status": "ok" if ok else "degraded", **found}, 200 if ok else 503)
