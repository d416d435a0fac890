"""``/fthelp`` and ``/ftabout``: what the bot can do, what it is, and how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.core.guide.sections import GUIDE
from cogs.conversations import Conversations
from cogs.ui.buttons import finished
from cogs.ui.status_card import moment

_MOST_USED = ("ftstatus", "ftdeps", "ftissues", "ftdigest")

_GOOD_TO_KNOW = (
    "A wheel shows that a build exists, not that it is thread-safe.",
    "`abi3` wheels do not work on free-threaded Python; `abi3t` ones do, from 3.15t on.",
    "Pure Python packages need no wheel of their own.",
)
_PRIVACY = (
    "It reads only its own messages, stores about people nothing but what they ask it to watch (`/ftprivacy`) and no"
    " file that it is given, and mentions only a role that admins chose."
)


class SlashCommand(Protocol):
    """As much of a slash command as help shows."""

    @property
    def qualified_name(self) -> str:
        """Return its name, after its group's."""

    @property
    def description(self) -> str:
        """Return what it does."""

    @property
    def parameters(self) -> Sequence[app_commands.Parameter]:
        """Return its options."""

    @property
    def default_permissions(self) -> discord.Permissions | None:
        """Return what somebody must be permitted to see it, None if everybody does."""

    @property
    def root_parent(self) -> app_commands.Group | None:
        """Return its group."""


@dataclass(frozen=True, slots=True)
class About:
    """What the bot says of itself; ``where`` tells of the servers that it answers."""

    version: str
    python: str
    project_url: str
    started: datetime
    commands: Callable[[], Iterable[SlashCommand]]
    where: Callable[[], str]


class AboutCog(commands.Cog):
    """The slash commands; their answers are for who asked."""

    def __init__(self, about: About, conversations: Conversations) -> None:
        self.about = about
        self.conversations = conversations

    @app_commands.command(description="What this bot can do")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def fthelp(self, interaction: discord.Interaction) -> None:
        """List what whoever asks can do."""
        await self.conversations.hold(interaction, "fthelp", self._send(interaction, self._help(interaction)))

    @app_commands.command(description="What this bot is, and where its answers come from")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftabout(self, interaction: discord.Interaction) -> None:
        """Show what the bot is and where its answers come from."""
        await self.conversations.hold(interaction, "ftabout", self._send(interaction, self._about()))

    async def _send(self, interaction: discord.Interaction, text: str) -> None:
        view = ui.LayoutView(timeout=None)
        container = ui.Container[ui.LayoutView](ui.TextDisplay(text))
        links = (("Free-threading guide", GUIDE), ("Source and issues", self.about.project_url))
        container.add_item(ui.ActionRow(*(ui.Button(label=label, url=url) for label, url in links)))
        view.add_item(container)
        await interaction.response.send_message(view=finished(view), ephemeral=True)

    def _help(self, interaction: discord.Interaction) -> str:
        known = sorted(self.about.commands(), key=_place)
        everybodys = [_line(command) for command in known if _needed(command) is None]
        admins = [_line(command) for command in known if _is_for(command, interaction)]
        if admins:
            admins = ["### For admins", *admins]
        return "\n".join(["### Which packages work on free-threaded Python?", *everybodys, *_GOOD_TO_KNOW, *admins])

    def _about(self) -> str:
        return "\n".join(
            [
                f"### ftbot {self.about.version}",
                "Answers from the file names, upload times and classifiers on PyPI; nothing is installed or run.",
                f"Started {moment(self.about.started)} on {self.about.python}.",
                self.about.where(),
                _PRIVACY,
            ]
        )


def _place(command: SlashCommand) -> tuple[int, str]:
    """Return where a command stands: those that are used most come first."""
    name = command.qualified_name
    return _MOST_USED.index(name) if name in _MOST_USED else len(_MOST_USED), name


def _needed(command: SlashCommand) -> discord.Permissions | None:
    """Return what somebody must be permitted to use a command, None if everybody may."""
    group = command.root_parent
    return command.default_permissions if group is None else group.default_permissions


def _is_for(command: SlashCommand, interaction: discord.Interaction) -> bool:
    """Return whether a command is one for admins, and whoever asks is one, in a server that has installed the bot."""
    needed = _needed(command)
    here = interaction.guild_id is not None and interaction.is_guild_integration()
    return needed is not None and here and interaction.permissions >= needed


def _line(command: SlashCommand) -> str:
    return f"`/{command.qualified_name}{_options(command)}` — {command.description}"


def _options(command: SlashCommand) -> str:
    return "".join(f" {option.name}" if option.required else f" [{option.name}]" for option in command.parameters)
