"""doctor: looks and asks, everything at once, and gives up in time. Changes nothing."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from buddy_tui.config import Settings
from buddy_tui.doctor.identity import told_how
from buddy_tui.doctor.jobs import INVOKE, LOOK, ON_SERVICE, ON_THIS, SESSIONS, WANTED
from buddy_tui.doctor.network import HINT, proxy, through
from buddy_tui.doctor.service import wanted_apis
from buddy_tui.doctor.values import Found, Held, Machine, Reached, SignedIn, Untold
from buddy_tui.errors import BuddyError, Unreachable
from buddy_tui.gateway import Cloud
from buddy_tui.journal.keep import Journal
from buddy_tui.model import ServiceName
from buddy_tui.preflight.target import ACT_AS
from buddy_tui.preflight.values import Verdict

# What is asked of Google by name.
_SIGNED_IN = ("regions", "found", "apis", "held")
_PARTS = ("machine", "journal", "reached", "signed", *_SIGNED_IN)
_CLOSING = 0.3
_NOBODY = Untold("Not asked: nobody is signed in.", tried=False)
_UNSETTLED = Untold("Not asked: where to look is not settled, see context.", tried=False)
_NO_WAY = Untold("Not asked: no proxy can be used as it is set, see proxy.", tried=False)
_NO_PROJECT = Untold("Not asked: no project is set.", "Say --project ID.", tried=False)
_NO_SERVICE = Untold("No service is named.", "Say --service NAME.", tried=False)
_Value = TypeVar("_Value")
Parts = Mapping[str, Any]
Missing = Callable[[str, str, str, str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Outside:
    """What there is to look at and to ask, chosen by a command.

    - `look`: the machine; blocks, and runs in a thread
    - `reach`: get any answer of the server; `connect`: sign in; both raise BuddyError or OSError
    - `find`: the service that the settings name, with what should be told of how; raises BuddyError
    - `missing`: a sentence that says that a permission is missing, and the command that grants it, for permission,
      member, project, and the service account that it is asked on, or an empty string
    """

    look: Callable[[], Machine]
    reach: Callable[[Settings], Awaitable[Reached]]
    connect: Callable[[Settings], Awaitable[tuple[Cloud, SignedIn]]]
    find: Callable[[Cloud, Settings], Awaitable[tuple[ServiceName, tuple[str, ...]]]]
    missing: Missing


async def gather(outside: Outside, seconds: float) -> AsyncGenerator[Parts, None]:
    """Yield what is known so far, whenever there is more of it, and at last all of it, after `seconds` at most.

    Each part is a value or an Untold: `machine` Machine, `journal` Reading, `reached` Reached, `signed` SignedIn,
    `regions` names, `found` Found, `apis` as `gateway.DeployReads.apis`, `held` Held.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    work = asyncio.create_task(_Round(outside, told).run())
    work.add_done_callback(lambda _: told.put_nowait(("", None)))
    parts: dict[str, Any] = {}
    try:
        with suppress(TimeoutError):
            while len(parts) < len(_PARTS):
                name, value = await asyncio.wait_for(told.get(), max(0.0, end - loop.time()))
                if not name:
                    work.result()  # raises what was a bug
                    break
                parts[name] = value
                yield dict(parts)
        yield _late(parts, seconds) | parts
    finally:
        work.cancel()
        await asyncio.wait([work], timeout=_CLOSING)


def _late(parts: Parts, seconds: float) -> dict[str, Any]:
    """Say of every part that there was no answer; what waits for the sign-in was not asked for."""
    machine = parts.get("machine")
    here = machine if isinstance(machine, Machine) else None
    late = Untold(f"There was no answer within {seconds:g} s.", _hint(here))
    told: dict[str, Any] = dict.fromkeys(_PARTS, late)
    if here:
        told["reached"] = _with_way(late, here)
        told["signed"] = told["found"] = replace(late, unreached=True)
    return told if "signed" in parts else told | dict.fromkeys(_SIGNED_IN, _NOBODY)


def _hint(machine: Machine | None) -> str:
    return (
        "Is the emulator running? See CLOUD_RUN_EMULATOR_HOST."
        if machine and machine.settings.emulated
        else HINT
    )


def _with_way(untold: Untold, machine: Machine) -> Untold:
    way = through(machine)
    return replace(untold, why=f"{untold.why} It was asked {way}.") if way else untold


class _Round:
    """One round of questions; each answer is told as soon as it is there."""

    def __init__(self, outside: Outside, told: "asyncio.Queue[tuple[str, Any]]") -> None:
        self._outside = outside
        self._told = told

    async def run(self) -> None:
        machine = await self._tell("machine", asyncio.to_thread(self._outside.look))
        if isinstance(machine, Untold):
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell("journal", asyncio.to_thread(Journal(machine.journal).read)))
            if machine.trouble:
                # Nobody is asked who may be the wrong one, such as Google in place of an emulator.
                self._put(_UNSETTLED, "reached", "signed", *_SIGNED_IN)
                return
            if proxy(machine).verdict is Verdict.FAIL:
                # The libraries raise what is no error of a connection.
                self._put(_NO_WAY, "reached", "signed", *_SIGNED_IN)
                return
            group.create_task(self._reached(machine))
            group.create_task(self._asked(machine))

    async def _tell(self, part: str, asked: Awaitable[_Value]) -> _Value | Untold:
        value = await _tried(asked)
        self._told.put_nowait((part, value))
        return value

    def _put(self, value: object, *parts: str) -> None:
        for part in parts:
            self._told.put_nowait((part, value))

    async def _reached(self, machine: Machine) -> None:
        answer = await _tried(self._outside.reach(machine.settings))
        self._put(_with_way(answer, machine) if isinstance(answer, Untold) else answer, "reached")

    async def _asked(self, machine: Machine) -> None:
        settings = machine.settings
        connected = await _tried(self._outside.connect(settings))
        if isinstance(connected, Untold):
            self._put(told_how(connected, machine), "signed")
            self._put(_NOBODY, *_SIGNED_IN)
            return
        cloud, signed = connected
        self._put(signed, "signed")
        try:
            if settings.project:
                await self._ask_google(cloud, settings, signed)
            else:
                self._put(_NO_PROJECT, *_SIGNED_IN)
        finally:
            await cloud.close()

    async def _ask_google(self, cloud: Cloud, settings: Settings, signed: SignedIn) -> None:
        project = settings.project.value
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell("regions", cloud.regions(project)))
            group.create_task(self._tell("apis", cloud.apis(project, wanted_apis(settings))))
            found = group.create_task(self._found(cloud, settings))
            group.create_task(
                self._tell("held", _held(cloud, settings, found, self._outside.missing, signed.member))
            )

    async def _found(self, cloud: Cloud, settings: Settings) -> Found | Untold:
        if settings.service:
            return await self._tell("found", _service(self._outside, cloud, settings))
        self._put(_NO_SERVICE, "found")
        return _NO_SERVICE


async def _held(
    cloud: Cloud, settings: Settings, finding: Awaitable[Found | Untold], missing: Missing, member: str
) -> Held:
    """Ask what we may do: of the project at once, of the service and its account when they are known."""
    project = settings.project.value
    of_sessions = settings.session.project or project
    on_project, on_sessions, found = await asyncio.gather(
        cloud.project_permissions(project, ON_THIS),
        cloud.project_permissions(of_sessions, SESSIONS),
        finding,
    )
    granted = (on_project or frozenset()) | (on_sessions or frozenset())
    untold = frozenset(ON_THIS if on_project is None else ()) | frozenset(
        SESSIONS if on_sessions is None else ()
    )
    account, act = "", None
    if isinstance(found, Found):
        account = found.account
        on_service, act = await asyncio.gather(
            cloud.permissions(found.name, ON_SERVICE), cloud.may_act_as(account)
        )
        # What was just done is allowed, whoever grants it where; and where everybody may call, we may.
        granted |= on_service | frozenset(LOOK)
        granted |= frozenset((INVOKE,) if found.service.invoker_iam_disabled else ())
        untold -= frozenset(ON_SERVICE)
    granted |= frozenset((ACT_AS,) if act else ())
    untold = (untold | frozenset((ACT_AS,) if act is None else ())) - granted
    grants = {
        one: missing(
            one, member, of_sessions if one in SESSIONS else project, account if one == ACT_AS else ""
        )
        for one in WANTED - granted - untold
    }
    return Held(granted, untold, grants)


async def _service(outside: Outside, cloud: Cloud, settings: Settings) -> Found:
    """Read the service and its revisions. Raises BuddyError."""
    name, _ = await outside.find(cloud, settings)
    service, revisions = await asyncio.gather(
        cloud.service(name), cloud.revisions(name), return_exceptions=True
    )
    if isinstance(service, BaseException):
        raise service  # it names what is near; the error of the revisions does not
    if isinstance(revisions, BaseException):
        raise revisions
    account = next((one.service_account for one in revisions if one.service_account), "")
    return Found(name, service, account)


async def _tried(asked: Awaitable[_Value]) -> _Value | Untold:
    try:
        return await asked
    except BuddyError as error:
        return Untold(str(error), error.hint, unreached=isinstance(error, Unreachable))
    except OSError as error:  # a file of certificates that is not there, which libraries raise as it is
        return Untold(
            f"It cannot be asked: {error.strerror or 'a file that it takes cannot be read, see tls'}.", HINT
        )
