"""What exists on the fake Discord: users, guilds, roles, channels and messages, with Discord's JSON for each."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, IntFlag

from tests.fakes.discord_components import Button, buttons, components_text, media_urls
from tests.fakes.discord_json import JsonObject, child, children, strings, text

_DISCORD_EPOCH_MS = 1_420_070_400_000
_REQUIRE_TAG = 1 << 4
_NO_EMOJI = ("emoji_id", "emoji_name")


class Permission(IntFlag):
    """The permissions this bot has to do with, of Discord's bit field."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


NOTHING = Permission(0)
EVERYTHING = Permission((1 << 53) - 1)
MEMBER_PERMISSIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)


class ChannelType(IntEnum):
    """Kinds of channel."""

    TEXT = 0
    DM = 1
    ANNOUNCEMENT = 5
    THREAD = 11
    FORUM = 15


class MessageFlag(IntFlag):
    """Flags of a message."""

    CROSSPOSTED = 1 << 0
    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


NO_FLAGS = MessageFlag(0)


def named_id(*names: str) -> int:
    """Return an identifier that is always the same for the same names, so that failures can be repeated."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return 10**17 + int.from_bytes(digest[:7]) % (9 * 10**17)


@dataclass(slots=True, eq=False)
class User:
    """An account; one name is one person in every guild."""

    name: str
    id: int = 0
    bot: bool = False
    dms_blocked: bool = False

    def __post_init__(self) -> None:
        """Number the account."""
        self.id = self.id or named_id("user", self.name)

    def json(self) -> JsonObject:
        """Return Discord's user object."""
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None if self.bot else self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }


@dataclass(slots=True, eq=False)
class Role:
    """A role of a guild."""

    name: str
    permissions: Permission = NOTHING
    mentionable: bool = False
    id: int = 0

    def json(self) -> JsonObject:
        """Return Discord's role object."""
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions.value),
            "position": 0 if self.name == "@everyone" else 1,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": self.mentionable,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild."""

    user: User
    roles: list[Role] = field(default_factory=list)

    def json(self, *, permissions: Permission | None = None) -> JsonObject:
        """Return Discord's member object, with the permissions that interactions add."""
        member: JsonObject = {
            "user": self.user.json(),
            "roles": [str(role.id) for role in self.roles],
            "joined_at": "2025-01-01T00:00:00+00:00",
            "nick": None,
            "avatar": None,
            "banner": None,
            "communication_disabled_until": None,
            "flags": 0,
            "pending": False,
            "premium_since": None,
            "mute": False,
            "deaf": False,
        }
        return member if permissions is None else member | {"permissions": str(permissions.value)}


@dataclass(slots=True, eq=False)
class Overwrite:
    """What a channel allows and denies a role or a member."""

    target_id: int
    is_member: bool
    allow: Permission = NOTHING
    deny: Permission = NOTHING

    def json(self) -> JsonObject:
        """Return Discord's overwrite object."""
        kind = 1 if self.is_member else 0
        return {"id": str(self.target_id), "type": kind, "allow": str(self.allow.value), "deny": str(self.deny.value)}


@dataclass(slots=True, eq=False)
class Attachment:
    """A file of a message or of a command, with the bytes that were uploaded and its alt text.

    ``said_size`` is what Discord says of its size, if that is not true.
    """

    filename: str
    data: bytes
    description: str | None = None
    id: int = 0
    content_type: str = "application/octet-stream"
    url: str = "attachment://unsent"
    said_size: int | None = None

    def json(self) -> JsonObject:
        """Return Discord's attachment object."""
        attachment: JsonObject = {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.data) if self.said_size is None else self.said_size,
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
        }
        return attachment if self.description is None else attachment | {"description": self.description}


@dataclass(slots=True, eq=False, repr=False)
class Message:
    """A message as it is now; edits change it in place. An ephemeral one has one ``reader``."""

    id: int
    channel: Channel
    author: User
    created: datetime
    content: str = ""
    embeds: list[JsonObject] = field(default_factory=list)
    components: list[JsonObject] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: MessageFlag = NO_FLAGS
    nonce: str | None = None
    edited: datetime | None = None
    allowed_mentions: JsonObject | None = None
    pings: tuple[str, ...] = ()
    webhook_id: int | None = None
    interaction_metadata: JsonObject | None = None
    reader: User | None = None

    def __repr__(self) -> str:
        return f"<{self.author.name} in {self.channel!r}: {self.text()!r}>"

    @property
    def ephemeral(self) -> bool:
        """Return whether only the user of the interaction sees it."""
        return MessageFlag.EPHEMERAL in self.flags

    @property
    def loading(self) -> bool:
        """Return whether it still shows "thinking…"."""
        return MessageFlag.LOADING in self.flags

    @property
    def crossposted(self) -> bool:
        """Return whether it was published to the channels that follow this one."""
        return MessageFlag.CROSSPOSTED in self.flags

    @property
    def uses_components_v2(self) -> bool:
        """Return whether its text is in components."""
        return MessageFlag.COMPONENTS_V2 in self.flags

    def buttons(self) -> list[Button]:
        """Return the buttons in reading order."""
        return buttons(self.components)

    def text(self) -> str:
        """Return all that a reader sees, a line for each piece: content, embeds, components, names of other files."""
        shown = media_urls(self.components)
        files = [f"({item.filename})" for item in self.attachments if item.url not in shown]
        pieces = [
            self.content,
            *(_embed_text(embed) for embed in self.embeds),
            components_text(self.components),
            *files,
        ]
        return "\n".join(piece for piece in pieces if piece)

    def json(self) -> JsonObject:
        """Return Discord's message object."""
        mentioned = {int(user_id) for user_id in re.findall(r"<@!?(\d+)>", self.content)}
        guild = self.channel.guild
        members = [] if guild is None else [member for member in guild.members if member.user.id in mentioned]
        message: JsonObject = {
            "id": str(self.id),
            "type": 0 if self.interaction_metadata is None else 20,
            "channel_id": str(self.channel.id),
            "author": self.author.json(),
            "content": self.content,
            "embeds": self.embeds,
            "components": self.components,
            "attachments": [attachment.json() for attachment in self.attachments],
            "flags": self.flags.value,
            "timestamp": self.created.isoformat(),
            "edited_timestamp": None if self.edited is None else self.edited.isoformat(),
            "mentions": [member.user.json() for member in members],
            "mention_roles": [],
            "mention_everyone": "@everyone" in self.pings or "@here" in self.pings,
            "pinned": False,
            "tts": False,
        }
        if self.nonce is not None:
            message["nonce"] = self.nonce
        if self.webhook_id is not None:
            message |= {"webhook_id": str(self.webhook_id), "application_id": str(self.webhook_id)}
        if self.interaction_metadata is not None:
            message["interaction_metadata"] = self.interaction_metadata
        return message


@dataclass(slots=True, eq=False, repr=False)
class Channel:
    """A channel of a guild, a thread, or a direct message channel."""

    name: str
    type: ChannelType = ChannelType.TEXT
    tags: Sequence[str] = ()
    overwrites: list[Overwrite] = field(default_factory=list)
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    applied_tags: list[int] = field(default_factory=list)
    requires_tag: bool = False
    moderated: Sequence[str] = ()
    archived: datetime | None = None
    locked: bool = False
    id: int = 0
    messages: dict[int, Message] = field(default_factory=dict)
    crossposts: deque[datetime] = field(default_factory=deque)

    def __repr__(self) -> str:
        return f"@{self.name}" if self.type is ChannelType.DM else f"#{self.name}"

    def tag_id(self, tag: str) -> int:
        """Return the identifier of one of this forum's tags."""
        return named_id("tag", str(self.id), tag)

    def permissions_of(self, member: Member) -> Permission:
        """Return what a member may do here, by Discord's algorithm: roles, then overwrites, everyone's first."""
        if self.guild is None:
            return MEMBER_PERMISSIONS
        granted = self.guild.permissions_of(member)
        if granted == EVERYTHING:
            return granted
        overwrites = (self.parent or self).overwrites
        roles = {role.id for role in member.roles}
        everyone = [item for item in overwrites if item.target_id == self.guild.id]
        of_roles = [item for item in overwrites if not item.is_member and item.target_id in roles]
        of_member = [item for item in overwrites if item.is_member and item.target_id == member.user.id]
        for layer in (everyone, of_roles, of_member):
            for item in layer:
                granted &= ~item.deny
            for item in layer:
                granted |= item.allow
        return granted

    def json(self) -> JsonObject:
        """Return Discord's channel object."""
        last = str(next(reversed(self.messages))) if self.messages else None
        channel: JsonObject = {"id": str(self.id), "type": self.type.value, "last_message_id": last}
        channel["flags"] = _REQUIRE_TAG if self.requires_tag else 0
        if self.recipient is not None:
            return channel | {"recipients": [self.recipient.json()]}
        guild_id = "0" if self.guild is None else str(self.guild.id)
        channel |= {"guild_id": guild_id, "name": self.name, "rate_limit_per_user": 0}
        if self.parent is not None:
            return channel | self._thread_json(self.parent)
        channel |= {
            "position": 0 if self.guild is None else self.guild.channels.index(self),
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "permission_overwrites": [overwrite.json() for overwrite in self.overwrites],
        }
        if self.type is ChannelType.FORUM:
            channel |= {
                "available_tags": [
                    {
                        "id": str(self.tag_id(tag)),
                        "name": tag,
                        "moderated": tag in self.moderated,
                        **dict.fromkeys(_NO_EMOJI),
                    }
                    for tag in self.tags
                ],
                "default_reaction_emoji": None,
                "default_sort_order": None,
                "default_forum_layout": 0,
            }
        return channel

    def _thread_json(self, parent: Channel) -> JsonObject:
        return {
            "parent_id": str(parent.id),
            "owner_id": str(next(iter(self.messages.values())).author.id) if self.messages else "0",
            "applied_tags": [str(tag) for tag in self.applied_tags],
            "message_count": max(len(self.messages) - 1, 0),
            "total_message_sent": max(len(self.messages) - 1, 0),
            "member_count": 1,
            "thread_metadata": {
                "archived": self.archived is not None,
                "archive_timestamp": (self.archived or self._begun()).isoformat(),
                "auto_archive_duration": 4320,
                "locked": self.locked,
            },
        }

    def _begun(self) -> datetime:
        milliseconds = (self.id >> 22) + _DISCORD_EPOCH_MS
        return datetime.fromtimestamp(milliseconds / 1000, UTC)


def announcement(name: str) -> Channel:
    """Build an announcement channel, whose messages can be crossposted."""
    return Channel(name, ChannelType.ANNOUNCEMENT)


def forum(name: str, tags: Sequence[str] = (), *, moderated: Sequence[str] = (), requires_tag: bool = False) -> Channel:
    """Build a forum channel; only moderators give ``moderated`` tags; where it ``requires_tag``, no post is without."""
    tags = [*tags, *moderated]
    return Channel(name, ChannelType.FORUM, tags=tags, moderated=moderated, requires_tag=requires_tag)


@dataclass(slots=True, eq=False, repr=False)
class Guild:
    """A Discord server; ``bot_permissions`` is what the bot's own role grants it, ``locale`` the server's language."""

    name: str
    channels: list[Channel] = field(default_factory=lambda: [Channel("general")])
    members: list[Member] = field(default_factory=lambda: [Member(User("ada"))])
    roles: list[Role] = field(default_factory=list)
    everyone: Permission = MEMBER_PERMISSIONS
    bot_permissions: Permission = MEMBER_PERMISSIONS
    locale: str = "en-US"
    id: int = 0
    threads: list[Channel] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.channels}>"

    def __post_init__(self) -> None:
        """Number everything in it and collect its roles."""
        self.id = self.id or named_id("guild", self.name)
        owned = {id(role): role for role in [*self.roles, *(role for member in self.members for role in member.roles)]}
        self.roles = [Role("@everyone", self.everyone, id=self.id), *owned.values()]
        for role in self.roles:
            role.id = role.id or named_id("role", self.name, role.name)
        for channel in self.channels:
            self.adopt(channel)

    def adopt(self, channel: Channel) -> None:
        """Make a channel built alone one of this guild's."""
        channel.guild = self
        channel.id = channel.id or named_id("channel", self.name, channel.name)

    def channel(self, name: str) -> Channel:
        """Return the channel or thread with a name."""
        return next(channel for channel in [*self.channels, *self.threads] if channel.name == name)

    def role(self, name: str) -> Role:
        """Return the role with a name."""
        return next(role for role in self.roles if role.name == name)

    def member(self, user: User | str) -> Member:
        """Return the member that is a user or has a name; a user that is no member yet becomes one."""
        person = User(user) if isinstance(user, str) else user
        for member in self.members:
            if member.user.id == person.id:
                return member
        self.members.append(Member(person))
        return self.members[-1]

    def permissions_of(self, member: Member) -> Permission:
        """Return what a member may do in the guild, channels left aside."""
        granted = self.roles[0].permissions
        for role in member.roles:
            granted |= role.permissions
        return EVERYTHING if Permission.ADMINISTRATOR in granted else granted

    def json(self) -> JsonObject:
        """Return Discord's guild object."""
        nothing = (
            "icon description home_header splash discovery_splash banner application_id afk_channel_id"
            " system_channel_id widget_channel_id max_presences vanity_url_code rules_channel_id"
            " safety_alerts_channel_id public_updates_channel_id incidents_data"
        )
        zero = (
            "system_channel_flags verification_level default_message_notifications mfa_level explicit_content_filter"
            " premium_tier premium_subscription_count nsfw_level max_stage_video_channel_users max_video_channel_users"
        )
        return {
            **dict.fromkeys(nothing.split()),
            **dict.fromkeys(zero.split(), 0),
            "id": str(self.id),
            "name": self.name,
            "features": ["NEWS", "COMMUNITY"],
            "owner_id": str(named_id("user", "owner of " + self.name)),
            "region": "deprecated",
            "afk_timeout": 300,
            "widget_enabled": False,
            "roles": [role.json() for role in self.roles],
            "max_members": 500000,
            "preferred_locale": self.locale,
            "premium_progress_bar_enabled": False,
            "nsfw": False,
            "emojis": [],
            "stickers": [],
        }


@dataclass(slots=True, eq=False)
class World:
    """Everything there is, and the numbers for what is new. ``now`` gives the time by which limits are counted."""

    now: Callable[[], datetime]
    guilds: list[Guild]
    bot: User = field(default_factory=lambda: User("ft-bot", bot=True))
    application_id: int = named_id("application")
    direct: dict[int, Channel] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    commands: dict[int | None, list[JsonObject]] = field(default_factory=dict)
    _last_id: int = 0

    def __post_init__(self) -> None:
        """Make the bot a member of every guild."""
        for guild in self.guilds:
            self.admit(guild)

    def admit(self, guild: Guild) -> None:
        """Make the bot a member of a guild, with a role of its own."""
        role = Role("ft-bot", guild.bot_permissions, id=named_id("role", guild.name, "ft-bot"))
        guild.roles.append(role)
        guild.member(self.bot).roles.append(role)

    def new_id(self) -> int:
        """Return an identifier above every earlier one, whose upper bits are the time."""
        milliseconds = int(self.now().timestamp() * 1000) - _DISCORD_EPOCH_MS
        self._last_id = max(self._last_id + 1, milliseconds << 22)
        return self._last_id

    def channel(self, channel_id: int) -> Channel | None:
        """Return a channel, thread or direct message channel of the bot's guilds, or nothing."""
        for guild in self.guilds:
            for channel in [*guild.channels, *guild.threads]:
                if channel.id == channel_id:
                    return channel
        return self.direct.get(channel_id)

    def guild(self, guild_id: int) -> Guild | None:
        """Return one of the bot's guilds, or nothing."""
        return next((guild for guild in self.guilds if guild.id == guild_id), None)

    def user(self, user_id: int) -> User | None:
        """Return a user that is in one of the bot's guilds or has used a command."""
        members = (member.user for guild in self.guilds for member in guild.members)
        return next((user for user in members if user.id == user_id), self.users.get(user_id))

    def dm(self, user: User) -> Channel:
        """Return the direct message channel of the bot and a user."""
        channel_id = named_id("dm", user.name)
        return self.direct.setdefault(channel_id, Channel(user.name, ChannelType.DM, recipient=user, id=channel_id))

    def bot_permissions(self, channel: Channel) -> Permission:
        """Return what the bot may do in a channel; where it is no member, what Discord grants every app."""
        if channel.guild is None or channel.guild not in self.guilds:
            return MEMBER_PERMISSIONS
        return channel.permissions_of(channel.guild.member(self.bot))


def real_pings(
    texts: Iterable[str], allowed: JsonObject | None, guild: Guild | None, permissions: Permission
) -> tuple[str, ...]:
    """Return the mentions that would notify somebody, as written.

    Mentions inside code count too, to be on the safe side.
    """
    whole = "\n".join(texts)
    parse = {"users", "roles", "everyone"} if allowed is None else set(strings(allowed, "parse"))
    named = set() if allowed is None else {*strings(allowed, "users"), *strings(allowed, "roles")}
    may_ping_all = Permission.MENTION_EVERYONE in permissions
    mentionable = {str(role.id) for role in guild.roles if role.mentionable or may_ping_all} if guild else set()
    found = [match[0] for match in re.finditer(r"<@!?(\d+)>", whole) if "users" in parse or match[1] in named]
    found += [
        match[0]
        for match in re.finditer(r"<@&(\d+)>", whole)
        if match[1] in mentionable and ("roles" in parse or match[1] in named)
    ]
    if may_ping_all and "everyone" in parse:
        found += re.findall(r"@everyone|@here", whole)
    return tuple(found)


def utc_now() -> datetime:
    """Return the time, for a world that lives in ours."""
    return datetime.now(UTC)


def _embed_text(embed: JsonObject) -> str:
    fields = [f"{text(item, 'name')}\n{text(item, 'value')}" for item in children(embed, "fields")]
    pieces = [
        text(child(embed, "author"), "name"),
        text(embed, "title"),
        text(embed, "description"),
        *fields,
        text(child(embed, "footer"), "text"),
    ]
    return "\n".join(piece for piece in pieces if piece)
