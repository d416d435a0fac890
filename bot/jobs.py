"""The timetable: which service method runs when. APScheduler only wakes; what is due, the services decide.

Of several processes on one database only the leader runs what must happen once: the others pass over it, and runs
under way end when the lead is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.core.errors import StorageError, UpstreamError
from bot.services.fleet.leadership import Leadership
from bot.services.metrics import Metrics, RunEnd

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs every so often, if told so from the start; late and missed runs are not made up for.

    Where ``once``, only the leader of all processes on the database runs it; its start is when it begins to lead.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]
    at_start: bool = False
    once: bool = False


@dataclass(slots=True)
class _Runs:
    """The runs under way: each is counted by how it ended, and says in one line what went wrong."""

    metrics: Metrics
    leadership: Leadership | None
    ending: bool = False
    tasks: dict[asyncio.Task[object], Job] = field(default_factory=dict)
    losing: set[asyncio.Task[object]] = field(default_factory=set)

    async def run(self, job: Job) -> None:
        """Run a job once; APScheduler, which would log what it raises, is told of nothing."""
        task = asyncio.current_task()
        if task is None or self.ending or self._is_for_another(job):
            return
        self.tasks[task] = job
        try:
            outcome = await self._outcome(job)
        finally:
            del self.tasks[task]
            self.losing.discard(task)
        self.metrics.jobs.labels(job.name, outcome.value).inc()

    async def _outcome(self, job: Job) -> RunEnd:
        try:
            await job.run()
        except asyncio.CancelledError:
            if self.ending or asyncio.current_task() in self.losing:
                log.info("job_stopped", job=job.name)
                return RunEnd.STOPPED
            log.exception("job_failed", job=job.name)  # something that it waited for was cancelled
        except Exception as error:
            reason = _others_reason(error)
            if reason is None:
                log.exception("job_failed", job=job.name)
            else:
                log.warning("job_failed", job=job.name, reason=reason)
        else:
            return RunEnd.DONE
        return RunEnd.FAILED

    def _is_for_another(self, job: Job) -> bool:
        return job.once and self.leadership is not None and not self.leadership.leads

    async def end(self) -> None:
        """Stop what runs, and see it end."""
        self.ending = True
        await asyncio.sleep(0)  # what was begun just now gets as far as to see that
        await _stop(set(self.tasks))

    async def lose_the_lead(self) -> None:
        """Stop what only the leader runs, and see it end."""
        self.losing = {task for task, job in self.tasks.items() if job.once}
        await _stop(self.losing.copy())


def _others_reason(error: Exception) -> str | None:
    """Return what is wrong with the database or with somebody else's service; None where the fault may be ours."""
    if not isinstance(error, ExceptionGroup):
        return str(error) if isinstance(error, StorageError | UpstreamError) else None
    reasons = [_others_reason(each) for each in error.exceptions]
    known = [reason for reason in reasons if reason is not None]
    return " ".join(dict.fromkeys(known)) if len(known) == len(reasons) else None


async def _stop(tasks: Collection[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


@asynccontextmanager
async def timetable(metrics: Metrics, *jobs: Job, leadership: Leadership | None = None) -> AsyncIterator[None]:
    """Run jobs on time while the block runs; runs under way are then stopped.

    ``leadership`` says whether this process leads; without one it does. It takes the lead while the block runs.
    """
    metrics.expect_runs(job.name for job in jobs)
    runs = _Runs(metrics, leadership)
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job in jobs:
        # With a time zone, as it would look up the machine's, in files.
        trigger = IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC)
        first = datetime.now(UTC) + (timedelta() if job.at_start else job.every)
        scheduler.add_job(
            partial(runs.run, job),
            trigger,
            id=job.name,
            next_run_time=first,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def begin() -> None:
        for job in jobs:
            if job.once and job.at_start:
                scheduler.modify_job(job.name, next_run_time=datetime.now(UTC))

    async with _lead(leadership, begin, runs.lose_the_lead):
        scheduler.start()
        try:
            yield
        finally:
            scheduler.pause()
            try:
                await runs.end()
            finally:
                scheduler.shutdown(wait=False)


@asynccontextmanager
async def _lead(
    leadership: Leadership | None, began: Callable[[], None], over: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    if leadership is None:
        yield
        return
    leadership.began, leadership.over = began, over
    async with leadership.taking():
        yield
