"""What is stored is for nobody but the user who stores it."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.posting.watches import Watch, WatchPlace
from storage.discord.watches import Watches
from storage.engine.sqlite import open_database
from storage.packages.names import Packages

OTHER_USER = 12_345


@pytest.fixture
def generous() -> Iterator[None]:
    """Let files that are made be open to everybody, unless whoever makes them says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Return the modes of what is in a folder, by name."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def write(path: Path) -> dict[str, int]:
    """Store something, and give the modes of the database's files while it is open."""
    async with open_database(path) as database:
        await Packages(database).id_of("numpy")
        return modes(path.parent)


@pytest.mark.usefixtures("generous")
async def test_a_new_database_is_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "ftbot.db"
    assert await write(path) == {"ftbot.db": 0o600, "ftbot.db-wal": 0o600, "ftbot.db-shm": 0o600}
    assert [modes(each.parent)[each.name] for each in (path.parent, path.parent.parent)] == [0o700, 0o700]


@pytest.mark.usefixtures("generous")
async def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    assert (await write(tmp_path / "shared" / "ftbot.db"))["ftbot.db"] == 0o600
    assert modes(tmp_path)["shared"] == 0o755


@pytest.mark.usefixtures("generous")
async def test_a_database_that_others_may_read_is_tightened_and_that_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "ftbot.db"
    await write(path)
    path.chmod(0o644)
    path.with_name("ftbot.db-journal").touch(0o666)  # left by a process that was killed
    with capture_logs() as logs:
        assert set((await write(path)).values()) == {0o600}
    assert [(line["file"], line["mode"], line["now"]) for line in logs] == [
        (str(path), "0644", "0600"),
        (f"{path}-journal", "0666", "0600"),
    ]
    with capture_logs() as logs:
        await write(path)
    assert logs == []


async def test_what_its_owner_may_not_write_is_not_opened_further(tmp_path: Path) -> None:
    path = tmp_path / "ftbot.db"
    await write(path)
    path.chmod(0o444)
    async with open_database(path):
        assert modes(tmp_path)["ftbot.db"] == 0o400


async def test_a_database_of_somebody_else_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ftbot.db"
    await write(path)
    path.chmod(0o666)
    try:
        os.chown(path, OTHER_USER, -1)
    except PermissionError:
        pytest.skip("only root may give a file to somebody else")
    with capture_logs() as logs:
        assert (await write(path))["ftbot.db"] == 0o666
    assert logs == []


async def test_what_is_deleted_is_not_left_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite leaves it there unless it is told or built otherwise, as on Debian."""
    connect = sqlite3.connect

    def connect_by_default(*arguments: str, **options: bool) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)  # type: ignore[call-overload]  # passed on
        connection.execute("PRAGMA secure_delete = OFF")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_by_default)
    path, ada = tmp_path / "ftbot.db", WatchPlace(0x0123_4567_89AB_CDEF)
    async with open_database(path) as database:
        watches = Watches(database)
        await watches.add(ada, [Watch(f"demo{number}") for number in range(50)], 50, datetime(2026, 11, 30, tzinfo=UTC))
    number = (ada.person or 0).to_bytes(8)
    assert number in path.read_bytes()
    async with open_database(path) as database:
        await Watches(database).forget_person(ada.person or 0)
    assert number not in path.read_bytes()
