"""``/ftcompare``: packages side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.index.names import normalize
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.services.packages.comparison import PackageComparer
from cogs.conversations import Conversations
from cogs.ui.compare_card import compare_card

MOST = 4
"""Packages of a card: more do not fit beside each other on a phone."""

DIRECTLY = 1.5
"""Seconds until an answer is promised instead of given; Discord waits for three."""


@dataclass(frozen=True, slots=True)
class CompareAnswers:
    """Answers with packages side by side; ``offer`` gives names of packages while somebody types.

    ``whole`` knows where they are compared in full.
    """

    comparer: PackageComparer
    offer: Callable[[str], list[app_commands.Choice[str]]]
    now: Callable[[], datetime]
    whole: WholeLists = NO_SITE

    async def show(self, interaction: discord.Interaction, names: list[str], *, private: bool) -> None:
        """Answer with a card: at once if that is quick, else as soon as it is there."""
        packages = list(map(normalize, names))
        asking = asyncio.ensure_future(self.comparer.compare(packages, most=MOST))
        try:
            await asyncio.wait({asking}, timeout=DIRECTLY)
            if not asking.done():
                await interaction.response.defer(ephemeral=private, thinking=True)
            compared = await asking
        finally:
            asking.cancel()
        card = compare_card(compared, self.now(), self.whole)
        if interaction.response.is_done():
            await interaction.edit_original_response(view=card)
        else:
            await interaction.response.send_message(view=card, ephemeral=private)


class CompareCog(commands.Cog):
    """The slash command."""

    def __init__(self, answers: CompareAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @app_commands.command(description="Packages side by side: wheels by Python and platform, the GIL, releases")
    @app_commands.describe(
        first="Its name on PyPI, in any spelling",
        second="What to compare it with",
        third="One more",
        fourth="And another",
        private="Show the answer only to you",
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftcompare(  # noqa: PLR0913, PLR0917 — the options of the command
        self,
        interaction: discord.Interaction,
        first: str,
        second: str,
        third: str | None = None,
        fourth: str | None = None,
        private: bool = False,
    ) -> None:
        """Answer with packages side by side."""
        installed = interaction.guild_id is None or interaction.is_guild_integration()
        names = [name for name in (first, second, third, fourth) if name is not None]
        answer = self.answers.show(interaction, names, private=private or not installed)
        await self.conversations.hold(interaction, "ftcompare", answer)

    @ftcompare.autocomplete("first")
    @ftcompare.autocomplete("second")
    @ftcompare.autocomplete("third")
    @ftcompare.autocomplete("fourth")
    async def complete_package(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer package names, from memory."""
        return self.answers.offer(current)
