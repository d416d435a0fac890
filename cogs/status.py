"""``/ftstatus``: does a package work on free-threaded Python? With completion, Refresh, and "did you mean"."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import discord
import structlog
from discord import app_commands, ui
from discord.ext import commands

from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.index.names import normalize
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status, Upstream, with_upstream
from bot.core.verdicts.wording import headline as headline_of
from bot.core.wheels.targets import NEWEST_MINOR, OLDEST_MINOR, Target, parse_target
from bot.services.packages.families import at_hand_without_family, look_up_with_family
from bot.services.packages.lookup import Freshness, StatusLookup
from bot.services.packages.package_names import PackageNames
from cogs.conversations import Conversations
from cogs.errors import OfferError
from cogs.ui.buttons import Button, Click, action, base36, finished
from cogs.ui.status_card import floors_card, has_floors, moment, plain, status_card, text_card
from cogs.ui.watch_card import WATCH

DIRECTLY = 1.5
"""Seconds until an answer is promised instead of given; Discord waits for three."""

COOLDOWN = timedelta(seconds=60)
"""How long a card rests before it is refreshed again."""

_BUTTON_WAIT = 0.5
"""Seconds that a card waits for the database to name its buttons; it goes without them after that."""

DEPENDENCIES = "dp"
"""What the button for what a package depends on does; ``cogs/deps.py`` answers it."""

_MOST_CARDS = 50
"""Cards that are kept for whoever asks the same next; to lay one out takes a fifth of an answer."""

_MOST_SUGGESTED = 3
_LARGEST_ID = 2**63 - 1
"""What a database stores; people can send any identifier."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Card:
    """A card, which is finished and so can be sent again and again, and all that it follows from."""

    status: Status
    number: int | None
    view: ui.LayoutView


@dataclass(frozen=True, slots=True)
class StatusAnswers:
    """Answers about packages; ``targets`` are the Pythons of the settings, the headline first.

    ``upstream`` knows of the packages' upstream threads, if anybody watches them.
    """

    lookup: StatusLookup
    package_names: PackageNames
    targets: tuple[Target, ...]
    now: Callable[[], datetime]
    upstream: Upstream | None = None
    _cards: dict[str, _Card] = field(default_factory=dict)

    def clicks(self) -> Mapping[str, Click]:
        """Return who answers which button."""
        return {"r": self._refresh, "u": self._use, "f": self._floors}

    async def show(self, interaction: discord.Interaction, name: str, headline: Target, *, private: bool) -> None:
        """Answer with a package's card: at once if that is quick, else as soon as it is there."""
        status = at_hand_without_family(self.lookup, name, self._headed_by(headline))
        if status is None:
            asking = asyncio.ensure_future(self._look_up(name, headline, Freshness.NORMAL))
            await asyncio.wait({asking}, timeout=DIRECTLY)
            if not asking.done():
                await interaction.response.defer(ephemeral=private, thinking=True)
            status = await asking
        card = await self._card(status, private=private)
        if interaction.response.is_done():
            await interaction.edit_original_response(view=card)
        else:
            await interaction.response.send_message(view=card, ephemeral=private)
        self.package_names.count(name)

    def offer(self, typed: str, headline: Target) -> list[app_commands.Choice[str]]:
        """Offer names while somebody types, each with its verdict if that is known already."""
        return [
            app_commands.Choice(name=self._label(name, headline), value=name)
            for name in self.package_names.complete(typed)
        ]

    def _label(self, name: str, headline: Target) -> str:
        status = self.lookup.glance(name)
        if status is None or status.headline.target != headline:
            return name
        words = headline_of(status)
        return f"{name} — {words.glyph} {words.word} on {headline}"

    async def _refresh(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Read a package again and put the result into the card that was clicked, unless that was done just now."""
        name, headline = await self.subject(arguments)
        message = interaction.message
        checked = None if message is None else message.edited_at or message.created_at
        if checked is not None and self.now() - checked < COOLDOWN:
            text = f"This was checked {moment(checked)}. It can be refreshed again {moment(checked + COOLDOWN)}."
            await interaction.response.send_message(text, ephemeral=True)
            return
        asking = asyncio.ensure_future(self._look_up(name, headline, Freshness.REFRESH))
        await asyncio.wait({asking}, timeout=DIRECTLY)
        if not asking.done():
            await interaction.response.defer()
        card = await self._card(await asking, private=True)
        if interaction.response.is_done():
            await interaction.edit_original_response(view=card)
        else:
            await interaction.response.edit_message(view=card)

    async def _use(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Answer about the package that was meant."""
        name, headline = await self.subject(arguments)
        await self.show(interaction, name, headline, private=arguments[2:] == ("p",))

    async def _floors(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Show who clicked on which systems the wheels of a card work."""
        name, headline = await self.subject(arguments)
        asking = asyncio.ensure_future(self._look_up(name, headline, Freshness.NORMAL))
        await asyncio.wait({asking}, timeout=DIRECTLY)
        if not asking.done():
            await interaction.response.defer(ephemeral=True, thinking=True)
        card = finished(floors_card(await asking))
        if interaction.response.is_done():
            await interaction.edit_original_response(view=card)
        else:
            await interaction.response.send_message(view=card, ephemeral=True)

    async def subject(self, arguments: tuple[str, ...]) -> tuple[str, Target]:
        """Read which package and Python a button is about. Raises ``UserError`` where that is not known."""
        try:
            package, minor = int(arguments[0], 36), int(arguments[1])
        except (IndexError, ValueError):
            package, minor = 0, 0
        name = await self.package_names.name_of(package) if 0 < package <= _LARGEST_ID else None
        if name is None or not OLDEST_MINOR <= minor <= NEWEST_MINOR:
            raise UserError("I don't remember which package this button was about. Run `/ftstatus` again.")
        return name, Target(minor)

    async def _look_up(self, name: str, headline: Target, freshness: Freshness) -> Status:
        return await look_up_with_family(self.lookup, name, self._headed_by(headline), freshness)

    def _headed_by(self, headline: Target) -> tuple[Target, ...]:
        return headline, *(target for target in self.targets if target != headline)

    async def _card(self, status: Status, *, private: bool) -> ui.LayoutView:
        """Lay out a status; raises what is to be said instead where nothing was read."""
        if status.headline.verdict is Verdict.NOT_FOUND:
            raise await self._unknown(status, private=private)
        if status.headline.verdict is Verdict.UNKNOWN:
            reason = plain(status.error or "The index did not answer.")
            text = f"I couldn't look up **{plain(status.package)}**: {reason} That is not a “no”."
            raise UpstreamError(text, retry_after=self.lookup.asked_to_wait(status.package))
        known = with_upstream(status, self.upstream)
        number = await self._id_of(status.package)
        kept = self._cards.get(status.package)
        if kept is None or (kept.status, kept.number) != (known, number):
            kept = _Card(known, number, self._laid_out(known, number))
            self._cards.pop(status.package, None)
            self._cards[status.package] = kept
            if len(self._cards) > _MOST_CARDS:
                del self._cards[next(iter(self._cards))]
        return kept.view

    def _laid_out(self, known: Status, number: int | None) -> ui.LayoutView:
        labels = {"r": "Refresh"} | ({"f": "Oldest systems"} if has_floors(known) else {})
        if known.judgement.version is not None:
            labels[DEPENDENCIES] = "Dependencies"
        labels[WATCH] = "Watch"
        minor = str(known.headline.target.minor)
        actions = () if number is None else [action(labels[verb], verb, base36(number), minor) for verb in labels]
        return finished(status_card(known, actions))

    async def _unknown(self, status: Status, *, private: bool) -> OfferError:
        alike = (await self.package_names.suggest(status.package))[:_MOST_SUGGESTED]
        text = f"I couldn't find **{plain(status.package)}** on PyPI."
        if not alike:
            text += " Check the spelling: it is the name that `pip install` takes."
            return OfferError(text, finished(text_card(text)))
        text += f" Did you mean {' or '.join(f'**{name}**' for name in alike)}?"
        privately = ("p",) if private else ()
        buttons = await self._suggestions(alike, str(status.headline.target.minor), *privately)
        return OfferError(text, finished(text_card(text, buttons)))

    async def _suggestions(self, names: Sequence[str], minor: str, *more: str) -> list[Button]:
        """Make a button for each package, but for those that the database does not give an id in time."""
        ids = await asyncio.gather(*map(self._id_of, names))
        return [
            action(f"Use {name}", "u", base36(number), minor, *more)
            for name, number in zip(names, ids, strict=True)
            if number is not None
        ]

    async def _id_of(self, package: str) -> int | None:
        known = self.package_names.known_id(package)
        if known is not None:
            return known
        asking = asyncio.ensure_future(self.package_names.id_of(package))
        asking.add_done_callback(_forget)
        await asyncio.wait({asking}, timeout=_BUTTON_WAIT)
        try:
            if asking.done():
                return asking.result()
            reason = "The database takes too long."
        except StorageError as error:
            reason = str(error)
        log.warning("button_left_out", package=package, reason=reason)
        return None


def _forget(task: asyncio.Future[int]) -> None:
    """Take the exception of a task that nobody waits for any more, so that asyncio does not complain of it."""
    if not task.cancelled():
        task.exception()


class StatusCog(commands.Cog):
    """The slash command."""

    def __init__(self, answers: StatusAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @app_commands.command(
        description="Does a package install on free-threaded Python? Per Python and platform, from PyPI"
    )
    @app_commands.describe(
        package="Its name on PyPI, in any spelling",
        python="The Python in the headline (3.14t unless you choose)",
        private="Show the answer only to you",
    )
    @app_commands.choices(
        python=[app_commands.Choice(name=f"3.{minor}t", value=f"3.{minor}t") for minor in (14, 15, 13)]
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftstatus(
        self, interaction: discord.Interaction, package: str, python: str | None = None, private: bool = False
    ) -> None:
        """Answer about a package."""
        await self.conversations.hold(
            interaction, "ftstatus", self._answer(interaction, package, python, private=private)
        )

    @ftstatus.autocomplete("package")
    async def complete_package(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer package names; from memory, so that it keeps up with typing."""
        return self.answers.offer(current, self.answers.targets[0])

    async def _answer(
        self, interaction: discord.Interaction, package: str, python: str | None, *, private: bool
    ) -> None:
        headline = self.answers.targets[0] if python is None else parse_target(python)
        installed = interaction.guild_id is None or interaction.is_guild_integration()
        await self.answers.show(interaction, normalize(package), headline, private=private or not installed)
