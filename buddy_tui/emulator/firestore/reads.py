"""Firestore: the calls that read: single documents, lists, queries, aggregations."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any

import grpc
from google.cloud.firestore_v1 import types

from buddy_tui.emulator.firestore import fields, names, query
from buddy_tui.emulator.firestore.aggregate import aggregate
from buddy_tui.emulator.firestore.documents import Documents, Scope
from buddy_tui.emulator.firestore.messages import Document, StructuredQuery
from buddy_tui.emulator.firestore.transactions import Transactions, View
from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message

_Got: Message = types.BatchGetDocumentsResponse.pb()
_Found: Message = types.RunQueryResponse.pb()
_Counted: Message = types.RunAggregationQueryResponse.pb()
_Listed: Message = types.ListDocumentsResponse.pb()
_Collections: Message = types.ListCollectionIdsResponse.pb()

_MOST_LISTED = 300


class Reads:
    """What can be read in one database. Every method takes a raw request and gives raw answers."""

    def __init__(self, documents: Documents, transactions: Transactions) -> None:
        self._documents = documents
        self._transactions = transactions

    async def get(self, request: Message) -> Message:
        """Answer GetDocument."""
        path = names.document(request.name)
        document = (await self._transactions.view(request)).get(path)
        if document is None:
            raise Problem(grpc.StatusCode.NOT_FOUND, f'Document "{request.name}" not found.')
        return masked(document, request)

    async def batch_get(self, request: Message) -> AsyncIterator[Message]:
        """Answer BatchGetDocuments: every document once, in the order of the request."""
        wanted = {names.document(name, self._documents.name): name for name in request.documents}
        view = await self._transactions.view(request)
        if view.begun:
            yield _Got(transaction=view.begun)
        for path, name in wanted.items():
            document = view.get(path)
            if document is None:
                yield _Got(missing=name, read_time=view.read_time)
            else:
                yield _Got(found=masked(document, request), read_time=view.read_time)

    async def run_query(self, request: Message) -> AsyncIterator[Message]:
        """Answer RunQuery; an empty answer still tells its time."""
        asked = query.read(request.parent, request.structured_query)
        view = await self._transactions.view(request)
        if view.begun:
            yield _Found(transaction=view.begun)
        found = view.find(asked)
        for document in found[:-1]:
            yield _Found(document=asked.shown(document), read_time=view.read_time)
        last = {"document": asked.shown(found[-1])} if found else {}
        yield _Found(**last, read_time=view.read_time, done=True)

    async def run_aggregation(self, request: Message) -> AsyncIterator[Message]:
        """Answer RunAggregationQuery."""
        wanted = request.structured_aggregation_query
        asked = query.read(request.parent, wanted.structured_query)
        view = await self._transactions.view(request)
        results = aggregate(wanted.aggregations, view.find(asked))
        answer = _Counted(transaction=view.begun, read_time=view.read_time)
        for alias, value in results.items():
            answer.result.aggregate_fields[alias].CopyFrom(value)
        yield answer

    async def listed(self, request: Message) -> Message:
        """Answer ListDocuments. A page token is the place in the list: what is written meanwhile may shift it."""
        if request.show_missing and request.order_by:
            raise names.invalid("cannot specify an order when show_missing is true")
        view = await self._transactions.view(request)
        scope = Scope(names.parent(request.parent).path, request.collection_id)
        found = view.find(replace(query.read(request.parent, _listing(request)), scope=scope))
        if request.show_missing:
            found = _with_missing(view, request, found)
        page, following = _page(request, found)
        return _Listed(documents=[masked(one, request) for one in page], next_page_token=following)

    async def collection_ids(self, request: Message) -> Message:
        """Answer ListCollectionIds: collections right below a document, those of only deeper documents included."""
        parent = names.parent(request.parent).path
        view = await self._transactions.view(request)
        ids = sorted({path.split("/")[0] for path in _below(view, parent)})
        page, following = _page(request, ids)
        return _Collections(collection_ids=page, next_page_token=following)


def masked(document: Message, request: Message) -> Message:
    """Return a document with the fields of the request's mask, all where it has none."""
    return fields.only(document, fields.paths(request.mask)) if request.HasField("mask") else document


def _listing(request: Message) -> Message:
    """Return the order of a ListDocuments request as a query."""
    asked = StructuredQuery()
    for order in filter(None, (part.strip() for part in request.order_by.split(","))):
        path, _, direction = order.partition(" ")
        chosen = (
            StructuredQuery.DESCENDING if direction.strip().lower() == "desc" else StructuredQuery.ASCENDING
        )
        asked.order_by.add(field={"field_path": path}, direction=chosen)
    return asked


def _with_missing(view: View, request: Message, found: Iterable[Message]) -> list[Message]:
    """Add, by name only, the documents that are not there but have others below them."""
    there = {document.name: document for document in found}
    collection = "/".join(filter(None, [names.parent(request.parent).path, request.collection_id]))
    for path in _below(view, collection):
        name = view.documents.resource(f"{collection}/{path.split('/')[0]}")
        there.setdefault(name, Document(name=name))
    return sorted(there.values(), key=lambda document: names.order_key(document.name))


def _below(view: View, path: str) -> Iterable[str]:
    """Return the paths of all documents below a document, a collection or the root, relative to it."""
    start = f"{path}/" if path else ""
    known = (document.name for document in view.documents.within(Scope("", "", everywhere=True), view.time))
    root = len(view.documents.resource(""))
    return (name[root + len(start) :] for name in known if name[root:].startswith(start))


def _page(request: Message, found: list[Any]) -> tuple[list[Any], str]:
    """Return the page that is asked for and the token of the next, empty after the last."""
    token, size = request.page_token, min(request.page_size or _MOST_LISTED, _MOST_LISTED)
    if size < 0 or (token and not token.isdecimal()):
        raise names.invalid("The page size or the page token is invalid.")
    start = int(token or 0)
    end = start + size
    return found[start:end], str(end) if end < len(found) else ""
