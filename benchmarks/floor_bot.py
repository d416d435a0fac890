"""The floor: a bot of a few lines, on the same discord.py, whose ``/ftstatus`` says the same word to everybody.

Takes the addresses of the REST API and of the gateway and a token as arguments.
"""

from __future__ import annotations

import sys

import discord
from discord import app_commands
from yarl import URL


class FloorBot(discord.Client):
    """Answers as soon as discord.py can."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), max_messages=None, chunk_guilds_at_startup=False)
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        """Register the command."""

        @self.tree.command(description="Says a word")
        async def ftstatus(interaction: discord.Interaction, package: str) -> None:  # noqa: ARG001 — as in ftbot
            await interaction.response.send_message("pong")

        @ftstatus.autocomplete("package")
        async def complete(_interaction: discord.Interaction, _current: str) -> list[app_commands.Choice[str]]:
            return []

        await self.tree.sync()


def main(api_url: str, gateway_url: str, token: str) -> None:
    """Run the bot until it is ended."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.http.Route.BASE = api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
    FloorBot().run(token, log_handler=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
