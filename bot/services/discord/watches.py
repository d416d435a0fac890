"""What people ask to be told of: watches that they add, remove, list and let rest, and all that is kept about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.core.errors import UserError
from bot.core.posting.watches import Topic, Watch, WatchPlace, too_many
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.wheels.targets import Target
from bot.services.packages.lookup import StatusLookup
from storage.discord.closed_channels import ClosedChannels
from storage.discord.posts import Posts
from storage.discord.watches import Watches
from storage.engine.rows import Value

MOST_AT_ONCE = 25
"""Packages that one command may add: each is looked up."""

_LOOKED_UP_AT_ONCE = 8

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Added:
    """Packages that are watched now, as they stand, those that the index does not have, and how many are in all."""

    found: tuple[Status, ...]
    unknown: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class WatchBook:
    """Keeps watches. That whoever asks may do so for a channel, and the bot may post there, was checked."""

    watches: Watches
    posts: Posts
    closed: ClosedChannels
    lookup: StatusLookup
    targets: tuple[Target, ...]
    now: Callable[[], datetime]

    async def add(
        self, place: WatchPlace, packages: Sequence[str], targets: Sequence[Target] = (), topics: Sequence[Topic] = ()
    ) -> Added:
        """Watch packages (normalized names), for all targets and topics unless some are given.

        Those that the index does not have are left out. Raises ``UserError`` where that is too much.
        """
        for target in targets:
            if target not in self.targets:
                judged = " and ".join(f"`{each}`" for each in self.targets)
                raise UserError(f"I tell only of {judged}. Choose one of them, or none for all.")
        if len(packages) > MOST_AT_ONCE:
            raise UserError(f"These are {len(packages)} packages, and at most {MOST_AT_ONCE} can be named at once.")
        turns = asyncio.Semaphore(_LOOKED_UP_AT_ONCE)

        async def look_up(name: str) -> Status:
            async with turns:
                return await self.lookup.look_up(name)

        statuses = await asyncio.gather(*map(look_up, packages))
        unknown = tuple(each.package for each in statuses if each.headline.verdict is Verdict.NOT_FOUND)
        found = tuple(each for each in statuses if each.package not in unknown)
        if not found:
            return Added((), unknown, len(await self.listed(place)))
        watches = [Watch(each.package, tuple(targets), tuple(topics) or tuple(Topic)) for each in found]
        count = await self._add(place, watches)
        log.info("watches_added", packages=len(watches), channel=place.channel)
        return Added(found, unknown, count)

    async def remove(self, place: WatchPlace, packages: Sequence[str]) -> frozenset[str]:
        """Watch packages no longer; gives those that were watched."""
        removed = await self.watches.remove(place, packages)
        log.info("watches_removed", packages=len(removed), channel=place.channel)
        return removed

    async def pause(self, place: WatchPlace, packages: Sequence[str], until: datetime | None) -> frozenset[str]:
        """Tell nothing of packages until a moment, None to go on at once, and never what happened meanwhile.

        No packages are all. Gives those that are watched.
        """
        names = packages or [watch.package for watch in await self.listed(place)]
        return await self.watches.pause(place, names, until)

    async def listed(self, place: WatchPlace) -> tuple[Watch, ...]:
        """Return what is watched at a place."""
        return await self.watches.listed(place)

    async def reopen(self, place: WatchPlace) -> str | None:
        """Try again to write where that was refused, as somebody asks for it there; gives why it was, None if not.

        The message that could not be sent then is sent now, if it is not too old.
        """
        recipient = await self.watches.recipient(place)
        if recipient is None:
            return None
        if place.person is not None:
            reason = recipient.closed if await self.watches.reopen(place) else None
        else:
            reasons = await self.closed.reasons(place.guild)
            reason = reasons.get(place.channel or 0)
            if reason is not None:
                await self.closed.reopen(place.channel or 0)
        if reason is not None:
            await self.posts.take_up_alerts(recipient.number, self.now())
        return reason

    async def about(self, person: int) -> dict[str, list[dict[str, Value]]]:
        """Return all that is stored about a person, by table."""
        return await self.watches.about(person)

    async def forget(self, person: int) -> None:
        """Delete all that is stored about a person."""
        await self.watches.forget_person(person)
        log.info("person_forgotten")

    async def _add(self, place: WatchPlace, watches: Sequence[Watch]) -> int:
        count = await self.watches.add(place, watches, place.most, self.now())
        if count is None:
            known = {watch.package for watch in await self.listed(place)}
            more = len({watch.package for watch in watches} - known)
            raise UserError(too_many(place, len(known), more) or "That was too much at once. Try again.")
        return count
