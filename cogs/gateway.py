"""Keeps a client connected until told to stop: a first connection that fails is tried again, with a fresh client.

discord.py takes up dropped connections by itself, but a first one that fails ends it (its issue 10520), as does
anything that it does not foresee.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import discord
import structlog

from bot.core.errors import UserError
from cogs.client import Client

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Gateway:
    """Connects clients, one after another; ``new_client`` makes each."""

    new_client: Callable[[], Client]
    first_pause: float = FIRST_PAUSE
    client: Client | None = None

    @property
    def is_ready(self) -> bool:
        """Tell whether a client knows its servers, and is connected by all that is known at the moment."""
        client = self.client
        return client is not None and client.is_ready() and not client.is_closed() and client.pulse.beats

    async def keep_connected(self, token: str) -> None:
        """Connect, and connect again, until cancelled; a token that Discord refuses is a ``UserError``."""
        pause = self.first_pause
        while True:
            self.client = self.new_client()
            try:
                async with self.client:
                    await self.client.start(token)
            except discord.LoginFailure:
                raise UserError(
                    "Discord refused the bot's token. Copy it anew from the Developer Portal into FTBOT_DISCORD_TOKEN."
                ) from None
            except discord.PrivilegedIntentsRequired:
                raise UserError("Discord asks for privileged intents, which this bot does not use.") from None
            except (discord.DiscordException, aiohttp.ClientError, OSError, AttributeError) as error:
                # AttributeError: what discord.py raises when its first connection fails.
                log.warning("discord_connection_failed", reason=f"{type(error).__name__}: {error}", retry_in=pause)
            else:
                log.warning("discord_connection_ended", retry_in=pause)
            pause = self.first_pause if self.client.is_ready() else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)
