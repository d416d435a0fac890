"""Everything is moved, in both directions, and nothing else; what could lose something is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from bot.core.errors import StorageError, UserError
from bot.services.moving import MoveStep
from storage.engine.engine import Engine
from storage.engine.layout import layout
from storage.engine.migrations import MIGRATIONS
from storage.engine.moving import FrozenTables, Landing, Movable
from storage.engine.sqlite_moving import MovableSqlite
from storage.fleet.members import Members
from storage.moving.whole_tables import LEFT_BEHIND, moved_tables
from storage.packages.names import Packages
from tests.e2e.relay import Relay
from tests.examples import examples
from tests.moves import DIRECTIONS, Places, Rows, Told, any_rows, everything, fill, made_rows, move, mover, open_at, raw
from tests.postgres import Server


@pytest.fixture
def places(tmp_path: Path, request: pytest.FixtureRequest) -> Places:
    return Places(tmp_path, lambda: request.getfixturevalue("postgres_server"))


@pytest.fixture(params=DIRECTIONS)
def direction(request: pytest.FixtureRequest) -> str:
    """Give from which engine to which is moved, with a server where one is needed."""
    return with_server(request)


@pytest.fixture(params=("sqlite", "postgres"))
def engine(request: pytest.FixtureRequest) -> str:
    """Give an engine, with a server where one is needed."""
    return with_server(request)


def with_server(request: pytest.FixtureRequest) -> str:
    engines = str(request.param)
    if "postgres" in engines:
        request.getfixturevalue("postgres_server")
    return engines


@pytest.fixture
async def pair(direction: str, places: Places) -> AsyncIterator[tuple[str, str]]:
    """Give from where to where is moved: two databases that are not there yet."""
    async with places.pair(direction) as addresses:
        yield addresses


@pytest.fixture
async def target(engine: str, places: Places) -> AsyncIterator[str]:
    """Give a database that is not there yet."""
    async with places.new(engine) as address:
        yield address


@dataclass(frozen=True, slots=True)
class Beforehand:
    """A database to which something happens whenever it is about to be read."""

    movable: Movable
    happens: Callable[[], Awaitable[None]]

    @property
    def database(self) -> Engine:
        return self.movable.database

    async def identity(self) -> str:
        return await self.movable.identity()

    async def has(self, table: str) -> bool:
        return await self.movable.has(table)

    def landing(self) -> AbstractAsyncContextManager[Landing]:
        return self.movable.landing()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[FrozenTables]:
        await self.happens()
        async with self.movable.snapshot() as snapshot:
            yield snapshot


@pytest.fixture
async def source(places: Places) -> AsyncIterator[str]:
    """Give a SQLite file with a row in every table."""
    async with places.new("sqlite") as address:
        await fill(address, made_rows(1))
        yield address


def test_every_table_is_moved_or_left_behind_for_a_reason() -> None:
    moved = {table.name for table in moved_tables()}
    assert moved | set(LEFT_BEHIND) == {table.name for table in layout()}
    assert all(LEFT_BEHIND.values())
    assert all(table.key for table in moved_tables()), "rows are read in the order of a key"
    assert all(table.key == ("id",) for table in layout() if table.numbered)


async def test_everything_is_there_afterwards(pair: tuple[str, str]) -> None:
    source, target = pair
    rows = made_rows(200)
    await fill(source, rows)
    there = await everything(source)
    assert all(len(there[table.name]) >= 200 for table in moved_tables())
    told = Told()
    async with mover(source, target) as opened:
        report = await opened.move(told)
    assert await everything(target) == there == await everything(source)
    assert report.different == ()
    assert report.rows == sum(map(len, there.values()))
    assert (report.replaced, report.resumed, report.already) == (0, False, False)
    assert [step[2:] for step in told.steps if step[0] is MoveStep.MOVING][-1] == (report.rows, report.rows)
    assert [step[2:] for step in told.steps if step[0] is MoveStep.CHECKING][-1] == (report.rows, report.rows)


async def test_a_database_in_which_nothing_happened_is_moved_like_any_other(pair: tuple[str, str]) -> None:
    source, target = pair
    await fill(source, {})
    await move(source, target)
    assert await everything(target) == await everything(source)


@pytest.mark.usefixtures("postgres_server")
@given(any_rows())
@settings(
    max_examples=examples(2),
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.large_base_example,
        HealthCheck.data_too_large,
    ],
)
def test_there_and_back_is_the_same(places: Places, rows: Rows) -> None:
    async def there_and_back() -> None:
        async with places.new("sqlite") as first, places.new("postgres") as second, places.new("sqlite") as third:
            await fill(first, rows)
            assert (await move(first, second)).different == ()
            assert await everything(second) == await everything(first)
            assert (await move(second, third)).different == ()
            assert await everything(third) == await everything(first)

    asyncio.run(there_and_back())


async def test_numbers_go_on_and_none_is_given_again(pair: tuple[str, str]) -> None:
    source, target = pair
    async with open_at(source) as database:
        numbers = [await Packages(database).id_of(name) for name in ("one", "two", "three")]
        async with database.transaction() as transaction:
            await transaction.run("DELETE FROM packages WHERE name = 'three'")
    await move(source, target)
    async with open_at(target) as database:
        packages = Packages(database)
        assert await packages.id_of("two") == numbers[1]
        assert await packages.id_of("four") == numbers[2] + 1
        async with database.transaction() as transaction:  # a table to which nothing was ever added begins with 1
            scan = await transaction.run("INSERT INTO scans (started) VALUES (0.0) RETURNING id")
        assert scan == [(1,)]


async def test_rows_that_were_written_with_their_numbers_keep_them_apart_from_new_ones(pair: tuple[str, str]) -> None:
    source, target = pair
    await fill(source, {"packages": [(70, "seventy", 0)]})
    await move(source, target)
    async with open_at(target) as database:
        assert await Packages(database).id_of("new") == 71


async def test_what_was_moved_before_is_left_as_it_is(source: str, target: str) -> None:
    first = await move(source, target)
    again = await move(source, target)
    assert again.already
    assert again.tables == first.tables


async def test_a_target_with_data_of_its_own_is_refused_and_stays_as_it_is(source: str, target: str) -> None:
    async with open_at(target) as database:
        await Packages(database).id_of("mine")
    before = await everything(target)
    for only_look in (True, False):
        async with mover(source, target, only_look=only_look) as opened:
            with pytest.raises(UserError, match="has data of its own, which is never overwritten"):
                await (opened.look() if only_look else opened.move(Told()))
    assert await everything(target) == before


async def test_as_many_rows_that_are_others_are_data_of_its_own(source: str, target: str) -> None:
    await move(source, target)
    async with open_at(target) as database, database.transaction() as transaction:
        await transaction.run("UPDATE packages SET asked = asked + 1")
    with pytest.raises(UserError, match="has data of its own"):
        await move(source, target)


async def test_looking_moves_nothing(source: str, target: str) -> None:
    async with mover(source, target, only_look=True) as opened:
        report = await opened.look()
    assert report.rows == sum(map(len, (await everything(source)).values()))
    assert not report.already
    assert not await asyncio.to_thread(Path(target).exists)
    await move(source, target)
    async with mover(source, target, only_look=True) as opened:
        assert (await opened.look()).already


async def test_one_may_look_beside_a_bot_that_writes(pair: tuple[str, str]) -> None:
    source, target = pair
    await fill(source, made_rows(1))
    async with open_at(source) as bot, bot.turn("lead"), bot.transaction() as transaction:
        await transaction.run("UPDATE packages SET asked = asked + 1")
        async with mover(source, target, only_look=True) as opened:
            assert (await opened.look()).rows > 0


async def test_both_may_not_be_the_same(source: str, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(source)
    for other in (source, str(link)):
        with pytest.raises(UserError, match="Both are the same database"):
            await move(source, other)


@pytest.mark.parametrize("which", [0, 1])
async def test_a_bot_that_leads_is_noticed(source: str, target: str, which: int) -> None:
    async with open_at((source, target)[which]) as database, database.turn("lead") as taken:
        assert taken
        with pytest.raises(StorageError, match="A bot is running on the database"):
            await move(source, target)
    await move(source, target)


async def test_a_bot_that_does_not_lead_is_noticed(source: str, target: str) -> None:
    async with open_at(source) as database:
        members = Members(database)
        await members.beat("one", "1")
        with pytest.raises(StorageError, match="A bot is running on the database"):
            await move(source, target)
        await members.leave("one")
    await move(source, target)


async def test_nobody_writes_while_rows_are_read(target: str, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    source = target  # of either engine
    await fill(source, made_rows(2))
    monkeypatch.setattr("storage.engine.sqlite._BUSY_SECONDS", 0.1)
    refused: list[str] = []

    async def write() -> None:
        try:
            async with open_at(source) as database, database.transaction() as transaction:
                await transaction.run("UPDATE packages SET asked = asked + 1")
        except StorageError as error:
            refused.append(str(error))

    async with mover(source, str(places.folder / "target.db")) as opened, opened.source.snapshot():
        writing = asyncio.create_task(write())
        await asyncio.wait({writing}, timeout=15)
    assert len(refused) == 1


async def test_nul_in_an_old_file_becomes_what_is_written_now(source: str, target: str) -> None:
    with raw(source) as connection:
        connection.execute("INSERT INTO packages (id, name) VALUES (2000, ?)", ("a\0b\0",))
        connection.executemany(
            "INSERT INTO statuses (package, index_url, checked, page) VALUES (?, '', 0.0, ?)",
            [(f"{number:03}\0", b"\0") for number in range(200)],
        )
    assert (await move(source, target)).replaced == 201
    async with open_at(target) as database:
        assert await database.read("SELECT name FROM packages WHERE id = 2000") == [("a�b�",)]
        assert await database.read("SELECT COUNT(*) FROM statuses WHERE package LIKE '%�'") == [(200,)]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE packages SET asked = 'often'", "something else than whole numbers in its column asked"),
        ("UPDATE packages SET asked = 1.5", "something else than whole numbers in its column asked"),
        ("UPDATE threads SET is_pr = 2", "something else than yes or no in its column is_pr"),
        ("UPDATE threads SET is_pr = 'x'", "something else than yes or no in its column is_pr"),
        ("UPDATE threads SET title = x'ff'", "something else than text in its column title"),
        ("UPDATE statuses SET page = 'text'", "something else than bytes in its column page"),
        ("UPDATE posts SET planned = 'noon'", "something else than numbers in its column planned"),
    ],
)
async def test_what_no_ftbot_wrote_is_named_and_can_be_mended(
    source: str, places: Places, statement: str, says: str
) -> None:
    target = str(places.folder / "target.db")
    with raw(source) as connection:
        connection.execute(statement)
    with pytest.raises(StorageError, match=says):
        await move(source, target)
    with raw(source) as connection:
        connection.execute(f"DELETE FROM {statement.split()[1]}")  # noqa: S608 — ours
    assert (await move(source, target)).resumed
    assert await everything(target) == await everything(source)


async def test_an_older_source_is_told_how_and_a_newer_one_is_refused(source: str, target: str) -> None:
    with raw(source) as connection:
        connection.execute("DELETE FROM schema_version WHERE version = ?", (len(MIGRATIONS),))
    with pytest.raises(UserError, match=r"is from an older ftbot .* Run `ftbot check`"):
        await move(source, target)
    with raw(source) as connection:
        connection.execute("INSERT INTO schema_version (version) VALUES (1000)")
    with pytest.raises(StorageError, match="is from a newer ftbot"):
        await move(source, target)
    assert not await asyncio.to_thread(Path(target).exists)


async def test_a_target_of_another_version_or_program_is_refused(source: str, target: str, places: Places) -> None:
    async with places.new("sqlite") as other:
        with raw(other) as connection:
            connection.execute("CREATE TABLE recipes (id BIGINT)")
        with pytest.raises(UserError, match="has tables that are not of ftbot"):
            await move(source, other)
        with pytest.raises(UserError, match="There is no database of ftbot at"):
            await move(other, target)
    async with open_at(target) as database, database.transaction() as transaction:
        await transaction.run("DELETE FROM schema_version WHERE version = ?", (len(MIGRATIONS),))
    with pytest.raises(UserError, match="was made by an older ftbot"):
        await move(source, target)


async def test_memory_is_refused(source: str) -> None:
    for pair in ((source, ":memory:"), (":memory:", source)):
        with pytest.raises(UserError, match="A database in memory is gone when it is closed"):
            await move(*pair)


async def test_who_is_just_ending_is_waited_for(source: str, target: str) -> None:
    async with mover(source, target) as opened:
        async with open_at(source) as database, database.turn("lead") as taken:
            assert taken
            moving = asyncio.create_task(replace(opened, patience=60.0).move(Told()))
            await asyncio.wait({moving}, timeout=0.5)
            assert not moving.done()
        assert (await moving).different == ()


async def test_a_full_disk_is_told_and_nothing_of_what_was_moved_is_lost(source: str, places: Places) -> None:
    await fill(source, {"packages": [(number, f"package-{number}", 0) for number in range(2, 999)]})
    target = str(places.folder / "target.db")
    async with mover(source, target) as opened:
        assert isinstance(opened.target, MovableSqlite)
        ((pages,),) = msgspec.convert(await opened.target.database.read("PRAGMA page_count"), list[tuple[int]])
        await opened.target.database.writer.execute(f"PRAGMA max_page_count = {pages + 6}")
        with pytest.raises(
            StorageError, match=r"is full\. Make room\. This was when the table packages was filled\. Then run"
        ):
            await opened.move(Told())
    assert (await move(source, target)).different == ()
    assert await everything(target) == await everything(source)


async def test_a_server_that_is_gone_on_the_way_is_told_and_the_move_goes_on_later(
    postgres_server: Server, places: Places
) -> None:
    async with places.new("sqlite") as source, places.new("postgres") as target:
        await fill(source, made_rows(200))
        gone = asyncio.Event()

        def progress(step: MoveStep, table: str, done: int, _rows: int) -> None:
            if table == "posts" and done and step is MoveStep.MOVING:
                gone.set()

        port = f"127.0.0.1:{postgres_server.port}"
        async with AsyncExitStack() as stack:
            relay = await stack.enter_async_context(Relay(f"postgresql://{port}"))
            way = urlsplit(target)._replace(query="").geturl().replace("@", f"@{port}")
            through = relay.address(way).replace("//", "//ftbot@")
            async with mover(source, through) as opened:
                moving = asyncio.create_task(opened.move(progress))
                await gone.wait()
                await stack.aclose()
                with pytest.raises(StorageError, match="Then run the same again: it goes on where it was"):
                    await moving
        report = await move(source, target)
        assert report.resumed
        assert report.different == ()
        assert await everything(target) == await everything(source)


async def test_what_is_not_the_same_afterwards_is_named_and_the_target_not_used(source: str, target: str) -> None:
    async with mover(source, target) as opened:
        there = opened.target

        async def spoil() -> None:
            async with there.landing() as landing:
                await landing.run("UPDATE guilds SET hour = 7")

        report = await replace(opened, target=Beforehand(there, spoil)).move(Told())
    assert report.different == ("guilds",)
    with pytest.raises(StorageError, match="is incomplete"):
        await everything(target)
    assert (await move(source, target)).different == ()
    assert await everything(target) == await everything(source)
