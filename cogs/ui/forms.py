"""What Discord sends with interactions and discord.py does not show: fields of forms, the bot's rights in channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import discord
import msgspec

from bot.core.posting.permissions import lacking

_NUMBER = re.compile(r"[0-9]{1,20}")


class _Field(msgspec.Struct):
    custom_id: str = ""
    value: str = ""
    values: tuple[str, ...] = ()


class _Label(msgspec.Struct):
    component: _Field | None = None


class _Channel(msgspec.Struct):
    type: int = 0
    app_permissions: str | None = None


class _Resolved(msgspec.Struct):
    channels: Mapping[str, _Channel] = {}


class _Data(msgspec.Struct):
    components: tuple[_Label, ...] = ()
    values: tuple[str, ...] = ()
    resolved: _Resolved = msgspec.field(default_factory=_Resolved)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a submitted form, by identifier: a text, or what was chosen in a select."""

    _fields: Mapping[str, _Field] = field(default_factory=dict)

    def text(self, identifier: str) -> str:
        """Return the text of a field."""
        found = self._fields.get(identifier)
        return "" if found is None else found.value

    def chosen(self, identifier: str) -> str | None:
        """Return the one value chosen in a select, None if there is none."""
        found = self._fields.get(identifier)
        return found.values[0] if found is not None and found.values else None

    def chosen_number(self, identifier: str) -> int | None:
        """Return the number chosen in a select, such as a channel's; None if there is none."""
        chosen = self.chosen(identifier)
        return int(chosen) if chosen is not None and chosen.isdecimal() else None


def submitted(interaction: discord.Interaction) -> Form:
    """Read the fields of a submitted form."""
    labels = _data(interaction).components
    fields = [label.component for label in labels if label.component is not None]
    return Form({each.custom_id: each for each in fields})


def chosen_channel(interaction: discord.Interaction) -> int | None:
    """Return the channel whose number was chosen in a select beneath a message, None if there is none."""
    chosen = next(iter(_data(interaction).values), "")
    return int(chosen) if _NUMBER.fullmatch(chosen) else None


def missing_in(interaction: discord.Interaction, channel: int) -> tuple[str, ...] | None:
    """List the permissions that the bot lacks in a channel of the server asked from; None if there is no such channel.

    Discord sends them with a channel that somebody chose (since July 2026); else they follow from what is known of the
    server's roles and channels.
    """
    chosen = _data(interaction).resolved.channels.get(str(channel))
    if chosen is not None and chosen.app_permissions is not None:
        is_forum = chosen.type == discord.ChannelType.forum.value
        return lacking(int(chosen.app_permissions), forum=is_forum)
    guild = interaction.guild
    found = None if guild is None else guild.get_channel(channel)
    if guild is None or found is None:
        return None
    return lacking(found.permissions_for(guild.me).value, forum=isinstance(found, discord.ForumChannel))


def _data(interaction: discord.Interaction) -> _Data:
    return msgspec.convert(interaction.data or {}, _Data)
