"""The timetable: which service method runs when. APScheduler only wakes; what is due, the services decide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.services.metrics import Metrics, RunEnd

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs every so often, if told so from the start; late and missed runs are not made up for."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]
    at_start: bool = False


@dataclass(slots=True)
class _Runs:
    """The runs under way: each is counted by how it ended, and says in one line what went wrong."""

    metrics: Metrics
    ending: bool = False
    tasks: set[asyncio.Task[object]] = field(default_factory=set)

    async def run(self, job: Job) -> None:
        """Run a job once; APScheduler, which would log what it raises, is told of nothing."""
        task = asyncio.current_task()
        if task is None or self.ending:
            return
        self.tasks.add(task)
        try:
            outcome = await self._outcome(job)
        finally:
            self.tasks.discard(task)
        self.metrics.jobs.labels(job.name, outcome.value).inc()

    async def _outcome(self, job: Job) -> RunEnd:
        try:
            await job.run()
        except asyncio.CancelledError:
            if self.ending:
                log.info("job_stopped", job=job.name)
                return RunEnd.STOPPED
            log.exception("job_failed", job=job.name)  # something that it waited for was cancelled
        except Exception:
            log.exception("job_failed", job=job.name)
        else:
            return RunEnd.DONE
        return RunEnd.FAILED

    async def end(self) -> None:
        """Stop what runs, and see it end."""
        self.ending = True
        await asyncio.sleep(0)  # what was begun just now gets as far as to see that
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


@asynccontextmanager
async def timetable(metrics: Metrics, *jobs: Job) -> AsyncIterator[None]:
    """Run jobs on time while the block runs; runs under way are then stopped."""
    metrics.expect_runs(job.name for job in jobs)
    runs = _Runs(metrics)
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
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        try:
            await runs.end()
        finally:
            scheduler.shutdown(wait=False)
