"""A network between the program and a PostgreSQL server: it can be cut, be slow, and lose what is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit, urlunsplit

_TERMINATE = b"X\0\0\0\4"
"""What a client says before it ends a connection."""

COMMITS = b"COMMIT\0"
"""What ends a statement that commits, and stands in none that begins a transaction as ``READ COMMITTED``."""


class Fate(Enum):
    """What becomes of what the program sends."""

    ARRIVES = auto()
    NEVER_ARRIVES = auto()
    """The connection is cut before."""

    ANSWER_IS_LOST = auto()
    """The server does what it is told, and the connection is cut before anybody hears of it."""

    ANSWER_NEVER_COMES = auto()
    """The server does what it is told, and the connection stays, of which nobody hears any more."""


@dataclass(slots=True)
class _LastFate:
    """What became of a connection."""

    fate: Fate = Fate.ARRIVES


def arrives(_sent: bytes) -> Fate:
    """Let everything arrive."""
    return Fate.ARRIVES


@dataclass(slots=True)
class Cable:
    """A TCP proxy before the server at a port of loopback.

    ``fate`` is asked about each piece that the program sends, ``delay`` are the seconds that it waits on its way. With
    ``hides_ends`` the server does not hear that the program ended a connection, until the cable is taken away.
    """

    port: int
    fate: Callable[[bytes], Fate] = arrives
    delay: float = 0.0
    hides_ends: bool = False
    connections: int = 0
    """How many were begun through it."""

    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _inner: list[asyncio.StreamWriter] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _wires: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._open.set()

    @asynccontextmanager
    async def laid(self, url: str, user: str = "ftbot:secret") -> AsyncIterator[str]:
        """Give an address of the same database that leads through it; ``user`` has a password, as in addresses."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield urlunsplit(("postgresql", f"{user}@127.0.0.1:{port}", urlsplit(url).path, "", ""))
        finally:
            server.close()
            self.cut()
            for wire in self._wires:
                wire.cancel()
            if self._wires:
                await asyncio.wait(self._wires)
            await server.wait_closed()

    def cut(self) -> None:
        """End all that goes through it; what is connected later goes through again."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def fall_silent(self) -> None:
        """Let nothing through any more, in neither direction, and no end of a connection either."""
        self._open.clear()

    def let_go(self) -> None:
        """End all that goes through it for the server alone, as that does of which it hears nothing for some time."""
        for writer in self._inner:
            writer.transport.abort()
        self._inner.clear()

    def speak_again(self) -> None:
        """Let everything through again; what was held up arrives now, where the server still listens to it."""
        self._open.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        wire = asyncio.current_task()
        assert wire is not None
        self._wires.add(wire)
        wire.add_done_callback(self._wires.discard)
        with suppress(OSError, asyncio.CancelledError):
            await self._open.wait()
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.port)
            self._writers += [writer, inner_writer]
            self._inner.append(inner_writer)
            fate = _LastFate()
            await asyncio.gather(self._there(reader, inner_writer, fate), self._back(inner_reader, writer, fate))
        writer.transport.abort()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, last: _LastFate) -> None:
        with suppress(OSError):
            while piece := await reader.read(1 << 16):
                await asyncio.sleep(self.delay)
                await self._open.wait()
                if self.hides_ends and piece.endswith(_TERMINATE):
                    return
                fate = self.fate(piece)
                if fate is not Fate.ARRIVES:
                    last.fate = fate
                if fate is Fate.NEVER_ARRIVES:
                    writer.transport.abort()
                    return
                writer.write(piece)
                await writer.drain()
        await self._open.wait()
        if not self.hides_ends:
            writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, last: _LastFate) -> None:
        with suppress(OSError):
            while piece := await reader.read(1 << 16):
                await self._open.wait()
                if last.fate is Fate.ANSWER_NEVER_COMES:
                    continue
                if last.fate is Fate.ANSWER_IS_LOST:  # the server has answered, so it has done what it was told
                    break
                writer.write(piece)
                await writer.drain()
        await self._open.wait()
        writer.transport.abort()
