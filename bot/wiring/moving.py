"""What moves a database, built from two addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.core.database_address import IN_MEMORY, DatabaseAddress
from bot.core.errors import UserError
from bot.services.moving import Mover
from storage.engine import sqlite
from storage.engine.layout import layout
from storage.engine.moving import Movable
from storage.engine.probing import Look
from storage.engine.schema import OURS
from storage.engine.sqlite_moving import MovableSqlite


@asynccontextmanager
async def open_mover(source: DatabaseAddress, target: DatabaseAddress, *, only_look: bool) -> AsyncIterator[Mover]:
    """Open both databases. A new target is made, unless it is only looked at: then an empty one stands for it.

    Raises ``UserError`` where one of them is of another version of ftbot, or is none.
    """
    await asyncio.to_thread(layout)  # which is asked again and again from now on, and remembered
    for address in (source, target):
        if address.is_in_memory:
            raise UserError("A database in memory is gone when it is closed. Name a file or a postgresql:// address.")
    _refuse_as_source(source, await _look_at(source))
    new = _is_new(target, await _look_at(target))
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(_open(source, unfinished=False))
        there = DatabaseAddress(IN_MEMORY) if new and only_look else target
        yield Mover(opened, await stack.enter_async_context(_open(there, unfinished=True)))


async def _look_at(address: DatabaseAddress) -> Look:
    if address.path is not None:
        return await sqlite.look_at(address.path)
    from storage.engine import postgres_moving  # of an extra

    return await postgres_moving.look_at(address.written, str(address))


def _refuse_as_source(address: DatabaseAddress, found: Look) -> None:
    """Raise where nothing can be moved from there; ``StorageError`` if it is newer."""
    if not found.schema:
        raise UserError(f"There is no database of ftbot at {address}. Name one that a bot ran on.")
    if _is_older(address, found):
        raise UserError(
            f"The database {address} is from an older ftbot (schema {found.schema}, this one has {OURS.version})."
            " Run `ftbot check` with FTBOT_DATABASE set to it, which brings it up to date."
        )


def _is_new(address: DatabaseAddress, found: Look) -> bool:
    """Return whether nothing is there yet. Raises where something else is than this version makes."""
    if found.schema and _is_older(address, found):
        raise UserError(f"The database {address} was made by an older ftbot. Name a new or empty one.")
    if not found.schema and not found.empty:
        raise UserError(f"The database {address} has tables that are not of ftbot. Name a new or empty one.")
    return not found.schema


def _is_older(address: DatabaseAddress, found: Look) -> bool:
    """Return whether a database has an older schema than this program. Raises ``StorageError`` for a newer one.

    Other commands work on one that only has more than they know; here nothing may be left out.
    """
    return OURS.known(str(address), found.schema, None, "database") < OURS.version


@asynccontextmanager
async def _open(address: DatabaseAddress, *, unfinished: bool) -> AsyncIterator[Movable]:
    if address.url is None:
        async with sqlite.open_database(address.path, unfinished=unfinished) as file:
            yield MovableSqlite(file)
        return
    from storage.engine import postgres  # of an extra
    from storage.engine.postgres_moving import MovablePostgres

    async with postgres.open_database(address.written, str(address), unfinished=unfinished) as database:
        yield MovablePostgres(database)
