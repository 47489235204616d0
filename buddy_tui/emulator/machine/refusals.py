"""Google's own pages for requests that no instance answered, and what the request log says of them."""

from dataclasses import dataclass
from html import escape

from aiohttp import hdrs, web


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was not answered by an instance.

    `text` is HTML, in which `{path}` stands for the request's path. `log` is Google's remark in the request log; empty
    where Google writes no entry at all.
    """

    status: int
    title: str
    text: str
    log: str = ""

    def page(self, path: str) -> web.Response:
        """Return the page, for a request of `path`."""
        text = self.text.format(path=f"<code>{escape(path)}</code>")
        body = (
            f'<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n'
            f"<title>{self.status} {self.title}</title>\n</head>\n<body text=#000000 bgcolor=#ffffff>\n"
            f"<h1>Error: {self.title}</h1>\n<h2>{text}</h2>\n<h2></h2>\n</body></html>\n"
        )
        headers = {hdrs.SERVER: "Google Frontend", hdrs.CONTENT_TYPE: "text/html; charset=UTF-8"}
        if self.status == 401:
            headers[hdrs.WWW_AUTHENTICATE] = (
                'Bearer error="invalid_token" error_description="The access token could not be verified"'
            )
        return web.Response(status=self.status, body=body.encode(), headers=headers)


_FORBIDDEN = "Your client does not have permission to get URL {path} from this server."
_ALLOW = (
    "The request was not authenticated."
    " Either allow unauthenticated invocations or set the proper Authorization header."
)

# Also for a service that takes no requests from outside: Cloud Run's troubleshooting page says that those leave no
# entry in the log.
NOT_FOUND = Refusal(404, "Page not found", "The requested URL was not found on this server.")
# The sentence is that of Google's APIs; that it comes on this page is unverified. It leaves no entry either.
PROHIBITED = Refusal(403, "Forbidden", "Request is prohibited by organization's policy.")
NO_TOKEN = Refusal(403, "Forbidden", _FORBIDDEN, f"{_ALLOW} Empty Authorization header value.")
# The troubleshooting page has this remark for a member without run.routes.invoke, too; its end is unverified then.
NO_INVOKER = Refusal(
    403,
    "Forbidden",
    _FORBIDDEN,
    f"{_ALLOW} Read more at https://cloud.google.com/run/docs/securing/authenticating Additional troubleshooting"
    " documentation can be found at: https://cloud.google.com/run/docs/troubleshooting#unauthorized-client",
)
BAD_TOKEN = Refusal(
    401,
    "Unauthorized",
    "Your client does not have permission to the requested URL {path}.",
    "The request was not authorized to invoke this service. The access token could not be verified.",
)
NOT_READY = Refusal(
    503,
    "Server Error",
    "The service you requested is not available yet.",
    "The request failed because the instance failed the readiness check.",
)
BROKEN = Refusal(
    503,
    "Server Error",
    "Service Unavailable",
    "The request failed because either the HTTP response was malformed or connection to the instance had an error.",
)
TOO_LONG = Refusal(
    504,
    "Server Error",
    "upstream request timeout",
    "The request has been terminated because it has reached the maximum request timeout.",
)
NO_INSTANCE = Refusal(
    429,
    "Rate exceeded",
    "Rate exceeded.",
    "The request was aborted because there was no available instance.",
)
