"""probes: the part of an answer's body that is read: at most 1 MiB, packed or not."""

import zlib

MOST = 1 << 20
"""Bytes that are read at most, as they come and unpacked."""

_GZIP_OR_ZLIB, _BARE_DEFLATE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS


class Body:
    """A body on its way in. `cut` says that there was more, `trouble` that it cannot be unpacked."""

    def __init__(self, encoding: str) -> None:
        self.data = b""
        self.cut = False
        self.trouble = ""
        self.arrived = 0
        self._kept = bytearray()
        self._unpacker = None if encoding in {"", "identity"} else zlib.decompressobj(_GZIP_OR_ZLIB)
        self._bare = encoding == "deflate"  # some servers mean the bare format by it
        if self._unpacker and encoding not in {"gzip", "x-gzip", "deflate"}:
            self._unpacker, self.trouble = None, "its body is packed in a way that was not asked for"

    def take(self, chunk: bytes) -> bool:
        """Keep what came; tell whether more is wanted."""
        self.arrived += len(chunk)
        if not self.trouble or self._unpacker is None:
            self._kept += self._unpacked(chunk, MOST + 1 - len(self._kept))
        self.cut = self.arrived > MOST or len(self._kept) > MOST
        return not self.cut

    def end(self, *, whole: bool) -> None:
        """Say that no more comes; `whole` is false when the answer broke off."""
        self.data = bytes(self._kept[:MOST])
        unfinished = self._unpacker is not None and not self._unpacker.eof
        if whole and unfinished and self.arrived and not self.cut and not self.trouble:
            self.trouble = "its packed body ends too soon"

    def _unpacked(self, chunk: bytes, room: int) -> bytes:
        if self._unpacker is None:
            return chunk[:room]
        try:
            return self._unpacker.decompress(chunk, room)
        except zlib.error:
            if self._bare and self.arrived == len(chunk):
                self._bare, self._unpacker = False, zlib.decompressobj(_BARE_DEFLATE)
                return self._unpacked(chunk, room)
            self.trouble = "its packed body is damaged"
            return b""
