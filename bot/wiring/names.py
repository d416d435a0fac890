"""The names of packages that people are offered."""

from __future__ import annotations

import asyncio

from bot.clients.top_packages import shipped_list
from bot.core.index.names import suggest
from bot.services.packages.package_names import Names


async def offered_names() -> Names:
    """Return the names that people are offered, those of the shipped list."""
    return Names.of((await asyncio.to_thread(shipped_list)).names)


async def suggest_names(name: str) -> tuple[str, ...]:
    """Find names like one that does not exist; takes tens of milliseconds, in a thread."""
    return await asyncio.to_thread(suggest, name, (await offered_names()).ranked)
