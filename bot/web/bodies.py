"""Bodies of requests, read piece by piece, from clients that may send them slowly or for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext

from aiohttp import web

from bot.web.connections import Connection

BODY_SECONDS = 10.0
"""How long a body may take to arrive; GitHub itself gives up by then."""

STALL_SECONDS = 2.0
"""How long a body may be behind ``SLOWEST``."""

SLOWEST = 128 * 1024
"""Bytes of a body a second; GitHub sends megabytes."""


async def read_body(request: web.Request, most: int, take: Callable[[bytes], Awaitable[None]]) -> bool:
    """Read a body piece by piece, False if it has more bytes. Raises ``TimeoutError`` if it comes too slowly.

    The more of it has come, the longer it may take: who keeps a turn has to send for it.
    """
    loop = asyncio.get_running_loop()
    start, waited, size = loop.time(), 0.0, 0
    async with asyncio.timeout_at(start + min(BODY_SECONDS, STALL_SECONDS)) as deadline:
        async for piece in request.content.iter_any():
            size += len(piece)
            if size > most:
                return False
            deadline.reschedule(start + BODY_SECONDS)
            before = loop.time()
            await take(piece)
            waited += loop.time() - before  # for its turn, which is not its sender's fault
            deadline.reschedule(start + min(BODY_SECONDS, STALL_SECONDS + waited + size / SLOWEST))
    return True


def listening(request: web.Request) -> AbstractContextManager[None]:
    """Wait for the body of a request while the block runs."""
    connection = connection_of(request)
    return nullcontext() if connection is None else connection.listening()


def connection_of(request: web.Request) -> Connection | None:
    """Return the connection that a request came by, None if it is over."""
    protocol = None if request.transport is None else request.transport.get_protocol()
    return protocol if isinstance(protocol, Connection) else None
