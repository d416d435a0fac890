"""The Discord client: commands told to Discord when they changed, clicks routed, failures answered, nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.core.errors import UserError
from bot.services.metrics import Metrics
from bot.services.registration import Registration
from cogs.about import SlashCommand
from cogs.buttons import Click, route
from cogs.conversations import Conversations
from cogs.pulse import Pulse

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_LONGEST_WAIT = 30.0
"""Seconds of a rate limit that a request waits for; longer ones are errors, which whoever sent it can plan around."""

_MOST_CONNECTIONS = 100
"""To Discord's API; an answer holds one for a round trip, so these carry more than one core can answer."""

_ROUTED = frozenset({discord.InteractionType.component, discord.InteractionType.modal_submit})


class Tree(app_commands.CommandTree["Client"]):
    """The slash commands; what discord.py itself refuses is answered like everything else."""

    async def on_error(self, interaction: discord.Interaction[Client], error: app_commands.AppCommandError, /) -> None:
        """Answer a command that failed before it began."""
        await self.client.conversations.fail(interaction, "unknown", error)


class Client(commands.Bot):
    """A bot that knows slash commands and buttons, sees servers but no messages, and can mention nobody."""

    def __init__(
        self,
        conversations: Conversations,
        clicks: Mapping[str, Click],
        metrics: Metrics,
        registration: Registration,
        pulse: Pulse,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=_LONGEST_WAIT,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            enable_debug_events=True,  # for the pulse
        )
        self.pulse = pulse
        self.conversations = conversations
        self._clicks = clicks
        self._metrics = metrics
        self._registration = registration
        self._cogs_to_add: Sequence[commands.Cog] = ()

    def use(self, cogs: Sequence[commands.Cog]) -> None:
        """Take the cogs that are added when the client starts."""
        self._cogs_to_add = cogs

    async def login(self, token: str) -> None:
        """Log in, with fewer connections than answers: discord.py would open one for each of a thousand at once."""
        self.http.connector = aiohttp.TCPConnector(limit=_MOST_CONNECTIONS)
        await super().login(token)

    async def setup_hook(self) -> None:
        """Add the cogs, then tell Discord of the commands if they are not those it was told of last."""
        for cog in self._cogs_to_add:
            await self.add_cog(cog)
        if self.application_id is not None:
            await self._registration.sync(self.application_id, self.commands_digest(), self.tree.sync)

    def commands_digest(self) -> str:
        """Give a digest of the commands as Discord is told of them."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

    def slash_commands(self) -> list[SlashCommand]:
        """List the slash commands, for help."""
        return [command for command in self.tree.walk_commands() if isinstance(command, app_commands.Command)]

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Route clicks and submitted forms; commands and completion go through the tree."""
        if interaction.type not in _ROUTED or not isinstance(interaction.data, dict):
            return
        identifier = interaction.data.get("custom_id")
        try:
            found = route(identifier if isinstance(identifier, str) else "", self._clicks)
        except UserError as error:
            await self.conversations.fail(interaction, "stale", error)
            return
        await self.conversations.hold(interaction, found.verb, found.answer(interaction, found.arguments))

    async def on_socket_raw_receive(self, message: str) -> None:
        """Listen for acknowledged heartbeats."""
        self.pulse.hear(message)

    async def on_connect(self) -> None:
        """Note that the gateway let the bot in."""
        self.pulse.connected = True

    async def on_ready(self) -> None:
        """Note that the gateway is connected and the servers are known."""
        self._metrics.guilds.set(len(self.guilds))
        log.info("discord_ready", user=str(self.user), guilds=len(self.guilds))

    async def on_resumed(self) -> None:
        """Note that a dropped connection was taken up again without loss."""
        self.pulse.connected = True
        log.info("discord_resumed")

    async def on_disconnect(self) -> None:
        """Note that the connection dropped; discord.py takes it up again."""
        self.pulse.connected = False
        log.info("discord_disconnected")

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Count a server that installed the bot."""
        self._metrics.guilds.set(len(self.guilds))
        log.info("guild_joined", guild=guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Count a server that removed the bot."""
        self._metrics.guilds.set(len(self.guilds))
        log.info("guild_left", guild=guild.id)
