"""``/ftwatch`` and buttons on cards: packages of which somebody is told, by direct message or in a channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import discord
import structlog
from discord import app_commands, ui
from discord.ext import commands

from bot.core.errors import StorageError, UserError
from bot.core.index.names import normalize
from bot.core.posting.prospects import Prospects
from bot.core.posting.watches import Topic, Watch, WatchPlace
from bot.core.text.sentences import MOST_LISTED, counted, joined, listed
from bot.core.wheels.targets import Target, parse_target
from bot.services.discord.watches import Added, WatchBook
from bot.services.packages.kept_reports import KeptReports
from bot.services.packages.package_names import PackageNames
from cogs.config import PostableChannel, check_postable, permitted
from cogs.conversations import Conversations
from cogs.ui.buttons import Click, finished
from cogs.ui.deps_card import BLOCKERS
from cogs.ui.status_card import moment, plain, text_card
from cogs.ui.watch_card import (
    MINE,
    PAGE,
    REMOVE,
    TOPIC_WORDS,
    UNWATCH,
    WATCH,
    WATCHES,
    added_card,
    list_card,
    watched_card,
)

DIRECTLY = 1.5
"""Seconds until an answer is promised instead of given; Discord waits for three."""

EVERYTHING = "everything"

_DAYS = 7
_MOST_DAYS = 365
_LONGEST_CHOICE = 100
_MOST_CHOICES = 25

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WatchAnswers:
    """Answers about watches; ``subject`` reads which package a button of a status card is about.

    ``prospects`` tells what can be told of at all, ``kept`` has the answers of ``/ftdeps``.
    """

    book: WatchBook
    names: PackageNames
    kept: KeptReports
    subject: Callable[[tuple[str, ...]], Awaitable[tuple[str, Target]]]
    prospects: Callable[[], Awaitable[Prospects]]
    _uninformed: set[int] = field(default_factory=set)

    def clicks(self) -> Mapping[str, Click]:
        """Return who answers which button."""
        return {
            WATCH: self._watch,
            WATCHES: self._list_here,
            PAGE: self._page,
            REMOVE: self._remove_chosen,
            UNWATCH: self._unwatch,
            BLOCKERS: self._watch_blockers,
        }

    async def add(
        self, interaction: discord.Interaction, place: WatchPlace, names: Sequence[str], watch: Watch, note: str = ""
    ) -> None:
        """Watch packages, as ``watch`` says of a nameless one, and tell how they stand: at once if that is quick."""
        adding = asyncio.ensure_future(self.book.add(place, names, watch.targets, watch.topics))
        await asyncio.wait({adding}, timeout=DIRECTLY)
        if not adding.done():
            await interaction.response.defer(ephemeral=True, thinking=True)
        added = await adding
        notes = [note, *await self._notes(place, watch), _unknown(added)]
        if not added.found:
            raise UserError(_unknown(added) or "Nothing was named.")
        card = added_card(place, added.found, watch, added.count, filter(None, notes))
        if interaction.response.is_done():
            await interaction.edit_original_response(view=card)
        else:
            await interaction.response.send_message(view=card, ephemeral=True)

    async def remove(self, interaction: discord.Interaction, place: WatchPlace, names: Sequence[str]) -> None:
        """Watch packages no longer."""
        removed = await self.book.remove(place, names)
        await self._say(interaction, place, _done("No longer watched", names, removed))

    async def pause(self, interaction: discord.Interaction, place: WatchPlace, names: Sequence[str], days: int) -> None:
        """Let watches rest for so many days; 0 wakes them."""
        until = self.book.now() + timedelta(days=days) if days else None
        rest = await self.book.pause(place, names, until)
        what = "Watched again" if until is None else f"Resting until {moment(until, 'f')}"
        await self._say(interaction, place, _done(what, names or sorted(rest), rest))

    async def show(self, interaction: discord.Interaction, place: WatchPlace) -> None:
        """Show what is watched."""
        notes = await self._reopened(place)
        await interaction.response.send_message(view=await self._card(place, 0, notes), ephemeral=True)

    async def remind(self, interaction: discord.Interaction) -> None:
        """Tell whoever was just answered that their direct messages are closed, once, if they do not know."""
        person = interaction.user.id
        if person not in self._uninformed:
            return
        self._uninformed.discard(person)
        reason = await self.book.watches.inform(person)
        if reason is not None and interaction.response.is_done():
            text = f"⚠️ {reason} Open them, then run `/ftwatch list`: I try again from then on."
            await interaction.followup.send(view=finished(text_card(text)), ephemeral=True)

    async def refresh(self) -> None:
        """Read who is to be told that their direct messages are closed."""
        try:
            people = await self.book.watches.uninformed()
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))
            return
        self._uninformed.clear()
        self._uninformed.update(people)

    def offer(self, typed: str) -> list[app_commands.Choice[str]]:
        """Offer names for the last of several that somebody types."""
        before, names = _split(typed)
        return _choices(before, self.names.complete(names))

    async def offer_watched(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer what is watched for the last of several names that somebody types: by them, or in a channel."""
        before, name = _split(typed)
        channel = interaction.namespace.channel
        chosen = channel.id if isinstance(channel, (app_commands.AppCommandChannel, discord.Object)) else None
        try:
            watches = await self.book.listed(_at(interaction, chosen))
        except (StorageError, UserError):
            return []
        taken = set(before.split())
        return _choices(before, [w.package for w in watches if name in w.package and w.package not in taken])

    async def _watch(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Watch the package of a status card for who pressed the button."""
        name, _ = await self.subject(arguments)
        place = WatchPlace(interaction.user.id)
        known = next((watch for watch in await self.book.listed(place) if watch.package == name), None)
        if known is None:
            await self.add(interaction, place, [name], Watch(name))
            return
        await interaction.response.send_message(view=watched_card(name, known, self.book.now()), ephemeral=True)

    async def _watch_blockers(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Watch what blocks an application, as far as there is room, for who pressed the button."""
        kept = self.kept.find(arguments[0], interaction.user.id) if arguments else None
        if kept is None:
            raise UserError("This answer is gone: I keep it for an hour at most. Run `/ftdeps` again.")
        place = WatchPlace(interaction.user.id)
        watched = await self.book.listed(place)
        known = {watch.package for watch in watched}
        blocking = dict.fromkeys(found.package for found in kept.report.blocking)
        names = [name for name in blocking if name not in known]
        room = min(place.most - len(watched), _MOST_CHOICES)
        if not names:
            raise UserError("You watch all that blocks it already. See `/ftwatch list`.")
        if room <= 0:
            raise UserError(f"You watch {place.most} packages, which is the most. Remove some with `/ftwatch remove`.")
        left = len(names) - room
        note = f"There is no room for {counted(left, 'more package')} that stop the move." if left > 0 else ""
        target = kept.report.target
        targets = (target,) if target in self.book.targets else ()
        await self.add(interaction, place, names[:room], Watch("", targets), note)

    async def _list_here(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        """List what is watched where an alert was read."""
        await self.show(interaction, _here(interaction))

    async def _page(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Show another page of a list, in its message."""
        place = _place_of(interaction, arguments)
        page = arguments[1] if len(arguments) > 1 else ""
        card = await self._card(place, int(page) if page.isdecimal() and len(page) < len("1000000") else 0, ())
        await interaction.response.edit_message(view=card)

    async def _remove_chosen(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Remove what was chosen in a list."""
        place = _place_of(interaction, arguments)
        values = interaction.data.get("values") if isinstance(interaction.data, dict) else None
        names = [str(value) for value in values] if isinstance(values, list) else []
        removed = await self.book.remove(place, names)
        note = _done("No longer watched", names, removed)
        await interaction.response.edit_message(view=await self._card(place, 0, (note,)))

    async def _unwatch(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Remove the one package that a button is about."""
        key, name = (*arguments, "", "")[:2]
        place = _here(interaction) if key == "here" else _place_of(interaction, arguments)
        await self.remove(interaction, place, [normalize(name)])

    async def _say(self, interaction: discord.Interaction, place: WatchPlace, text: str) -> None:
        notes = await self._reopened(place)
        await interaction.response.send_message(view=finished(text_card("\n".join([text, *notes]))), ephemeral=True)

    async def _card(self, place: WatchPlace, page: int, notes: Sequence[str]) -> ui.LayoutView:
        return list_card(place, await self.book.listed(place), page, self.book.now(), notes)

    async def _notes(self, place: WatchPlace, watch: Watch) -> Sequence[str]:
        """Return what whoever watches should know: what keeps alerts from coming."""
        prospects = await self.prospects()
        lacking = [prospects.lacking_for_announcements()]
        if Topic.TRACKING in watch.topics and len(watch.topics) == 1:
            lacking = [prospects.lacking_for_issues()]
        return [*await self._reopened(place), *(f"⚠️ {text}" for text in lacking if text is not None)]

    async def _reopened(self, place: WatchPlace) -> Sequence[str]:
        reason = await self.book.reopen(place)
        if reason is None:
            return ()
        if place.person is not None:
            self._uninformed.discard(place.person)
        return (f"⚠️ {reason} I try again from now on.",)


def _split(typed: str) -> tuple[str, str]:
    """Split what was typed into the names before the last one, and the last one."""
    words = typed.replace(",", " ").split(" ")
    before = " ".join(word for word in words[:-1] if word)
    return before, words[-1].strip().lower()


def _choices(before: str, names: Sequence[str]) -> list[app_commands.Choice[str]]:
    texts = [f"{before} {name}".strip() for name in names]
    return [app_commands.Choice(name=text, value=text) for text in texts if len(text) <= _LONGEST_CHOICE][
        :_MOST_CHOICES
    ]


def _names(typed: str) -> list[str]:
    """Read several names. Raises ``UserError`` for what cannot be one."""
    return list(dict.fromkeys(normalize(word) for word in typed.replace(",", " ").split())) or [normalize(typed)]


def _unknown(added: Added) -> str:
    if not added.unknown:
        return ""
    return f"❔ Not on PyPI, so not watched: {_listed(added.unknown)}. Check the spelling."


def _done(what: str, names: Sequence[str], done: frozenset[str]) -> str:
    """Say of which packages something was done, and which were not watched."""
    lines = []
    if done:
        lines.append(f"✅ {what}: {_listed(sorted(done))}.")
    missing = [name for name in names if name not in done]
    if missing:
        lines.append(f"Not watched before: {_listed(missing)}.")
    return "\n".join(lines) or "Nothing is watched. Add packages with `/ftwatch add`."


def _listed(names: Sequence[str]) -> str:
    shown = [f"**{plain(name, 60)}**" for name in names]
    return joined(shown) if len(shown) <= MOST_LISTED else listed(shown)


def _here(interaction: discord.Interaction) -> WatchPlace:
    """Return the place of an alert: the channel of a server that it is in, else whoever reads it."""
    if interaction.guild_id is None or interaction.channel_id is None:
        return WatchPlace(interaction.user.id)
    return WatchPlace(None, permitted(interaction), interaction.channel_id)


def _place_of(interaction: discord.Interaction, arguments: tuple[str, ...]) -> WatchPlace:
    """Return the place that a button is about. Raises ``UserError`` for who may not manage its server."""
    key = arguments[0] if arguments else MINE
    if key == MINE:
        return WatchPlace(interaction.user.id)
    try:
        channel = int(key, 36)
    except ValueError:
        raise UserError("This button is from an older version. Run `/ftwatch list` again.") from None
    return _channel(interaction, channel)


def _channel(interaction: discord.Interaction, channel: int) -> WatchPlace:
    return WatchPlace(None, permitted(interaction), channel)


def _at(interaction: discord.Interaction, channel: int | None) -> WatchPlace:
    return WatchPlace(interaction.user.id) if channel is None else _channel(interaction, channel)


_Channel = app_commands.Transform[int, PostableChannel]


class WatchCog(commands.Cog):
    """The slash commands; their answers are for who asked."""

    ftwatch = app_commands.Group(
        name="ftwatch",
        description="Be told when packages change: by direct message, or in a channel",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )

    def __init__(self, answers: WatchAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @ftwatch.command(description="Tell me when something changes for packages; up to 50, 100 for a channel")
    @app_commands.describe(
        packages="Names on PyPI, with spaces between",
        python="All that I judge unless you choose",
        event="Everything unless you choose",
        channel="Where to post instead of a direct message; takes Manage Server",
    )
    @app_commands.choices(
        python=[app_commands.Choice(name=f"3.{minor}t", value=f"3.{minor}t") for minor in (14, 15)],
        event=[
            app_commands.Choice(name="Everything", value=EVERYTHING),
            *(app_commands.Choice(name=text[0].upper() + text[1:], value=topic) for topic, text in TOPIC_WORDS.items()),
        ],
    )
    async def add(
        self,
        interaction: discord.Interaction,
        packages: str,
        python: str | None = None,
        event: str = EVERYTHING,
        channel: _Channel | None = None,
    ) -> None:
        """Watch packages."""
        await self.conversations.hold(
            interaction, "ftwatch add", self._add(interaction, packages, python, event, channel)
        )

    @ftwatch.command(description="Stop watching packages")
    @app_commands.describe(packages="Names, with spaces between", channel="Of a channel instead of your own")
    async def remove(self, interaction: discord.Interaction, packages: str, channel: _Channel | None = None) -> None:
        """Watch packages no longer."""

        async def answer() -> None:
            await self.answers.remove(interaction, _at(interaction, channel), _names(packages))

        await self.conversations.hold(interaction, "ftwatch remove", answer())

    @ftwatch.command(name="list", description="What is watched, and whether it can be told")
    @app_commands.describe(channel="Of a channel instead of your own")
    async def list_watches(self, interaction: discord.Interaction, channel: _Channel | None = None) -> None:
        """List watches."""

        async def answer() -> None:
            await self.answers.show(interaction, _at(interaction, channel))

        await self.conversations.hold(interaction, "ftwatch list", answer())

    @ftwatch.command(description="Let watches rest; what happens meanwhile is not told later")
    @app_commands.describe(
        days="For how many days: 7 unless you choose, 0 to go on at once",
        packages="Names, with spaces between; all unless you choose",
        channel="Of a channel instead of your own",
    )
    async def pause(
        self,
        interaction: discord.Interaction,
        days: app_commands.Range[int, 0, _MOST_DAYS] = _DAYS,
        packages: str | None = None,
        channel: _Channel | None = None,
    ) -> None:
        """Let watches rest."""

        async def answer() -> None:
            names = [] if packages is None else _names(packages)
            await self.answers.pause(interaction, _at(interaction, channel), names, days)

        await self.conversations.hold(interaction, "ftwatch pause", answer())

    @add.autocomplete("packages")
    async def complete_package(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer package names, from memory."""
        return self.answers.offer(current)

    @remove.autocomplete("packages")
    @pause.autocomplete("packages")
    async def complete_watched(self, interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer what is watched."""
        return await self.answers.offer_watched(interaction, current)

    async def _add(
        self, interaction: discord.Interaction, packages: str, python: str | None, event: str, channel: int | None
    ) -> None:
        place = _at(interaction, channel)
        if channel is not None:
            check_postable(interaction, channel)
        targets = () if python is None else (parse_target(python),)
        topics = tuple(Topic) if event == EVERYTHING else (Topic(event),)
        await self.answers.add(interaction, place, _names(packages), Watch("", targets, topics))
