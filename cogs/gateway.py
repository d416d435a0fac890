"""Keeps a client connected until told to stop: what ends one is logged, and a fresh client takes its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import discord
import structlog

from bot.core.errors import UserError
from cogs.client import Client
from cogs.pauses import LONGEST_BETWEEN_IDENTIFIES, LONGEST_PAUSE, Pauses

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class ConnectedClient:
    """The client that is connected now, through which whoever posts reaches Discord; None before the first."""

    client: Client | None = None

    def current(self) -> Client | None:
        """Return the client."""
        return self.client

    def is_ready(self) -> bool:
        """Return whether a client knows its servers, and is connected by all that is known at the moment."""
        client = self.client
        return client is not None and client.is_ready() and not client.is_closed() and client.pulse.beats

    def heartbeat_age(self) -> float:
        """Return how many seconds ago Discord acknowledged a heartbeat, or greeted."""
        return math.inf if self.client is None else self.client.pulse.age


@dataclass(frozen=True, slots=True)
class Gateway:
    """Connects clients, one after another; ``new_client`` makes each, ``connection`` has the one that is current."""

    new_client: Callable[[], Client]
    connection: ConnectedClient
    pauses: Pauses = field(default_factory=Pauses)

    async def keep_connected(self, token: str) -> None:
        """Connect, and connect again, until cancelled; a token that Discord refuses is a ``UserError``."""
        while True:
            reason, longest = "It ended.", LONGEST_PAUSE
            try:
                await self._stay(self.new_client(), token)
            except discord.LoginFailure:
                raise UserError(
                    "Discord refused the bot's token. Copy it anew from the Developer Portal into FTBOT_DISCORD_TOKEN."
                ) from None
            except discord.PrivilegedIntentsRequired:
                raise UserError("Discord asks for privileged intents, which this bot does not use.") from None
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                reason = f"{type(error).__name__}: {error}"
                if isinstance(error, discord.ConnectionClosed):
                    longest = LONGEST_BETWEEN_IDENTIFIES
            pause = self.pauses.next(longest)
            log.warning("discord_connection_failed", reason=reason, retry_in=round(pause, 1))
            await self.pauses.sleep(pause)

    async def _stay(self, client: Client, token: str) -> None:
        self.connection.client = client
        async with client:
            try:
                await client.start(token)
            finally:
                if client.is_ready():
                    self.pauses.succeeded()
