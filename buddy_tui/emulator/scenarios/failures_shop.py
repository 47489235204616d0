"""A small shop that boots, and what it takes to break it: the ground of the story `failures`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

from buddy_tui.emulator.tree import Tree

_DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY . .
ENV PYTHONUNBUFFERED=1
CMD ["python", "main.py"]
"""
_MAIN = """\
from server import serve
from shop.prices import PRICES

print(f"{len(PRICES)} prices are loaded")
serve("0.0.0.0")
"""
_SERVER = '''\
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shop(BaseHTTPRequestHandler):
    """Answers on / and nowhere else."""

    def do_GET(self):
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()


def serve(host, port=int(os.environ["PORT"])):
    server = ThreadingHTTPServer((host, port), Shop)
    print(f"serving on http://{host}:{port}")
    server.serve_forever()
'''
_ASGI = '''\
async def app(scope, receive, send):
    """Answer everything with 200, and agree to every start."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return await send({"type": "lifespan.shutdown.complete"})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
'''


@dataclass(frozen=True, slots=True)
class Failure:
    """A way to break the shop: the cause that it has to be found out by, what was done, and the files that differ.

    `command` is that of the Dockerfile, in JSON; the other fields are those of a Deployment.
    """

    cause: str
    idea: str
    files: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    probe: Mapping[str, object] = field(default_factory=dict)
    lost: bool = False
    program: Mapping[str, bytes] = field(default_factory=dict)

    def tree(self) -> Tree:
        """Return what is uploaded."""
        tree = reduce(lambda made, one: made.written(*one), self.files.items(), SHOP)
        tree = reduce(lambda made, one: made.program(*one), self.program.items(), tree)
        if self.command:
            tree = tree.edited("Dockerfile", '["python", "main.py"]', self.command)
        return tree


SHOP = (
    Tree({})
    .written("Dockerfile", _DOCKERFILE)
    .written("main.py", _MAIN)
    .written("server.py", _SERVER)
    .written("web.py", _ASGI)
    .written("requirements.txt", "uvicorn\n")
    .written("shop/__init__.py", "")
    .written("shop/prices.py", 'PRICES = {"apple": 120, "pear": 150}\n')
)


def main(text: str) -> Mapping[str, str]:
    """Return a main.py of its own as the only file that differs."""
    return {"main.py": text}


def prices(text: str) -> Mapping[str, str]:
    """Return a shop/prices.py of its own as the only file that differs: main.py imports it."""
    return {"shop/prices.py": text}
