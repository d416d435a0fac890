"""The bot's life: it is opened in order, runs until it is told to stop, and is closed in time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.build import version
from bot.clients.web import open_http
from bot.config import Settings
from bot.ending import Ending
from bot.jobs import timetable
from bot.web.site import Address, Monitoring, Site, serve
from bot.wiring.database import open_database
from bot.wiring.discord import Bot, Github, build_bot, direct_discord
from bot.wiring.github import open_app, open_reader
from cogs.conversations import Conversations
from cogs.gateway import Gateway

if TYPE_CHECKING:  # it imports GitHub's library
    from bot.services.triage.loop import TriageLoop

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_START, _ANSWERS, _GATEWAY, _FACES, _LOOKUPS, _GITHUB, _RESOURCES = 1.0, 2.5, 5.0, 5.5, 6.25, 7.0, 7.5
"""Until how many seconds after a signal what may take: a start that is given up, answers (whoever waits for one then
is told so, which takes another 1.5), the connection to Discord, jobs and servers, what was read, connections to GitHub,
all others."""

_YOUNG_OBJECTS = 10_000
"""How many more than before there are when the garbage collector comes; an answer makes and drops hundreds."""

_T = TypeVar("_T")


async def run_bot(settings: Settings, ending: Ending) -> None:
    """Run the bot until its end is asked for; ends within 10 seconds of that, after the answers under way."""
    ending.tell()
    async with AsyncExitStack() as stack:
        bot = await ending.unless_asked("start", _START, _start(settings, _Held(ending, stack)))
        if bot is not None:
            await _run_until(ending, bot.gateway, bot.conversations, settings)
    log.info("stopped")


async def _start(settings: Settings, held: _Held) -> Bot:
    """Open everything, in the order in which it is needed."""
    database = await held.enter("database", _RESOURCES, open_database(settings))
    http = await held.enter("connections to the index", _RESOURCES, open_http(settings.user_agent))
    await database.check_writable()
    bot = await build_bot(settings, http, database, await _open_github(settings, held))
    direct_discord(settings)
    held.at_the_end("what was read", _LOOKUPS, bot.lookup.aclose)
    held.at_the_end("what was asked", _LOOKUPS, bot.package_names.flush)
    if bot.site is not None:
        held.at_the_end("what the site looks up", _LOOKUPS, bot.site.aclose)
    await held.enter("the other processes", _LOOKUPS, bot.fleet.joined())
    ports = await _serve(settings, bot, held)
    jobs = timetable(bot.metrics, *bot.jobs, leadership=bot.fleet.leadership)
    await held.enter("jobs", _FACES, jobs)
    await held.enter("triage", _FACES, _going(bot.triage))
    _leave_alone_what_is_there()
    log.info("started", version=version(), database=database.name, **ports)
    return bot


def _leave_alone_what_is_there() -> None:
    """Have garbage looked for only in what is made from now on, and less often.

    What was imported and built stays for as long as the bot runs, and to look through it takes longer than an answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])


@dataclass(frozen=True, slots=True)
class _Held:
    """What is open, and closed in turn at the end, each until its time is over."""

    ending: Ending
    stack: AsyncExitStack

    async def enter(self, name: str, mark: float, context: AbstractAsyncContextManager[_T]) -> _T:
        """Open something."""
        return await self.stack.enter_async_context(self.ending.holding(name, mark, context))

    def at_the_end(self, name: str, mark: float, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do something at the end."""

        async def step() -> None:
            await self.ending.step(name, mark, work())

        self.stack.push_async_callback(step)


async def _serve(settings: Settings, bot: Bot, held: _Held) -> Mapping[str, int]:
    """Open the addresses; what is for whoever runs the bot has one of its own if that is set."""
    monitoring = Monitoring(bot.metrics.registry, bot.health.needs, bot.health.beside, bot.health.problems)
    public = Address(settings.http_host, settings.http_port)
    pages = None if bot.site is None else bot.site.pages
    if settings.metrics_port is None:
        return {"http_port": await held.enter("site", _FACES, serve(Site(monitoring, bot.deliveries, pages), public))}
    private = Address(settings.metrics_host, settings.metrics_port, "FTBOT_METRICS")
    return {
        "http_port": await held.enter("site", _FACES, serve(Site(webhooks=bot.deliveries, pages=pages), public)),
        "metrics_port": await held.enter("metrics", _FACES, serve(Site(monitoring), private)),
    }


async def _open_github(settings: Settings, held: _Held) -> Github:
    reader = None
    if settings.github_token is None:
        log.info("nothing_watched", reason="FTBOT_GITHUB_TOKEN is not set")
    else:
        token = settings.github_token.get_secret_value()
        reader = await held.enter("GitHub", _GITHUB, open_reader(settings, token))
    app = await held.enter("GitHub as the App", _GITHUB, open_app(settings))
    if app is not None and settings.github_webhook_secret is None:
        log.warning("no_webhooks", reason="FTBOT_GITHUB_WEBHOOK_SECRET is not set; repositories are polled only")
    return Github(reader, app)


@asynccontextmanager
async def _going(loop: TriageLoop | None) -> AsyncIterator[None]:
    """Keep triage going while the block runs; what it is at then is committed or found again by the next process."""
    if loop is None:
        yield
        return
    task = asyncio.create_task(loop.run(), name="triage")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _run_until(ending: Ending, gateway: Gateway, conversations: Conversations, settings: Settings) -> None:
    """Stay connected until told to stop or Discord refuses for good; then finish what was begun."""
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    connected = asyncio.create_task(gateway.keep_connected(token), name="gateway")
    stopping = asyncio.create_task(ending.asked.wait(), name="stop")
    try:
        await asyncio.wait({connected, stopping}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        await conversations.drain(ending.left(_ANSWERS))
    finally:
        stopping.cancel()
        ended = connected.done()
        connected.cancel()
        await asyncio.wait({connected}, timeout=ending.left(_GATEWAY))
    if ended:
        connected.result()
