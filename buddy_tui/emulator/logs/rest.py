"""Cloud Logging v2 over REST, as far as gcloud reads logs: `POST /v2/entries:list`."""

from aiohttp import web
from google.cloud.logging_v2 import types
from google.protobuf import json_format

from buddy_tui.emulator.faults import Faults
from buddy_tui.emulator.logs.store import LogStore, Query
from buddy_tui.emulator.rest import spoken
from buddy_tui.emulator.rpc import Message


def routes(store: LogStore, faults: Faults) -> list[web.RouteDef]:
    """Return the route that lists log entries, in the JSON of a ListLogEntriesResponse."""

    async def listed(request: web.Request) -> Message:
        asked = json_format.Parse(await request.text() or "{}", types.ListLogEntriesRequest.pb()())
        query = Query(
            tuple(asked.resource_names), asked.filter, asked.order_by, asked.page_size, asked.page_token
        )
        entries, token = await store.list_entries(query)
        return types.ListLogEntriesResponse.pb()(entries=entries, next_page_token=token)

    return [web.post("/v2/entries:list", spoken(listed, faults))]
