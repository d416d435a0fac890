"""Adds to a status those of the packages under whose names its wheels are published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.core.curated import family
from bot.core.status import Status
from bot.core.targets import Target
from bot.services.status import Freshness, StatusLookup


async def look_up_with_family(
    lookup: StatusLookup, name: str, targets: Sequence[Target] = (), freshness: Freshness = Freshness.NORMAL
) -> Status:
    """Give the status of a package (normalized name) with those of its family, looked up at the same time."""
    named = family(name)
    members = () if named is None else named.members
    status, *others = await asyncio.gather(*(lookup.look_up(each, targets, freshness) for each in (name, *members)))
    return replace(status, family=tuple(others)) if others else status
