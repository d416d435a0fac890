"""Looks packages up with those under whose names their wheels are published, and many packages at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.core.dependencies.named import NamedPackage
from bot.core.verdicts.curated import family
from bot.core.verdicts.status import Status
from bot.core.wheels.targets import Target
from bot.services.packages.lookup import Freshness, StatusLookup

AT_ONCE = 24
"""Packages of one question that are looked up at once: half the connections, so that none waits for one."""


async def look_up_with_family(
    lookup: StatusLookup, name: str, targets: Sequence[Target] = (), freshness: Freshness = Freshness.NORMAL
) -> Status:
    """Return the status of a package (normalized name) with those of its family, looked up at the same time."""
    named = family(name)
    if named is None:
        return await lookup.look_up(name, targets, freshness)
    looking = (lookup.look_up(each, targets, freshness) for each in (name, *named.members))
    status, *others = await asyncio.gather(*looking)
    return replace(status, family=tuple(others))


def at_hand_without_family(lookup: StatusLookup, name: str, targets: Sequence[Target] = ()) -> Status | None:
    """Return what ``look_up_with_family`` would, without waiting; None for a package that has a family, too."""
    return lookup.at_hand(name, targets) if family(name) is None else None


def look_up_all(
    lookup: StatusLookup, packages: Sequence[NamedPackage], targets: Sequence[Target], freshness: Freshness
) -> list[asyncio.Task[Status]]:
    """Begin to look packages up, ``AT_ONCE`` at a time: so what one waits for is its own answer, not its turn."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def look_up(package: NamedPackage) -> Status:
        async with turns:
            if package.version is not None:
                return await lookup.look_up_release(package.name, package.version, targets, freshness)
            return await look_up_with_family(lookup, package.name, targets, freshness)

    return [asyncio.create_task(look_up(package), name=f"look up {package.name}") for package in packages]
