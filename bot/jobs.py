"""The timetable: which service method runs when. APScheduler only wakes; what is due, the services decide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs every so often, if told so from the start; late and missed runs are not made up for."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]
    at_start: bool = False


@asynccontextmanager
async def timetable(*jobs: Job) -> AsyncIterator[None]:
    """Run jobs on time while the block runs."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job in jobs:
        # With a time zone, as it would look up the machine's, in files.
        trigger = IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC)
        first = datetime.now(UTC) + (timedelta() if job.at_start else job.every)
        scheduler.add_job(
            job.run,
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
        scheduler.shutdown(wait=False)
