"""The database on real files: opened, migrated, written by one at a time, and honest about what is wrong with it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.core.errors import StorageError
from storage.discord.changes import Changes
from storage.discord.registrations import Registrations
from storage.engine.migrations import MIGRATIONS, tables
from storage.engine.schema import Schema
from storage.engine.sqlite import Database, open_database
from storage.github.thread_events import ThreadEvents
from storage.packages.names import Packages
from storage.packages.scans import Scans
from tests.patience import at_most
from tests.storage.made_threads import NOW

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a database that does not exist yet, in a folder that does not either."""
    return tmp_path / "folder" / "ftbot.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for seconds until another program is done with the database."""
    monkeypatch.setattr("storage.engine.sqlite._BUSY_SECONDS", 0.01)


@contextmanager
def locked_by_another(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the database as another program that is writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def schema_of(path: Path) -> list[tuple[str, str]]:
    """List the tables with the statements that made them."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        return [(str(name), str(sql)) for name, sql in rows]


def write(path: Path, content: bytes) -> None:
    """Put a file where the database should be."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def content_of(path: Path) -> bytes:
    """Read the database as a file."""
    return path.read_bytes()


def migrate_by_hand(path: Path, versions: Sequence[tuple[str, ...]]) -> None:
    """Make a database as an older ftbot left it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        for number, statements in enumerate(versions, start=1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version (version) VALUES (?)", (number,))


# Opening and migrating


async def test_a_new_database_is_made_with_its_folder(path: Path) -> None:
    async with open_database(path) as database:
        assert await names_in(database) == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_opening_again_changes_nothing(path: Path) -> None:
    async with open_database(path):
        pass
    before = schema_of(path)
    async with open_database(path) as database:
        assert await database.read("SELECT version FROM schema_version ORDER BY version") == [
            (number,) for number in range(1, len(MIGRATIONS) + 1)
        ]
    assert schema_of(path) == before


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
async def test_every_older_schema_is_brought_up_to_date(path: Path, tmp_path: Path, version: int) -> None:
    migrate_by_hand(path, MIGRATIONS[:version])
    new = tmp_path / "new.db"
    async with open_database(path), open_database(new):
        pass
    assert dict(schema_of(path)).keys() == dict(schema_of(new)).keys()
    assert {name: sql for name, sql in schema_of(path) if name != "schema_version"} == {
        name: sql for name, sql in schema_of(new) if name != "schema_version"
    }


async def test_a_migration_keeps_what_is_stored(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS[:1])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO packages (id, name, asked) VALUES (7, 'numpy', 3)")
    async with open_database(path) as database:
        assert await Packages(database).name_of(7) == "numpy"


SEVENTH = """
INSERT INTO packages (id, name, asked) VALUES (4, 'numpy', 3), (9, 'scipy', 1);
INSERT INTO scans (id, started, ended, tracked, failed, wanted) VALUES (6, 1.5, 2.5, '[]', '{}', 1000);
INSERT INTO guilds (guild, announcements, announced, issues, issues_shown) VALUES (1, 2, 5, 3, 7);
INSERT INTO changes (id, package, target, version, kind, how, noticed, lost) VALUES
    (5, 'numpy', '3.14t', '2.3', 'gained', 'cp314t', 1.5, ''),
    (8, 'numpy', '3.14t', '2.4', 'lost', '', 2.5, 'win32');
INSERT INTO thread_events
    (id, node_id, kind, detail, happened, noticed, repository, number, title, is_pr, package, comments) VALUES
    (7, 'I_1', 'opened', '', 1.5, 1.5, 'a/a', 1, 'One', 0, NULL, 0),
    (3, 'I_1', 'closed', '', 2.5, 2.5, 'a/a', 1, 'One', 0, 'numpy', 2);
INSERT INTO inbox (id, delivery, happening, repository, number, body, received, due, attempts, reason) VALUES
    (3, 'd3', 'k3', 'a/a', 1, X'00FF', 1.5, 2.5, 2, 'It failed.'),
    (2, 'd2', 'k2', 'a/a', NULL, X'7B7D', 1.5, NULL, 0, NULL);
INSERT INTO outbox
    (id, key, repository, node_id, kind, value, lane, action, state, planned, sent, due, attempts, forbidden, comment,
    reason, claimed_by, claimed_until) VALUES
    (11, 'k', 'a/a', 'I_1', 'add', 'bug', 2, '{}', 'sent', 1.5, 2.5, 3.5, 1, 0, 99, 'Slow.', 'me', 4.5);
INSERT INTO wishes (node_id, label, wanted, repository, actor, at) VALUES ('I_1', 'bug', 0, 'a/a', 'ann', 1.5);
INSERT INTO directives (node_id, kind, value, actor, at) VALUES ('I_1', 'over', 'yes', '', 1.5);
INSERT INTO audit
    (id, key, at, repository, number, node_id, trigger, delivery, actor, action, value, rule, version, evidence, body,
    comment, kind_name, mode, outcome, reason, labels) VALUES
    (12, 'k', 1.5, 'a/a', 1, 'I_1', 'opened', 'd3', NULL, 'add', 'bug', 'r', 1, 'e', 'b', NULL, '', 'on', 'done', '',
    '[]');
"""
"""What a database of the seventh schema may have in it."""

RENAMED_TABLES = {"wishes": "label_overrides", "directives": "thread_marks"}
RENAMED_COLUMNS = {("inbox", "happening"): "event", ("outbox", "lane"): "priority"}


async def test_the_eighth_schema_has_all_rows_and_numbers_of_the_seventh(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS[:7])
    before: dict[str, tuple[list[str], list[object]]] = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(SEVENTH)
        for table in tables(MIGRATIONS[:7]) - {"schema_version"}:
            cursor = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - our own names
            before[table] = ([name for name, *_ in cursor.description], cursor.fetchall())
    async with open_database(path) as database:
        for table, (columns, rows) in before.items():
            names = ", ".join(RENAMED_COLUMNS.get((table, column), column) for column in columns)
            now_called = RENAMED_TABLES.get(table, table)
            assert await database.read(f"SELECT {names} FROM {now_called} ORDER BY 1, 2") == rows  # noqa: S608 - ours
        assert await database.read("SELECT id, position FROM changes ORDER BY id") == [(5, 5), (8, 8)]
        assert await database.read("SELECT id, position FROM thread_events ORDER BY id") == [(3, 3), (7, 7)]
        assert (await Changes(database).newest(), await ThreadEvents(database).newest()) == (8, 7)
        assert await Packages(database).id_of("lxml") == 10
        assert await Scans(database).begin(NOW, NOW) == 7
        assert await database.read("PRAGMA integrity_check") == [("ok",)]


async def test_a_migration_leaves_no_log_behind(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS[:7])
    async with open_database(path):
        assert content_of(Path(f"{path}-wal")) == b""


async def test_numbers_of_before_the_eighth_schema_are_not_given_again(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS[:7])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(SEVENTH)
    async with open_database(path) as database:
        async with database.transaction() as transaction:
            await transaction.run("DELETE FROM packages")
        assert await Packages(database).id_of("numpy") == 10


async def test_a_server_that_wanted_no_issues_wants_none_after_the_migration_that_brings_them(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS[:3])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO guilds (guild, channel, announcements) VALUES (1, 2, 3)")
    async with open_database(path) as database:
        rows = await database.read("SELECT channel, announcements, issues, issue_events, issues_shown FROM guilds")
        assert rows == [(2, 3, None, None, None)]


async def test_a_migration_that_fails_leaves_the_older_schema(path: Path) -> None:
    async with open_database(path):
        pass
    before = schema_of(path)
    broken = (*MIGRATIONS, ("CREATE TABLE half (id BIGINT)", "CREATE TABLE packages (id BIGINT)"))
    with pytest.raises(StorageError, match="already exists"):
        async with open_database(path, Schema(broken)):
            pass
    assert schema_of(path) == before
    async with open_database(path) as database:
        assert await names_in(database) == []


async def test_many_may_open_a_new_database_at_once(path: Path) -> None:
    async def open_and_write(number: int) -> None:
        async with open_database(path) as database:
            await Packages(database).id_of(f"demo{number}")

    await asyncio.gather(*(open_and_write(number) for number in range(8)))
    async with open_database(path) as database:
        assert await database.read("SELECT COUNT(*), COUNT(DISTINCT id) FROM packages") == [(8, 8)]


def test_processes_may_open_a_new_database_at_once(path: Path) -> None:
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom storage.engine.sqlite import open_database\n"
        "from storage.packages.names import Packages\n"
        "async def main():\n"
        "    async with open_database(Path(sys.argv[1])) as database:\n"
        "        print(await Packages(database).id_of(sys.argv[2]))\n"
        "sys.stdin.readline()\nasyncio.run(main())\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, path, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for name in ("one", "two", "three")
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = {process.communicate(timeout=at_most(60))[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert ids == {"1", "2", "3"}


async def test_a_database_in_memory_keeps_what_is_written() -> None:
    async with open_database(None) as database:
        registrations = Registrations(database)
        await registrations.record(1, "digest")
        assert await registrations.digest(1) == "digest"


# Transactions


async def add_to(database: Database, name: str) -> None:
    """Add a package in a transaction of its own."""
    async with database.transaction() as transaction:
        await transaction.run("INSERT INTO packages (name) VALUES (?)", (name,))


async def add_and_fail(database: Database, name: str) -> None:
    """Add a package in a transaction whose next statement fails."""
    async with database.transaction() as transaction:
        await transaction.run("INSERT INTO packages (id, name) VALUES (100, ?)", (name,))
        await transaction.run("INSERT INTO nowhere VALUES (1)")


async def names_in(database: Database) -> list[object]:
    """List the packages."""
    return [name for (name,) in await database.read("SELECT name FROM packages ORDER BY name")]


async def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    async with open_database(path) as database:
        with pytest.raises(StorageError, match="no such table"):
            await add_and_fail(database, "numpy")
        assert await names_in(database) == []
        await add_to(database, "scipy")
        assert await names_in(database) == ["scipy"]


async def test_a_transaction_is_seen_as_a_whole_or_not_at_all(path: Path) -> None:
    async with open_database(path) as database:
        async with database.transaction() as transaction:
            await transaction.run("INSERT INTO packages (id, name) VALUES (1, 'numpy')")
            assert await names_in(database) == []
        assert await names_in(database) == ["numpy"]


async def test_writers_wait_for_each_other(path: Path) -> None:
    async with open_database(path) as database:
        async with database.transaction() as transaction:
            second = asyncio.create_task(add_to(database, "two"))
            await transaction.run("INSERT INTO packages (id, name) VALUES (1, 'one')")
            assert not second.done()
        await second
        assert await names_in(database) == ["one", "two"]


async def test_the_failure_of_one_writer_takes_nothing_from_another(path: Path) -> None:
    async with open_database(path) as database:
        good = ["a", "bb", "ccc", "dddd"]
        work = [step for name in good for step in (add_to(database, name), add_and_fail(database, "lost"))]
        results = await asyncio.gather(*work, return_exceptions=True)
        assert [type(result) for result in results] == [type(None), StorageError] * len(good)
        assert await names_in(database) == good


async def test_a_writer_that_is_cancelled_leaves_nothing(path: Path) -> None:
    async with open_database(path) as database:
        inside, never = asyncio.Event(), asyncio.Event()

        async def write_and_wait() -> None:
            async with database.transaction() as transaction:
                await transaction.run("INSERT INTO packages (id, name) VALUES (1, 'numpy')")
                inside.set()
                await never.wait()

        writer = asyncio.create_task(write_and_wait())
        await inside.wait()
        writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer
        await add_to(database, "scipy")
        assert await names_in(database) == ["scipy"]


async def test_a_writer_that_is_cancelled_while_it_waits_for_another_program_blocks_nobody(path: Path) -> None:
    async with open_database(path) as database:
        with locked_by_another(path):
            writer = asyncio.create_task(add_to(database, "numpy"))
            while not database.lock.locked():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
            writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer
        await add_to(database, "scipy")
        assert await names_in(database) == ["scipy"]


async def test_a_writer_that_waits_for_another_program_can_be_cancelled_at_once(path: Path) -> None:
    async with open_database(path) as database:
        with locked_by_another(path):
            writer = asyncio.create_task(add_to(database, "numpy"))
            while not database.lock.locked():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
            writer.cancel()
            await asyncio.wait({writer}, timeout=2)
            assert writer.cancelled()
            assert await names_in(database) == []


async def test_a_transaction_that_cannot_be_committed_leaves_nothing(path: Path) -> None:
    async with open_database(path) as database:
        async with database.transaction() as transaction:
            await transaction.run("CREATE TABLE parents (id BIGINT PRIMARY KEY)")
            await transaction.run(
                "CREATE TABLE children (parent BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        with pytest.raises(StorageError, match="FOREIGN KEY"):
            async with database.transaction() as transaction:
                await transaction.run("INSERT INTO children (parent) VALUES (1)")
        await add_to(database, "numpy")
        assert await database.read("SELECT * FROM children") == []


async def test_writers_of_two_connections_wait_for_each_other(path: Path) -> None:
    async with open_database(path) as one, open_database(path) as other:
        await asyncio.gather(*(add_to(each, "x" * n) for n, each in enumerate([one, other] * 10, start=1)))
        assert len(await names_in(one)) == 20


# What may be wrong with it


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_another_program_locked_says_so(path: Path) -> None:
    async with open_database(path) as database:
        await add_to(database, "numpy")
        with locked_by_another(path):
            with pytest.raises(StorageError) as raised:
                await add_to(database, "scipy")
            assert str(raised.value) == (
                f"The database {path} is locked by another program. Stop the other one, or try again."
            )
            assert await names_in(database) == ["numpy"]
            async with open_database(path) as second:
                assert await names_in(second) == ["numpy"]
                with pytest.raises(StorageError, match="locked"):
                    await second.check_writable()
        await add_to(database, "scipy")


@pytest.mark.usefixtures("impatient")
async def test_a_locked_database_that_is_to_be_migrated_says_so(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS[:1])
    with locked_by_another(path), pytest.raises(StorageError, match="locked by another program"):
        async with open_database(path):
            pass


@pytest.mark.usefixtures("impatient")
async def test_a_locked_database_without_a_write_ahead_log_is_read_too(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS)
    with locked_by_another(path):
        async with open_database(path) as database:
            assert await names_in(database) == []


@contextmanager
def unwritable(path: Path, *, folder: bool) -> Iterator[None]:
    """Take the right to write from a file, or from it and its folder, as on a read-only mount."""
    path.chmod(0o444)
    if folder:
        path.parent.chmod(0o555)
    try:
        if os.access(path, os.W_OK):
            pytest.skip("this user, root, may write every file")
        yield
    finally:
        path.parent.chmod(0o755)
        path.chmod(0o644)


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
async def test_a_read_only_database_serves_reads(path: Path, folder: bool) -> None:
    async with open_database(path) as database:
        await add_to(database, "numpy")
    before = content_of(path)
    with unwritable(path, folder=folder):
        async with open_database(path) as database:
            assert await names_in(database) == ["numpy"]
            with pytest.raises(StorageError, match="cannot be written"):
                await add_to(database, "scipy")
            assert await names_in(database) == ["numpy"]
    assert content_of(path) == before


async def test_a_read_only_database_is_not_read_without_its_log(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mount" / "odd ?#%.db"
    copy.parent.mkdir()
    async with open_database(path) as database:
        await add_to(database, "numpy")
        write(copy, content_of(path))
        write(Path(f"{copy}-wal"), content_of(Path(f"{path}-wal")))
    with unwritable(copy, folder=True), pytest.raises(StorageError, match="cannot be opened"):
        async with open_database(copy):
            pass
    async with open_database(copy) as database:
        assert await names_in(database) == ["numpy"]
    with unwritable(copy, folder=True):
        async with open_database(copy) as database:
            assert await names_in(database) == ["numpy"]


async def test_a_read_only_database_of_an_older_ftbot_says_so(path: Path) -> None:
    migrate_by_hand(path, MIGRATIONS[:1])
    with unwritable(path, folder=True), pytest.raises(StorageError, match="cannot be written"):
        async with open_database(path):
            pass


@pytest.mark.parametrize("table", sorted(tables(MIGRATIONS) - {"probes"}))
async def test_a_missing_table_is_noticed(path: Path, table: str) -> None:
    async with open_database(path) as database:
        await database.check_writable()
        await database.writer.execute(f"DROP TABLE {table}")
        with pytest.raises(StorageError, match=f"no such table: {table}"):
            await database.check_writable()


async def test_a_database_that_may_not_be_written_says_so(path: Path) -> None:
    async with open_database(path) as database:
        await database.writer.execute("PRAGMA query_only = ON")
        with pytest.raises(StorageError) as raised:
            await add_to(database, "numpy")
        assert str(raised.value) == (
            f"The database {path} cannot be written. Give this user write access to it and its folder."
        )
        assert await names_in(database) == []
        with pytest.raises(StorageError, match="cannot be written"):
            await database.check_writable()


async def test_a_full_disk_says_so(path: Path) -> None:
    async with open_database(path) as database:
        await database.writer.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StorageError) as raised:
            await add_to(database, "x" * 1_000_000)
        assert str(raised.value) == f"The disk that holds the database {path} is full. Make room."
        assert await names_in(database) == []


@pytest.mark.parametrize("content", [b"no database at all" * 100, bytes(4096)[:-1] + b"x"], ids=["text", "zeros"])
async def test_a_file_that_is_no_database_says_so(path: Path, content: bytes) -> None:
    write(path, content)
    with pytest.raises(StorageError) as raised:
        async with open_database(path):
            pass
    assert str(raised.value) == (f"The database {path} is damaged or no database. Move it away; ftbot makes a new one.")
    assert content_of(path) == content


async def test_a_database_damaged_inside_says_so(path: Path) -> None:
    async with open_database(path) as database:
        await add_to(database, "numpy")
    content = content_of(path)
    write(path, content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises(StorageError, match="damaged or no database"):
        async with open_database(path):
            pass


async def test_a_database_from_a_newer_ftbot_is_left_alone(path: Path) -> None:
    async with open_database(path) as database, database.transaction() as transaction:
        await transaction.run("INSERT INTO schema_version (version) VALUES (1000)")
        await transaction.run("UPDATE compatibility SET oldest = 999")
    before = content_of(path)
    with pytest.raises(StorageError) as raised:
        async with open_database(path):
            pass
    assert str(raised.value) == (
        f"The database {path} is from a newer ftbot (schema 1000, this one knows {len(MIGRATIONS)})."
        " Upgrade ftbot, or set FTBOT_DATABASE to another file."
    )
    assert content_of(path) == before


async def test_a_folder_that_is_a_file_says_so(tmp_path: Path) -> None:
    write(tmp_path / "file", b"")
    with pytest.raises(StorageError, match=r"cannot be opened.*Set FTBOT_DATABASE to another file\.$"):
        async with open_database(tmp_path / "file" / "ftbot.db"):
            pass


async def test_a_database_that_is_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be opened\. Check that its folder exists"):
        async with open_database(tmp_path):
            pass


async def test_what_fails_while_the_database_is_open_is_no_failure_of_it(path: Path) -> None:
    with pytest.raises(OSError, match=r"^the port is taken$"):
        async with open_database(path):
            raise OSError("the port is taken")


def test_a_process_that_is_killed_while_it_writes_leaves_a_readable_database(path: Path) -> None:
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom storage.engine.sqlite import open_database\n"
        "async def main():\n"
        "    async with open_database(Path(sys.argv[1])) as database:\n"
        "        for number in range(1, 1_000_000):\n"
        "            async with database.transaction() as transaction:\n"
        "                for part in ('a', 'b'):\n"
        "                    await transaction.run('INSERT INTO packages (id, name) VALUES (?, ?)',"
        " (number * 2 + (part == 'b'), f'{number}{part}' * 100))\n"
        "            print(number, flush=True)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 50:
            pass
        process.kill()
        printed = [int(line) for line in process.stdout.read().split()]
    asyncio.run(check_pairs(path, at_least=max(printed, default=50)))


async def check_pairs(path: Path, *, at_least: int) -> None:
    """Check that the database is whole, and so is every transaction of two rows that was committed."""
    async with open_database(path) as database:
        assert await database.read("PRAGMA integrity_check") == [("ok",)]
        rows = await database.read("SELECT COUNT(*), MAX(id) / 2 FROM packages")
        ((count, last),) = rows
        assert isinstance(count, int)
        assert isinstance(last, int)
        assert count == last * 2
        assert last >= at_least
        await add_to(database, "numpy")


async def test_an_opening_that_is_given_up_is_seen_through(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connecting, goes_on, connect = threading.Event(), threading.Event(), sqlite3.connect

    def connect_late(name: str, **options: object) -> sqlite3.Connection:
        connecting.set()
        goes_on.wait(at_most(60))
        return connect(name, **options)  # type: ignore[call-overload, no-any-return] # whatever aiosqlite hands on

    async def open_once() -> None:
        async with open_database(path):
            pass

    monkeypatch.setattr(sqlite3, "connect", connect_late)
    opening = asyncio.create_task(open_once())
    await asyncio.to_thread(connecting.wait, at_most(60))
    opening.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not opening.done()  # its thread would answer to an event loop that is gone
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
