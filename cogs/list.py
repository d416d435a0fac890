"""``/ftlist``: the tracked packages, by Python, verdict and what importing them does to the GIL, in pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.errors import UserError
from bot.core.listing.query import GilFilter, ListOrder, ListQuery, of_target, page_of, select
from bot.core.site.whole_lists import WholeLists
from bot.core.verdicts.rules import Verdict
from bot.services.packages.listing import PackageLister
from cogs.conversations import Conversations
from cogs.ui.buttons import Click
from cogs.ui.list_card import FLAGS, PACKAGES_A_PAGE, PAGE, list_card, read_query

_PARTS = len(("reader", "target", "verdict", "gil", "flags", "order", "page"))
_VERDICTS = (
    Verdict.SUPPORTED,
    Verdict.PARTIAL,
    Verdict.NO_PYTHON_ABI,
    Verdict.PURE_FALLBACK,
    Verdict.ABI3_ONLY,
    Verdict.NOT_YET,
    Verdict.BLOCKED,
    Verdict.MIS_TAGGED,
    Verdict.EXCLUDED,
)
"""Verdicts that a tracked package may have: it has native wheels."""


@dataclass(frozen=True, slots=True)
class ListAnswers:
    """Answers with lists; ``site`` is where the world sees the site, without a slash at its end, if one is served."""

    lister: PackageLister
    site: str | None = None

    def clicks(self) -> Mapping[str, Click]:
        """Return who answers which button."""
        return {PAGE: self._page}

    async def show(self, interaction: discord.Interaction, query: ListQuery, *, private: bool) -> None:
        """Answer with the first page."""
        await interaction.response.send_message(view=await self._card(query, 1, interaction.user.id), ephemeral=private)

    async def _card(self, query: ListQuery, number: int, reader: int) -> discord.ui.LayoutView:
        tracked = await self.lister.tracked()
        page = page_of(select(tracked.packages, query), number, PACKAGES_A_PAGE)
        page = replace(page, packages=tuple(of_target(each, query.target) for each in page.packages))
        return list_card(page, query, tracked.scanned, reader, WholeLists(self.site))

    async def _page(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Turn to another page; whoever else clicks on a public list gets their own."""
        if len(arguments) != _PARTS or re.fullmatch(r"[0-9]{1,6}", arguments[-1]) is None:
            raise UserError("This button is from an older version. Run `/ftlist` again.")
        reader, target, verdict, gil, flags, order, number = arguments
        user, message = interaction.user.id, interaction.message
        query = read_query(target, verdict, gil, flags, order)
        card = await self._card(query, int(number), user)
        if _is(reader, user) or (message is not None and message.flags.ephemeral):
            await interaction.response.edit_message(view=card)
        else:
            await interaction.response.send_message(view=card, ephemeral=True)


def _is(reader: str, user: int) -> bool:
    try:
        return int(reader, 36) == user
    except ValueError:
        return False


class ListCog(commands.Cog):
    """The slash command."""

    def __init__(self, answers: ListAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @app_commands.command(description="The tracked packages, by Python, verdict and GIL: who has wheels, who lags")
    @app_commands.describe(
        python="About this Python (all unless you choose)",
        verdict="With this verdict",
        gil="By what importing them does to the GIL",
        only="That lag behind an earlier Python, lost some platforms, or have no wheels yet",
        order="The most downloaded first unless you choose",
        private="Show the answer only to you",
    )
    @app_commands.choices(
        python=[app_commands.Choice(name=f"3.{minor}t", value=f"3.{minor}t") for minor in (14, 15)],
        verdict=[app_commands.Choice(name=each.value, value=each.value) for each in _VERDICTS],
        gil=[app_commands.Choice(name=each.value, value=each.value) for each in GilFilter],
        only=[app_commands.Choice(name=name, value=flag) for name, flag in FLAGS.items()],
        order=[app_commands.Choice(name=each.value, value=each.value) for each in ListOrder],
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftlist(  # noqa: PLR0913, PLR0917 — the options of the command
        self,
        interaction: discord.Interaction,
        python: str = "",
        verdict: str = "",
        gil: str = "",
        only: str = "",
        order: str = ListOrder.RANK.value,
        private: bool = False,
    ) -> None:
        """Answer with tracked packages."""
        installed = interaction.guild_id is None or interaction.is_guild_integration()
        answer = self._answer(interaction, (python, verdict, gil, only, order), private=private or not installed)
        await self.conversations.hold(interaction, "ftlist", answer)

    async def _answer(
        self, interaction: discord.Interaction, asked: tuple[str, str, str, str, str], *, private: bool
    ) -> None:
        await self.answers.show(interaction, read_query(*asked), private=private)
