"""gcp: what a source archive holds, read from its directory alone.

A ZIP ends with its directory, so ranged requests for its end, and for the few small files that say what goes where,
are enough: an archive of hundreds of megabytes costs some hundred kilobytes.
"""

import asyncio
import io
import os
import re
import shlex
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import httpx
from google.api_core.exceptions import RequestRangeNotSatisfiable, format_http_response_error

from buddy_tui.clean import clean, clean_line
from buddy_tui.errors import UsageProblem
from buddy_tui.gcp.calls import Calls, headers
from buddy_tui.gcp.clients import CALL_SECONDS, RETRY, Clients
from buddy_tui.gcp.rest import json_object, told_host
from buddy_tui.model import SourceTree

HOST = "storage.googleapis.com"
ADDRESS = re.compile(r"gs://([^/]+)/(.+?)(?:#(\d+))?$")
_TOTAL = re.compile(r"bytes \d+-\d+/(\d+)")
_BLOCK = 1 << 16
# 16 MiB: the directory of some hundred thousand files.
_MOST_BLOCKS = 256
_MOST_PATHS = 20_000
_MOST_TEXT = 1 << 16
_MOST_TEXTS = 12
_DEEPEST_TEXT = 3


class GoogleArchives(Calls):
    """Looks into source archives in Cloud Storage."""

    async def source_tree(self, where: str, texts: Sequence[str]) -> SourceTree:
        """List an archive, and read the small files of these names.

        Raises UsageProblem when it is no ZIP (its listing would mean downloading it whole), else as every call.
        """
        address = ADDRESS.match(where)
        if address is None:
            raise UsageProblem(f"{clean_line(where)} is no address of an archive.")
        bucket, name, generation = address.groups()
        url = f"{storage_base(self.clients)}/download/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
        query = {"alt": "media"} | ({"generation": generation} if generation else {})
        # The headers hold a token, and go to this one host: no redirect is followed.
        signed = await asyncio.to_thread(headers, self.clients, url)
        emulated = self.clients.credentials is None
        with self.translated(
            self.clients.about.project,
            what=f"archive {clean_line(name)}",
            host=told_host(self.clients, HOST),
            product="Cloud Storage",
            permission="storage.objects.get",
        ):
            async with httpx.AsyncClient(
                timeout=CALL_SECONDS, trust_env=not emulated, headers=signed, params=query
            ) as http:
                return await _tree(_Remote(http, url), where, texts)


class _Remote:
    """The object, in blocks."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url

    async def end(self) -> tuple[int, bytes]:
        """Return the size, and the last bytes."""
        try:
            response = await RETRY(self._get)(f"bytes=-{_BLOCK}")
        except RequestRangeNotSatisfiable:  # an empty object has no last byte
            return 0, b""
        told = _TOTAL.match(response.headers.get("content-range", ""))
        return int(told[1]) if told else len(response.content), response.content

    async def block(self, number: int) -> bytes:
        """Return one block; the last may be shorter."""
        start = number * _BLOCK
        return (await RETRY(self._get)(f"bytes={start}-{start + _BLOCK - 1}")).content

    async def _get(self, wanted: str) -> httpx.Response:
        # Compressed on the way, a range would be one of other bytes.
        response = await self._http.get(self._url, headers={"range": wanted, "accept-encoding": "identity"})
        if not response.is_success:
            raise format_http_response_error(response, "GET", self._url, _told(response))
        return response


def _told(response: httpx.Response) -> dict[str, Any]:
    """Return the error in the shape of Google's JSON; of a content, Cloud Storage tells it in bare words."""
    told = json_object(response)
    return told if isinstance(told.get("error"), dict) else {"error": {"message": response.text}}


class _Missing(Exception):
    """A block that has to be fetched first."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Window(io.RawIOBase):
    """The object as a file of which only some blocks are there; reading another raises _Missing."""

    def __init__(self, size: int, end: bytes) -> None:
        self.size = size
        self.blocks: dict[int, bytes] = {}
        self._end = end
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self.size if size < 0 else min(self.size, self._at + size)
        tail = self.size - len(self._end)
        if self._at >= tail:
            data = self._end[self._at - tail : stop - tail]
        else:
            data = b"".join(
                self._piece(number, stop) for number in range(self._at // _BLOCK, -(-stop // _BLOCK))
            )
        self._at += len(data)
        return data

    def _piece(self, number: int, stop: int) -> bytes:
        if number not in self.blocks:
            raise _Missing(number)
        start = number * _BLOCK
        return self.blocks[number][max(0, self._at - start) : stop - start]


async def _tree(remote: _Remote, where: str, texts: Sequence[str]) -> SourceTree:
    window = _Window(*await remote.end())
    while True:
        try:
            return await asyncio.to_thread(_read, window, where, texts)
        except _Missing as missing:
            if len(window.blocks) >= _MOST_BLOCKS:
                raise UsageProblem("The archive's directory is too large to read.") from None
            window.blocks[missing.number] = await remote.block(missing.number)
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise UsageProblem(
                f"The archive {clean_line(where)} is no ZIP whose directory can be read.",
                f"Look into it: {shlex.join(('gcloud', 'storage', 'cp', clean_line(where), '.'))}",
            ) from error


def _read(window: _Window, where: str, texts: Sequence[str]) -> SourceTree:
    window.seek(0)
    with zipfile.ZipFile(window) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        wanted = list(_wanted(files, texts))
        told = tuple(sorted((clean_line(info.filename), _text(archive, info)) for info in wanted))
    listed = sorted((clean_line(info.filename.removeprefix("./")), info.CRC) for info in files)
    kept = listed[:_MOST_PATHS]
    return SourceTree(
        where,
        tuple(path for path, _ in kept),
        told,
        tuple(checksum for _, checksum in kept),
        cut=len(listed) > len(kept),
    )


def _wanted(files: Iterable[zipfile.ZipInfo], texts: Sequence[str]) -> Iterable[zipfile.ZipInfo]:
    """Choose small files of these names, those nearest to the root."""
    fitting = [
        info
        for info in files
        if info.file_size <= _MOST_TEXT
        and PurePosixPath(info.filename).name in texts
        and info.filename.count("/") < _DEEPEST_TEXT
    ]
    return sorted(fitting, key=lambda info: (info.filename.count("/"), info.filename))[:_MOST_TEXTS]


def _text(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    # The size in the directory is the uploader's word; what is unpacked is bounded all the same.
    with archive.open(info) as file:
        return clean(file.read(_MOST_TEXT).decode("utf-8", "replace"))


def storage_base(clients: Clients) -> str:
    """Return where Cloud Storage is, without a slash at its end."""
    if clients.credentials is not None:
        return f"https://{HOST}"
    told = os.environ.get("STORAGE_EMULATOR_HOST") or clients.rest
    return (told if "://" in told else f"http://{told}").rstrip("/")
