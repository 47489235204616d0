"""Log lines for benchmarks, always the same: a service that works, with tracebacks mixed in, and a boot that fails last."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

# On the last line alone.
NEWEST = "newest_boot_has_failed"
# On the first line alone.
OLDEST = "oldest_line_of_all"
# In one line of ten thousand, or so.
RARE = "rare_needle"
_BEGAN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
_LOGGERS = (
    "shop.main",
    "shop.db.pool",
    "uvicorn.error",
    "gunicorn.error",
    "shop.routes.orders",
    "sqlalchemy.engine",
)
_LEVELS = ("INFO",) * 16 + ("DEBUG", "WARNING", "WARNING", "ERROR")
_SAID = (
    "Started server process [{}]",
    "GET /healthz HTTP/1.1 200 {}us",
    "POST /api/v1/orders/{} 201",
    "connection pool size={} overflow=3",
    "retrying upstream request attempt=2 backoff={}ms url=https://api.internal/v2/things",
    "cache miss key=user:{}:profile",
    "loaded {} feature flags",
)
_FRAMES = (
    ("/app/shop/main.py", "<module>", "from shop.routes import api"),
    ("/app/shop/routes/orders.py", "create_order", "return await service.create(session, payload)"),
    (
        "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py",
        "import_from_string",
        "module = importlib.import_module(name)",
    ),
    (
        "/usr/local/lib/python3.11/importlib/__init__.py",
        "import_module",
        "return _bootstrap._gcd_import(name)",
    ),
    (
        "/usr/local/lib/python3.11/site-packages/sqlalchemy/engine/base.py",
        "_execute_context",
        "self.dialect.do_execute(cursor)",
    ),
)
_RAISED = (
    "ValueError: invalid literal for int() with base 10: 'x'",
    "KeyError: 'order_{}'",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    f"ModuleNotFoundError: No module named 'shop.{RARE}'",
)
# One in so many lines begins a traceback, so that every fifth line belongs to one; the last kind is rarer still.
_OFTEN, _SELDOM = 75, 50


def lines(count: int, seed: int = 7) -> Iterator[str]:
    """Yield `count` lines."""
    yield f"{_BEGAN:%Y-%m-%dT%H:%M:%S}.000000Z INFO [shop-00028-bsx] shop.main: {OLDEST}"
    made, now = 1, _BEGAN
    chance = random.Random(seed)  # noqa: S311 - the same lines every time are the point
    while made < count - 1:
        now += timedelta(microseconds=chance.randint(10, 4000))
        block = [_line(now, chance)]
        if chance.randrange(_OFTEN) == 0:
            block += _traceback(chance)
        block = block[: count - 1 - made]
        yield from block
        made += len(block)
    yield f"{now:%Y-%m-%dT%H:%M:%S.%f}Z ERROR [shop-00029-nep] shop.main: {NEWEST}"


def _line(now: datetime, chance: random.Random) -> str:
    said = chance.choice(_SAID).format(chance.randint(1, 9999))
    stamp = f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"
    revision = f"shop-000{chance.randint(10, 14)}-abc"
    return f"{stamp} {chance.choice(_LEVELS)} [{revision}] {chance.choice(_LOGGERS)}: {said}"


def _traceback(chance: random.Random) -> list[str]:
    block = ["Traceback (most recent call last):"]
    for _ in range(chance.randint(4, 9)):
        file, function, source = chance.choice(_FRAMES)
        block += [f'  File "{file}", line {chance.randint(1, 900)}, in {function}', f"    {source}"]
    raised = _RAISED[-1] if chance.randrange(_SELDOM) == 0 else chance.choice(_RAISED[:-1])
    return [*block, raised.format(chance.randint(1, 999))]
