"""Jobs run on time, again and again, whatever happens to one run."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.jobs import Job, timetable

OFTEN = timedelta(milliseconds=20)


class Alarm:
    """A job that counts its runs, fails in some of them, and can be waited for."""

    def __init__(self, *failing: int) -> None:
        self.runs = 0
        self._failing = failing
        self._ran = asyncio.Condition()

    async def ring(self) -> None:
        async with self._ran:
            self.runs += 1
            self._ran.notify_all()
        if self.runs in self._failing:
            raise RuntimeError(f"run {self.runs} went wrong")

    async def ran(self, times: int) -> None:
        async with asyncio.timeout(5), self._ran:
            await self._ran.wait_for(lambda: self.runs >= times)


async def test_every_job_runs_again_and_again() -> None:
    one, other = Alarm(), Alarm()
    async with timetable(Job("one", OFTEN, one.ring), Job("other", OFTEN, other.ring)):
        await one.ran(2)
        await other.ran(2)


async def test_a_run_that_fails_is_logged_and_does_not_stop_the_timetable(caplog: pytest.LogCaptureFixture) -> None:
    failing = Alarm(1)
    with caplog.at_level(logging.ERROR):
        async with timetable(Job("failing", OFTEN, failing.ring)):
            await failing.ran(2)
    assert "run 1 went wrong" in caplog.text


async def test_a_job_never_runs_twice_at_once() -> None:
    running = most = 0
    enough, alarm = asyncio.Event(), Alarm()

    async def slow() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await enough.wait()
        running -= 1

    async with timetable(Job("slow", OFTEN, slow), Job("clock", OFTEN, alarm.ring)):
        await alarm.ran(4)
        enough.set()
    assert most == 1


async def test_nothing_runs_after_the_end() -> None:
    ended, later = Alarm(), Alarm()
    async with timetable(Job("ended", OFTEN, ended.ring)):
        await ended.ran(1)
    runs = ended.runs
    async with timetable(Job("later", OFTEN, later.ring)):
        await later.ran(3)
    assert ended.runs == runs
