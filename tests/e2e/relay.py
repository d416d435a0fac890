"""A relay between the program and a fake, that can freeze: connections stay open and nothing comes any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_AT_ONCE = 1 << 16


@dataclass(slots=True)
class Relay:
    """Passes on what comes to an address of its own on loopback, until it freezes."""

    url: str
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self.flowing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all connections."""
        for pump in self._pumps:
            pump.cancel()
        if self._pumps:
            await asyncio.wait(self._pumps)
        if self._server is not None:
            self._server.close()

    def freeze(self) -> None:
        """Pass on nothing any more, in neither direction; new connections are taken, too."""
        self.flowing.clear()

    def address(self, url: str) -> str:
        """Return an address behind the relay as the program is told of it."""
        assert self._server is not None
        parts = urlsplit(url)
        return parts._replace(netloc=f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}").geturl()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self.url)
        there, back = await asyncio.open_connection(parts.hostname, parts.port)
        for source, sink in ((reader, back), (there, writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            try:
                while piece := await source.read(_AT_ONCE):
                    await self.flowing.wait()
                    sink.write(piece)
                    await sink.drain()
                await self.flowing.wait()
            finally:
                sink.close()
