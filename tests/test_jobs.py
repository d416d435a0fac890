"""Jobs run on time, again and again, whatever happens to one run."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.core.errors import StorageError, UpstreamError
from bot.jobs import Job, timetable
from bot.services.metrics import Metrics
from tests.patience import at_most

OFTEN = timedelta(milliseconds=20)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics.new()


def counted(metrics: Metrics, job: str) -> dict[str, float]:
    """Return how often a job ran, by how it ended."""
    samples = [sample for metric in metrics.jobs.collect() for sample in metric.samples]
    return {
        sample.labels["outcome"]: sample.value
        for sample in samples
        if sample.name.endswith("_total") and sample.labels["task"] == job
    }


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
        async with asyncio.timeout(at_most(30)), self._ran:
            await self._ran.wait_for(lambda: self.runs >= times)


async def test_every_job_runs_again_and_again(metrics: Metrics) -> None:
    one, other = Alarm(), Alarm()
    async with timetable(metrics, Job("one", OFTEN, one.ring), Job("other", OFTEN, other.ring)):
        await one.ran(2)
        await other.ran(2)


async def test_a_run_that_fails_is_a_line_in_the_log_and_counted_and_does_not_stop_the_timetable(
    metrics: Metrics,
) -> None:
    failing = Alarm(1)
    with capture_logs() as logs:
        async with timetable(metrics, Job("failing", OFTEN, failing.ring)):
            await failing.ran(3)
    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert (line["event"], line["job"], line["exc_info"]) == ("job_failed", "failing", True)
    assert counted(metrics, "failing")["failed"] == 1
    assert counted(metrics, "failing")["done"] >= 1


@pytest.mark.parametrize(
    "failure",
    [
        StorageError("The database is away."),
        UpstreamError("The index is away."),
        ExceptionGroup("of several tasks", [StorageError("It is away."), StorageError("It is away.")]),
    ],
)
async def test_what_others_are_the_reason_of_is_a_sentence_and_no_traceback(
    metrics: Metrics, failure: Exception
) -> None:
    ran = asyncio.Event()

    async def fail() -> None:
        ran.set()
        raise failure

    with capture_logs() as logs:
        async with timetable(metrics, Job("failing", timedelta(days=1), fail, at_start=True)):
            await ran.wait()
    assert [(line["event"], line["job"], str(line["reason"])[-8:]) for line in logs] == [
        ("job_failed", "failing", "is away.")
    ]
    assert {line["log_level"] for line in logs} == {"warning"}
    assert counted(metrics, "failing") == {"done": 0, "failed": 1, "stopped": 0}


async def test_a_bug_among_what_others_are_the_reason_of_has_its_traceback(metrics: Metrics) -> None:
    ran = asyncio.Event()

    async def fail() -> None:
        ran.set()
        raise ExceptionGroup("of several tasks", [StorageError("It is away."), RuntimeError("a bug")])

    with capture_logs() as logs:
        async with timetable(metrics, Job("failing", timedelta(days=1), fail, at_start=True)):
            await ran.wait()
    assert [(line["event"], line["exc_info"]) for line in logs] == [("job_failed", True)]


async def test_a_run_that_waits_for_something_that_is_cancelled_has_failed(metrics: Metrics) -> None:
    alarm = Alarm()

    async def wait() -> None:
        await alarm.ring()
        raise asyncio.CancelledError

    with capture_logs() as logs:
        async with timetable(metrics, Job("waiting", OFTEN, wait)):
            await alarm.ran(2)
    assert {line["event"] for line in logs} == {"job_failed"}


@pytest.mark.parametrize("begun", [True, False])
async def test_a_stop_during_a_run_is_one_quiet_line(
    metrics: Metrics, caplog: pytest.LogCaptureFixture, begun: bool
) -> None:
    started, never, tidied = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        started.set()
        try:
            await never.wait()
        finally:
            await asyncio.sleep(0)
            tidied.set()

    with capture_logs() as logs, caplog.at_level(logging.WARNING):
        async with timetable(metrics, Job("slow", timedelta(hours=1), slow, at_start=True)):
            if begun:
                await started.wait()
            else:  # it is begun as the timetable ends
                await asyncio.sleep(0)
        assert tidied.is_set() is started.is_set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    quiet = [{"event": "job_stopped", "job": "slow", "log_level": "info"}]
    assert logs == (quiet if started.is_set() else [])
    assert begun is False or logs == quiet


async def test_a_job_never_runs_twice_at_once(metrics: Metrics) -> None:
    running = most = 0
    enough, alarm = asyncio.Event(), Alarm()

    async def slow() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await enough.wait()
        running -= 1

    async with timetable(metrics, Job("slow", OFTEN, slow), Job("clock", OFTEN, alarm.ring)):
        await alarm.ran(4)
        enough.set()
    assert most == 1


async def test_nothing_runs_after_the_end(metrics: Metrics) -> None:
    ended, later = Alarm(), Alarm()
    async with timetable(metrics, Job("ended", OFTEN, ended.ring)):
        await ended.ran(1)
    runs = ended.runs
    async with timetable(metrics, Job("later", OFTEN, later.ring)):
        await later.ran(3)
    assert ended.runs == runs
