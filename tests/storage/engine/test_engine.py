"""What every engine promises: whole transactions, numbers that are given once, conflicts that are never silent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.core.errors import StorageError
from storage.engine.engine import Engine
from storage.packages.names import Packages
from tests.storage.engines import OpenEngine

STORAGE = Path(__file__).resolve().parents[3] / "storage"
ADD = "INSERT INTO packages (name) VALUES (?) RETURNING id"


async def names_in(database: Engine) -> list[object]:
    """List the packages."""
    return [name for (name,) in await database.read("SELECT name FROM packages ORDER BY name")]


async def add(database: Engine, name: str) -> object:
    """Add a package in a transaction of its own, and give its number."""
    async with database.transaction() as transaction:
        ((number,),) = await transaction.run(ADD, (name,))
    return number


async def test_a_transaction_sees_what_it_did_and_nobody_else_does_before_its_end(database: Engine) -> None:
    async with database.transaction() as transaction:
        await transaction.run(ADD, ("numpy",))
        assert await transaction.run("SELECT name FROM packages") == [("numpy",)]
        assert await names_in(database) == []
    assert await names_in(database) == ["numpy"]


@pytest.mark.parametrize("error", [KeyError("a"), asyncio.CancelledError()], ids=["error", "cancelled"])
async def test_a_transaction_that_ends_with_an_error_leaves_nothing(database: Engine, error: BaseException) -> None:
    async def fail() -> None:
        async with database.transaction() as transaction:
            await transaction.run(ADD, ("numpy",))
            raise error

    with pytest.raises(type(error)):
        await fail()
    assert await names_in(database) == []
    await add(database, "scipy")
    assert await names_in(database) == ["scipy"]


async def test_writers_of_two_processes_lose_nothing_and_share_no_number(open_engine: OpenEngine) -> None:
    async with open_engine() as one, open_engine() as other:
        numbers = await asyncio.gather(*(add([one, other][n % 2], f"package-{n}") for n in range(40)))
        assert len(set(numbers)) == len(await names_in(one)) == 40


async def test_the_number_of_a_row_that_was_deleted_is_not_given_again(database: Engine) -> None:
    first = await add(database, "numpy")
    async with database.transaction() as transaction:
        await transaction.run("DELETE FROM packages")
    assert await add(database, "numpy") != first


async def test_a_conflict_that_was_not_named_is_an_error_and_undoes_the_transaction(database: Engine) -> None:
    async def collide() -> None:
        async with database.transaction() as transaction:
            await transaction.run(ADD, ("scipy",))
            await transaction.run(
                "INSERT INTO packages (id, name) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", (99, "numpy")
            )

    await add(database, "numpy")
    with pytest.raises(StorageError):
        await collide()
    assert await names_in(database) == ["numpy"]


async def test_many_rows_are_written_by_one_statement_and_none_do_nothing(database: Engine) -> None:
    async with database.transaction() as transaction:
        await transaction.run_many("INSERT INTO packages (name) VALUES (?)", [])
        await transaction.run_many("INSERT INTO packages (name) VALUES (?)", [("numpy",), ("scipy",)])
    assert await names_in(database) == ["numpy", "scipy"]


async def test_values_come_back_as_they_were(database: Engine) -> None:
    row = ("ünï🐍\n'?", 1234567890.123456, bytes(range(256)))
    async with database.transaction() as transaction:
        await transaction.run("INSERT INTO documents (name, fetched, body) VALUES (?, ?, ?)", row)
        await transaction.run(
            "INSERT INTO registrations (application, digest) VALUES (?, ?), (?, ?)", (2**63 - 1, "a", -(2**63), "")
        )
    assert await database.read("SELECT name, fetched, body FROM documents WHERE name = ?", (row[0],)) == [row]
    assert await database.read("SELECT application FROM registrations ORDER BY 1") == [(-(2**63),), (2**63 - 1,)]
    assert await database.read("SELECT etag, since FROM cursors WHERE name IS NULL") == []


async def test_text_with_nul_is_kept_without_it(database: Engine) -> None:
    number = await add(database, "num\0py")
    async with database.transaction() as transaction:
        await transaction.run_many("INSERT INTO packages (name) VALUES (?)", [("sci\0py",)])
    assert await names_in(database) == ["num\ufffdpy", "sci\ufffdpy"]
    assert await Packages(database).id_of("num\0py") == number, "what is looked for is looked for as it is kept"


async def test_rows_are_picked_for_a_writer(database: Engine) -> None:
    await add(database, "numpy")
    await add(database, "scipy")
    async with database.transaction() as transaction:
        rows = await transaction.run(
            "WITH picked AS (SELECT id FROM packages ORDER BY name DESC LIMIT ? FOR UPDATE SKIP LOCKED)"
            " UPDATE packages SET asked = ? WHERE id IN (SELECT id FROM picked) RETURNING name",
            (1, 5),
        )
        assert rows == [("scipy",)]
        await transaction.run_many(
            "DELETE FROM packages WHERE id IN (SELECT id FROM packages WHERE asked = ? LIMIT 1 FOR UPDATE SKIP LOCKED)",
            [(5,), (7,)],
        )
    assert await names_in(database) == ["numpy"]


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400], ids=["huge", "negative", "absurd"])
async def test_a_number_that_no_column_holds_is_refused_and_leaves_nothing(database: Engine, number: int) -> None:
    async def write(*, many: bool) -> None:
        async with database.transaction() as transaction:
            await transaction.run(ADD, ("numpy",))
            insert = "INSERT INTO registrations (application, digest) VALUES (?, '')"
            await (transaction.run_many(insert, [(1,), (number,)]) if many else transaction.run(insert, (number,)))

    for many in (False, True):
        with pytest.raises(OverflowError):
            await write(many=many)
    with pytest.raises(OverflowError):
        await database.read("SELECT digest FROM registrations WHERE application = ?", (number,))
    assert await names_in(database) == []
    assert await database.read("SELECT application FROM registrations") == []
    await add(database, "scipy")


async def test_it_can_be_written_and_says_when_it_was(database: Engine) -> None:
    for write in (database.probe, database.check_writable):
        before = database.pulse.written
        await write()
        assert database.pulse.written > before
    assert database.name


@pytest.mark.parametrize(
    "forbidden",
    [
        r"ON CONFLICT (?!\()",
        r"INSERT OR ",
        r"MAX\(id\)[^\n]*\+ 1",
        r"sqlite|PRAGMA|BEGIN IMMEDIATE",
        # What another version of the program added to a table would come with it, or be missing.
        r"(SELECT|RETURNING) (\w+\.)?\*",
        r"INSERT INTO \w+ (?!\()",
    ],
)
def test_no_table_says_what_only_one_engine_understands_nor_drops_rows_on_any_conflict(forbidden: str) -> None:
    tables = [path for path in STORAGE.rglob("*.py") if path.parent.name != "engine"]
    assert len(tables) > 10
    # Of two texts that are joined only one may have the end of the words.
    texts = {path.name: re.sub(r'"\s*f?"', "", path.read_text("utf-8")) for path in tables}
    assert [name for name, text in texts.items() if re.search(forbidden, text)] == []
