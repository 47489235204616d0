"""probes: an operator's regular expression in a hostile text, in bounded time.

Python's expressions backtrack: `(a+)+b` takes years for some short texts, and `.*x.*y` minutes for a long one. While
they do, nothing else in the process moves, for they hold its lock; a thread does not help. So whatever may backtrack
is looked for in a process of its own, which can be ended.
"""

import asyncio
import re
import sys

MOST = 64 * 1024
"""How many characters of a text are looked at."""

_LONGEST = 2.0
# Without any of these, an expression takes at most its own length at each place of the text.
_REPEATS = re.compile(r"[*+?{|]")
_SEARCH = (
    "import re, sys; pattern, _, text = sys.stdin.buffer.read().decode().partition('\\0');"
    "sys.exit(0 if re.search(pattern, text) else 3)"
)
_MEANING: dict[int | None, bool] = {0: True, 3: False}


async def found(pattern: str, text: str, *, longest: float = _LONGEST) -> bool | None:
    """Return whether `pattern` is in the first 64 Ki characters of `text`; `None` when it took too long to tell.

    Raises re.error for an expression that is none. `longest` is in seconds.
    """
    compiled, text = re.compile(pattern), text[:MOST]
    if not _REPEATS.search(pattern):
        return compiled.search(text) is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _SEARCH),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(longest):
            await process.communicate(f"{pattern}\0{text}".encode())
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _MEANING.get(process.returncode)
