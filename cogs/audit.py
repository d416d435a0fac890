"""``/ftaudit``: what triage decided on a thread and why, for those who manage a server."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.errors import UserError
from bot.core.github.threads import parse_ref
from bot.services.triage.audit import AuditReader
from cogs.config import permitted
from cogs.conversations import Conversations
from cogs.ui.issue_cards import audit_card, standing
from cogs.ui.status_card import plain


class AuditCog(commands.Cog):
    """The slash command; its answers are for who asked. ``lacking`` says what triage lacks, if it lacks something."""

    def __init__(self, audit: AuditReader, conversations: Conversations, lacking: str | None = None) -> None:
        self.audit = audit
        self.lacking = lacking
        self.conversations = conversations

    @app_commands.command(description="What triage decided on an issue or pull request, by which rule, and why")
    @app_commands.describe(issue="Like numpy/numpy#26157, or its address on GitHub")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def ftaudit(self, interaction: discord.Interaction, issue: str) -> None:
        """Answer with the audit log of one thread."""
        await self.conversations.hold(interaction, "ftaudit", self._answer(interaction, issue))

    async def _answer(self, interaction: discord.Interaction, issue: str) -> None:
        permitted(interaction)
        ref = parse_ref(issue)
        entries = standing(await self.audit.of(ref))
        if not entries:
            way_on = self.lacking or "It looks at what happens from then on where the GitHub App is installed."
            raise UserError(f"Triage has decided nothing on **{plain(str(ref))}**. {way_on}")
        await interaction.response.send_message(view=audit_card(ref, entries), ephemeral=True)
