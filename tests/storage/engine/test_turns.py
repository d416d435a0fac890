"""Whose turn it is: one holder at a time, over tasks and processes, until it ends or its process does."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import StorageError
from storage.engine.engine import Engine
from tests.conftest import ROOT
from tests.databases import open_database
from tests.storage.engines import OpenEngine

HOLDER = """\
import asyncio, sys
from tests.databases import open_database
async def hold():
    async with open_database(sys.argv[1]) as database, database.turn("scan") as taken:
        print(taken, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(hold())
"""


async def test_one_has_it_until_its_block_ends(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        async with one.turn("scan") as first, other.turn("scan") as second:
            assert (first, second) == (True, False)
            async with one.turn("scan") as third, other.turn("other") as fourth:
                assert (third, fourth) == (False, True)
        async with other.turn("scan") as later:
            assert later


async def test_it_is_free_at_the_moment_in_which_its_block_has_ended(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        taken: list[bool] = []
        for _ in range(20):
            for database in (one, one, other):
                async with database.turn("scan") as mine:
                    taken.append(mine)
        assert all(taken)


async def test_in_memory_it_is_among_the_tasks_of_a_process() -> None:
    async with open_database(None) as database:
        async with database.turn("scan") as first, database.turn("scan") as second:
            assert (first, second) == (True, False)
        async with database.turn("scan") as later:
            assert later


async def test_who_has_it_keeps_nobody_from_writing(database: Engine) -> None:
    async with database.turn("scan") as taken:
        await database.check_writable()
    assert taken


async def test_a_process_that_is_killed_lets_go(address: str) -> None:
    async with open_database(address) as database:
        holder = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HOLDER, address,
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert holder.stdout is not None
            assert await holder.stdout.readline() == b"True\n"
            async with database.turn("scan") as taken:
                assert not taken
        finally:
            holder.kill()
            await holder.communicate()
        async with database.turn("scan") as taken:
            assert taken


async def test_who_is_cancelled_while_it_takes_it_lets_go(address: str) -> None:
    async with open_database(address) as database:

        async def take() -> None:
            async with database.turn("scan"):
                pytest.fail("it is cancelled before")

        task = asyncio.create_task(take())
        await asyncio.sleep(0)  # its thread is about to take it
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.turn("scan") as taken:
            assert taken


async def test_a_link_to_the_database_is_the_database(database_path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(database_path)
    async with (
        open_database(database_path) as one,
        open_database(link) as other,
        one.turn("scan") as first,
        other.turn("scan") as second,
    ):
        assert (first, second) == (True, False)


async def test_a_file_that_cannot_be_locked_says_so(database_path: Path) -> None:
    await asyncio.to_thread(Path(f"{database_path}-scan").mkdir)
    async with open_database(database_path) as database:
        with pytest.raises(StorageError, match=r"cannot be opened") as told:
            async with database.turn("scan"):
                pytest.fail("nobody has it")
    assert isinstance(told.value.__cause__, sqlite3.Error)
