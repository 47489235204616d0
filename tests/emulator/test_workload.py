"""The sample project: what the incident needs of its shape, and that its endpoints answer."""

import ast
import filecmp
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from buddy_tui.emulator import workload

PROJECT = workload.BUDDY
PACKAGE = PROJECT / "Back_End"
MODULES = {path.stem: path for path in PACKAGE.glob("*.py") if path.stem != "__init__"}

Call = Callable[..., Any]


def _froms(module: str) -> tuple[tuple[str, int], ...]:
    """Every `from X import …` of a module: X and its line."""
    nodes = ast.walk(ast.parse(MODULES[module].read_text("utf-8")))
    return tuple((node.module or "", node.lineno) for node in nodes if isinstance(node, ast.ImportFrom))


def _neighbours(module: str) -> tuple[str, ...]:
    return tuple(name.removeprefix("Back_End.") for name, _ in _froms(module) if name.startswith("Back_End."))


@cache
def _depth(module: str) -> int:
    return 1 + max((_depth(name) for name in _neighbours(module)), default=0)


def test_the_package_is_as_large_as_the_story_says() -> None:
    assert len(MODULES) - 1 >= 35
    assert len(set(_neighbours("main"))) == 33
    assert _depth("whiteboard_metrics") >= 20


def test_the_first_import_is_the_one_that_the_incident_names() -> None:
    assert ("Back_End.whiteboard_metrics", 14) in _froms("main")
    assert "budget_tracker" in _neighbours("whiteboard_metrics")
    assert "cost_estimator" in _neighbours("budget_tracker")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_needs_its_neighbours_and_the_standard_library_alone(module: str) -> None:
    nodes = list(ast.walk(ast.parse(MODULES[module].read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    roots = {name.partition(".")[0] for name in plain | {name for name, _ in _froms(module)}}

    # Only whoever keeps sessions in Firestore loads the client for it.
    google = {"google"} if module == "firestore_sessions" else set()
    assert roots <= set(sys.stdlib_module_names) | {"Back_End"} | google
    assert "Back_End" not in plain
    assert set(_neighbours(module)) <= set(MODULES)


def test_every_module_is_used_by_another() -> None:
    used = {name for module in MODULES for name in _neighbours(module)}

    assert set(MODULES) - used == {"main"}


def test_the_leftovers_and_the_copied_dockerfile_are_there() -> None:
    assert (PROJECT / "Back-End" / "main.py").is_file()
    assert (PROJECT / "backend" / "main.py").is_file()
    assert (PROJECT / "Front_End" / "index.html").is_file()
    assert filecmp.cmp(PROJECT / "Dockerfile", PACKAGE / "Dockerfile", shallow=False)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Ask the project's application, loaded as uvicorn would from the project's folder."""
    monkeypatch.syspath_prepend(PROJECT)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("K_REVISION", "buddy-app-00028-bsx")
    monkeypatch.delenv("SESSION_STORE", raising=False)
    app = importlib.import_module("Back_End.main").app

    async def ask(method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        event = {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

        async def receive() -> dict[str, Any]:
            return event

        async def send(part: dict[str, Any]) -> None:
            sent.append(part)

        await app({"type": "http", "method": method, "path": path}, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])

    yield ask
    for name in [name for name in sys.modules if name.partition(".")[0] == "Back_End"]:
        del sys.modules[name]


@pytest.mark.parametrize("path", ["/health", "/system/health", "/system/test-flow", "/health/persistence"])
async def test_an_endpoint_of_the_monitor_is_well_and_says_who_answers(call: Call, path: str) -> None:
    status, answer = await call("GET", path)

    assert (status, answer["status"]) == (200, "ok")
    assert answer["revision"] == "buddy-app-00028-bsx"
    assert len(answer["instance"]) == 12


async def test_persistence_is_honest_about_memory(call: Call) -> None:
    _, answer = await call("GET", "/health/persistence")

    assert (answer["store"], answer["durable"], answer["round_trip"]) == ("memory", False, True)


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("calculate 3*(4+5)", "3*(4+5) = 27"),
        ("compute 1/0", "I cannot calculate 1/0."),
        ("calculate " + "9" * 400, "I cannot calculate"),
        ("remember that the milk is out", "Noted, number 1: the milk is out"),
        ("first bake, then eat", "The plan: 1. first bake. 2. eat."),
        ("how many days until 2026-13-01?", "2026-13-01 is no date."),
        ("hello", "Hello, I am Buddy."),
    ],
)
async def test_buddy_answers(call: Call, message: str, reply: str) -> None:
    status, answer = await call("POST", "/chat", {"message": message})

    assert status == 200
    assert answer["reply"].startswith(reply)


async def test_a_caller_may_name_a_session_and_mark_it(call: Call) -> None:
    named = {"id": "buddy-probe-0123456789", "probe": "monitor-7"}

    status, begun = await call("POST", "/sessions", named)
    again, _ = await call("POST", "/sessions", named)
    unfit, _ = await call("POST", "/sessions", {"id": "../x"})

    assert status == 201
    assert {key: begun["session"][key] for key in named} == named
    assert begun["session"]["revision"] == "buddy-app-00028-bsx"
    assert (again, unfit) == (409, 400)


async def test_a_message_without_a_session_leaves_nothing(call: Call) -> None:
    _, answer = await call("POST", "/chat", {"message": "hello"})

    assert answer["session"] is None


async def test_a_session_lives_until_it_is_deleted(call: Call) -> None:
    _, begun = await call("POST", "/sessions")
    path = f"/sessions/{begun['session']['id']}"
    await call("POST", "/chat", {"message": "hello", "session": begun["session"]["id"]})

    _, seen = await call("GET", path)
    deleted, _ = await call("DELETE", path)
    gone, _ = await call("GET", path)

    assert [message["role"] for message in seen["session"]["messages"]] == ["user", "buddy"]
    assert (deleted, gone) == (200, 404)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("POST", "/chat", ["no object"], 400),
        ("POST", "/chat", {"message": 7}, 400),
        ("POST", "/chat", {"message": "x" * 4001}, 400),
        ("POST", "/chat", {"message": "hello", "session": "unknown"}, 404),
    ],
)
async def test_a_bad_request_is_told_so(
    call: Call, method: str, path: str, body: object, status: int
) -> None:
    assert (await call(method, path, body))[0] == status
