"""gcp: the identity token of a user account, from the gcloud command."""

import asyncio
import os
import re
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path

from buddy_tui.clean import clean_line
from buddy_tui.errors import BuddyError, NotSignedIn, Unreachable
from buddy_tui.gcp.network import no_connection
from buddy_tui.redact import redact

_SECONDS = 10.0
_OTHERWISE = "--impersonate-service-account ACCOUNT"
_HINT = f"gcloud auth login, or act as a service account with {_OTHERWISE}."
# Nothing that cmd.exe, which runs gcloud.cmd on Windows, could take for a command.
_ACCOUNT = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_PREFIX = re.compile(r"^ERROR: (?:\([\w.-]+\) )?")


async def identity_token(account: str) -> str:
    """Ask gcloud for an identity token of `account`, or of its active one where that is empty.

    Its audience is gcloud's own, whatever service it is for: a user account cannot choose. Cloud Run is said to accept
    that audience from user accounts (unverified). Raises NotSignedIn or Unreachable.
    """
    program = shutil.which("gcloud")
    # A relative path means the working directory, which is somebody's project and not where gcloud is installed.
    if program is None or not Path(program).is_absolute():
        raise NotSignedIn(
            "User credentials make no identity token for Cloud Run without gcloud, and it is not installed.",
            f"Act as a service account with {_OTHERWISE}, or install gcloud.",
        )
    named = [f"--account={account}"] if _ACCOUNT.fullmatch(account) else []
    try:
        code, told, trouble = await _run(program, "auth", "print-identity-token", "--quiet", *named)
    except TimeoutError:
        raise Unreachable(
            f"gcloud gave no identity token within {_SECONDS:g} s.", "Try it by itself."
        ) from None
    except OSError as error:
        raise NotSignedIn(f"gcloud cannot be started: {clean_line(error.strerror or '')}.", _HINT) from error
    if code != 0:
        raise _failed(trouble)
    return told


async def _run(*arguments: str) -> tuple[int | None, str, str]:
    # In a session of its own: gcloud is a script, and what it starts ends with it.
    process = await asyncio.create_subprocess_exec(
        *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    try:
        async with asyncio.timeout(_SECONDS):
            told, trouble = await process.communicate()
    finally:
        if process.returncode is None:
            await _end(process)
    return process.returncode, told.decode("utf-8", "replace"), trouble.decode("utf-8", "replace")


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    await process.wait()


def _failed(trouble: str) -> BuddyError:
    # What follows is gcloud's advice, and ours is the hint.
    text = _PREFIX.sub("", redact(clean_line(trouble))).partition(" Please run:")[0][:300].rstrip(". ")
    if why := no_connection(text):
        return Unreachable(
            f"gcloud gives no identity token: {why}.", "Check the network, the VPN and https_proxy."
        )
    return NotSignedIn(f"gcloud gives no identity token: {text or 'it does not say why'}.", _HINT)
