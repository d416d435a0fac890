"""Connections to the site: no more at once than it can afford, none held for those who say nothing.

Anybody may connect. A connection that waits for its client has a deadline, and where there is no room for another, the
one that has waited longest makes room. Those beyond wait with the system, which costs the process nothing.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import structlog

MOST = 100
"""Connections at once. Deliveries that GitHub makes at the same time take milliseconds each; systems let a process open
256 files and more, which is also what talking to GitHub and Discord takes."""

HEAD_SECONDS = 10.0
"""How long the head of a request may take to arrive; GitHub itself gives up by then."""

KEEP_SECONDS = 180.0
"""How long a connection is kept for another request: longer than what is put before a site keeps it, which else would
send a request just when the connection is closed."""

PATIENCE_SECONDS = 0.5
"""How long a connection may wait for its client where others wait for room."""

NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL, errno.ENODEV})
"""What systems say of an address that none of their interfaces has."""

_WAITING = 512
"""Connections that the system lets wait."""

_PAUSE_SECONDS = 1.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Connection(asyncio.Protocol):
    """One connection: hands what comes to whoever answers, and ends if the client keeps it waiting."""

    def __init__(self, answering: asyncio.Protocol, left: Callable[[Connection], None]) -> None:
        self._answering = answering
        self._left = left
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.BaseTransport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_kept = False
        self.silent_since: float | None = self._loop.time()
        """Since when it waits for its client, in the loop's time; None while it is the bot that has something to do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Expect the head of a request."""
        self._transport = transport
        self._end_in(HEAD_SECONDS)
        self._answering.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take what came; after another request it is the beginning of a head."""
        if self._is_kept:
            self._is_kept = False
            self._end_in(HEAD_SECONDS)
        self._answering.data_received(data)

    def eof_received(self) -> bool | None:
        """Take that nothing more will come."""
        return self._answering.eof_received()

    def pause_writing(self) -> None:
        """Write no more: the client does not read."""
        self._answering.pause_writing()

    def resume_writing(self) -> None:
        """Write on."""
        self._answering.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Be over."""
        self._transport = None
        self._end_in(None)
        self._left(self)
        self._answering.connection_lost(exc)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have a request to answer while the block runs."""
        self.silent_since = None
        self._end_in(None)
        try:
            yield
        finally:
            self.silent_since = self._loop.time()
            self._is_kept = True
            self._end_in(KEEP_SECONDS)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Wait for the body of that request while the block runs; whoever reads it sets the deadline."""
        self.silent_since = self._loop.time()
        try:
            yield
        finally:
            self.silent_since = None

    def end(self) -> None:
        """End it now, whatever is under way."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    def _end_in(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        there = seconds is not None and self._transport is not None
        self._deadline = self._loop.call_later(seconds, self.end) if there and seconds is not None else None


@dataclass(slots=True)
class Connections:
    """The connections that are open; ``answering`` makes what answers on one."""

    answering: Callable[[], asyncio.Protocol]
    _open: set[Connection] = field(default_factory=set)
    _beginning: set[asyncio.Task[None]] = field(default_factory=set)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def accepting(self, listeners: Sequence[socket.socket]) -> AsyncIterator[None]:
        """Take connections while the block runs; afterwards the listeners are closed, and what is open stays."""
        accepting = [asyncio.create_task(self._accept(listener)) for listener in listeners]
        try:
            yield
        finally:
            for task in accepting:
                task.cancel()
            await asyncio.wait([*accepting, *self._beginning])
            for listener in listeners:
                listener.close()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._room()
            try:
                client, _ = await loop.sock_accept(listener)
            except ConnectionError:
                continue  # it left while it waited
            except OSError as error:
                log.warning("no_connection", reason=str(error))  # such as too many open files
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            connection = Connection(self.answering(), self._forget)
            self._open.add(connection)
            task = asyncio.create_task(self._begin(connection, client))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: Connection, client: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, client)
        except OSError:
            client.close()
            self._forget(connection)

    async def _room(self) -> None:
        """Wait until another connection may be open; those that keep the others waiting are ended."""
        loop = asyncio.get_running_loop()
        while len(self._open) >= MOST:
            self._left.clear()
            waiting = [(each.silent_since, each) for each in self._open if each.silent_since is not None]
            since, slowest = min(waiting, key=lambda each: each[0], default=(loop.time(), None))
            patience = since + PATIENCE_SECONDS - loop.time()
            if slowest is not None and patience <= 0:
                slowest.end()
                patience = PATIENCE_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._left.wait()

    def _forget(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._left.set()


async def listen(host: str, port: int) -> list[socket.socket]:
    """Listen at every address of a host that is one of this machine's, and at one at least.

    Raises ``OSError``, and ``ValueError`` for what can be no name of a host.
    """
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    missing = OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    try:
        for family, _, _, _, address in dict.fromkeys(addresses):
            try:
                listener = socket.create_server(address, family=family, backlog=_WAITING)
            except OSError as error:
                if error.errno not in NOT_HERE:
                    raise
                missing = error  # such as the IPv6 address of `localhost`, where there is no IPv6
                continue
            listener.setblocking(False)  # noqa: FBT003 — the parameter has no name
            listeners.append(listener)
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    if not listeners:
        raise missing
    return listeners
