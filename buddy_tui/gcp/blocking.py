"""gcp: blocking calls of Google's libraries, with a time limit that nobody has to wait out."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_Value = TypeVar("_Value")


async def in_thread(call: Callable[[], _Value], seconds: float) -> _Value:
    """Run `call` in a thread of its own. Raises TimeoutError after `seconds`, else what the call raises.

    The thread is a daemon: a call whose own limit is two minutes does not keep the program from ending.
    """
    promise: Future[_Value] = Future()
    promise.set_running_or_notify_cancel()

    def run() -> None:
        try:
            promise.set_result(call())
        except Exception as error:  # noqa: BLE001 - raised where the call is awaited
            promise.set_exception(error)

    Thread(target=run, name="buddy-tui blocking call", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(promise)
