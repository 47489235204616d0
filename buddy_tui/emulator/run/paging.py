"""World: pages of a list that may change between two of them."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Iterable

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.wording import violation

# How many a page holds when the request does not say, and at most; both unverified.
DEFAULT_SIZE = 100
MAX_SIZE = 1000


def page(keyed: Iterable[tuple[str, Message]], size: int, token: str) -> tuple[list[Message], str]:
    """Return the messages of one page in the order of their unique keys, and the token of the next ("" for none).

    A token names the last key that was told, so nothing is told twice or left out when others come and go.
    """
    if size < 0:
        raise violation("page_size", "must not be negative.")
    items = sorted(keyed, key=lambda item: item[0])
    start = bisect_right(items, _key(token), key=lambda item: item[0]) if token else 0
    end = start + min(size or DEFAULT_SIZE, MAX_SIZE)
    told = [message for _, message in items[start:end]]
    return told, _token(items[end - 1][0]) if end < len(items) else ""


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _key(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError):
        raise violation("page_token", "is not one that was handed out.") from None
