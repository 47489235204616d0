"""`buddy-tui demo`: the dashboard over an emulated Cloud Run; without a terminal, the same story in words."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from buddy_tui.clean import clean, clean_line
from buddy_tui.cli.dashboard import no_terminal, run
from buddy_tui.cli.emulator import find_story
from buddy_tui.cli.snapshot import as_text
from buddy_tui.cli.threads import left_behind
from buddy_tui.config import Known, Settings
from buddy_tui.errors import ServerTrouble
from buddy_tui.traffic import truth

if TYPE_CHECKING:
    from buddy_tui.doctor.gather import Outside
    from buddy_tui.doctor.values import Machine, Reached, SignedIn
    from buddy_tui.emulator.story import Story
    from buddy_tui.gateway import Cloud
    from buddy_tui.model import Revision, Service, ServiceName

_ORIGIN = "the demo"
# More services than these are told in one line each.
_FEW = 3


def demo(
    *,
    story: Annotated[
        str, Parameter(help="buddy, sessions, release, failures…; a wrong name lists all.")
    ] = "buddy",
    firestore: Annotated[
        Literal["embedded", "official"],
        Parameter(help="Ours, or Google's."),
    ] = "embedded",
    read_only: Annotated[bool, Parameter(help="Look, and never change anything.")] = False,
    ascii: Annotated[bool, Parameter(help="Draw with ASCII only.")] = False,  # noqa: A002 - the option's name
) -> int:
    """Run the dashboard on an emulated Cloud Run, where a story happens. Needs no account and no network.

    Without a terminal, play the same story and tell how it ended.
    """
    chosen = find_story(story)
    settings = _settings(chosen, read_only=read_only, ascii=ascii)
    if no_terminal():
        with _emulator(chosen, firestore, "--verbose") as child:
            asyncio.run(_tell(chosen, child, settings))
        return 0
    with _emulator(chosen, firestore, "--live") as child:
        return run(
            settings, lambda: _connect_to_first(child, settings), lambda name: _outside(child, settings, name)
        )


def _settings(story: "Story", *, read_only: bool, ascii: bool) -> Settings:  # noqa: A002 - as above
    """Settle everything without the operator's own configuration: a demo has nothing to do with a real project."""
    from buddy_tui.emulator.story import PROJECT, REGION

    return Settings(
        project=Known(PROJECT, _ORIGIN),
        regions=(Known(REGION, _ORIGIN),) if story.service else (),
        service=Known(story.service, _ORIGIN) if story.service else Known(),
        account=Known("", f"not needed: {_ORIGIN}"),
        environment=Known("DEMO", _ORIGIN),
        read_only=Known("yes", "--read-only") if read_only else Known(),
        ascii=Known("yes", "--ascii") if ascii else Known(),
        emulated=Known("127.0.0.1", _ORIGIN),
    )


@dataclass(frozen=True, slots=True)
class _Child:
    """The emulator's process. What it says on standard error is kept in `errors`, away from the screen.

    `told` are the endpoints, once they were read: a connection may be tried more than once, and by several at a time.
    """

    process: "subprocess.Popen[bytes]"
    errors: IO[bytes]
    told: dict[str, str] = field(default_factory=dict)
    reading: threading.Lock = field(default_factory=threading.Lock)

    def endpoints(self) -> dict[str, str]:
        """Wait for the line with the endpoints, and return them. Raises ServerTrouble when none comes."""
        with self.reading:
            if not self.told:
                self.told.update(json.loads(self._first_line()))
            return self.told

    def _first_line(self) -> bytes:
        assert self.process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise ServerTrouble("The emulator of the demo did not start.", clean_line(self.said()))
        return line

    def said(self) -> str:
        """Return what it has told so far."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


@contextmanager
def _emulator(story: "Story", firestore: str, *flags: str) -> Iterator[_Child]:
    """Run the emulator as a process of its own, which ends with this one, however that ends."""
    asked = ("--story", story.name, "--firestore", firestore, "--until-eof", *flags)
    command = (sys.executable, "-m", "buddy_tui", "emulator", *asked)
    with (
        tempfile.TemporaryFile("a+b") as errors,
        subprocess.Popen(  # noqa: S603 - this interpreter and this program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        yield _Child(process, errors)


async def _connect(child: _Child, settings: Settings) -> "Cloud":
    from buddy_tui import gcp

    return await gcp.connect(await _there(child, settings))


async def _there(child: _Child, settings: Settings) -> Settings:
    """Wait until the emulator tells where it is, and return the settings with it."""
    with left_behind():
        endpoints = await asyncio.to_thread(child.endpoints)
    os.environ.update(endpoints)
    return replace(settings, emulated=Known(endpoints["CLOUD_RUN_EMULATOR_HOST"], _ORIGIN))


async def _connect_to_first(child: _Child, settings: Settings) -> "Cloud":
    """Connect, and wait until the story has begun: its service is not there from the first moment on."""
    reads = await _connect(child, settings)
    while not await _services(reads, settings):  # noqa: ASYNC110 - what is awaited happens in another process
        await asyncio.sleep(0.05)
    return reads


def _outside(child: _Child, settings: Settings, name: "ServiceName | None") -> "Outside":
    """Return this machine and the emulated Cloud Run as what a doctor looks at. The operator's own settings are unused."""
    from buddy_tui.cli import doctor

    real = doctor.outside({})

    def look() -> "Machine":
        used = replace(real.look(), settings=settings, trouble=None, toml=None, toml_trouble=None)
        return doctor.in_view(used, name)

    async def reach(told: Settings) -> "Reached":
        return await real.reach(await _there(child, told))

    async def connect(told: Settings) -> "tuple[Cloud, SignedIn]":
        return await real.connect(await _there(child, told))

    return replace(real, look=look, reach=reach, connect=connect)


async def _services(reads: "Cloud", settings: Settings) -> "list[Service]":
    project = settings.project.value
    regions = [region.value for region in settings.regions] or await reads.regions(project)
    return [service for region in regions for service in await reads.services(project, region)]


async def _tell(story: "Story", child: _Child, settings: Settings) -> None:
    """Print what happened, and what it has left behind: what the dashboard would show, in words."""
    reads = await _connect(child, settings)
    try:
        services = await _services(reads, settings)
        print("\n".join(filter(None, (story.sentence, clean(child.said())))))
        for service in services:
            revisions = await reads.revisions(service.name)
            print(_told(service, revisions, in_full=len(services) <= _FEW))
    finally:
        await reads.close()


def _told(service: "Service", revisions: "tuple[Revision, ...]", *, in_full: bool) -> str:
    if in_full:
        return as_text(service, revisions, datetime.now(UTC))
    name = service.name
    headline = truth(service, revisions).headline
    return f"{name.region}  {name.service}: {headline}; {len(revisions)} revisions"
