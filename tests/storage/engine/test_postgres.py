"""PostgreSQL's own ways to fail: sessions that end, lost answers, two that migrate, secrets in addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

import asyncpg
import pytest

from bot.core.errors import StorageError
from storage.engine import postgres, postgres_sessions
from storage.engine.engine import Engine
from storage.engine.migrations import MIGRATIONS, tables
from storage.engine.postgres import MOST_CONNECTIONS, open_database
from storage.engine.postgres_errors import as_storage_errors
from storage.engine.postgres_sessions import WHO, numbered
from storage.engine.rows import Row
from storage.engine.schema import Schema
from tests.fakes.cable import COMMITS, Cable, Fate
from tests.patience import at_most
from tests.postgres import Server

NAME = "postgresql://ftbot@db/ftbot"
ADD = "INSERT INTO packages (name) VALUES (?)"

CANCEL_THE_HOLDER = """SELECT pg_cancel_backend(pid) FROM pg_locks
    JOIN pg_database ON pg_database.oid = database WHERE locktype = 'advisory' AND datname = current_database()"""


def database_of(url: str) -> str:
    return urlsplit(url).path[1:]


async def names(database: Engine) -> list[object]:
    return [name for (name,) in await database.read("SELECT name FROM packages ORDER BY name")]


async def add(database: Engine, *packages: str) -> None:
    async with database.transaction() as transaction:
        for package in packages:
            await transaction.run(ADD, (package,))


async def test_a_new_database_gets_all_tables_once_however_many_begin(postgres_server: Server) -> None:
    await postgres_server.do("CREATE DATABASE fresh")
    try:
        url = postgres_server.url("fresh")

        async def use(number: int) -> None:
            async with open_database(url, NAME) as database:
                await add(database, f"package-{number}")
                await database.check_writable()

        await asyncio.gather(*(use(number) for number in range(4)))
        async with open_database(url, NAME) as database:
            assert len(await names(database)) == 4
            assert await database.read("SELECT version FROM schema_version ORDER BY version") == [
                (number + 1,) for number in range(len(MIGRATIONS))
            ]
            found = {
                str(name)
                for (name,) in await database.read("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            }
        assert found == tables(MIGRATIONS)
    finally:
        await postgres_server.do("DROP DATABASE fresh WITH (FORCE)")


async def test_sessions_that_end_cost_nobody_who_reads_or_begins_to_write_anything(
    postgres_server: Server, postgres_url: str
) -> None:
    async with open_database(postgres_url, NAME) as database:
        await add(database, "numpy")
        await postgres_server.kill_sessions(database_of(postgres_url))
        assert await names(database) == ["numpy"]
        await postgres_server.kill_sessions(database_of(postgres_url))
        await add(database, "scipy")
        assert await names(database) == ["numpy", "scipy"]


async def test_a_session_that_ends_in_a_transaction_undoes_it_and_says_so(
    postgres_server: Server, postgres_url: str
) -> None:
    async with open_database(postgres_url, NAME) as database:

        async def write() -> None:
            async with database.transaction() as transaction:
                await transaction.run(ADD, ("numpy",))
                await postgres_server.kill_sessions(database_of(postgres_url))
                await transaction.run(ADD, ("scipy",))

        with pytest.raises(StorageError, match="cannot be reached"):
            await write()
        assert await names(database) == []


@pytest.mark.parametrize("statement", [ADD, f"{ADD} RETURNING name", f"WITH it AS ({ADD} RETURNING name) TABLE it"])
async def test_a_commit_whose_answer_is_lost_is_known_to_have_happened(
    postgres_server: Server, postgres_url: str, statement: str
) -> None:
    cable = Cable(postgres_server.port)
    troubles = [Fate.ANSWER_IS_LOST]
    async with cable.laid(postgres_url) as url, open_database(url, NAME) as database:
        await add(database, "numpy")
        cable.fate = lambda sent: troubles.pop() if troubles and COMMITS in sent else Fate.ARRIVES
        async with database.transaction() as transaction:
            returned = await transaction.run(statement, ("scipy",))
        assert returned == ([] if statement == ADD else [("scipy",)])
        assert troubles == []
        assert await names(database) == ["numpy", "scipy"]


async def test_a_commit_whose_answer_never_comes_is_known_to_have_happened(
    postgres_server: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_sessions, "STATEMENT_SECONDS", 2.0)
    for module in (postgres_sessions, postgres):
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 1.0)
    cable = Cable(postgres_server.port)
    troubles = [Fate.ANSWER_NEVER_COMES]
    async with cable.laid(postgres_url) as url, open_database(url, NAME) as database:
        cable.fate = lambda sent: troubles.pop() if troubles and COMMITS in sent else Fate.ARRIVES
        await add(database, "numpy")
        assert troubles == []
        assert await names(database) == ["numpy"]


async def read_in(database: Engine, silence: Callable[[], None]) -> None:
    silence()
    await database.read("SELECT 1")


async def write_in(database: Engine, silence: Callable[[], None]) -> None:
    async with database.transaction() as transaction:
        await transaction.run(ADD, ("numpy",))
        silence()
        await transaction.run(ADD, ("scipy",))


async def think_in(database: Engine, silence: Callable[[], None]) -> None:
    async with database.transaction() as transaction:
        await transaction.run(ADD, ("numpy",))
        silence()
        await asyncio.Event().wait()


async def commit_in(database: Engine, silence: Callable[[], None]) -> None:
    async with database.transaction() as transaction:
        await transaction.run(ADD, ("numpy",))
        silence()


@pytest.mark.parametrize("work", [read_in, write_in, think_in, commit_in])
async def test_who_is_cancelled_while_the_network_is_silent_stops_at_once_and_leaves_nothing(
    postgres_server: Server,
    postgres_url: str,
    work: Callable[[Engine, Callable[[], None]], Coroutine[None, None, None]],
) -> None:
    cable = Cable(postgres_server.port)
    silent = asyncio.Event()

    def silence() -> None:
        cable.fall_silent()
        silent.set()

    async with cable.laid(postgres_url) as url, open_database(url, NAME) as database:
        await names(database)
        task = asyncio.create_task(work(database, silence))
        await silent.wait()
        for _ in range(10):  # until it waits for an answer
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=at_most(4))
        assert task.cancelled()
        cable.speak_again()
        assert await names(database) == []


async def test_rows_are_as_they_were_asked_for_whatever_is_asked_beside(postgres_url: str) -> None:
    ask, tell = "SELECT name, asked FROM packages", "UPDATE packages SET asked = 0 RETURNING name, asked"
    async with open_database(postgres_url, NAME) as database:
        await add(database, "numpy")
        for _ in range(2):
            async with database.transaction() as transaction:
                for statement in (ask, ask, tell, tell, ask):
                    # As those that are put together: another object each time.
                    assert await transaction.run("".join(list(statement))) == [("numpy", 0)]


async def test_a_commit_after_rows_were_returned_that_never_arrived_is_told(
    postgres_server: Server, postgres_url: str
) -> None:
    cable = Cable(postgres_server.port)
    async with cable.laid(postgres_url) as url, open_database(url, NAME) as database:

        async def write() -> None:
            async with database.transaction() as transaction:
                assert await transaction.run(f"{ADD} RETURNING name", ("numpy",)) == [("numpy",)]
                assert await transaction.run(f"{ADD} RETURNING name", ("scipy",)) == [("scipy",)]
                cable.cut()

        with pytest.raises(StorageError, match="cannot be reached"):
            await write()
        assert await names(database) == []


async def test_a_commit_that_never_arrived_is_told(postgres_server: Server, postgres_url: str) -> None:
    cable = Cable(postgres_server.port)
    async with cable.laid(postgres_url) as url, open_database(url, NAME) as database:

        async def write() -> None:
            async with database.transaction() as transaction:
                await transaction.run(ADD, ("numpy",))
                cable.cut()

        with pytest.raises(StorageError, match="cannot be reached"):
            await write()
        assert await names(database) == []


async def test_who_loses_the_turn_is_stopped_and_another_takes_it(postgres_server: Server, postgres_url: str) -> None:
    cable = Cable(postgres_server.port)
    async with (
        cable.laid(postgres_url) as url,
        open_database(url, NAME) as one,
        open_database(postgres_url, NAME) as other,
    ):

        async def scan() -> None:
            async with one.turn("scan") as taken:
                assert taken
                async with other.turn("scan") as elsewhere:
                    assert not elsewhere
                cable.cut()
                await asyncio.Event().wait()

        with pytest.raises(StorageError, match="lost, and with it the turn to scan"):
            await scan()
        async with other.turn("scan") as later:
            assert later


async def test_a_turn_is_over_whatever_the_server_says_of_its_connection(
    postgres_server: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it says that a statement was given up, for which the connection need not end."""
    monkeypatch.setattr(postgres, "WHO", f"{WHO} FROM pg_sleep(0.5)")  # so that it is met in the midst of one
    async with open_database(postgres_url, NAME) as database:
        begun = asyncio.Event()

        async def scan() -> None:
            async with database.turn("scan") as taken:
                assert taken
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(scan())
        await begun.wait()
        async with asyncio.timeout(at_most(10)):
            while not task.done():
                await postgres_server.do(CANCEL_THE_HOLDER, database=database_of(postgres_url))
        with pytest.raises(StorageError, match="lost, and with it the turn to scan"):
            await task


async def test_a_process_that_hangs_in_a_transaction_keeps_others_from_its_rows_for_seconds(postgres_url: str) -> None:
    """From the row of the lead among others: a leader that hangs is followed soon."""
    async with open_database(postgres_url, NAME) as database, database.transaction() as transaction:
        limits = await transaction.run(
            "SELECT setting::int, unit FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
        )
        assert limits == [(10_000, "ms")]


async def test_a_database_whose_time_is_not_known_is_not_opened(postgres_server: Server, postgres_url: str) -> None:
    """By its own clock, a process could take what another one has claimed."""
    cable = Cable(postgres_server.port)
    cable.fate = lambda sent: Fate.NEVER_ARRIVES if b"clock_timestamp" in sent else Fate.ARRIVES
    async with cable.laid(postgres_url) as url:
        with pytest.raises(StorageError, match="cannot be reached"):
            async with open_database(url, NAME):
                pass


async def test_more_writers_than_connections_take_turns(postgres_url: str) -> None:
    async with open_database(postgres_url, NAME, most_connections=2) as database:
        await asyncio.gather(*(add(database, f"package-{number}") for number in range(5 * MOST_CONNECTIONS)))
        assert len(await names(database)) == 5 * MOST_CONNECTIONS


async def test_the_probe_needs_no_connection_of_the_pool(postgres_url: str) -> None:
    async with open_database(postgres_url, NAME, most_connections=1) as database, database.transaction():
        await database.probe()


async def test_a_sum_is_a_number(postgres_url: str) -> None:
    async with open_database(postgres_url, NAME) as database:
        assert await database.read("SELECT SUM(CAST(? AS BIGINT)), AVG(CAST(? AS BIGINT))", (3, 3)) == [(3, 3.0)]


async def test_a_plan_that_is_outdated_is_made_anew_where_nothing_was_done_yet(
    postgres_server: Server, postgres_url: str
) -> None:
    ask = "SELECT name, asked FROM packages WHERE name = ?"
    asks_all = "UPDATE packages SET asked = asked + 1 WHERE name = ? RETURNING *"

    async def alter(kind: str) -> None:
        await postgres_server.do_in(database_of(postgres_url), f"ALTER TABLE packages ALTER asked TYPE {kind}")
        await postgres_server.do_in(database_of(postgres_url), f"ALTER TABLE packages ADD COLUMN of_{kind} TEXT")

    async with open_database(postgres_url, NAME, most_connections=1) as database:
        await add(database, "numpy")

        async def write() -> list[Row]:
            async with database.transaction() as transaction:
                rows = await transaction.run(asks_all, ("numpy",))
                await transaction.run_many(asks_all, [("numpy",)])
                await transaction.run(ask, ("numpy",))
            return rows

        async def write_many_first() -> None:
            async with database.transaction() as transaction:
                await transaction.run_many(asks_all, [("numpy",)] * 2)

        async def write_before() -> None:
            async with database.transaction() as transaction:
                await transaction.run("UPDATE packages SET asked = 1000")
                await transaction.run(ask, ("numpy",))

        await write()
        assert await database.read(ask, ("numpy",)) == [("numpy", 2)]
        await alter("INTEGER")
        assert [row[:3] for row in await write()] == [(1, "numpy", 3)]
        await alter("SMALLINT")
        await write_many_first()
        assert await database.read(ask, ("numpy",)) == [("numpy", 6)]
        await alter("BIGINT")
        with pytest.raises(StorageError, match="were altered by another ftbot"):
            await write_before()
        assert await database.read(ask, ("numpy",)) == [("numpy", 6)]
        await write_before()
        assert await database.read(ask, ("numpy",)) == [("numpy", 1000)]


async def wait_for_lock(database: Engine, table: str, waiter: asyncio.Task[object]) -> None:
    """Wait until somebody waits for a lock on a table, or who should is done without."""
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = CAST(CAST(? AS TEXT) AS regclass)"
    while not waiter.done() and not await database.read(waiting, (table,)):
        pass


async def test_a_program_that_is_busy_never_gives_way_to_one_that_migrates(postgres_url: str) -> None:
    """Each takes the tables in another order, so both would wait for ever; who has waited longest is given up first."""
    altered = ("packages", "projects", "statuses")
    newer = Schema((*MIGRATIONS, tuple(f"ALTER TABLE {table} ADD COLUMN later TEXT" for table in altered)))

    async with open_database(postgres_url, NAME) as old:
        async with old.transaction() as first:
            await first.run("UPDATE statuses SET metadata = NULL")
            async with old.transaction() as other:
                await other.run("UPDATE projects SET etag = NULL")
                migrating = asyncio.create_task(use_once(open_database(postgres_url, NAME, schema=newer)))
                await wait_for_lock(old, "projects", migrating)
                writing = asyncio.create_task(first.run("UPDATE packages SET asked = 0"))
                await wait_for_lock(old, "packages", writing)
            await writing
        await migrating
        assert await old.read("SELECT MAX(version) FROM schema_version") == [(newer.version,)]


async def test_tables_that_are_never_let_go_are_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.postgres_schema._LOCK_PATIENCE_SECONDS", 0.01)
    newer = Schema((*MIGRATIONS, ("CREATE INDEX later ON packages (asked)",)))
    async with open_database(postgres_url, NAME) as old, old.transaction() as transaction:
        await transaction.run("UPDATE packages SET asked = 0")
        with pytest.raises(StorageError, match=r"others did not let go of its tables.*try again\.$"):
            await use_once(open_database(postgres_url, NAME, schema=newer))
        assert await old.read("SELECT asked FROM packages") == [], "nobody waits for who has given up"


async def test_an_index_that_was_made_before_is_taken(postgres_server: Server, postgres_url: str) -> None:
    newer = Schema((*MIGRATIONS, ("CREATE INDEX later ON packages (asked)",)))
    await postgres_server.do_in(database_of(postgres_url), "CREATE INDEX CONCURRENTLY later ON packages (asked)")
    await use_once(open_database(postgres_url, NAME, schema=newer))


async def use_once(opening: AbstractAsyncContextManager[Engine]) -> None:
    async with opening as database:
        await database.check_writable()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (asyncpg.InvalidPasswordError("password"), "refuses this user or password"),
        (asyncpg.InvalidCatalogNameError("none"), "There is no database"),
        (asyncpg.DiskFullError("full"), "is full"),
        (asyncpg.TooManyConnectionsError("many"), "max_connections"),
        (asyncpg.ReadOnlySQLTransactionError("standby"), "standby"),
        (asyncpg.QueryCanceledError("slow"), "took too long"),
        (asyncpg.DeadlockDetectedError("deadlock"), "busy"),
        (asyncpg.InvalidCachedStatementError("plan"), "Try again."),
        (ConnectionRefusedError(), "cannot be reached"),
        (TimeoutError(), "does not answer in time. Look at what keeps it or a proxy busy"),
        (asyncpg.SyntaxOrAccessError("oops"), "failed (SyntaxOrAccessError)"),
    ],
)
def test_each_failure_is_a_sentence_that_says_what_to_do(error: Exception, sentence: str) -> None:
    with pytest.raises(StorageError) as told, as_storage_errors(NAME):
        raise error
    assert sentence in str(told.value)
    assert str(told.value).count(". ") >= 1


def test_values_are_numbered_in_order() -> None:
    assert numbered("UPDATE a SET b = ?, c = CAST(? AS BIGINT)") == "UPDATE a SET b = $1, c = CAST($2 AS BIGINT)"


async def test_rows_that_a_writer_is_at_are_left_to_it(postgres_url: str) -> None:
    pick = "SELECT name FROM packages ORDER BY name LIMIT 1 FOR UPDATE SKIP LOCKED"
    async with open_database(postgres_url, "one") as one, open_database(postgres_url, "two") as two:
        async with one.transaction() as transaction:
            await transaction.run("INSERT INTO packages (name) VALUES ('numpy'), ('scipy')")
        async with one.transaction() as mine, two.transaction() as yours:
            assert [await each.run(pick) for each in (mine, yours)] == [[("numpy",)], [("scipy",)]]
            assert await yours.run(pick.replace(" ORDER", " WHERE name = 'numpy' ORDER")) == []


async def test_a_turn_is_over_when_its_block_is_however_late_the_server_hears_of_a_connections_end(
    postgres_server: Server, postgres_url: str
) -> None:
    cable = Cable(postgres_server.port, hides_ends=True)
    async with cable.laid(postgres_url) as url, open_database(url, NAME) as database:
        taken: list[bool] = []
        for _ in range(3):
            async with database.turn("scan") as mine:
                taken.append(mine)
    assert taken == [True, True, True]
