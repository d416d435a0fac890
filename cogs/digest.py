"""``/ftdigest``: what moved in a week, for anyone; and digests as Discord gets them, with their chart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week, parse_week, week_of
from bot.core.digest.wording import chart_text, dates
from bot.core.posting.messages import PreparedDigest
from bot.core.site.whole_lists import NO_SITE, WholeLists
from cogs.conversations import Conversations
from cogs.ui.buttons import finished
from cogs.ui.digest_card import CHART_FILE, digest_card

DIRECTLY = 1.5
"""Seconds until an answer is promised instead of given; Discord waits for three."""

_MOST_KEPT = 4
_MOST_OFFERED = 25
_LONGEST_ALT_TEXT = 1024


@dataclass(frozen=True, slots=True)
class DigestRenderer:
    """Makes digests ready to be posted; ``draw`` gives the chart as a PNG, and runs in a thread.

    ``whole`` knows where lists are whole of which a card shows a part.
    """

    digests: Callable[[Week], Awaitable[Digest]]
    draw: Callable[[Digest], bytes]
    whole: WholeLists = NO_SITE
    _drawn: dict[Week, tuple[Digest, bytes]] = field(default_factory=dict)

    async def prepare(self, week: Week) -> PreparedDigest[ui.LayoutView]:
        """Make the digest of a week ready; raises what the digests raise."""
        digest = await self.digests(week)
        picture = await self._picture(digest)
        return PreparedDigest(
            view=lambda: finished(digest_card(digest, picture is not None, self.whole)),
            picture=picture,
            alt=chart_text(digest)[:_LONGEST_ALT_TEXT],
            filename=CHART_FILE,
            complete=digest.complete,
        )

    async def _picture(self, digest: Digest) -> bytes | None:
        """Return the chart; the last few are kept, as everybody asks for the same week."""
        if not digest.chart:
            return None
        kept = self._drawn.pop(digest.week, None)
        if kept is None or kept[0] != digest:
            kept = digest, await asyncio.to_thread(self.draw, digest)
        self._drawn[digest.week] = kept
        while len(self._drawn) > _MOST_KEPT:
            del self._drawn[next(iter(self._drawn))]
        return kept[1]


async def answer_with(
    interaction: discord.Interaction, preparing: Awaitable[PreparedDigest[ui.LayoutView]], *, private: bool
) -> None:
    """Answer an interaction with a digest: at once if that is quick, else as soon as it is ready."""
    asking = asyncio.ensure_future(preparing)
    await asyncio.wait({asking}, timeout=DIRECTLY)
    if not asking.done():
        await interaction.response.defer(ephemeral=private, thinking=True)
    digest = await asking
    files = []
    if digest.picture is not None:
        files.append(discord.File(BytesIO(digest.picture), digest.filename, description=digest.alt))
    if interaction.response.is_done():
        await interaction.edit_original_response(view=digest.view(), attachments=files)
    else:
        await interaction.response.send_message(view=digest.view(), files=files, ephemeral=private)


@dataclass(frozen=True, slots=True)
class DigestAnswers:
    """Answers with digests; ``prepare`` raises a ``UserError`` for weeks that there is none of."""

    prepare: Callable[[Week], Awaitable[PreparedDigest[ui.LayoutView]]]
    now: Callable[[], datetime]

    async def show(self, interaction: discord.Interaction, week: str | None, *, private: bool) -> None:
        """Answer with the digest of a week, by default the last one that is over."""
        asked = self._newest() if week is None else parse_week(week)
        await answer_with(interaction, self.prepare(asked), private=private)

    def offer(self, typed: str) -> list[app_commands.Choice[str]]:
        """Offer the last weeks while somebody types, with their days."""
        weeks = [self._newest()]
        while len(weeks) < 2 * _MOST_OFFERED:
            weeks.append(weeks[-1].before)
        labels = ((str(week), f"{week} · {dates(week)}") for week in weeks)
        fitting = [(week, label) for week, label in labels if typed.strip().lower() in label.lower()]
        return [app_commands.Choice(name=label, value=week) for week, label in fitting[:_MOST_OFFERED]]

    def _newest(self) -> Week:
        return week_of(self.now().date()).before


class DigestCog(commands.Cog):
    """The slash command."""

    def __init__(self, answers: DigestAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @app_commands.command(
        description="What moved in free-threaded Python in a week: wheels gained, lost, still missing"
    )
    @app_commands.describe(
        week="An ISO week like 2026-W47; the last one unless you choose", private="Show it only to you"
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftdigest(self, interaction: discord.Interaction, week: str | None = None, private: bool = False) -> None:
        """Answer with a week's digest."""
        installed = interaction.guild_id is None or interaction.is_guild_integration()
        answer = self.answers.show(interaction, week, private=private or not installed)
        await self.conversations.hold(interaction, "ftdigest", answer)

    @ftdigest.autocomplete("week")
    async def complete_week(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer weeks, from memory."""
        return self.answers.offer(current)
