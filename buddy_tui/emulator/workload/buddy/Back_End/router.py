"""Finds who answers a request."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from Back_End.error_catalog import NotFound
from Back_End.http_request import Request
from Back_End.http_response import Response

Handler = Callable[[Request, str], Response]
Answering = Callable[[Request, str], Awaitable[Response]]


class Router:
    """Routes such as `GET /sessions/{id}`: the last part may be a name, which the handler gets."""

    def __init__(self, routes: dict[str, Handler]) -> None:
        self._routes = routes

    def find(self, request: Request) -> tuple[str, Answering, str]:
        """Return the route, who answers it, and the name in the path, which is empty for a plain route.

        Each answer is made in a thread of its own, so that one which waits for Firestore holds up nobody.
        """
        route = f"{request.method} {request.path}"
        if route in self._routes:
            return route, partial(asyncio.to_thread, self._routes[route]), ""
        parent, _, name = request.path.rpartition("/")
        route = f"{request.method} {parent}/{{id}}"
        if name and route in self._routes:
            return route, partial(asyncio.to_thread, self._routes[route]), name
        raise NotFound(f"There is no {request.method} {request.path}.")
