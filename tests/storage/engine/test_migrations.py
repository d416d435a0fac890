"""Versions of the program that share a database: a step says honestly what it does to the program before."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.core.errors import StorageError
from storage.engine import postgres, sqlite
from storage.engine.engine import Engine
from storage.engine.migrations import CONTRACTIONS, MIGRATIONS, tables
from storage.engine.schema import OURS, Schema
from storage.packages.names import Packages
from tests.databases import ENGINES
from tests.storage.test_query_plans import USES

OpenSchema = Callable[[Schema], AbstractAsyncContextManager[Engine]]
"""Opens the test's database as the program that knows a schema does."""

_OPENED: Mapping[str, Callable[[str, Schema], AbstractAsyncContextManager[Engine]]] = {
    "sqlite": lambda path, schema: sqlite.open_database(Path(path), schema),
    "postgres": lambda url, schema: postgres.open_database(url, "a PostgreSQL database", schema=schema),
}

_MADE_BY_THE_ENGINE = {"schema_version"}
OLD_TABLES = sorted(tables(MIGRATIONS) - _MADE_BY_THE_ENGINE)

EXPANDING = (
    *(f"ALTER TABLE {table} ADD COLUMN said_later TEXT" for table in OLD_TABLES),
    *(f"ALTER TABLE {table} ADD COLUMN counted_later BIGINT NOT NULL DEFAULT 7" for table in OLD_TABLES),
    *(f"CREATE INDEX later_{table} ON {table} (said_later)" for table in OLD_TABLES),
    "CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)",
    "INSERT INTO sequences (name, last) VALUES ('things', 0)",
)
"""All that the next version could do to the tables of this one without harm."""

NEXT = Schema((*MIGRATIONS, EXPANDING))
CONTRACTED = Schema((*NEXT.migrations, ("DROP TABLE reviews",)), {**CONTRACTIONS, NEXT.version + 1: NEXT.version})


@pytest.fixture(params=ENGINES)
def open_schema(request: pytest.FixtureRequest) -> OpenSchema:
    place = str(request.getfixturevalue(ENGINES[request.param]))
    return lambda schema: _OPENED[request.param](place, schema)


def harm(step: Sequence[str], before: frozenset[str]) -> Iterator[str]:
    """Yield what of a step the program before may not bear, of whose tables the names are given."""
    for text in step:
        if re.match(r"\s*CREATE TABLE \w+ \(", text):
            continue
        if re.match(r"\s*INSERT INTO \w+ \(", text):
            if "ON CONFLICT" in text.upper():
                yield text
            continue
        if index := re.match(r"\s*CREATE (UNIQUE )?INDEX \w+ ON (\w+)", text):
            # The program before may write what is no longer unique.
            if index[1] and index[2] in before:
                yield text
            continue
        column = re.fullmatch(
            r"\s*ALTER TABLE \w+ ADD COLUMN \w+ (BIGINT|TEXT|BLOB|BOOLEAN|DOUBLE PRECISION)(.*)", text
        )
        if column is None or not re.fullmatch(r"|( NOT NULL)? DEFAULT ('[^']*'|[\w.-]+)", column[2]):
            yield text


@pytest.mark.parametrize("number", range(1, len(MIGRATIONS) + 1))
def test_a_step_that_is_said_to_expand_takes_nothing_from_the_program_before(number: int) -> None:
    found = list(harm(MIGRATIONS[number - 1], tables(MIGRATIONS[: number - 1])))
    assert bool(found) == (number in CONTRACTIONS), found
    assert 1 <= CONTRACTIONS.get(number, number) <= number


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE packages",
        "DROP INDEX open_posts",
        "ALTER TABLE packages RENAME TO names",
        "ALTER TABLE packages RENAME COLUMN name TO title",
        "ALTER TABLE packages DROP COLUMN asked",
        "ALTER TABLE packages ADD COLUMN size BIGINT NOT NULL",
        "ALTER TABLE packages ADD COLUMN size BIGINT UNIQUE",
        "ALTER TABLE packages ADD COLUMN size BIGINT CHECK (size > 0)",
        "ALTER TABLE packages ADD COLUMN scan BIGINT REFERENCES scans (id)",
        "ALTER TABLE packages ALTER COLUMN asked TYPE TEXT",
        "CREATE UNIQUE INDEX once ON packages (asked)",
        "UPDATE packages SET asked = 0",
        "DELETE FROM packages",
        "TRUNCATE packages",
        "CREATE TABLE packages AS SELECT 1",
    ],
)
def test_what_takes_something_is_seen(statement: str) -> None:
    assert list(harm((statement,), OURS.tables())) == [statement]


def test_what_only_expands_is_none() -> None:
    assert list(harm(EXPANDING, OURS.tables())) == []


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
async def test_the_program_before_does_all_it_does_on_the_next_schema(
    open_schema: OpenSchema, use: Callable[[Engine], Coroutine[object, object, None]]
) -> None:
    async with open_schema(OURS) as old, open_schema(NEXT):
        await use(old)
        await old.check_writable()
        await old.probe()


async def test_a_program_works_on_while_the_next_one_migrates_and_may_be_started_again(open_schema: OpenSchema) -> None:
    async with open_schema(OURS) as old:
        number = await Packages(old).id_of("numpy")
        await old.read("SELECT id, name, asked FROM packages")
        async with open_schema(NEXT) as new:
            assert await Packages(old).id_of("numpy") == number
            assert await Packages(new).id_of("scipy") == await Packages(old).id_of("scipy")
            async with open_schema(OURS) as again:
                assert await Packages(again).name_of(number) == "numpy"
                await again.check_writable()
        rows = await old.read("SELECT MAX(version) FROM schema_version")
        assert rows == [(NEXT.version,)]
        assert await old.read("SELECT id, oldest FROM compatibility") == [(1, OURS.oldest(OURS.version))]


async def test_a_program_works_on_while_the_next_one_migrates_beside_its_writes(open_schema: OpenSchema) -> None:
    over = asyncio.Event()
    written: list[int] = []

    async def write(old: Engine, which: int) -> None:
        while not over.is_set():
            async with old.transaction() as transaction:
                await transaction.run("UPDATE sequences SET last = last + 1 WHERE name = 'scans'")
                await transaction.run(
                    "INSERT INTO documents (name, fetched, body) VALUES (?, 1.0, ?)"
                    " ON CONFLICT (name) DO UPDATE SET fetched = 2.0",
                    (f"{which}", b""),
                )
            written.append(which)

    async with open_schema(OURS) as old:
        writers = [asyncio.create_task(write(old, which)) for which in range(4)]
        async with open_schema(NEXT):
            over.set()
            await asyncio.gather(*writers)
        assert await old.read("SELECT last FROM sequences WHERE name = 'scans'") == [(len(written),)]


async def test_a_program_that_is_too_old_is_told_so_when_it_opens_and_when_it_asks(open_schema: OpenSchema) -> None:
    async with open_schema(OURS) as oldest, open_schema(NEXT) as old, open_schema(CONTRACTED) as new:
        await old.probe()
        await new.probe()
        with pytest.raises(StorageError, match=r"changed by a newer ftbot.*this one is too old.*Upgrade ftbot\.$"):
            await oldest.probe()
        with pytest.raises(StorageError, match="is from a newer ftbot"):
            async with open_schema(OURS):
                pytest.fail("it is not opened")
        async with open_schema(NEXT) as again:
            await Packages(again).id_of("numpy")


async def test_a_newer_database_that_remembers_nothing_is_refused(open_schema: OpenSchema) -> None:
    async with open_schema(OURS) as database, database.transaction() as transaction:
        await transaction.run("INSERT INTO schema_version (version) VALUES (?)", (OURS.version + 1,))
        await transaction.run("DELETE FROM compatibility")
    with pytest.raises(StorageError, match="is from a newer ftbot"):
        async with open_schema(OURS):
            pytest.fail("it is not opened")


@pytest.mark.parametrize(
    ("version", "oldest"),
    [(7, 1), (8, 8), (9, 8), (10, 10), (14, 10), (NEXT.version, 10), (CONTRACTED.version, NEXT.version)],
)
def test_the_oldest_program_is_the_one_after_the_last_contraction(version: int, oldest: int) -> None:
    assert CONTRACTED.oldest(version) == oldest
