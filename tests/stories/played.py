"""A story played in a real emulator, and what the unmodified official clients then find in it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.cloud import run_v2
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcAsyncIOTransport,
)
from google.cloud.logging_v2.types import LogEntry
from google.cloud.run_v2.services.revisions.transports import RevisionsGrpcAsyncIOTransport
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport

from buddy_tui.emulator import stories
from buddy_tui.emulator.server import Options, serve

REGIONS = ("asia-east1", "europe-west1", "us-central1")


@dataclass(frozen=True, slots=True)
class Played:
    """What is there after a story: services by short name, revisions newest first, log entries oldest first."""

    services: Mapping[str, run_v2.Service]
    revisions: tuple[run_v2.Revision, ...]
    entries: tuple[LogEntry, ...]

    def lines(self, revision: str) -> list[str]:
        """Return the texts that were logged about one revision."""
        return [
            entry.text_payload
            for entry in self.entries
            if entry.resource.labels["revision_name"] == revision and entry.text_payload
        ]


def play(name: str) -> Played:
    """Play the story and look at everything that it left behind."""
    return asyncio.run(_play(name))


def short(path: str) -> str:
    """Return the last part of a resource name."""
    return path.rpartition("/")[2]


async def _play(name: str) -> Played:
    async with serve(Options()) as emulator:
        await emulator.play(stories.find(name))
        return await _look(emulator.endpoints["CLOUD_RUN_EMULATOR_HOST"])


async def _look(host: str) -> Played:
    async with grpc.aio.insecure_channel(host) as one, grpc.aio.insecure_channel(host) as two:
        services = run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=one))
        revisions = run_v2.RevisionsAsyncClient(transport=RevisionsGrpcAsyncIOTransport(channel=two))
        parents = [f"projects/demo-project/locations/{region}" for region in REGIONS]
        found = [one for parent in parents async for one in await services.list_services(parent=parent)]
        booted = [
            one
            for parent in parents
            async for one in await revisions.list_revisions(parent=f"{parent}/services/-")
        ]
    return Played({short(one.name): one for one in found}, tuple(booted), await _entries(host))


async def _entries(host: str) -> tuple[LogEntry, ...]:
    async with grpc.aio.insecure_channel(host) as channel:
        logging = LoggingServiceV2AsyncClient(transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channel))
        request: dict[str, Any] = {
            "resource_names": ["projects/demo-project"],
            "order_by": "timestamp asc",
            "page_size": 1000,
        }
        return tuple([entry async for entry in await logging.list_log_entries(request=request)])
