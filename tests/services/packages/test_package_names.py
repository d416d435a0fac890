"""What people are offered while they type and after they mistyped, and what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.clients.top_packages import shipped_list
from bot.core.errors import StorageError
from bot.services.packages.package_names import LONGEST_OFFERED, Names, PackageNames
from storage.engine.engine import Engine
from storage.engine.rows import Value
from storage.packages.names import Packages
from tests.databases import open_database, read_only
from tests.storage.engines import PassedOn

RANKED = ("requests", "numpy", "numpydoc", "pandas", "py-numpy", "num2words", "torch", "numpy-financial", "num")


@pytest.fixture
async def database(address: str) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_database(address) as opened:
        yield opened


def package_names_of(database: Engine, ranked: Iterable[str] = RANKED) -> PackageNames:
    """Make a list of names, the most downloaded first."""
    return PackageNames(Packages(database), Names.of(ranked))


async def ask(package_names: PackageNames, *names: str) -> None:
    """Ask about packages as the bot notes it."""
    for name in names:
        await package_names.id_of(name)
        package_names.count(name)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("num", ["num", "numpy", "numpydoc", "num2words", "numpy-financial", "py-numpy"]),
        ("numpy", ["numpy", "numpydoc", "numpy-financial", "py-numpy"]),
        ("NumPy", ["numpy", "numpydoc", "numpy-financial", "py-numpy"]),
        ("  numpy_.F ", ["numpy-financial"]),
        ("NUM_", ["num", "numpy", "numpydoc", "num2words", "numpy-financial", "py-numpy"]),
        ("numpy-.", ["numpy", "numpydoc", "numpy-financial", "py-numpy"]),
        ("-", list(RANKED)),
        ("py", ["py-numpy", "numpy", "numpydoc", "numpy-financial"]),
        ("orc", ["torch"]),
        ("nothing like it", []),
        ("numpy\nnumpydoc", []),
        ("", list(RANKED)),
    ],
)
async def test_the_exact_name_comes_first_then_prefixes_then_parts_by_downloads(
    database: Engine, typed: str, offered: list[str]
) -> None:
    assert package_names_of(database).complete(typed) == offered


async def test_no_more_is_offered_than_asked_for(database: Engine) -> None:
    package_names = package_names_of(database, [f"demo{number}" for number in range(100)])
    assert package_names.complete("demo") == [f"demo{number}" for number in range(25)]
    assert package_names.complete("demo", 3) == ["demo0", "demo1", "demo2"]


async def test_a_short_id_is_known_once_it_was_asked_for(database: Engine) -> None:
    package_names = package_names_of(database)
    assert package_names.known_id("numpy") is None
    number = await package_names.id_of("numpy")
    assert (package_names.known_id("numpy"), package_names.known_id("torch")) == (number, None)


async def test_names_too_long_for_a_choice_are_left_out(database: Engine) -> None:
    names = ["n" * (LONGEST_OFFERED + 1), "n" * LONGEST_OFFERED]
    assert package_names_of(database, names).complete("n") == names[1:]


@pytest.mark.no_cover  # many examples of what other tests run
@given(typed=st.text() | st.text("-_.nump 2", max_size=12), ranked=st.lists(st.text("-ab1", max_size=5)))
def test_whatever_is_typed_known_names_are_offered_at_most_25_and_none_twice(typed: str, ranked: list[str]) -> None:
    names = [*ranked, *RANKED, *shipped_list().names]

    async def complete() -> list[str]:
        async with open_database(None) as database:
            return package_names_of(database, names).complete(typed)

    offered = asyncio.run(complete())
    assert len(offered) == len(set(offered)) <= 25
    assert set(offered) <= set(names)


async def test_before_anything_is_typed_the_most_asked_come_first(database: Engine) -> None:
    package_names = package_names_of(database)
    await ask(package_names, "torch", "pandas", "torch")
    await package_names.flush()
    assert package_names.complete("", 4) == ["torch", "pandas", "requests", "numpy"]


async def test_what_was_asked_is_offered_after_a_restart(address: str) -> None:
    async with open_database(address) as database:
        before = package_names_of(database)
        await ask(before, "unranked")
        await before.flush()
    async with open_database(address) as database:
        after = package_names_of(database)
        await after.load()
        assert after.complete("", 2) == ["unranked", "requests"]


async def test_a_question_is_stored_once(database: Engine) -> None:
    package_names = package_names_of(database)
    await ask(package_names, "numpy", "numpy", "torch")
    await package_names.flush()
    await package_names.flush()
    await ask(package_names, "torch")
    await package_names.flush()
    assert await database.read("SELECT name, asked FROM packages ORDER BY name") == [("numpy", 2), ("torch", 2)]


async def test_what_cannot_be_stored_now_is_stored_later(database: Engine) -> None:
    package_names = package_names_of(database)
    await ask(package_names, "numpy", "numpy")
    with capture_logs() as logs:
        async with read_only(database):
            await package_names.flush()
    assert [line["event"] for line in logs] == ["storage_failed"]
    package_names.count("numpy")
    await package_names.flush()
    assert await database.read("SELECT asked FROM packages") == [(3,)]


@dataclass(frozen=True, slots=True)
class Blind(PassedOn):
    """A database that cannot be read."""

    def look_at_read(self, statement: str, values: Sequence[Value]) -> None:  # noqa: ARG002 — whatever is asked
        raise StorageError("It cannot be read. Read it later.")


async def test_stored_questions_are_not_stored_again_if_they_cannot_be_read(database: Engine) -> None:
    package_names = package_names_of(database)
    await ask(package_names, "numpy")
    package_names.packages = Packages(Blind(database))
    with capture_logs() as logs:
        await package_names.flush()
    assert [line["event"] for line in logs] == ["storage_failed"]
    package_names.packages = Packages(database)
    await package_names.flush()
    assert await database.read("SELECT asked FROM packages") == [(1,)]


async def test_a_short_id_stands_for_the_package(database: Engine) -> None:
    package_names = package_names_of(database)
    ids = await asyncio.gather(*(package_names.id_of(name) for name in ("numpy", "torch", "numpy")))
    assert ids[0] == ids[2] != ids[1]
    assert await package_names.name_of(ids[1]) == "torch"
    assert await package_names.name_of(1_000) is None


async def test_one_who_gives_up_does_not_keep_the_id_from_others(database: Engine) -> None:
    package_names = package_names_of(database)
    first, second = (asyncio.create_task(package_names.id_of("numpy")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await package_names.name_of(await second) == "numpy"


@pytest.mark.parametrize(("typed", "meant"), [("nunpy", "numpy"), ("pandsa", "pandas"), ("reqeusts", "requests")])
async def test_a_mistyped_name_is_recognized(database: Engine, typed: str, meant: str) -> None:
    assert meant in await package_names_of(database).suggest(typed)


async def test_nothing_is_suggested_for_what_looks_like_nothing(database: Engine) -> None:
    assert await package_names_of(database).suggest("xyzzy-plugh") == ()
