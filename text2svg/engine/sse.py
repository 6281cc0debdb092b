"""Server-sent events from bytes, as the HTML standard reads them (section 9.2.6), data fields only.

Lines end at LF, CR or CRLF and nowhere else: httpx's own line reader also splits at U+2028, which is legal inside JSON
strings. Refuses events larger than a bound. The trade-off: `event`, `id` and `retry` fields are dropped; no
OpenAI-compatible server uses them.
"""

from __future__ import annotations

from collections.abc import Iterator

from text2svg.errors import EngineError

MAX_EVENT_BYTES = 4_000_000
"""A server that never ends its line must not fill the memory."""


class EventReader:
    """Feed chunks of bytes; `push` yields the data of every event that became complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._size = 0
        """Bytes of the event that is not complete yet."""

    def push(self, chunk: bytes) -> Iterator[str]:
        """Yield finished events; raises EngineError when one outgrows MAX_EVENT_BYTES."""
        self._rest += chunk
        self._size += len(chunk)
        if self._size > MAX_EVENT_BYTES:
            raise EngineError("the server sent an endless event", hint="is this address an OpenAI-compatible server?")
        # A CR at the very end may be half of a CRLF: wait for the next byte.
        complete = self._rest[:-1] if self._rest.endswith(b"\r") else self._rest
        *lines, tail = complete.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = tail + self._rest[len(complete) :]
        for line in lines:
            yield from self._line(line)
            if not self._data:
                self._size = len(self._rest)

    def _line(self, line: bytes) -> Iterator[str]:
        if not line:
            if self._data:
                yield "\n".join(self._data)
            self._data = []
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
