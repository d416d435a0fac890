"""Keeps a client connected for each shard until told to stop: what ends one is logged, and a fresh one follows it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

import aiohttp
import discord
import structlog

from bot.core.errors import UpstreamError, UserError
from bot.core.fleet.sessions import GatewayAdvice
from bot.core.fleet.shards import written_shards
from bot.core.text.sentences import counted
from bot.services.fleet.identify import IdentifyGate
from bot.services.fleet.shards import Sharding
from cogs.client import LONGEST_RATE_LIMIT, Client, advice_of
from cogs.pauses import LONGEST_BETWEEN_IDENTIFIES, LONGEST_PAUSE, Pauses

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_PASSING = (discord.DiscordException, aiohttp.ClientError, OSError)

_AT_ONCE = 8
"""How many clients log in at a time: Discord takes 50 requests a second."""

_LONGEST_CLOSING = 10.0
"""Seconds for closing connections, after which they are left alone: they take no events any more in any case."""


@dataclass(slots=True)
class ShardClients:
    """The clients that are connected now, one a shard, through which whoever posts reaches Discord.

    ``held`` are the shards that this process is to hold, of ``count`` in all; None before anybody said. ``logged_in``
    is a client without a shard.
    """

    clients: dict[int, Client] = field(default_factory=dict)
    held: frozenset[int] | None = None
    count: int = 1
    logged_in: discord.Client | None = None
    _settled: bool = False
    _seen_ready: frozenset[int] = frozenset()

    def all(self) -> tuple[Client, ...]:
        """Return the clients."""
        return tuple(self.clients.values())

    def spare(self) -> discord.Client | None:
        """Return a client that can send without being told of servers, where other processes hold all shards."""
        return self.logged_in if self.held is not None and not self.held else None

    def ready(self) -> frozenset[int]:
        """Return the shards whose servers are known, and that are connected by all that is known at the moment."""
        return frozenset(shard for shard, client in self.clients.items() if _works(client))

    def is_ready(self) -> bool:
        """Return whether all shards that this process holds are connected; what others hold is theirs to tell.

        Once that was so, shards that it takes besides count from when they were connected first.
        """
        if self.held is None:
            return False
        works = self.ready() & self.held
        self._seen_ready = (self._seen_ready | works) & self.held
        if works == self.held:
            self._settled = True
            return True
        return self._settled and bool(works) and self._seen_ready <= works

    def heartbeat_age(self) -> float:
        """Return how many seconds ago Discord acknowledged a heartbeat, or greeted, where that is longest ago.

        Without a shard to hold there is none, and this is not a number.
        """
        if self.held is not None and not self.held:
            return math.nan
        return max((client.pulse.age for client in self.clients.values()), default=math.inf)

    def servers(self) -> int:
        """Return how many servers the bot is in, as far as this process is told."""
        return sum(len(client.guilds) for client in self.clients.values())

    def described(self) -> str:
        """Return for people which servers this process answers."""
        servers = counted(self.servers(), "server")
        if self.count == 1:
            return f"In {servers}."
        held = self.held or frozenset()
        if len(held) == self.count:
            return f"In {servers}, on {self.count} shards."
        name = "shard" if len(held) == 1 else "shards"
        return f"Answered by a process with {name} {written_shards(held) or '–'} of {self.count}: {servers}."


def _works(client: Client) -> bool:
    return client.is_ready() and not client.is_closed() and client.pulse.beats


@dataclass(frozen=True, slots=True)
class Gateway:
    """Connects clients; ``new_client`` makes one for a shard of so many, ``connections`` has those that are current.

    ``sharding`` says which shards are held, and ``gate`` when a session may begin.
    """

    new_client: Callable[[int, int], Client]
    connections: ShardClients
    sharding: Sharding
    gate: IdentifyGate
    pauses: Pauses = field(default_factory=Pauses)

    async def keep_connected(self, token: str) -> None:
        """Connect, and connect again, until cancelled; a token that Discord refuses is a ``UserError``."""
        async with AsyncExitStack() as stack:
            self.connections.logged_in, advice = await self._log_in(token, stack)
            self.gate.learn(advice)
            await self._hold_shards(token, advice)

    async def _hold_shards(self, token: str, advice: GatewayAdvice) -> None:
        holding = _Holding(self, token)
        following = asyncio.create_task(self.sharding.follow(advice.shards, holding.hold), name="shards")
        try:
            await asyncio.wait({following, holding.failed}, return_when=asyncio.FIRST_COMPLETED)
            for ended in (holding.failed, following):
                if ended.done():
                    ended.result()
        finally:
            following.cancel()
            await asyncio.wait({following})
            holding.failed.cancel()
            await holding.hold(frozenset(), self.connections.count)
            self.connections.held = None

    async def keep_shard(self, shard: int, count: int, token: str, logins: asyncio.Semaphore) -> None:
        """Stay connected for a shard until cancelled."""
        pauses = Pauses(self.pauses.sleep)
        try:
            while True:
                reason, longest = "It ended.", LONGEST_PAUSE
                try:
                    with _final_as_sentences():
                        await self._stay(shard, self.new_client(shard, count), token, pauses, logins)
                except _PASSING as error:
                    reason = f"{type(error).__name__}: {error}"
                    if isinstance(error, discord.ConnectionClosed):
                        longest = LONGEST_BETWEEN_IDENTIFIES
                await _wait(pauses, longest, reason)
        finally:
            self.connections.clients.pop(shard, None)

    async def _stay(self, shard: int, client: Client, token: str, pauses: Pauses, logins: asyncio.Semaphore) -> None:
        self.connections.clients[shard] = client
        async with client:
            try:
                async with logins:
                    await client.login(token)
                await client.connect()
            finally:
                if client.is_ready():
                    pauses.succeeded()

    async def _log_in(self, token: str, stack: AsyncExitStack) -> tuple[discord.Client, GatewayAdvice]:
        """Log in and ask Discord what it advises, until it says so."""
        pauses = Pauses(self.pauses.sleep)
        while True:
            try:
                with _final_as_sentences():
                    async with AsyncExitStack() as opened:
                        client = await opened.enter_async_context(_without_shard())
                        await client.login(token)
                        advice = await advice_of(client)
                        stack.push_async_exit(opened.pop_all())
                        return client, advice
            except (UpstreamError, *_PASSING) as error:
                await _wait(pauses, LONGEST_PAUSE, f"{type(error).__name__}: {error}")


@dataclass(slots=True)
class _Holding:
    """The shards that are held, a task each; ``failed`` is done with the error of the first that ended for good."""

    gateway: Gateway
    token: str
    failed: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _logins: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def hold(self, shards: frozenset[int], count: int) -> None:
        """Hold these shards, and no others."""
        connections = self.gateway.connections
        kept = shards if count == connections.count else frozenset[int]()
        ending = [self._tasks.pop(shard) for shard in tuple(self._tasks) if shard not in kept]
        for task in ending:
            task.cancel()
        connections.held, connections.count = shards, count
        if ending:
            await asyncio.wait(ending, timeout=_LONGEST_CLOSING)
        for shard in sorted(shards - self._tasks.keys()):
            keeping = self.gateway.keep_shard(shard, count, self.token, self._logins)
            self._tasks[shard] = task = asyncio.create_task(keeping, name=f"shard {shard}")
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self.failed.done():
            return
        error = task.exception()
        if error is not None:
            self.failed.set_exception(error)


def _without_shard() -> discord.Client:
    """Make a client that never connects to the gateway; what it sends mentions nobody."""
    return discord.Client(
        intents=discord.Intents(guilds=True),
        allowed_mentions=discord.AllowedMentions.none(),
        max_ratelimit_timeout=LONGEST_RATE_LIMIT,
        max_messages=None,
    )


@contextmanager
def _final_as_sentences() -> Iterator[None]:
    """Raise a ``UserError`` for what Discord says against ever coming back."""
    try:
        yield
    except discord.LoginFailure:
        raise UserError(
            "Discord refused the bot's token. Copy it anew from the Developer Portal into FTBOT_DISCORD_TOKEN."
        ) from None
    except discord.PrivilegedIntentsRequired:
        raise UserError("Discord asks for privileged intents, which this bot does not use.") from None


async def _wait(pauses: Pauses, longest: float, reason: str) -> None:
    pause = pauses.next(longest)
    log.warning("discord_connection_failed", reason=reason, retry_in=round(pause, 1))
    await pauses.sleep(pause)
