"""Interactions: what Discord's client lets a user do with a bot's commands and components, and what comes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import TypeAlias

from tests.fakes import discord_components as ui
from tests.fakes.changes import Changes
from tests.fakes.discord_json import JsonObject, child, children, number, text
from tests.fakes.discord_limits import RefusedError
from tests.fakes.discord_world import (
    MEMBER_PERMISSIONS,
    NOTHING,
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Member,
    Message,
    Permission,
    Role,
    User,
    World,
)

OptionValue: TypeAlias = str | int | float | bool | User | Member | Channel | Role | Attachment


class InteractionType(IntEnum):
    """Kinds of interaction."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """Kinds of first answer."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE_MESSAGE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


class OptionType(IntEnum):
    """Kinds of command option."""

    SUBCOMMAND = 1
    SUBCOMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    NUMBER = 10
    ATTACHMENT = 11


class ImpossibleInteractionError(AssertionError):
    """A test asked for something that Discord's own client would not let a user do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A suggestion of an autocomplete."""

    name: str
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Callback:
    """The first answer to an interaction, as the bot sent it."""

    type: CallbackType
    data: JsonObject

    @property
    def choices(self) -> list[Choice]:
        """Return the suggestions of an autocomplete answer."""
        found = []
        for choice in children(self.data, "choices"):
            value = choice.get("value")
            found.append(Choice(text(choice, "name"), value if isinstance(value, str | int | float) else ""))
        return found


@dataclass(frozen=True, slots=True)
class Actor:
    """Who interacts, where, and in which language."""

    user: User
    channel: Channel
    locale: str

    @property
    def guild(self) -> Guild | None:
        """Return the server, or nothing in a direct message."""
        return self.channel.guild


@dataclass(slots=True, eq=False, repr=False)
class Answer:
    """An interaction and what the bot has made of it so far."""

    id: int
    token: str
    type: InteractionType
    actor: Actor
    created: datetime
    user_installed: bool
    changes: Changes
    source: Message | None = None
    acknowledged: CallbackType | None = None
    message: Message | None = None
    followups: list[Message] = field(default_factory=list)
    refusals: list[RefusedError] = field(default_factory=list)
    edits: int = 0
    latency: float | None = None
    callback: asyncio.Future[Callback] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    edited: asyncio.Future[Message] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _sent: float = field(default_factory=time.perf_counter)

    def __repr__(self) -> str:
        first = "none" if self.acknowledged is None else self.acknowledged.name
        shown = f"{self.message!r}, {self.edits} edits, follow-ups {self.followups}"
        return f"<first answer {first}, {shown}, refused {[refusal.json() for refusal in self.refusals]}>"

    @property
    def deferred(self) -> bool:
        """Return whether the bot said "thinking…" and nothing more yet."""
        return self.message is not None and self.message.loading

    @property
    def modal(self) -> JsonObject | None:
        """Return the modal the bot opened, if it did."""
        opened = self.acknowledged is CallbackType.MODAL
        return self.callback.result().data if opened and self.callback.done() else None

    def acknowledge(self, callback: Callback) -> None:
        """Record the first answer."""
        self.latency = time.perf_counter() - self._sent
        self.acknowledged = callback.type
        # The test may have given up waiting, which cancels the future.
        if not self.callback.done():
            self.callback.set_result(callback)

    def edit(self, message: Message) -> None:
        """Record a change of the original message."""
        self.edits += 1
        if not self.edited.done():
            self.edited.set_result(message)

    async def shown(self, seconds: float = 30.0) -> Message:
        """Wait for the message that answers, once it no longer says "thinking…"."""
        await self.until(lambda: self.message is not None and not self.message.loading, seconds)
        if self.message is None:
            raise AssertionError("the answer was deleted at once")
        return self.message

    async def wait_for_followups(self, count: int, seconds: float = 30.0) -> list[Message]:
        """Wait until there are that many follow-ups and return them all."""
        await self.until(lambda: len(self.followups) >= count, seconds)
        return self.followups

    async def wait_for_edits(self, count: int, seconds: float = 30.0) -> None:
        """Wait until the original message has been edited that often."""
        await self.until(lambda: self.edits >= count, seconds)

    async def until(self, reached: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something about this answer holds."""
        await self.changes.until(reached, lambda: f"the bot's answer so far is {self!r}", seconds)


@dataclass(slots=True)
class Data:
    """The ``data`` of an interaction under construction, with the objects its identifiers stand for."""

    world: World
    actor: Actor
    resolved: dict[str, JsonObject] = field(default_factory=dict)

    def reference(self, value: User | Member | Channel | Role | Attachment) -> str:
        """Note an object under ``resolved`` and return the identifier that goes into the option."""
        if isinstance(value, Member):
            value = value.user
        if isinstance(value, User):
            self._resolve("users", value.id, value.json())
            if self.actor.guild is not None:
                guild = self.actor.guild
                member = guild.member(value).json(permissions=guild.permissions_of(guild.member(value)))
                self._resolve(
                    "members", value.id, {k: v for k, v in member.items() if k not in {"user", "mute", "deaf"}}
                )
        elif isinstance(value, Channel):
            self._resolve("channels", value.id, resolved_channel(self.world, value, self.actor.user))
        elif isinstance(value, Role):
            self._resolve("roles", value.id, value.json())
        else:
            self._resolve("attachments", value.id, value.json())
        return str(value.id)

    def json(self, **fields: object) -> JsonObject:
        """Return the finished object."""
        return {**fields, "resolved": self.resolved} if self.resolved else dict(fields)

    def _resolve(self, kind: str, key: int, value: JsonObject) -> None:
        self.resolved.setdefault(kind, {})[str(key)] = value


def resolved_channel(world: World, channel: Channel, user: User) -> JsonObject:
    """Return a channel as interactions carry it, with the user's permissions and the bot's (since 16 July 2026)."""
    keep = (
        "id type name flags guild_id last_message_id position parent_id topic nsfw rate_limit_per_user thread_metadata"
    )
    partial = {key: value for key, value in channel.json().items() if key in keep.split()}
    mine = MEMBER_PERMISSIONS if channel.guild is None else channel.permissions_of(channel.guild.member(user))
    bot = world.bot_permissions(channel)
    return partial | {"permissions": str(mine.value), "app_permissions": str(bot.value)}


def find_command(world: World, path: str, guild: Guild | None) -> tuple[JsonObject, list[str], list[JsonObject]]:
    """Return a registered command, the names of its subcommands on the way, and the options of the last of them."""
    name, *rest = path.split()
    scopes = (
        [world.commands.get(None, [])]
        if guild is None
        else [
            world.commands.get(guild.id, []),
            world.commands.get(None, []),
        ]
    )
    command = next((item for scope in scopes for item in scope if text(item, "name") == name), None)
    if command is None:
        known = sorted(text(item, "name") for scope in scopes for item in scope)
        raise ImpossibleInteractionError(f"no command /{name} is registered, only {known}")
    node = command
    for step in rest:
        inner = (
            option for option in children(node, "options") if number(option, "type") <= OptionType.SUBCOMMAND_GROUP
        )
        found = next((option for option in inner if text(option, "name") == step), None)
        if found is None:
            raise ImpossibleInteractionError(f"/{path} has no subcommand {step!r}")
        node = found
    options = children(node, "options")
    if any(number(option, "type") <= OptionType.SUBCOMMAND_GROUP for option in options):
        raise ImpossibleInteractionError(f"/{path} needs one of {[text(option, 'name') for option in options]}")
    _check_place(world, command, guild)
    return command, rest, options


def fill_options(
    declared: Sequence[JsonObject], given: Mapping[str, OptionValue], data: Data, *, focus: str | None = None
) -> list[JsonObject]:
    """Return the option values of an interaction; with ``focus``, half-typed as autocomplete gets them."""
    by_name = {text(option, "name"): option for option in declared}
    if unknown := given.keys() - by_name.keys():
        raise ImpossibleInteractionError(f"unknown options {sorted(unknown)}, the command has {sorted(by_name)}")
    missing = [name for name, option in by_name.items() if option.get("required") is True and name not in given]
    if missing and focus is None:
        raise ImpossibleInteractionError(f"required options {missing} are missing")
    filled = []
    for name, value in given.items():
        option = by_name[name]
        if name == focus:
            if option.get("autocomplete") is not True:
                raise ImpossibleInteractionError(f"option {name!r} has no autocomplete")
            filled.append({"name": name, "type": number(option, "type"), "value": value, "focused": True})
        else:
            filled.append({"name": name, "type": number(option, "type"), "value": _option_value(option, value, data)})
    return filled


def nest_options(names: Sequence[str], options: Sequence[JsonObject]) -> list[JsonObject]:
    """Wrap option values into the subcommands they belong to, innermost last."""
    nested = list(options)
    for depth, name in enumerate(reversed(names)):
        nested = [{"name": name, "type": OptionType.SUBCOMMAND.value + min(depth, 1), "options": nested}]
    return nested


def modal_values(modal: JsonObject, values: Mapping[str, object], data: Data) -> list[JsonObject]:
    """Return a modal's components as submitted; ``values`` has texts, or sequences for selects, by custom_id."""
    fields = {text(part, "custom_id"): part for part in ui.walk(children(modal, "components")) if "custom_id" in part}
    if unknown := values.keys() - fields.keys():
        raise ImpossibleInteractionError(f"the modal has no {sorted(unknown)}, only {sorted(fields)}")

    def submit(component: JsonObject) -> JsonObject:
        result: JsonObject = {"type": component["type"], "id": number(component, "id", 1)}
        if child(component, "component"):
            result["component"] = submit(child(component, "component"))
        elif children(component, "components"):
            result["components"] = [submit(part) for part in children(component, "components")]
        elif "custom_id" in component:
            result |= {"custom_id": component["custom_id"], **_submitted(component, values, data)}
        return result

    return [submit(component) for component in children(modal, "components")]


def select_values(component: JsonObject, values: Sequence[object], data: Data) -> list[str]:
    """Return what choosing these options or objects in a select sends."""
    low, high = number(component, "min_values", 1), number(component, "max_values", 1)
    if not low <= len(values) <= high:
        raise ImpossibleInteractionError(f"this select takes {low} to {high} values, not {len(values)}")
    if component.get("type") == ui.STRING_SELECT:
        offered = [text(option, "value") for option in children(component, "options")]
        if absent := [value for value in values if value not in offered]:
            raise ImpossibleInteractionError(f"the select offers {offered}, not {absent}")
        return [str(value) for value in values]
    chosen = [value for value in values if isinstance(value, User | Member | Channel | Role)]
    if len(chosen) != len(values):
        raise ImpossibleInteractionError("this select takes users, roles or channels")
    allowed = component.get("channel_types")
    for value in chosen:
        if isinstance(value, Channel) and isinstance(allowed, list) and allowed and value.type not in allowed:
            raise ImpossibleInteractionError(f"#{value.name} is not of the types {allowed}")
    return [data.reference(value) for value in chosen]


def payload(world: World, answer: Answer, data: JsonObject) -> JsonObject:
    """Return the INTERACTION_CREATE event."""
    actor = answer.actor
    guild = actor.guild
    event: JsonObject = {
        "id": str(answer.id),
        "application_id": str(world.application_id),
        "type": answer.type.value,
        "token": answer.token,
        "version": 1,
        "data": data,
        "channel": resolved_channel(world, actor.channel, actor.user) | _recipients(actor.channel),
        "channel_id": str(actor.channel.id),
        "locale": actor.locale,
        "app_permissions": str(world.bot_permissions(actor.channel).value),
        "entitlements": [],
        "authorizing_integration_owners": _owners(answer),
        "context": 1 if guild is None else 0,
        "attachment_size_limit": 10 * 1024 * 1024,
    }
    if guild is None:
        event["user"] = actor.user.json()
    else:
        member = guild.member(actor.user)
        event |= {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": member.json(permissions=actor.channel.permissions_of(member)),
        }
    if answer.source is not None:
        event["message"] = answer.source.json()
    return event


def metadata(answer: Answer) -> JsonObject:
    """Return the note on a message that says which interaction it answers."""
    note: JsonObject = {
        "id": str(answer.id),
        "type": answer.type.value,
        "user": answer.actor.user.json(),
        "authorizing_integration_owners": _owners(answer),
    }
    if answer.type is InteractionType.COMPONENT and answer.source is not None:
        note["interacted_message_id"] = str(answer.source.id)
    if answer.type is InteractionType.MODAL_SUBMIT:
        note["triggering_interaction_metadata"] = {**note, "type": InteractionType.COMMAND.value}
    return note


def _check_place(world: World, command: JsonObject, guild: Guild | None) -> None:
    """Check that a command can be used here: in this context, and installed by whom it says."""
    contexts, installs = command.get("contexts"), command.get("integration_types")
    if contexts is None and command.get("dm_permission") is False:
        contexts = [0]  # what discord.py still sends for ``guild_only``
    context = 1 if guild is None else 0
    install = 0 if guild is None or guild in world.guilds else 1
    if isinstance(contexts, list) and context not in contexts:
        place = "direct messages" if guild is None else "servers"
        raise ImpossibleInteractionError(f"/{text(command, 'name')} cannot be used in {place}")
    if isinstance(installs, list) and install not in installs:
        raise ImpossibleInteractionError(f"/{text(command, 'name')} is not for bots that a user installed")


def required_permissions(command: JsonObject) -> Permission:
    """Return what a user needs by default to see a command."""
    needed = command.get("default_member_permissions")
    return Permission(int(needed)) if isinstance(needed, str | int) else NOTHING


def _option_value(option: JsonObject, value: OptionValue, data: Data) -> object:
    kind, name = number(option, "type"), text(option, "name")
    fits: dict[int, type | tuple[type, ...]] = {
        OptionType.STRING: str,
        OptionType.INTEGER: int,
        OptionType.BOOLEAN: bool,
        OptionType.USER: (User, Member),
        OptionType.CHANNEL: Channel,
        OptionType.ROLE: Role,
        OptionType.NUMBER: (int, float),
        OptionType.ATTACHMENT: Attachment,
    }
    if not isinstance(value, fits[kind]) or (isinstance(value, bool) and kind != OptionType.BOOLEAN):
        raise ImpossibleInteractionError(f"option {name!r} of type {OptionType(kind).name} cannot be {value!r}")
    if isinstance(value, User | Member | Role | Attachment):
        return data.reference(value)
    if isinstance(value, Channel):
        allowed = option.get("channel_types")
        if isinstance(allowed, list) and allowed and value.type not in allowed:
            raise ImpossibleInteractionError(f"option {name!r} does not take #{value.name}")
        return data.reference(value)
    offered = {text(choice, "name"): choice.get("value") for choice in children(option, "choices")}
    if offered and value not in offered.values():
        raise ImpossibleInteractionError(f"option {name!r} offers {list(offered.values())}, not {value!r}")
    measure = len(value) if isinstance(value, str) else value
    for key, wrong in (("min_length", -1), ("max_length", 1), ("min_value", -1), ("max_value", 1)):
        limit = option.get(key)
        if isinstance(limit, int | float) and (measure - limit) * wrong > 0:
            raise ImpossibleInteractionError(f"option {name!r} has {key} {limit}")
    return value


def _submitted(component: JsonObject, values: Mapping[str, object], data: Data) -> JsonObject:
    custom_id = text(component, "custom_id")
    value = values.get(custom_id)
    if component.get("type") != ui.TEXT_INPUT:
        chosen = value if isinstance(value, list | tuple) else []
        if component.get("type") in ui.SELECTS and (chosen or component.get("required") is not False):
            return {"values": select_values(component, list(chosen), data)}
        return {"values": [str(item) for item in chosen]}
    entered = str(value) if value is not None else text(component, "value")
    low, high = number(component, "min_length"), number(component, "max_length", 4000)
    if component.get("required") is not False and not entered:
        raise ImpossibleInteractionError(f"the text {custom_id!r} is required")
    if entered and not low <= len(entered) <= high:
        raise ImpossibleInteractionError(f"the text {custom_id!r} takes {low} to {high} characters")
    return {"value": entered}


def _owners(answer: Answer) -> JsonObject:
    """Say who installed the bot here: the user (1), or the server (0), which is number 0 in a direct message."""
    guild = answer.actor.guild
    if answer.user_installed:
        return {"1": str(answer.actor.user.id)}
    return {"0": "0" if guild is None else str(guild.id)}


def _recipients(channel: Channel) -> JsonObject:
    return {"recipients": [channel.recipient.json()]} if channel.type is ChannelType.DM and channel.recipient else {}
