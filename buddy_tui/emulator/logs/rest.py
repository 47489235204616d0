"""Cloud Logging v2 over REST, as far as gcloud speaks it: reading and writing entries, and the names of the logs."""

from aiohttp import web
from google.cloud.logging_v2 import types
from google.protobuf import json_format

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs.api import write
from buddy_tui.emulator.logs.store import LogStore, Query
from buddy_tui.emulator.rest import spoken
from buddy_tui.emulator.rpc import Message


def routes(store: LogStore, faults: Faults) -> list[web.RouteDef]:
    """Return `POST /v2/entries:list`, `POST /v2/entries:write` and `GET /v2/projects/P/logs`."""

    async def listed(request: web.Request) -> Message:
        asked = json_format.Parse(await request.text() or "{}", types.ListLogEntriesRequest.pb()())
        query = Query(
            tuple(asked.resource_names), asked.filter, asked.order_by, asked.page_size, asked.page_token
        )
        entries, token = await store.list_entries(query)
        return types.ListLogEntriesResponse.pb()(entries=entries, next_page_token=token)

    async def written(request: web.Request) -> Message:
        write(store, json_format.Parse(await request.text() or "{}", types.WriteLogEntriesRequest.pb()()))
        return types.WriteLogEntriesResponse.pb()()

    async def named(request: web.Request) -> Message:
        return types.ListLogsResponse.pb()(log_names=store.log_names([request.match_info["parent"]]))

    return [
        web.post("/v2/entries:list", spoken(listed, faults)),
        web.post("/v2/entries:write", spoken(written, faults)),
        web.get("/v2/{parent:projects/[^/]+}/logs", spoken(named, faults)),
    ]
