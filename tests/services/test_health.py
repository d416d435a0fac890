"""What works is found out by doing it: in the very file, lately, in bounded time, however many ask."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.services.health import Health
from bot.services.metrics import Metrics
from storage.engine.sqlite import Database, open_database
from storage.packages.names import Packages

HOLD = (
    "import sqlite3, sys\n"
    "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "connection.execute('BEGIN IMMEDIATE')\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@dataclass(slots=True)
class Seconds:
    """A clock that goes on when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Ward:
    """A database and whoever asks for its health."""

    path: Path
    database: Database
    health: Health
    clock: Seconds

    async def works(self) -> bool:
        """Ask whether the database works, later than what was found last is believed."""
        self.clock.now += 10
        return (await self.health.needs())["database"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ftbot.db"


@asynccontextmanager
async def ward_of(path: Path | None) -> AsyncIterator[Ward]:
    async with open_database(path) as database:
        clock = Seconds()
        health = Health(database, lambda: True, Metrics.new(), clock)
        yield Ward(path or Path(), database, health, clock)


@pytest.fixture
async def ward(path: Path) -> AsyncIterator[Ward]:
    async with ward_of(path) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for another program for as long as in earnest."""
    monkeypatch.setattr("storage.engine.sqlite._PROBE_SECONDS", 0.05)


@contextmanager
def held_by_another(path: Path) -> Iterator[None]:
    """Have another process hold the database to write."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate()


async def test_a_database_that_takes_what_is_written_works(ward: Ward) -> None:
    assert await ward.works()
    assert await ward.health.needs() == {"discord": True, "database": True}


async def test_a_database_in_memory_works() -> None:
    async with ward_of(None) as ward:
        assert await ward.works()


async def test_what_discord_does_is_told_beside_it(ward: Ward) -> None:
    ward.health.discord = lambda: False
    assert await ward.health.needs() == {"discord": False, "database": True}


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_another_process_holds_does_not_work_until_it_lets_go(ward: Ward) -> None:
    with held_by_another(ward.path):
        assert not await ward.works()
        assert not await ward.works()
    assert await ward.works()


@pytest.mark.usefixtures("impatient")
async def test_a_transaction_of_its_own_that_hangs_is_noticed(ward: Ward) -> None:
    async with ward.database.transaction():
        assert not await ward.works()
    assert await ward.works()


async def test_a_file_that_was_moved_does_not_work_until_it_is_back(ward: Ward) -> None:
    elsewhere = ward.path.with_name("elsewhere.db")
    ward.path.rename(elsewhere)
    assert not await ward.works()
    await Packages(ward.database).id_of("numpy")  # goes into the file that is elsewhere
    assert not await ward.works()
    assert not ward.path.exists(), "nothing is made in its place"
    elsewhere.rename(ward.path)
    assert await ward.works()


async def test_a_file_that_was_deleted_does_not_work(ward: Ward) -> None:
    ward.path.unlink()
    assert not await ward.works()


async def test_a_file_that_was_replaced_does_not_work(ward: Ward) -> None:
    async with open_database(ward.path.with_name("another.db")):
        pass
    ward.path.with_name("another.db").replace(ward.path)
    with capture_logs() as logs:
        assert not await ward.works()
    sentence = (
        f"The database {ward.path} was replaced by another file while it was in use. Put it back, or start ftbot again."
    )
    assert [line["reason"] for line in logs] == [sentence]
    assert ward.health.problems() == {"database": sentence}


async def test_a_folder_that_is_gone_does_not_work(ward: Ward) -> None:
    ward.path.parent.rename(ward.path.parent.with_name("elsewhere"))
    assert not await ward.works()


@contextmanager
def small_disk(path: Path) -> Iterator[None]:
    """Mount a small file system in memory, which takes root."""
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "ftbot-test", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user may mount nothing")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass


async def test_a_disk_that_is_full_does_not_work_until_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk"):
        async with ward_of(tmp_path / "disk" / "ftbot.db") as ward:
            assert await ward.works()
            filler = tmp_path / "disk" / "filler"
            await asyncio.to_thread(fill, filler)
            assert not await ward.works()
            filler.unlink()
            assert await ward.works()


async def test_a_crowd_that_asks_writes_once(ward: Ward) -> None:
    assert await ward.works()
    before = await changes(ward.path)
    ward.clock.now += 10
    assert all(needs["database"] for needs in await asyncio.gather(*(ward.health.needs() for _ in range(50))))
    assert all(needs["database"] for needs in [await ward.health.needs() for _ in range(50)])
    assert await changes(ward.path) - before == 1


async def changes(path: Path) -> int:
    """Return the number of frames in the log of what was written, each a page; one write is of one page."""
    log = path.with_name(f"{path.name}-wal")
    return (log.stat().st_size - 32) // (4096 + 24)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A disk that answers when it is told to."""

    answers: threading.Event

    def __call__(self, _path: object) -> object:
        self.answers.wait()
        return os.stat_result((0,) * 10)


async def test_whoever_asks_is_answered_while_the_disk_hangs(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    ward.health.patience = 0.05
    answers = threading.Event()
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr("storage.engine.sqlite.shutil.disk_usage", Stuck(answers))
        assert [await ward.works() for _ in range(3)] == [False] * 3
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("asyncio_")]
        assert ward.health.problems() == {
            "database": f"The database {ward.path} does not answer. Look at what keeps it busy."
        }
        answers.set()
    assert [line["event"] for line in logs] == ["database_fails"]
    assert len(threads) == 1, "nobody tries beside who is stuck"


async def test_what_fails_is_said_once_and_when_it_works_again(ward: Ward) -> None:
    elsewhere = ward.path.with_name("elsewhere.db")
    with capture_logs() as logs:
        ward.path.rename(elsewhere)
        assert [await ward.works() for _ in range(3)] == [False] * 3
        elsewhere.rename(ward.path)
        assert await ward.works()
        assert ward.health.problems() == {}
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("database_fails", "warning"),
        ("database_works_again", "info"),
    ]


async def test_what_works_is_a_metric(ward: Ward) -> None:
    def ready() -> dict[str, float]:
        return {
            sample.labels["need"]: sample.value
            for metric in ward.health.metrics.ready.collect()
            for sample in metric.samples
        }

    await ward.health.look()
    assert ready() == {"discord": 1, "database": 1}
    ward.health.discord = lambda: False
    ward.path.unlink()
    ward.clock.now += 10
    await ward.health.look()
    assert ready() == {"discord": 0, "database": 0}
