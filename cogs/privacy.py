"""``/ftprivacy``: all that is stored about whoever asks, to be seen and to be deleted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.text.sentences import counted
from bot.services.discord.watches import WatchBook
from cogs.conversations import Conversations
from cogs.ui.buttons import Click, action, finished
from cogs.ui.status_card import text_card

DELETE, KEEP = "pd", "pk"

_WHAT = (
    "What I store about people is what they asked me to watch: your number on Discord, the channel of our direct"
    " messages, which packages you watch, what I told you of them and when. Nothing else of what you ask is stored with"
    " your number. What I know of threads on GitHub is public there, by the names of GitHub's accounts."
)


@dataclass(frozen=True, slots=True)
class PrivacyAnswers:
    """Answers about what is stored about a person, only to that person."""

    book: WatchBook

    def clicks(self) -> Mapping[str, Click]:
        """Return who answers which button."""
        return {DELETE: self._delete, KEEP: self._keep}

    async def show(self, interaction: discord.Interaction) -> None:
        """Say what is stored, with all of it as a file."""
        rows = await self.book.about(interaction.user.id)
        count = sum(map(len, rows.values()))
        if not count:
            text = f"{_WHAT}\nAbout you nothing is stored."
            await interaction.response.send_message(view=finished(text_card(text)), ephemeral=True)
            return
        body = await asyncio.to_thread(lambda: json.dumps(rows, indent=1, ensure_ascii=False).encode())
        numbers = "\n".join(f"- `{table}`: {counted(len(some), 'row')}" for table, some in rows.items() if some)
        view = text_card(f"{_WHAT}\nThe file has all {counted(count, 'row')}:\n{numbers}")
        view.add_item(discord.ui.File("attachment://ftbot-about-you.json"))
        await interaction.response.send_message(
            view=finished(view), file=discord.File(BytesIO(body), "ftbot-about-you.json"), ephemeral=True
        )

    async def ask_to_delete(self, interaction: discord.Interaction) -> None:
        """Ask whether to delete all of it."""
        text = (
            "Delete all that I have stored about you? You are told of none of your packages any more. Messages that I"
            " wrote to you stay, and so do watches of channels, which are the server's."
        )
        buttons = [
            action("Delete everything", DELETE, style=discord.ButtonStyle.danger),
            action("Cancel", KEEP),
        ]
        await interaction.response.send_message(view=finished(text_card(text, buttons)), ephemeral=True)

    async def _delete(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        await self.book.forget(interaction.user.id)
        text = "✅ Everything about you is deleted. In copies of the database it stays until those are."
        await interaction.response.edit_message(view=finished(text_card(text)))

    async def _keep(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        await interaction.response.edit_message(view=finished(text_card("Nothing was changed.")))


class PrivacyCog(commands.Cog):
    """The slash commands; their answers are for who asked."""

    ftprivacy = app_commands.Group(
        name="ftprivacy",
        description="What I store about you",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )

    def __init__(self, answers: PrivacyAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @ftprivacy.command(description="Show all that I have stored about you")
    async def show(self, interaction: discord.Interaction) -> None:
        """Show what is stored."""
        await self.conversations.hold(interaction, "ftprivacy show", self.answers.show(interaction))

    @ftprivacy.command(description="Delete all that I have stored about you")
    async def delete(self, interaction: discord.Interaction) -> None:
        """Ask whether to delete it."""
        await self.conversations.hold(interaction, "ftprivacy delete", self.answers.ask_to_delete(interaction))
