"""``/ftconfig``: what a server sets, for those who may manage it; every answer is for who asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.core.digest.weeks import Week, week_of
from bot.core.errors import UserError
from bot.core.posting.messages import ChannelClosedError, PreparedDigest
from bot.core.posting.prospects import Prospects
from bot.core.posting.schedule import DEFAULT_SCHEDULE, WEEKDAYS, Schedule
from bot.core.posting.settings import DigestSettings, IssueFeed
from bot.core.posting.watches import WatchPlace
from bot.core.upstream.threads import DEFAULT_EVENTS
from bot.core.upstream.wording import CHOICES
from bot.services.discord.guilds import GuildConfig
from bot.services.discord.planner import Poster
from bot.services.discord.zones import Zones
from cogs.conversations import Conversations
from cogs.digest import answer_with
from cogs.ui.buttons import Click, action, finished
from cogs.ui.config_panel import (
    CHANNEL,
    CHANNEL_TYPES,
    FEED_TYPES,
    HOUR,
    ROLE,
    SAVED,
    SAVED_IN_VAIN,
    WATCHED,
    WEEKDAY,
    ZONE,
    Circumstances,
    cannot_post,
    checklist,
    digest_form,
    panel,
    posted_in,
)
from cogs.ui.forms import chosen_channel, missing_in, submitted
from cogs.ui.status_card import text_card
from cogs.ui.watch_card import list_card

_HOURS = 24
_NOT_IN_A_SERVER = "This works only in a server that has installed me. Ask an admin to add me."


def nothing_lacks(_prospects: Prospects) -> None:
    """Find nothing missing for what was turned off."""


@dataclass(frozen=True, slots=True)
class ConfigAnswers:
    """Answers about what a server has set; ``prepare`` makes a digest for the preview.

    ``prospects`` tells what servers can be told of at all.
    """

    guilds: GuildConfig
    poster: Poster
    zones: Zones
    prepare: Callable[[Week], Awaitable[PreparedDigest[ui.LayoutView]]]
    now: Callable[[], datetime]
    prospects: Callable[[], Awaitable[Prospects]]

    def clicks(self) -> Mapping[str, Click]:
        """Return who answers which button or form."""
        return {
            "cd": self._open_form,
            "cs": self._submit_form,
            "cp": self._preview,
            "ct": self._send_test,
            "co": self._ask_to_turn_off,
            "cO": self._turn_off,
            "cR": self._reset,
            "ck": self._keep,
            WATCHED: self._list_watches,
        }

    async def show(self, interaction: discord.Interaction) -> None:
        """Show what is set."""
        guild = permitted(interaction)
        await interaction.response.send_message(view=await self._panel(interaction, guild), ephemeral=True)

    async def set_digest(
        self,
        interaction: discord.Interaction,
        channel: int | None,
        change: Callable[[Schedule], Awaitable[Schedule]],
        role: int | None,
        publish: bool | None,
    ) -> None:
        """Set what was given, keep the rest as it was."""
        guild = permitted(interaction)
        before = (await self.guilds.overview(guild)).settings.digest
        chosen = channel if channel is not None or before is None else before.channel
        if chosen is None:
            raise UserError("Choose a channel for the digest, with the option `channel`.")
        schedule = await change(DEFAULT_SCHEDULE if before is None else before.schedule)
        kept_role = None if before is None else before.role
        digest = DigestSettings(
            channel=chosen,
            since=self.now(),
            schedule=schedule,
            role=kept_role if role is None else role,
            publish=(before is not None and before.publish) if publish is None else publish,
        )
        await self._save(interaction, guild, digest)
        await self._saved(
            interaction, guild, Prospects.lacking_for_digest, in_vain=bool(digest_hints(interaction, digest))
        )

    async def set_announcements(self, interaction: discord.Interaction, channel: int | None) -> None:
        """Announce changes in a channel, None for nowhere."""
        guild = permitted(interaction)
        if channel is not None:
            check_postable(interaction, channel)
        await self.guilds.set_announcements(guild, channel)
        if channel is None:
            await self._saved(interaction, guild)
        else:
            await self._saved(interaction, guild, Prospects.lacking_for_announcements)

    async def set_issues(self, interaction: discord.Interaction, place: Place | None, events: str | None) -> None:
        """Post upstream events in a channel; without anything nowhere, with events alone where it was."""
        guild = permitted(interaction)
        feed = None
        if place is not None or events is not None:
            feed = (await self.guilds.overview(guild)).settings.issues
            if place is not None:
                check_postable(interaction, place.channel)
                check_untagged(interaction, place.channel)
                chosen = DEFAULT_EVENTS if feed is None else feed.events
                feed = IssueFeed(place.channel, place.forum, chosen)
            if feed is None:
                raise UserError("Choose a channel for upstream issues, with the option `channel`.")
            if events is not None:
                feed = replace(feed, events=CHOICES.get(events, DEFAULT_EVENTS))
        await self.guilds.set_issues(guild, feed)
        if feed is None:
            await self._saved(interaction, guild)
        else:
            cannot_post = missing_in(interaction, feed.channel) != ()
            await self._saved(interaction, guild, Prospects.lacking_for_issues, in_vain=cannot_post)

    async def check(self, interaction: discord.Interaction) -> None:
        """List what the bot may do in the channels that are set; where all is well, posting goes on."""
        guild = permitted(interaction)
        overview = await self.guilds.overview(guild)
        channels = posted_in(overview)
        if not channels:
            raise UserError("Nothing is set up yet. Start with `/ftconfig show`.")
        lines = [checklist(overview.settings, channels, await self._around(interaction, overview.settings.digest))]
        for channel in channels:
            reopened = missing_in(interaction, channel) == () and await self.guilds.reopen(guild, channel)
            lines += [f"I try <#{channel}> again from now on."] if reopened else []
        await interaction.response.send_message(view=finished(text_card("\n".join(lines))), ephemeral=True)

    async def ask_to_reset(self, interaction: discord.Interaction) -> None:
        """Ask whether everything about the server shall be deleted."""
        permitted(interaction)
        await self._ask(
            interaction,
            "Delete all that I have stored about this server? The digest, announcements and upstream issues"
            " are turned off, channels watch nothing any more, and what was posted when is forgotten. Messages that I"
            " posted stay.",
            "Delete everything",
            "cR",
        )

    def offer_zones(self, typed: str) -> list[app_commands.Choice[str]]:
        """Offer time zones while somebody types."""
        return [app_commands.Choice(name=name, value=name) for name in self.zones.complete(typed)]

    async def _open_form(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        guild = permitted(interaction)
        digest = (await self.guilds.overview(guild)).settings.digest
        await interaction.response.send_modal(digest_form(digest))

    async def _submit_form(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        """Save the form, and put what is set now into the panel that it was opened from."""
        guild = permitted(interaction)
        form = submitted(interaction)
        channel, weekday, hour = (form.chosen_number(each) for each in (CHANNEL, WEEKDAY, HOUR))
        if channel is None or weekday is None or hour is None or weekday >= len(WEEKDAYS) or hour >= _HOURS:
            raise UserError("This form is from an older version. Run `/ftconfig show` again.")
        schedule = await self.guilds.schedule(weekday, hour, form.text(ZONE))
        before = (await self.guilds.overview(guild)).settings.digest
        publish = before is not None and before.publish
        digest = DigestSettings(channel, self.now(), schedule, form.chosen_number(ROLE), publish)
        await self._save(interaction, guild, digest)
        await self._saved(
            interaction, guild, Prospects.lacking_for_digest, in_vain=bool(digest_hints(interaction, digest))
        )

    async def _preview(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        """Show the digest of the last week that is over, only to who asked."""
        permitted(interaction)
        await answer_with(interaction, self.prepare(week_of(self.now().date()).before), private=True)

    async def _send_test(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        """Post a message where the digest will be posted."""
        guild = permitted(interaction)
        digest = (await self.guilds.overview(guild)).settings.digest
        if digest is None:
            raise UserError("The digest is off. Set it up first, with `/ftconfig digest`.")
        check_postable(interaction, digest.channel)
        await interaction.response.defer(ephemeral=True, thinking=True)
        text = "This is a test: the weekly digest of free-threaded Python will be posted here."
        try:
            message = await self.poster.send_test(digest.channel, text_card(text))
        except ChannelClosedError as error:
            raise UserError(f"{error} Run `/ftconfig check` to see what to change.") from error
        link = f"https://discord.com/channels/{guild}/{digest.channel}/{message}"
        await interaction.edit_original_response(view=finished(text_card(f"✅ It arrived: {link}")))

    async def _ask_to_turn_off(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        permitted(interaction)
        await self._ask(
            interaction, "Turn the weekly digest off? Channel, time and role are forgotten.", "Turn off", "cO"
        )

    async def _turn_off(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        await self.guilds.turn_digest_off(permitted(interaction))
        await interaction.response.edit_message(view=finished(text_card("✅ The weekly digest is off.")))

    async def _reset(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        await self.guilds.reset(permitted(interaction))
        await interaction.response.edit_message(view=finished(text_card("✅ Everything about this server is deleted.")))

    async def _keep(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        await interaction.response.edit_message(view=finished(text_card("Nothing was changed.")))

    async def _list_watches(self, interaction: discord.Interaction, _arguments: tuple[str, ...]) -> None:
        """List what the chosen channel watches; one that can be posted in again is tried again."""
        guild = permitted(interaction)
        channel = chosen_channel(interaction)
        watches = () if channel is None else await self.guilds.watches(guild, channel)
        if channel is None or not watches:
            raise UserError("Nothing is watched in that channel any more. Run `/ftconfig show` again.")
        reopened = missing_in(interaction, channel) == () and await self.guilds.reopen(guild, channel)
        notes = [f"I try <#{channel}> again from now on."] if reopened else []
        card = list_card(WatchPlace(None, guild, channel), watches, 0, self.now(), notes)
        await interaction.response.send_message(view=card, ephemeral=True)

    async def _ask(self, interaction: discord.Interaction, question: str, label: str, verb: str) -> None:
        buttons = [action(label, verb, style=discord.ButtonStyle.danger), action("Cancel", "ck")]
        await interaction.response.send_message(view=finished(text_card(question, buttons)), ephemeral=True)

    async def _save(self, interaction: discord.Interaction, guild: int, digest: DigestSettings) -> None:
        """Save settings if the bot may post there, and the role is one that can be pinged alone."""
        if digest.role == guild:
            raise UserError("I don't ping everyone. Choose another role, or none.")
        check_postable(interaction, digest.channel)
        await self.guilds.set_digest(guild, digest)

    async def _saved(
        self,
        interaction: discord.Interaction,
        guild: int,
        lacking: Callable[[Prospects], str | None] = nothing_lacks,
        *,
        in_vain: bool = False,
    ) -> None:
        """Show what is set now, and whether what was saved can work; in the panel that it was set from, if in one."""
        works = not in_vain and lacking(await self.prospects()) is None
        view = await self._panel(interaction, guild, SAVED if works else SAVED_IN_VAIN)
        if interaction.message is None:
            await interaction.response.send_message(view=view, ephemeral=True)
        else:
            await interaction.response.edit_message(view=view)

    async def _panel(self, interaction: discord.Interaction, guild: int, note: str = "") -> ui.LayoutView:
        overview = await self.guilds.overview(guild)
        return panel(overview, await self._around(interaction, overview.settings.digest), note)

    async def _around(self, interaction: discord.Interaction, digest: DigestSettings | None) -> Circumstances:
        return Circumstances(
            await self.prospects(),
            lambda channel: missing_in(interaction, channel),
            bot_name(interaction),
            partial(channel_name, interaction),
            () if digest is None else digest_hints(interaction, digest),
        )


def digest_hints(interaction: discord.Interaction, digest: DigestSettings) -> tuple[str, ...]:
    """Return what of a digest's settings has no effect in the server, and how to change that."""
    guild = interaction.guild
    if guild is None or guild.get_role(guild.id) is None:  # not known yet
        return ()
    channel = guild.get_channel(digest.channel)
    hints = []
    if digest.publish and channel is not None and channel.type is not discord.ChannelType.news:
        hints.append(
            f"<#{digest.channel}> is no announcement channel, so the digest is not published to any that follow."
            " Choose one that is, or set `publish` to False."
        )
    role = None if digest.role is None else guild.get_role(digest.role)
    if digest.role is not None and role is None:
        hints.append("The role to ping is gone, so nobody is pinged. Choose another one with `/ftconfig digest`.")
    may_ping = channel is not None and channel.permissions_for(guild.me).mention_everyone
    if role is not None and not role.mentionable and not may_ping:
        hints.append(
            f"<@&{role.id}> is not pinged: I may not mention it. Allow anyone to mention it (Server settings → Roles),"
            f" or give me **Mention @everyone, @here, and All Roles** in <#{digest.channel}>."
        )
    return tuple(hints)


def channel_name(interaction: discord.Interaction, channel: int) -> str | None:
    """Return what a channel of the server is called, None if it is gone."""
    found = None if interaction.guild is None else interaction.guild.get_channel(channel)
    return None if found is None else found.name


def permitted(interaction: discord.Interaction) -> int:
    """Return the server of an interaction; a ``UserError`` tells who may not manage it, or that I am not installed.

    Discord shows the command only to those who may, but an admin can change that, and buttons have no such guard.
    """
    if interaction.guild_id is None or not interaction.is_guild_integration():
        raise UserError(_NOT_IN_A_SERVER)
    if not interaction.permissions.manage_guild:
        raise UserError("You need **Manage Server** for this. Ask a server admin.")
    return interaction.guild_id


def check_postable(interaction: discord.Interaction, channel: int) -> None:
    """Refuse a channel that the bot cannot post in, saying how to change that."""
    missing = missing_in(interaction, channel)
    if missing is None:
        raise UserError("I can't see that channel, or it is gone. Choose another one.")
    if missing:
        raise UserError(cannot_post(channel, missing, bot_name(interaction)))


def check_untagged(interaction: discord.Interaction, channel: int) -> None:
    """Refuse a forum that takes no thread without a tag: which of its tags fit is known only from thread to thread."""
    found = None if interaction.guild is None else interaction.guild.get_channel(channel)
    if isinstance(found, discord.ForumChannel) and found.flags.require_tag:
        raise UserError(
            f"Every post in <#{channel}> needs a tag, and I may have none that fits. Choose another channel, or"
            " turn off “Require people to select tags when posting” in its settings."
        )


def bot_name(interaction: discord.Interaction) -> str:
    """Return the name under which the server's settings list the bot."""
    return "me" if interaction.client.user is None else interaction.client.user.name


class PostableChannel(app_commands.Transformer):
    """A channel that messages can be posted in, of the server's own kinds; threads and forums are none."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """Return that the option is a channel."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Return which kinds of channel to offer."""
        return CHANNEL_TYPES

    async def transform(self, _interaction: discord.Interaction, value: app_commands.AppCommandChannel, /) -> int:
        """Take the channel's number; what the bot may do there Discord sends beside it."""
        return value.id


@dataclass(frozen=True, slots=True)
class Place:
    """A channel that was chosen, and whether it is a forum."""

    channel: int
    forum: bool


class FeedChannel(app_commands.Transformer):
    """A channel that messages can be posted in, or a forum; threads are none."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """Return that the option is a channel."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Return which kinds of channel to offer."""
        return FEED_TYPES

    async def transform(self, _interaction: discord.Interaction, value: app_commands.AppCommandChannel, /) -> Place:
        """Take the channel's number and kind."""
        return Place(value.id, value.type is discord.ChannelType.forum)


class ConfigCog(commands.Cog):
    """The slash commands."""

    ftconfig = app_commands.Group(
        name="ftconfig",
        description="What this server gets: the weekly digest, announcements, upstream issues",
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, answers: ConfigAnswers, conversations: Conversations) -> None:
        self.answers = answers
        self.conversations = conversations

    @ftconfig.command(description="What is set, how it stands, and what to do about it")
    async def show(self, interaction: discord.Interaction) -> None:
        """Show what is set."""
        await self.conversations.hold(interaction, "ftconfig show", self.answers.show(interaction))

    @ftconfig.command(description="Where and when the weekly digest is posted")
    @app_commands.describe(
        channel="Where to post it",
        weekday="Monday unless you choose",
        hour="0 to 23; 9 unless you choose",
        zone="The time zone of weekday and hour; UTC unless you choose",
        role="Pinged with every digest; nobody is unless you choose",
        publish="In an announcement channel: publish it to the servers that follow",
    )
    @app_commands.choices(
        weekday=[app_commands.Choice(name=name, value=number) for number, name in enumerate(WEEKDAYS)]
    )
    async def digest(  # noqa: PLR0913, PLR0917 — a command has as many parameters as options
        self,
        interaction: discord.Interaction,
        channel: app_commands.Transform[int, PostableChannel] | None = None,
        weekday: int | None = None,
        hour: app_commands.Range[int, 0, 23] | None = None,
        zone: str | None = None,
        role: discord.Role | None = None,
        publish: bool | None = None,
    ) -> None:
        """Set where and when the digest is posted."""

        async def change(schedule: Schedule) -> Schedule:
            return await self.answers.guilds.schedule(
                schedule.weekday if weekday is None else weekday,
                schedule.hour if hour is None else hour,
                schedule.zone if zone is None else zone,
            )

        answer = self.answers.set_digest(interaction, channel, change, None if role is None else role.id, publish)
        await self.conversations.hold(interaction, "ftconfig digest", answer)

    @digest.autocomplete("zone")
    async def complete_zone(self, _interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer time zones, from memory."""
        return self.answers.offer_zones(current)

    @ftconfig.command(description="Post when a tracked package gains or loses support; off unless you choose a channel")
    @app_commands.describe(channel="Where to post; without one, announcements are turned off")
    async def announcements(
        self, interaction: discord.Interaction, channel: app_commands.Transform[int, PostableChannel] | None = None
    ) -> None:
        """Set where changes are announced."""
        answer = self.answers.set_announcements(interaction, channel)
        await self.conversations.hold(interaction, "ftconfig announcements", answer)

    @ftconfig.command(
        description="Post what happens to free-threading issues upstream; off unless you choose a channel"
    )
    @app_commands.describe(
        channel="Where to post; in a forum each repository gets a thread a week. Without one, it is turned off",
        events="Opened, closed and new wheels unless you choose",
    )
    @app_commands.choices(events=[app_commands.Choice(name=name[0].upper() + name[1:], value=name) for name in CHOICES])
    async def issues(
        self,
        interaction: discord.Interaction,
        channel: app_commands.Transform[Place, FeedChannel] | None = None,
        events: str | None = None,
    ) -> None:
        """Set where upstream events are told of, and which."""
        answer = self.answers.set_issues(interaction, channel, events)
        await self.conversations.hold(interaction, "ftconfig issues", answer)

    @ftconfig.command(description="May I post where I shall? What is missing, and how to fix it")
    async def check(self, interaction: discord.Interaction) -> None:
        """List permissions."""
        await self.conversations.hold(interaction, "ftconfig check", self.answers.check(interaction))

    @ftconfig.command(description="Delete all that I have stored about this server")
    async def reset(self, interaction: discord.Interaction) -> None:
        """Ask whether to delete everything."""
        await self.conversations.hold(interaction, "ftconfig reset", self.answers.ask_to_reset(interaction))
