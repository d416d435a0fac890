"""Every interaction runs through here: counted, timed, logged with its id, failures answered, drained at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field

import discord
import structlog

from bot.core.errors import StorageError, UserError
from bot.services.metrics import Metrics
from cogs.errors import answer_failure

LONGEST = 60.0
"""Seconds after which an interaction is given up, unless its command may take longer."""

_LAST_WORDS = 1.5
"""Seconds in which whoever is still waiting when the bot stops is told so."""

_RESTARTING = "I am restarting. Ask again in a minute."

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Conversations:
    """The interactions under way; ``longest`` is for how many seconds commands may run that may take longer.

    ``afterwards`` says what else there is to say to whoever was answered.
    """

    metrics: Metrics
    longest: Mapping[str, float] = field(default_factory=dict)
    afterwards: Callable[[discord.Interaction], Awaitable[None]] | None = None
    _running: set[asyncio.Task[object]] = field(default_factory=set)
    _closing: bool = False

    def are_under_way(self) -> bool:
        """Tell whether anybody waits for an answer."""
        return bool(self._running)

    async def hold(self, interaction: discord.Interaction, command: str, answer: Coroutine[None, None, None]) -> None:
        """Run an answer to its end; whatever goes wrong is answered in one place."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(
            interaction=interaction.id, command=command, guild=interaction.guild_id
        ):
            try:
                outcome = await self._outcome(interaction, command, answer)
                await self._say_more(interaction)
            finally:
                if task is not None:
                    self._running.discard(task)
            seconds = time.perf_counter() - started
            self.metrics.answers.labels(command, outcome).inc()
            self.metrics.answer_seconds.labels(command).observe(seconds)
            log.info("answered", outcome=outcome, milliseconds=round(seconds * 1000, 1))

    async def fail(self, interaction: discord.Interaction, command: str, error: Exception) -> None:
        """Answer an interaction that failed before it got to an answer."""

        async def raise_it() -> None:
            raise error

        await self.hold(interaction, command, raise_it())

    async def drain(self, seconds: float) -> None:
        """Take no more, and wait for those under way; those that take longer are told of the restart instead.

        Takes up to a second and a half more for that.
        """
        self._closing = True
        if not self._running:
            return
        log.info("draining", running=len(self._running))
        _, late = await asyncio.wait(tuple(self._running), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("answers_cut_short", running=len(late))
            _, speechless = await asyncio.wait(late, timeout=_LAST_WORDS)
            for task in speechless:  # before what they speak through is closed
                task.cancel()

    async def _outcome(
        self, interaction: discord.Interaction, command: str, answer: Coroutine[None, None, None]
    ) -> str:
        try:
            return await self._answered(interaction, command, answer)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._closing or task is None:
                raise
            task.uncancel()
            return await answer_failure(interaction, UserError(_RESTARTING))

    async def _say_more(self, interaction: discord.Interaction) -> None:
        if self.afterwards is None or self._closing:
            return
        try:
            await self.afterwards(interaction)
        except (discord.HTTPException, OSError, StorageError) as error:
            log.warning("nothing_more_said", reason=str(error))

    async def _answered(
        self, interaction: discord.Interaction, command: str, answer: Coroutine[None, None, None]
    ) -> str:
        if self._closing:
            answer.close()
            return await answer_failure(interaction, UserError(_RESTARTING))
        try:
            async with asyncio.timeout(self.longest.get(command, LONGEST)):
                await answer
        except Exception as error:  # noqa: BLE001 — whatever it is, whoever asked gets an answer
            return await answer_failure(interaction, error)
        return "answered"
