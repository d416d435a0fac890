"""``/ftissues``: which issues and pull requests about free-threading are open upstream, of a package or of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.errors import UserError
from bot.core.index.names import normalize
from bot.core.posting.prospects import NOT_WATCHED
from bot.services.upstream.issues import Shown, UpstreamThreads
from cogs.conversations import Conversations
from cogs.ui.issue_cards import threads_card
from cogs.ui.status_card import plain

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class IssueAnswers:
    """Answers with upstream threads; ``offer`` gives names of packages while somebody types.

    ``watching`` tells whether anybody looks for them.
    """

    threads: UpstreamThreads
    offer: Callable[[str], list[app_commands.Choice[str]]]
    watching: bool = True

    async def show(self, interaction: discord.Interaction, package: str | None, shown: Shown, *, private: bool) -> None:
        """Answer with the threads that are asked for, the last active first."""
        name = None if package is None else normalize(package)
        page = await self.threads.listed(name, shown)
        if not page.threads:
            raise UserError(_none(name, shown) if self.watching else NOT_WATCHED)
        of = "" if name is None else f" of **{plain(name, _LONGEST_NAME)}**"
        what = f"{_which(shown)}free-threading issues{of}"
        view = threads_card(page.threads, page.total, what[0].upper() + what[1:], _narrower(name, shown))
        await interaction.response.send_message(view=view, ephemeral=private)


class IssuesCog(commands.Cog):
    """The slash command."""

    def __init__(self, answers: IssueAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @app_commands.command(description="Upstream issues and pull requests about free-threading, the last active first")
    @app_commands.describe(
        package="Its name on PyPI, in any spelling; all packages unless you choose",
        state="Open ones unless you choose",
        private="Show the answer only to you",
    )
    @app_commands.choices(state=[app_commands.Choice(name=shown.value, value=shown.value) for shown in Shown])
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftissues(
        self,
        interaction: discord.Interaction,
        package: str | None = None,
        state: str = Shown.OPEN.value,
        private: bool = False,
    ) -> None:
        """Answer with upstream threads."""
        installed = interaction.guild_id is None or interaction.is_guild_integration()
        answer = self.answers.show(interaction, package, Shown(state), private=private or not installed)
        await self.conversations.hold(interaction, "ftissues", answer)

    @ftissues.autocomplete("package")
    async def complete_package(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer package names, from memory."""
        return self.answers.offer(current)


def _which(shown: Shown) -> str:
    return "" if shown is Shown.ALL else f"{shown.value} "


def _narrower(package: str | None, shown: Shown) -> str:
    """Name the option that makes a list shorter, if there is one left."""
    if package is None:
        return "package:"
    return "state:" if shown is Shown.ALL else ""


def _none(package: str | None, shown: Shown) -> str:
    """Return that there is nothing to list, and what to do next."""
    what = f"I know of no {_which(shown)}issues about free-threading"
    if package is None:
        return f"{what}. Ask later, when I have looked, or for another state."
    way_on = "Check the spelling." if shown is Shown.ALL else "Check the spelling, or ask with `state: all`."
    return f"{what} in **{plain(package, _LONGEST_NAME)}**. {way_on}"
