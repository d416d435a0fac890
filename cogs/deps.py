"""``/ftdeps``: which dependencies of an application stop a move to free-threaded Python, from a file or from names.

What is in people's files is theirs: it is answered only to who asked unless they say otherwise, and kept in memory for
as long as the buttons beneath the answer need it.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Protocol

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.core.dependencies.declared.names import read_names
from bot.core.dependencies.demands import shown
from bot.core.dependencies.files import DependencyFile
from bot.core.dependencies.needs import DependencyQuestion, subject_of
from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.tables import dependencies_csv
from bot.core.errors import UnresolvableError, UpstreamError, UserError
from bot.core.text.sentences import counted, shortened
from bot.core.wheels.platforms import PLATFORMS, Platform, platform_list
from bot.core.wheels.targets import Target, parse_target
from bot.services.packages.kept_reports import KeptReport, KeptReports
from cogs.conversations import Conversations
from cogs.status import DEPENDENCIES
from cogs.ui.buttons import Click
from cogs.ui.deps_card import KIND, PAGE, TABLE, View, dependencies_card
from cogs.ui.status_card import plain

LONGEST: Mapping[str, float] = {"ftdeps": 840.0, DEPENDENCIES: 840.0}
"""Seconds that choosing versions and reading every project may take; Discord takes an answer for 900."""

LARGEST_ATTACHMENT = 2 << 20
"""Bytes; real lock files have up to 300 kB."""

MOST_ENTRIES = 2_000
"""Packages, and lines that are none, in what is given; the largest real lock seen has 1,900."""

MOST_CHECKS = 4
"""Checks that run at a time, each for somebody else: each may take a processor, and reads a page for every package."""

DIRECTLY = 1.5
"""Seconds until an answer is promised instead of given; Discord waits for three."""

_FETCH_SECONDS = 30.0
_LONGEST_SUBJECT = 80
_LONGEST_REASON = 900
_MOST_TYPED = 2_000
_ALL = "all"
_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)


class Checks(Protocol):
    """Answers what an application depends on."""

    async def check(self, question: DependencyQuestion) -> tuple[DependencyReport, ...]:
        """Return the answer for each target. Raises ``UserError``."""


class Given(Protocol):
    """A file that somebody attached; all that is said of it may be wrong."""

    @property
    def filename(self) -> str:
        """Return what it is called."""

    @property
    def size(self) -> int:
        """Return how many bytes it is said to have."""

    async def read(self) -> bytes:
        """Fetch it. Raises what discord.py raises."""


@dataclass(frozen=True, slots=True)
class Application:
    """What is asked about, as it was given: names, a file, or both."""

    names: str | None = None
    file: Given | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where it is to run."""

    target: Target
    platforms: tuple[Platform, ...] = (Platform.MANYLINUX_X86_64,)


@dataclass(frozen=True, slots=True)
class Turns:
    """The checks under way: one for each person, and so many in all."""

    _running: set[int] = field(default_factory=set)

    @contextmanager
    def turn(self, user: int) -> Iterator[None]:
        """Take part while the block runs. Raises ``UserError`` where that is too much."""
        if user in self._running:
            raise UserError("I am still working on what you asked before. Ask again when that is answered.")
        if len(self._running) >= MOST_CHECKS:
            raise UserError(f"I am working on {MOST_CHECKS} of these for others, which is the most. Ask in a minute.")
        self._running.add(user)
        try:
            yield
        finally:
            self._running.discard(user)


@dataclass(frozen=True, slots=True)
class DependencyAnswers:
    """Answers about dependencies; ``subject`` reads which package and Python a button of a status card is about."""

    checks: Checks
    kept: KeptReports
    subject: Callable[[tuple[str, ...]], Awaitable[tuple[str, Target]]]
    turns: Turns = field(default_factory=Turns)

    def clicks(self) -> Mapping[str, Click]:
        """Return who answers which button."""
        return {DEPENDENCIES: self._of_package, PAGE: self._page, KIND: self._kind, TABLE: self._table}

    async def show(
        self, interaction: discord.Interaction, application: Application, destination: Destination, *, private: bool
    ) -> None:
        """Answer with a card: at once if that is quick, else as soon as it is there."""
        user = interaction.user.id
        with self.turns.turn(user):
            checking = asyncio.ensure_future(self._check(application, destination))
            try:
                await asyncio.wait({checking}, timeout=DIRECTLY)
                if not checking.done():
                    await interaction.response.defer(ephemeral=private, thinking=True)
                report = await checking
            finally:
                checking.cancel()
        card = dependencies_card(report, self.kept.keep(report, user, private=private), View())
        if interaction.response.is_done():
            await interaction.edit_original_response(view=card)
        else:
            await interaction.response.send_message(view=card, ephemeral=private)

    async def _check(self, application: Application, destination: Destination) -> DependencyReport:
        try:
            files, named = await _read(application)
            subject = shortened(subject_of(files, named), _LONGEST_SUBJECT)
            (report,) = await self.checks.check(
                DependencyQuestion(subject, files, (destination.target,), destination.platforms)
            )
        except UserError as error:  # it may quote what was given
            raise UserError(plain(str(error), _LONGEST_REASON)) from None
        if report.error is not None:
            reason = plain(report.error, _LONGEST_REASON)
            raise UpstreamError(reason) if report.index_failed else UnresolvableError(reason)
        return report

    async def _of_package(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Answer about the package of a status card, only to who clicked."""
        name, target = await self.subject(arguments)
        await self.show(interaction, Application(name), Destination(target), private=True)

    async def _page(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Show another page."""
        page = arguments[2] if len(arguments) > len(("key", "kind")) else ""
        kind = arguments[1] if len(arguments) > 1 else ""
        await self._turn_to(interaction, arguments, View(kind, int(page) if _is_number(page) else 0))

    async def _kind(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Show the kind that was chosen."""
        data = interaction.data
        values = data.get("values") if isinstance(data, dict) else None
        kind = values[0] if isinstance(values, list) and values else ""
        await self._turn_to(interaction, arguments, View(str(kind)))

    async def _turn_to(self, interaction: discord.Interaction, arguments: tuple[str, ...], view: View) -> None:
        """Show another part in the card that was clicked; whoever else clicks on a public one gets their own."""
        kept = self._kept(interaction, arguments)
        card = dependencies_card(kept.report, arguments[0], view)
        message = interaction.message
        if interaction.user.id == kept.reader or (message is not None and message.flags.ephemeral):
            await interaction.response.edit_message(view=card)
        else:
            await interaction.response.send_message(view=card, ephemeral=True)

    async def _table(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
        """Send everything as a file, only to who clicked."""
        report = self._kept(interaction, arguments).report
        await interaction.response.defer(ephemeral=True, thinking=True)
        table = await asyncio.to_thread(lambda: dependencies_csv((report,)).encode())
        if len(table) > interaction.filesize_limit:
            raise UserError(
                f"The table has {len(table) >> 20} MiB, more than Discord takes. "
                "On your machine `ftbot deps --format csv` writes it."
            )
        number = counted(len(report.dependencies), "package")
        file = discord.File(BytesIO(table), "dependencies.csv", description=f"A line for each of {number}")
        text = f"{number[0].upper()}{number[1:]}, a line each:"
        await interaction.edit_original_response(content=text, attachments=[file])

    def _kept(self, interaction: discord.Interaction, arguments: tuple[str, ...]) -> KeptReport:
        kept = self.kept.find(arguments[0], interaction.user.id) if arguments else None
        if kept is None:
            raise UserError(
                "This answer is gone: I keep what I am given in memory alone, for an hour at most. Run `/ftdeps` again."
            )
        return kept


async def _read(application: Application) -> tuple[tuple[DependencyFile, ...], list[str]]:
    """Read what was given, and name it. Raises ``UserError`` and ``UpstreamError``."""
    names, files, named = _names(application.names or ""), [], []
    if names:
        files.append(read_names(names))
        named += names
    if application.file is not None:
        name = shown(_FOLDERS.sub("", application.file.filename)) or "file"
        body = await _fetch(application.file, name)
        files.append(await asyncio.to_thread(_parse, name, body))
        named.append(name)
    if not files:
        raise UserError("Nothing was asked about. Attach a file such as uv.lock, or name packages.")
    entries = sum(file.entries + len(file.not_read) for file in files)
    if entries > MOST_ENTRIES:
        raise UserError(
            f"These are {entries:,} entries. Here at most {MOST_ENTRIES:,} are looked at; "
            "on your machine ftbot deps takes more."
        )
    return tuple(files), named


def _names(typed: str) -> list[str]:
    """Split what was typed as a shell does, with commas between names as people write them."""
    try:
        words = shlex.split(typed)
    except ValueError:
        raise UserError("A quotation mark is left open. Name packages like this: numpy pandas>=2.") from None
    return [name for word in words if (name := word.strip(","))]


async def _fetch(file: Given, name: str) -> bytes:
    """Fetch a file from Discord. Raises ``UserError`` for one that is too large, whatever was said of its size."""
    if file.size > LARGEST_ATTACHMENT:
        raise _too_large(name)
    try:
        async with asyncio.timeout(_FETCH_SECONDS):
            body = await file.read()
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise UpstreamError("Discord did not give me your file.", retryable=True) from error
    if len(body) > LARGEST_ATTACHMENT:
        raise _too_large(name)
    return body


def _parse(name: str, body: bytes) -> DependencyFile:
    """Read a file, in a thread. Most bots are never given one, so what knows the formats is imported here."""
    from bot.core.dependencies.reading import read_file, text_of  # noqa: PLC0415 — see above

    try:
        text = text_of(body)
    except UnicodeDecodeError:
        raise UserError(f"{name} is no UTF-8 text. Give a file of text, such as requirements.txt.") from None
    return read_file(name, text, lambda _: None)


def _too_large(name: str) -> UserError:
    return UserError(f"{name} has more than {LARGEST_ATTACHMENT >> 20} MiB. Give a smaller file, such as uv.lock.")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,6}", text) is not None


class DepsCog(commands.Cog):
    """The slash command; ``headline`` is the Python that is asked about unless somebody chooses."""

    def __init__(self, answers: DependencyAnswers, conversations: Conversations, headline: Target) -> None:
        self.answers = answers
        self.conversations = conversations
        self.headline = headline

    @app_commands.command(description="Which dependencies stop your application from moving to free-threaded Python?")
    @app_commands.describe(
        file="A file of at most 2 MiB: requirements.txt, pyproject.toml, uv.lock, poetry.lock…",
        packages="Names on PyPI instead, or besides: numpy pandas>=2",
        python="The Python to move to (3.14t unless you choose)",
        platform="Where it runs (Linux x86-64 unless you choose)",
        private="Show the answer only to you, as it is unless you choose",
    )
    @app_commands.choices(
        python=[app_commands.Choice(name=f"3.{minor}t", value=f"3.{minor}t") for minor in (14, 15, 13)],
        platform=[
            *(app_commands.Choice(name=platform_list((each,)), value=each.value) for each in PLATFORMS),
            app_commands.Choice(name="every platform", value=_ALL),
        ],
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ftdeps(  # noqa: PLR0913, PLR0917 — the options of the command
        self,
        interaction: discord.Interaction,
        file: discord.Attachment | None = None,
        packages: app_commands.Range[str, 1, _MOST_TYPED] | None = None,
        python: str | None = None,
        platform: str = Platform.MANYLINUX_X86_64.value,
        private: bool = True,
    ) -> None:
        """Answer about the dependencies of an application."""
        await self.conversations.hold(
            interaction,
            "ftdeps",
            self._answer(interaction, Application(packages, file), python, platform, private=private),
        )

    async def _answer(
        self,
        interaction: discord.Interaction,
        application: Application,
        python: str | None,
        platform: str,
        *,
        private: bool,
    ) -> None:
        target = self.headline if python is None else parse_target(python)
        platforms = PLATFORMS if platform == _ALL else (Platform(platform),)
        installed = interaction.guild_id is None or interaction.is_guild_integration()
        destination = Destination(target, platforms)
        await self.answers.show(interaction, application, destination, private=private or not installed)
