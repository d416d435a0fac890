"""Documents of others: the last one of each name, with its time, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.engine.engine import Engine
from storage.engine.rows import Value
from storage.packages.documents import Documents
from tests.core.pages import NOW
from tests.databases import NewPlace, open_database
from tests.examples import examples
from tests.storage.engines import SIGNS, OpenEngine, put_garbage


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_engine() as opened:
        yield opened


async def test_a_document_survives_a_restart(open_engine: OpenEngine) -> None:
    async with open_engine() as database:
        assert await Documents(database).latest("list") is None
        await Documents(database).record("list", b"numpy\xff", NOW)
    async with open_engine() as database:
        assert await Documents(database).latest("list") == (b"numpy\xff", NOW)


@pytest.mark.no_cover  # many examples of what other tests run
@given(st.dictionaries(st.text(SIGNS, max_size=9), st.binary(max_size=50), max_size=4))
@settings(max_examples=examples(8))
def test_any_documents_are_given_back_as_they_were(new_place: NewPlace, documents: dict[str, bytes]) -> None:
    async def there_and_back() -> None:
        async with open_database(await new_place()) as database:
            kept = Documents(database)
            for name, body in documents.items():
                await kept.record(name, body, NOW)
            for name, body in documents.items():
                assert await kept.latest(name) == (body, NOW)

    asyncio.run(there_and_back())


async def test_a_document_takes_the_place_of_the_last(database: Engine) -> None:
    documents = Documents(database)
    await documents.record("list", b"old", NOW)
    await documents.record("list", b"new", NOW - timedelta(days=1))
    assert await documents.latest("list") == (b"new", NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", "text"), ("body", 5), ("fetched", "soon"), ("fetched", 1e300), ("fetched", float("-inf"))],
)
async def test_a_row_that_makes_no_sense_is_no_document(database: Engine, column: str, value: Value) -> None:
    documents = Documents(database)
    await documents.record("list", b"numpy", NOW)
    await put_garbage(database, f"UPDATE documents SET {column} = ?", (value,))  # noqa: S608 - our own names
    assert await documents.latest("list") is None
