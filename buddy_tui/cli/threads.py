"""cli: threads that nobody waits for: a sign-in or a name server that hangs does not keep the program from ending."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_LEFT: ContextVar[bool] = ContextVar("left", default=False)


@contextmanager
def left_behind() -> Iterator[None]:
    """Let no end of the program wait for the threads that are begun within, also by the tasks that are."""
    token = _LEFT.set(True)
    try:
        yield
    finally:
        _LEFT.reset(token)


class Threads(ThreadPoolExecutor):
    """An event loop's threads, of which those that are begun within `left_behind` are daemons of their own.

    All others are waited for, so that a record which is being written is written.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":  # noqa: ANN401 - as its base has it
        """Run `fn` in a thread."""
        if not _LEFT.get():
            return super().submit(fn, *args, **kwargs)
        promise: Future[Any] = Future()
        promise.set_running_or_notify_cancel()

        def run() -> None:
            try:
                promise.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
                promise.set_exception(error)

        threading.Thread(target=run, name="buddy-tui left behind", daemon=True).start()
        return promise
