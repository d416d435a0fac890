"""``/ftguide``: which sections of the free-threading guide are about a topic."""

from __future__ import annotations

from dataclasses import dataclass

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.core.errors import UserError
from bot.core.guide.sections import find_sections, titles
from bot.core.text.sentences import listed
from bot.services.guide import Guide
from cogs.conversations import Conversations
from cogs.ui.buttons import finished
from cogs.ui.status_card import plain

_LONGEST_TITLE = 100
_LONGEST_TOPIC = 200
_MOST_OFFERED = 25


@dataclass(frozen=True, slots=True)
class GuideAnswers:
    """Answers with sections of the guide."""

    guide: Guide

    async def show(self, interaction: discord.Interaction, topic: str, *, private: bool) -> None:
        """Answer with links to the sections that fit. Raises ``UserError`` where none does."""
        found = find_sections(self.guide.known, topic)
        if not found:
            names = listed([plain(title, _LONGEST_TITLE) for title in titles(self.guide.known)], 8)
            raise UserError(f"The guide has nothing that looks like that. It has, among others: {names}.")
        first, *others = (f"[{plain(section.title, _LONGEST_TITLE)}](<{section.url}>)" for section in found)
        texts = [f"### {first}", "\n".join(f"- {other}" for other in others), "-# From the py-free-threading guide."]
        card = ui.LayoutView(timeout=None)
        card.add_item(ui.Container(*(ui.TextDisplay[ui.LayoutView](text) for text in texts if text)))
        await interaction.response.send_message(view=finished(card), ephemeral=private)

    def offer(self, typed: str) -> list[app_commands.Choice[str]]:
        """Offer titles while somebody types, from memory."""
        known = self.guide.known
        found = find_sections(known, typed, _MOST_OFFERED) or known[:_MOST_OFFERED]
        return [app_commands.Choice(name=title[:100], value=title[:100]) for title in titles(found)]


class GuideCog(commands.Cog):
    """The slash command."""

    def __init__(self, answers: GuideAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @app_commands.command(description="Where the free-threading guide tells how: pybind11, cibuildwheel, data races…")
    @app_commands.describe(topic="What you look for, in your own words", private="Show the answer only to you")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftguide(
        self,
        interaction: discord.Interaction,
        topic: app_commands.Range[str, 1, _LONGEST_TOPIC],
        private: bool = False,
    ) -> None:
        """Answer with sections of the guide."""
        installed = interaction.guild_id is None or interaction.is_guild_integration()
        answer = self.answers.show(interaction, topic, private=private or not installed)
        await self.conversations.hold(interaction, "ftguide", answer)

    @ftguide.autocomplete("topic")
    async def complete_topic(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer titles, from memory."""
        return self.answers.offer(current)
