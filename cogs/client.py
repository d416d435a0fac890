"""The Discord client: commands told to Discord when they changed, clicks routed, failures answered, nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.core.errors import UpstreamError, UserError
from bot.core.fleet.sessions import GatewayAdvice
from bot.core.fleet.shards import MOST_SHARDS
from bot.services.discord.registration import Registration
from bot.services.fleet.identify import IdentifyGate
from bot.services.metrics import Metrics
from cogs.about import SlashCommand
from cogs.conversations import Conversations
from cogs.pauses import LONGEST_BETWEEN_IDENTIFIES, LONGEST_PAUSE, Pauses
from cogs.pulse import Heartbeats
from cogs.ui.buttons import Click, route

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LONGEST_RATE_LIMIT = 30.0
"""Seconds of a rate limit that a request waits for; longer ones are errors, which whoever sent it can plan around."""

_MOST_CONNECTIONS = 100
"""To Discord's API; an answer holds one for a round trip, so these carry more than one core can answer."""

_LONGEST_OPENING = 30.0
"""Seconds until Discord must have greeted on a new connection, and again until it must have let the bot in."""

_LONGEST_CLOSING = 2.0
"""Seconds for taking leave of a Discord that does not answer; discord.py would wait for 30."""

MOST_UNANSWERED = 3
"""How often in a row a session is asked for of which Discord says neither yes nor no, before it is given up."""

_NORMAL, _WITHOUT_INTENTS = 1000, 4014
_PASSING = (OSError, aiohttp.ClientError, discord.HTTPException, discord.ConnectionClosed)

_UNKNOWN, _STALE = "unknown", "stale"
"""What is counted in place of a command, or a button, that this version does not know."""

_ROUTED = frozenset({discord.InteractionType.component, discord.InteractionType.modal_submit})


class _UnansweredError(TimeoutError):
    """Discord greeted, and did not say whether it lets the bot in."""


class _WebSocket(DiscordWebSocket):
    """A connection that is closed where its opening is given up: until it is greeted, nobody else knows of it."""

    async def poll_event(self) -> None:
        """Wait for the next event, as discord.py does."""
        try:
            await super().poll_event()
        except asyncio.CancelledError:
            if self._keep_alive is None:
                await _drop(self)
            raise


class Tree(app_commands.CommandTree["Client"]):
    """The slash commands; what discord.py itself refuses is answered like everything else."""

    async def on_error(self, interaction: discord.Interaction[Client], error: app_commands.AppCommandError, /) -> None:
        """Answer a command that failed before it began."""
        await self.client.conversations.fail(interaction, _UNKNOWN, error)


class Client(commands.Bot):
    """A bot that knows slash commands and buttons, sees servers but no messages, and can mention nobody.

    Of so many shards it is told of the servers of one, and remembers of them no more than it needs: no members, no
    messages, neither emojis nor voice. ``gate`` says when it may begin a session.
    """

    def __init__(  # noqa: PLR0913 — what a client is made of
        self,
        conversations: Conversations,
        clicks: Mapping[str, Click],
        metrics: Metrics,
        registration: Registration,
        pulse: Heartbeats,
        *,
        shard: int = 0,
        shards: int = 1,
        gate: IdentifyGate | None = None,
        pauses: Pauses | None = None,
        limit: Callable[[float], asyncio.Timeout] = asyncio.timeout,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            enable_debug_events=True,  # for the pulse
            shard_id=shard,
            shard_count=shards,
        )
        self.pulse = pulse
        self.conversations = conversations
        self._clicks = clicks
        self._metrics = metrics
        self._registration = registration
        self._pauses = pauses or Pauses()
        self._gate = gate or IdentifyGate()
        self._shard = shard
        self._limit = limit
        self._opening = asyncio.timeout(None)
        self._online = False
        self._cogs_to_add: Sequence[commands.Cog] = ()

    def use(self, cogs: Sequence[commands.Cog]) -> None:
        """Take the cogs that are added when the client starts."""
        self._cogs_to_add = cogs

    async def login(self, token: str) -> None:
        """Log in, with fewer connections than answers: discord.py would open one for each of a thousand at once."""
        self.http.connector = aiohttp.TCPConnector(limit=_MOST_CONNECTIONS)
        await super().login(token)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected until closed: a connection that drops, or cannot be made, is taken up again.

        discord.py's own way waits up to 17 minutes after an outage, has no pause at all where Discord hangs up again
        and again, and ends at a first connection that fails (its issue 10520). Here the session is resumed as there.
        Raises ``ConnectionClosed`` and ``PrivilegedIntentsRequired`` where Discord says that coming back is no use.
        """
        session: DiscordWebSocket | None = None
        resume, unanswered = False, 0
        while not self.is_closed():
            identified = False
            try:
                session = self.ws = await self._open(session, resume=resume)
                identified = not resume
                await self._wait_until_let_in(session, resume=resume)
                unanswered = 0
                while True:
                    await session.poll_event()
            except (ReconnectWebSocket, *_PASSING) as failure:
                if self.is_closed():
                    return
                _raise_if_final(failure)
                if not reconnect:
                    raise
                unanswered += isinstance(failure, _UnansweredError)
                wants_resume = not isinstance(failure, ReconnectWebSocket) or failure.resume
                has_session = session is not None and session.session_id is not None
                resume = wants_resume and has_session and unanswered < MOST_UNANSWERED
                await self._wait(failure, identified=identified)

    async def _open(self, last: DiscordWebSocket | None, *, resume: bool) -> DiscordWebSocket:
        """Open a connection: where the last broke off, or for a new session."""
        if last is None or not resume:
            async with self._gate.line(self._shard), self._limit(_LONGEST_OPENING) as self._opening:
                return await _WebSocket.from_client(self, initial=last is None, shard_id=self._shard)
        async with self._limit(_LONGEST_OPENING):
            return await _WebSocket.from_client(
                self,
                gateway=last.gateway,
                shard_id=self._shard,
                session=last.session_id,
                sequence=last.sequence,
                resume=True,
            )

    async def _wait_until_let_in(self, session: DiscordWebSocket, *, resume: bool) -> None:
        """Take what comes until Discord confirms the session; heartbeats that it acknowledges confirm nothing."""
        let_in = session.wait_for("RESUMED" if resume else "READY", lambda _: True)
        try:
            async with self._limit(_LONGEST_OPENING):
                while not let_in.done():
                    await session.poll_event()
        except TimeoutError:
            await _drop(session)
            raise _UnansweredError from None

    async def _wait(self, failure: Exception, *, identified: bool) -> None:
        """Wait until it makes sense to connect again: not at all if the connection was good until now."""
        pause = self._pauses.next(LONGEST_BETWEEN_IDENTIFIES if identified else LONGEST_PAUSE)
        if self._online:
            self._online = False
            self.dispatch("disconnect")
        else:
            log.warning("discord_connection_failed", reason=_reason(failure), retry_in=round(pause, 1))
        await self._pauses.sleep(pause)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002 — theirs
        """Wait until a session may be begun, however long: Discord keeps the connection that waits for it."""
        self._opening.reschedule(None)
        await self._gate.begin(self._shard, partial(advice_of, self))
        self._opening.reschedule(asyncio.get_running_loop().time() + _LONGEST_OPENING)

    async def setup_hook(self) -> None:
        """Add the cogs, then tell Discord of the commands if they are not those it was told of last."""
        for cog in self._cogs_to_add:
            await self.add_cog(cog)
        commands = (command.qualified_name for command in self.slash_commands())
        self._metrics.expect_bugs((*commands, *self._clicks, _UNKNOWN, _STALE))
        if self.application_id is not None:
            await self._registration.sync(self.application_id, self.commands_digest(), self.tree.sync)

    def commands_digest(self) -> str:
        """Return a digest of the commands as Discord is told of them."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

    def slash_commands(self) -> list[SlashCommand]:
        """List the slash commands, for help."""
        return [command for command in self.tree.walk_commands() if isinstance(command, app_commands.Command)]

    def dispatch(self, event_name: str, /, *args: object, **kwargs: object) -> None:
        """Give events to whoever listens; each is a task, which those are spared that would do next to nothing.

        Once it is closed nobody listens. discord.py, which waits for two seconds for more servers before it says that
        all are known, would fail to make a task of it.
        """
        if self.is_closed():
            return
        match event_name, args:
            case "socket_raw_receive", (str(payload),):
                self.pulse.hear(payload)  # of acknowledged heartbeats
            case "interaction", (discord.Interaction() as interaction,) if interaction.type not in _ROUTED:
                return
            case _:
                super().dispatch(event_name, *args, **kwargs)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Route clicks and submitted forms; commands and completion go through the tree."""
        if not isinstance(interaction.data, dict):
            return
        identifier = interaction.data.get("custom_id")
        try:
            found = route(identifier if isinstance(identifier, str) else "", self._clicks)
        except UserError as error:
            await self.conversations.fail(interaction, _STALE, error)
            return
        await self.conversations.hold(interaction, found.verb, found.answer(interaction, found.arguments))

    async def on_connect(self) -> None:
        """Note that the gateway let the bot in."""
        self.pulse.connected = True
        self._came_back()

    async def on_ready(self) -> None:
        """Note that the gateway is connected and the servers are known."""
        log.info("discord_ready", user=str(self.user), shard=self._shard, guilds=len(self.guilds))

    async def on_resumed(self) -> None:
        """Note that a dropped connection was taken up again without loss."""
        self.pulse.connected = True
        self._came_back()
        log.info("discord_resumed")

    def _came_back(self) -> None:
        self._online = True
        self._pauses.succeeded()

    async def on_disconnect(self) -> None:
        """Note that the connection dropped; it is taken up again."""
        self.pulse.connected = False
        log.info("discord_disconnected")

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Note a server that installed the bot."""
        log.info("guild_joined", guild=guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note a server that removed the bot."""
        log.info("guild_left", guild=guild.id)


async def advice_of(client: discord.Client) -> GatewayAdvice:
    """Ask Discord what it allows of sessions, by a client that has logged in; ``UpstreamError`` if it does not say."""
    try:
        shards, _, limit = await client.http.get_bot_gateway()
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise UpstreamError(f"Discord did not say how many shards it wants ({type(error).__name__}).") from error
    return GatewayAdvice(
        min(max(1, shards), MOST_SHARDS),
        limit["max_concurrency"],
        limit["remaining"],
        limit["total"],
        limit["reset_after"] / 1_000,
    )


async def _drop(session: DiscordWebSocket) -> None:
    """Close a connection that is of no use, in such a way that its session can be resumed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_CLOSING):
            await session.close()


def _reason(failure: Exception) -> str:
    """Return for the log why a connection ended."""
    if isinstance(failure, ReconnectWebSocket):
        return "Discord hung up."
    if isinstance(failure, TimeoutError):
        return "Discord did not answer in time."
    return f"{type(failure).__name__}: {failure}"


def _raise_if_final(failure: Exception) -> None:
    """Raise what Discord closed a connection with, unless that says nothing against coming back."""
    if isinstance(failure, discord.ConnectionClosed) and failure.code != _NORMAL:
        if failure.code == _WITHOUT_INTENTS:
            raise discord.PrivilegedIntentsRequired(failure.shard_id) from None
        raise failure
