"""aside: whether a source tree is worse than it was before folders were taken out of it."""

from buddy_tui.errors import BuddyError
from buddy_tui.preflight.gather import gather
from buddy_tui.preflight.judge import preflight
from buddy_tui.preflight.values import Preflight, Verdict
from buddy_tui.preflight.wording import listed


async def worse(source: str, before: Preflight) -> str:
    """Look at a folder again, without a smoke boot; say what fails now and did not before, empty where nothing does.

    What is started has to be found as before, too.
    """
    try:
        after = preflight(await gather(source, smoke=False))
    except BuddyError as error:
        return f"The preflight cannot look at what is left: {error}"
    known = _failed(before)
    new = [name for name in _failed(after) if name not in known]
    if not new and _verdict(after, "root") is not _verdict(before, "root"):
        new = ["root"]
    if not new:
        return ""
    said = next(check.message for check in after.checks if check.name == new[0])
    return f"Without these folders the preflight fails ({listed(new)}): {said}"


def _failed(found: Preflight) -> tuple[str, ...]:
    return tuple(check.name for check in found.checks if check.verdict is Verdict.FAIL)


def _verdict(found: Preflight, name: str) -> Verdict | None:
    return next((check.verdict for check in found.checks if check.name == name), None)
