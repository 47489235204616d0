"""REST without Google's servers: answers as JSON, and our Problems as HTTP statuses."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import grpc
from aiohttp import web
from google.protobuf import json_format

from buddy_tui.emulator.callers import Caller, calling
from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message, suffer

Answer = Callable[[web.Request], Awaitable[Message]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# How an access token begins that was lent to act as a service account; its e-mail follows.
ACTING = "emulated-"

# google.rpc.Code says which HTTP status stands for which code.
_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ABORTED: HTTPStatus.CONFLICT,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def spoken(answer: Answer, faults: Faults) -> Handler:
    """Say in JSON what `answer` answers or raises; every call passes through `faults` first."""

    async def tell(request: web.Request) -> web.StreamResponse:
        message = await answer(request)
        numbers = "enum-encoding=int" in request.query.get("$alt", "")
        return web.json_response(_whole(json_format.MessageToDict(message, use_integers_for_enums=numbers)))

    return answered(tell, faults)


def answered(handler: Handler, faults: Faults) -> Handler:
    """Say in JSON what `handler` raises; every call passes through `faults` first."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            await suffer(faults)
            with calling(_caller(request)):
                return await handler(request)
        except Problem as problem:
            return _refusal(problem)
        except (json_format.ParseError, ValueError) as error:
            return _refusal(
                Problem(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid JSON payload received. {error}")
            )

    return handle


def _whole(told: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON in which a number that is whole has no fraction, as Google writes those of a Struct."""
    if isinstance(told, dict):
        return {key: _whole(value) for key, value in told.items()}
    if isinstance(told, list):
        return [_whole(value) for value in told]
    return int(told) if isinstance(told, float) and told.is_integer() else told


def _caller(request: web.Request) -> Caller:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    email = token.removeprefix(ACTING) if token.startswith(ACTING) else ""
    return Caller(email, request.headers.get("User-Agent", ""))


def _refusal(problem: Problem) -> web.Response:
    status = _STATUS.get(problem.code, HTTPStatus.INTERNAL_SERVER_ERROR)
    error = {"code": int(status), "message": problem.message, "status": problem.code.name}
    return web.json_response({"error": error}, status=status)
