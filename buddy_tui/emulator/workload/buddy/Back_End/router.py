"""Finds who answers a request."""

from collections.abc import Callable

from Back_End.error_catalog import NotFound
from Back_End.http_request import Request
from Back_End.http_response import Response

Handler = Callable[[Request, str], Response]


class Router:
    """Routes such as `GET /sessions/{id}`: the last part may be a name, which the handler gets."""

    def __init__(self, routes: dict[str, Handler]) -> None:
        self._routes = routes

    def find(self, request: Request) -> tuple[str, Handler, str]:
        """Return the route, its handler and the name in the path, which is empty for a plain route."""
        route = f"{request.method} {request.path}"
        if route in self._routes:
            return route, self._routes[route], ""
        parent, _, name = request.path.rpartition("/")
        route = f"{request.method} {parent}/{{id}}"
        if name and route in self._routes:
            return route, self._routes[route], name
        raise NotFound(f"There is no {request.method} {request.path}.")
