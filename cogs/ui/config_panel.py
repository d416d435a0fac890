"""What a server has set, as the panel of ``/ftconfig``, the form that changes it, and the sentences around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.core.posting.permissions import needed
from bot.core.posting.posts import Post, PostKind, State
from bot.core.posting.prospects import Prospects
from bot.core.posting.schedule import DEFAULT_SCHEDULE, WEEKDAYS
from bot.core.posting.settings import DigestSettings, GuildSettings
from bot.core.posting.watches import ChannelWatches
from bot.core.text.sentences import counted, joined, shortened
from bot.core.upstream.wording import chosen_words
from bot.services.discord.guilds import GuildOverview
from cogs.ui.buttons import Button, action, finished, identifier_of
from cogs.ui.status_card import moment, plain

CHANNEL, WEEKDAY, HOUR, ZONE, ROLE = "channel", "weekday", "hour", "zone", "role"
"""The fields of the form."""

WATCHED = "cw"
"""What the select does: list what a channel watches."""

CHANNEL_TYPES = [discord.ChannelType.text, discord.ChannelType.news]
FEED_TYPES = [*CHANNEL_TYPES, discord.ChannelType.forum]

_MOST_WATCHING = 5
"""Channels that watch something and are described; the select leads to all that it has room for."""

_MOST_OPTIONS = 25
_LONGEST_NAME = 40
_LONGEST_LABEL = 100
_LONGEST_REASON = 160

_STATES = {
    State.PLANNED: "is about to be posted",
    State.SENDING: "is being posted",
    State.SENT: "was posted",
    State.PUBLISHED: "was posted and published",
    State.REFUSED: "was not posted",
    State.LOST: "may not have been posted",
    State.MISSED: "was not posted",
}

Missing = Callable[[int], tuple[str, ...] | None]
"""Tells which permissions the bot lacks in a channel, None if the channel is gone."""


SAVED = "✅ Saved."
SAVED_IN_VAIN = "⚠️ Saved, but something is missing. See below."


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether what a server sets can work, beside the rights in its channels.

    ``hints`` are sentences about its own roles and channels; ``channel_name`` tells what a channel is called, None if
    it is gone.
    """

    prospects: Prospects
    missing: Missing
    bot_name: str
    channel_name: Callable[[int], str | None] = lambda _: None
    hints: Sequence[str] = ()


def panel(overview: GuildOverview, around: Circumstances, note: str = "") -> ui.LayoutView:
    """Lay out what a server has set, how it stands, and what can be done about it."""
    settings, prospects = overview.settings, around.prospects
    texts = [note] if note else []
    texts.append("### Weekly digest\n" + "\n".join(_digest_lines(overview, prospects.lacking_for_digest())))
    lacking = prospects.lacking_for_announcements()
    texts.append("### Announcements\n" + "\n".join(_announcement_lines(overview, lacking)))
    texts.append("### Upstream issues\n" + "\n".join(_issue_lines(overview, prospects.lacking_for_issues())))
    watched = _troubled_first(overview, around)
    texts.append("### Watches\n" + "\n".join(_watch_lines(watched)))
    troubles = [*_troubles(overview, around.missing, around.bot_name), *map(_warning, around.hints)]
    if troubles:
        texts.append("### Needs your attention\n" + "\n".join(troubles))
    container = ui.Container[ui.LayoutView]()
    for text in texts:
        container.add_item(ui.TextDisplay(text))
    container.add_item(ui.ActionRow(*_buttons(is_on=settings.digest is not None)))
    if watched:
        container.add_item(ui.ActionRow(_watched_channels(watched, around.channel_name)))
    container.add_item(ui.TextDisplay("-# `/ftconfig announcements`, `issues`, `check` and `reset` do the rest."))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return finished(view)


def posted_in(overview: GuildOverview) -> tuple[int, ...]:
    """List the channels that a server has set, each once."""
    digest, issues = overview.settings.digest, overview.settings.issues
    channels = (
        None if digest is None else digest.channel,
        overview.settings.announcements,
        None if issues is None else issues.channel,
    )
    return tuple(dict.fromkeys(channel for channel in channels if channel is not None))


def checklist(settings: GuildSettings, channels: Sequence[int], around: Circumstances) -> str:
    """List what the bot may do in the channels that it posts in, what else is missing, and how to change it."""
    forum = settings.issues.channel if settings.issues is not None and settings.issues.forum else None
    lines = [
        line
        for channel in channels
        for line in _checked(channel, around.missing(channel), around.bot_name, forum=channel == forum)
    ]
    lacking = [
        None if settings.digest is None else around.prospects.lacking_for_digest(),
        None if settings.announcements is None else around.prospects.lacking_for_announcements(),
        None if settings.issues is None else around.prospects.lacking_for_issues(),
        *around.hints,
    ]
    return "\n".join([*lines, *(_warning(text) for text in dict.fromkeys(lacking) if text is not None)])


def cannot_post(channel: int, missing: Sequence[str], bot_name: str) -> str:
    """Return why the bot cannot post in a channel, and where that is changed."""
    names = ", ".join(f"**{name}**" for name in missing)
    return f"I can't post in <#{channel}>: missing {names}. Channel settings → Permissions → {plain(bot_name)}."


def digest_form(digest: DigestSettings | None) -> ui.Modal:
    """Make the form that sets where and when the digest is posted, filled in with what is set."""
    schedule = DEFAULT_SCHEDULE if digest is None else digest.schedule
    channel = ui.ChannelSelect[ui.Modal](
        custom_id=CHANNEL, channel_types=CHANNEL_TYPES, required=True, default_values=_chosen(digest, "channel")
    )
    weekdays = [
        discord.SelectOption(label=name, value=str(number), default=number == schedule.weekday)
        for number, name in enumerate(WEEKDAYS)
    ]
    hours = [
        discord.SelectOption(label=f"{hour:02}:00", value=str(hour), default=hour == schedule.hour)
        for hour in range(24)
    ]
    zone = ui.TextInput[ui.Modal](custom_id=ZONE, default=schedule.zone, max_length=60)
    role = ui.RoleSelect[ui.Modal](custom_id=ROLE, min_values=0, required=False, default_values=_chosen(digest, "role"))
    form = ui.Modal(title="Weekly digest", custom_id=identifier_of("cs"))
    form.add_item(ui.Label(text="Channel", component=channel))
    form.add_item(
        ui.Label(text="Weekday", component=ui.Select[ui.Modal](custom_id=WEEKDAY, options=weekdays, required=True))
    )
    form.add_item(ui.Label(text="Hour", component=ui.Select[ui.Modal](custom_id=HOUR, options=hours, required=True)))
    form.add_item(ui.Label(text="Time zone", description="Its IANA name, like Europe/Berlin", component=zone))
    form.add_item(ui.Label(text="Role to ping", description="Nobody is pinged without one", component=role))
    form.stop()  # discord.py shall not keep it: what is submitted comes through the router
    return form


def _chosen(digest: DigestSettings | None, what: str) -> list[discord.SelectDefaultValue]:
    if digest is None:
        return []
    number, kind = (
        (digest.channel, discord.SelectDefaultValueType.channel)
        if what == "channel"
        else (digest.role, discord.SelectDefaultValueType.role)
    )
    return [] if number is None else [discord.SelectDefaultValue(id=number, type=kind)]


def _buttons(*, is_on: bool) -> list[Button]:
    change = action("Change digest" if is_on else "Set up the digest", "cd", style=discord.ButtonStyle.primary)
    preview = action("Preview", "cp")
    if not is_on:
        return [change, preview]
    return [change, preview, action("Send test", "ct"), action("Turn off", "co", style=discord.ButtonStyle.danger)]


def _digest_lines(overview: GuildOverview, lacking: str | None) -> Iterator[str]:
    digest = overview.settings.digest
    if digest is None:
        yield "Off."
    else:
        yield f"{_on(lacking)}, in <#{digest.channel}>, every {digest.schedule}."
        pings = "Pings nobody" if digest.role is None else f"Pings <@&{digest.role}>"
        yield f"{pings}; {'published' if digest.publish else 'not published'} to the channels that follow."
        if overview.next_slot is not None:
            due = overview.next_slot.moment
            note = " Weeks end at 00:00 UTC, it cannot come sooner." if overview.next_slot.waits else ""
            yield f"Next: {moment(due, 'F')} ({moment(due)}).{note}"
    yield from _warned(lacking)
    if overview.last_digest is not None:
        yield f"Last post: {_told(overview.last_digest)}"


def _announcement_lines(overview: GuildOverview, lacking: str | None) -> Iterator[str]:
    channel = overview.settings.announcements
    if channel is None:
        yield "Off."
    else:
        yield f"{_on(lacking)}, in <#{channel}>: packages that gain or lose support, at most one message an hour."
    yield from _warned(lacking)
    if overview.last_announcement is not None:
        yield f"Last post: {_told(overview.last_announcement)}"


def _issue_lines(overview: GuildOverview, lacking: str | None) -> Iterator[str]:
    feed = overview.settings.issues
    if feed is None:
        yield "Off."
    else:
        how = "a thread for each repository and week" if feed.forum else "at most one message every 15 minutes"
        yield f"{_on(lacking)}, in <#{feed.channel}>: {chosen_words(feed.events)}; {how}."
    yield from _warned(lacking)
    if overview.last_issues is not None:
        yield f"Last post: {_told(overview.last_issues)}"


def _troubled_first(overview: GuildOverview, around: Circumstances) -> list[tuple[ChannelWatches, str | None]]:
    """Return what channels watch with why they are not told, those that are not told first, then by how many."""
    found = [(each, _untold(each.channel, overview, around)) for each in overview.watched]
    return sorted(found, key=lambda pair: (pair[1] is None, -pair[0].packages, pair[0].channel))


def _untold(channel: int, overview: GuildOverview, around: Circumstances) -> str | None:
    lacks = around.missing(channel)
    if lacks is None:
        return "The channel is gone, so nobody is told."
    if lacks:
        return cannot_post(channel, lacks, around.bot_name)
    return overview.closed.get(channel)


def _watch_lines(watched: Sequence[tuple[ChannelWatches, str | None]]) -> Iterator[str]:
    if not watched:
        yield "None. `/ftwatch add channel:` makes a channel watch packages."
    for each, untold in watched[:_MOST_WATCHING]:
        names = [f"**{plain(name, _LONGEST_NAME)}**" for name in each.first]
        names += [f"{each.packages - len(names)} more"] if each.packages > len(names) else []
        resting = f", {each.resting} resting" if each.resting else ""
        line = f"<#{each.channel}>: {counted(each.packages, 'package')}{resting}: {joined(names)}."
        yield line if untold is None else f"⛔ {line} {shortened(untold, _LONGEST_REASON)}"
    if (rest := len(watched) - _MOST_WATCHING) > 0:
        yield f"and {counted(rest, 'more channel')}"
    if len(watched) > _MOST_OPTIONS:
        yield "`/ftwatch list channel:` shows what any channel watches."


def _watched_channels(
    watched: Sequence[tuple[ChannelWatches, str | None]], channel_name: Callable[[int], str | None]
) -> ui.Select[ui.LayoutView]:
    options = [
        discord.SelectOption(
            label=shortened(channel_name(each.channel) or f"gone: {each.channel}", _LONGEST_LABEL),
            value=str(each.channel),
            description=counted(each.packages, "package"),
        )
        for each, _ in watched[:_MOST_OPTIONS]
    ]
    return ui.Select(custom_id=identifier_of(WATCHED), placeholder="See all that a channel watches…", options=options)


def _on(lacking: str | None) -> str:
    """Return that something is on, unless something is missing for it to work."""
    return "On" if lacking is None else "Set"


def _warned(lacking: str | None) -> Iterator[str]:
    if lacking is not None:
        yield _warning(lacking)


def _warning(text: str) -> str:
    return f"⚠️ {text}"


def _told(post: Post) -> str:
    """Return how far a post is, with a link to it."""
    name = post.key if post.kind is PostKind.DIGEST else "it"
    if post.message is not None:
        place = post.message if post.repository else f"{post.channel}/{post.message}"
        address = f"https://discord.com/channels/{post.guild}/{place}"
        if post.kind is not PostKind.DIGEST and post.state is State.SENT:
            return f"[message]({address})"
        name = f"[{name}]({address})"
    reason = f" {post.reason}" if post.reason else ""
    again = f" It is tried again {moment(post.due)}." if post.due is not None and post.reason else ""
    return f"{name} {_STATES[post.state]}.{reason}{again}"


def _troubles(overview: GuildOverview, missing: Missing, bot_name: str) -> Iterator[str]:
    for channel in posted_in(overview):
        lacks = missing(channel)
        if lacks is None:
            yield f"⛔ <#{channel}> is gone. Choose another channel."
        elif lacks:
            yield f"⛔ {cannot_post(channel, lacks, bot_name)}"
        elif channel in overview.closed:
            yield f"⛔ {overview.closed[channel]} Run `/ftconfig check` to try it again."


def _checked(channel: int, lacks: tuple[str, ...] | None, bot_name: str, *, forum: bool) -> Iterator[str]:
    yield f"### <#{channel}>"
    if lacks is None:
        yield "❌ This channel is gone. Choose another one with `/ftconfig digest`, `announcements` or `issues`."
        return
    for name in needed(forum=forum):
        yield f"{'❌' if name in lacks else '✅'} {name}"
    if lacks:
        yield cannot_post(channel, lacks, bot_name)
