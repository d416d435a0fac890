"""A move that is killed at any step is gone on with, and in the end everything is there once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from bot.core.errors import StorageError
from storage.engine.rows import Row
from tests.e2e.forked import Forge, open_forge
from tests.e2e.moving_process import Run
from tests.examples import examples
from tests.moves import Places, everything, fill, made_rows, move, open_at

pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge[Run]]:
    """Give what forks processes that move."""
    with open_forge("tests.e2e.moving_process", Run) as opened:
        yield opened


@pytest.fixture(params=["sqlite-sqlite", "sqlite-postgres", "postgres-sqlite"])
def direction(request: pytest.FixtureRequest) -> str:
    """Give from which engine to which is moved, with a server where one is needed."""
    engines = str(request.param)
    if "postgres" in engines:
        request.getfixturevalue("postgres_server")
    return engines


async def whole_or_none(target: str) -> dict[str, Counter[Row]] | None:
    """Read all that is there, None where the program refuses what is incomplete."""
    try:
        return await everything(target)
    except StorageError as error:
        assert "is incomplete: `ftbot migrate` was interrupted" in str(error)  # noqa: PT017 — either may be
        return None


@pytest.mark.parametrize("seed", range(examples(1)))
async def test_killed_at_any_step_it_goes_on_and_nothing_is_there_twice(
    forge: Forge[Run], direction: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    steps = random.Random(seed)  # noqa: S311 — which steps are tried
    places = Places(tmp_path, lambda: request.getfixturevalue("postgres_server"))
    async with places.pair(direction) as (source, target):
        await fill(source, made_rows(70))  # which are read at twice
        there = await everything(source)
        kills = 0
        numbers = iter([1, 3, 70])  # before all, within the beginning, and after it
        while (ended := await forge.run(Run(source, target, next(numbers, steps.randint(2, 90))))) == -SIGKILL:
            kills += 1
            if kills > 3:  # it may have been through, and not have told so
                assert await whole_or_none(target) in (None, there)
        assert ended == 0
        assert kills > 3
        assert await everything(target) == there == await everything(source)


async def test_what_was_written_into_the_source_in_the_meantime_is_not_lost(
    forge: Forge[Run], direction: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    places = Places(tmp_path, lambda: request.getfixturevalue("postgres_server"))
    async with places.pair(direction) as (source, target):
        await fill(source, made_rows(70))
        assert await forge.run(Run(source, target, 200)) == -SIGKILL
        async with open_at(source) as database, database.transaction() as transaction:
            await transaction.run("UPDATE audit SET reason = 'changed' WHERE id = 1000")
            await transaction.run("DELETE FROM changes WHERE id < 30000")
            await transaction.run("INSERT INTO packages (id, name) VALUES (-1, 'new')")
        report = await move(source, target)
        assert report.resumed
        assert await everything(target) == await everything(source)
