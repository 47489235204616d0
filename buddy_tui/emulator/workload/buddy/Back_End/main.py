"""Buddy's backend as one ASGI application: `Back_End.main:app`.

GET    /health              is the process alive
GET    /health/persistence  does the session store keep what it is given
GET    /system/health       every part, with the whiteboard's numbers
GET    /system/test-flow    one message through everything
POST   /chat                talk to Buddy
POST   /sessions            begin a session
GET, DELETE /sessions/{id}  look at a session, end it
"""

import time

from Back_End.whiteboard_metrics import Whiteboard
from Back_End.audit_trail import AuditTrail
from Back_End.budget_tracker import BudgetTracker
from Back_End.calculator_tool import calculate
from Back_End.calendar_tool import days_until
from Back_End.chat_api import ChatApi
from Back_End.conversation_memory import ConversationMemory
from Back_End.cors_policy import CorsPolicy
from Back_End.cost_estimator import CostEstimator
from Back_End.error_catalog import Problem, report
from Back_End.event_log import EventLog, follow
from Back_End.feature_flags import FeatureFlags
from Back_End.flow_tester import FlowTester
from Back_End.goal_manager import GoalManager
from Back_End.health_monitor import HealthMonitor
from Back_End.http_request import Request, read_request
from Back_End.http_response import Response, send_response
from Back_End.instance_identity import Identity
from Back_End.latency_tracker import LatencyTracker
from Back_End.notes_tool import take_note
from Back_End.persistence_check import PersistenceCheck
from Back_End.privacy_filter import mask
from Back_End.prompt_builder import PromptBuilder
from Back_End.rate_limiter import RateLimiter
from Back_End.reply_writer import ReplyWriter
from Back_End.request_counter import RequestCounter
from Back_End.router import Router
from Back_End.session_api import SessionApi
from Back_End.session_store import open_store
from Back_End.settings import load
from Back_End.system_api import SystemApi
from Back_End.token_counter import TokenCounter
from Back_End.tool_registry import ToolRegistry

settings = load()
identity = Identity(settings)
log = EventLog(identity)
flags = FeatureFlags(settings.flags)
cors = CorsPolicy(settings.allowed_origin)
limiter = RateLimiter(settings.requests_per_minute)
audit = AuditTrail()

sessions = open_store(settings.session_store)
memory = ConversationMemory(sessions, settings.context_messages)
prompts = PromptBuilder(memory)
costs = CostEstimator(TokenCounter(prompts), settings.cents_per_thousand_tokens)
budget = BudgetTracker(costs, settings.daily_budget_cents)
requests = RequestCounter()
whiteboard = Whiteboard(budget, LatencyTracker(), requests)

goals = GoalManager(planning=flags.planning)
tools = ToolRegistry(
    {
        "calculator": lambda _session, text: calculate(text),
        "calendar": lambda _session, text: days_until(text),
        "notes": take_note,
        "goals": goals.plan,
    }
)
replies = ReplyWriter(tools)

persistence = PersistenceCheck(sessions)
system_api = SystemApi(
    HealthMonitor(persistence, tools, requests),
    persistence,
    FlowTester(prompts, costs, replies),
    whiteboard,
    audit,
)
session_api = SessionApi(sessions, audit, settings.revision)
router = Router(
    {
        "GET /health": system_api.health,
        "GET /health/persistence": system_api.persistence,
        "GET /system/health": system_api.system,
        "GET /system/test-flow": system_api.test_flow,
        "POST /chat": ChatApi(memory, budget, replies).chat,
        "POST /sessions": session_api.create,
        "GET /sessions/{id}": session_api.show,
        "DELETE /sessions/{id}": session_api.delete,
    }
)


async def app(scope, receive, send):
    """The application that uvicorn serves."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        follow(settings.project, _header(scope, b"traceparent"))
        response = await _answer(scope, receive)
        stamped = Response({**response.body, **identity.stamp()}, response.status)
        await send_response(send, stamped, cors.headers())


async def _answer(scope, receive) -> Response:
    """Serve one request; a Problem becomes an answer, anything else a 500 that is logged with its cause."""
    started, route, response = time.perf_counter(), "unknown", Response({"error": "Something broke."}, 500)
    try:
        request = await read_request(scope, receive)
        if request.method == "OPTIONS":
            return Response({})
        limiter.take()
        route, handler, name = router.find(request)
        response = await handler(request, name)
        _log_request(request)
    except Problem as problem:
        report(log, scope["path"], problem)
        response = Response({"error": str(problem)}, problem.status)
    except Exception as error:
        log.error(f"{type(error).__name__}: {error}", path=scope["path"])
    whiteboard.observe(route, response.status, time.perf_counter() - started)
    return response


def _log_request(request: Request) -> None:
    if flags.request_log:
        log.info(f"{request.method} {request.path}", body=mask(request.body.decode(errors="replace")))


def _header(scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope.get("headers", ()) if key == name), "")


async def _lifespan(receive, send) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            log.say(f"Buddy is up: {settings.revision}")
        else:
            log.say(f"Buddy goes down after {identity.uptime_seconds()} s")
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
