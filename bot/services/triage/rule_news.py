"""Tells the bot's owner of rules that people corrected so often that they only suggest any more, once for each time.

It is written down before anything is sent: what was begun and not confirmed is looked for in the channel first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.clients.discord import Card, DiscordPosts
from bot.core.errors import StorageError, UpstreamError
from bot.core.fleet.claims import may_be_lost
from bot.core.posting.messages import Draft
from bot.core.posting.owner import owner_mark, owner_nonce, owner_sought
from bot.core.triage.changeset import RuleDrop
from bot.services.metrics import Metrics
from storage.github.rule_drops import CLAIM, RuleDrops

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OwnerChannel:
    """Where the owner is told in Discord; ``card`` lays out what is said, and it mentions nobody."""

    number: int
    discord: DiscordPosts
    card: Callable[[RuleDrop], Card]


@dataclass(frozen=True, slots=True)
class RuleNews:
    """Looks for drops that nobody was told of; without a ``channel`` the log and the metrics tell."""

    drops: RuleDrops
    metrics: Metrics
    now: Callable[[], datetime]
    channel: OwnerChannel | None = None

    async def look(self) -> None:
        """Tell of every drop that is not told of yet; what cannot be told now is tried again at the next look."""
        if self.channel is not None and not self.channel.discord.is_connected():
            return  # not connected
        try:
            for drop in await self.drops.untold():
                await self._tell(drop)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def _tell(self, drop: RuleDrop) -> None:
        begun = self.now()
        if not await self.drops.begin(drop, begun):
            return
        if self.channel is not None:
            try:
                if not await self._send(drop, self.channel, begun):
                    return
            except UpstreamError as error:
                log.warning("owner_not_told", channel=self.channel.number, rule=drop.rule, reason=str(error))
                return
        if await self.drops.told(drop, self.now()):
            self.metrics.rule_drops.labels(drop.rule).inc()
            log.warning("rule_dropped", rule=drop.rule, version=drop.version, right=drop.right, reviewed=drop.reviewed)

    async def _send(self, drop: RuleDrop, channel: OwnerChannel, begun: datetime) -> bool:
        """Send the message, unless an attempt of which nobody knows how it ended did; tells whether it is there.

        Not where this process hung meanwhile: another one may be sending it.
        """
        if drop.begun is not None:
            sought = owner_sought(drop.number, drop.begun, self.now())
            if await channel.discord.find(channel.number, sought) is not None:
                return True
        nonce = owner_nonce(drop.number, channel.number)
        draft = Draft(channel.card(drop))
        if may_be_lost(CLAIM, begun, self.now()):
            return False
        await channel.discord.send(channel.number, draft, owner_mark(drop.number), nonce)
        return True
