"""What scans concluded, as it comes back: the same, or nothing where the row makes no sense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.history.scan import Conclusion, conclude, due, rules_for
from bot.core.history.timelines import Timeline
from bot.core.index.simple_api import Project
from storage.engine.engine import Engine
from storage.engine.rows import Value
from storage.packages.projects import Known, Projects
from tests.core.pages import NAME, NOW, project, sdist, wheels
from tests.core.strategies import TARGETS, projects
from tests.databases import NewPlace, open_database
from tests.examples import examples
from tests.storage.engines import SIGNS, OpenEngine, put_garbage

RULES = rules_for(TARGETS)
CONCLUSION = replace(
    conclude(project(*wheels("cp314-cp314-win32", "cp314-cp314t-win32"), sdist()), TARGETS, NOW), serial=7
)
LATER = NOW + timedelta(days=3)


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_engine() as opened:
        yield opened


async def put(database: Engine, column: str, value: Value) -> None:
    """Write into a row what no ftbot wrote."""
    await put_garbage(database, f"UPDATE projects SET {column} = ?", (value,))  # noqa: S608 - our own names


async def timelines_of(stored: Projects, *packages: str) -> dict[str, tuple[datetime, Mapping[str, Timeline]]]:
    return {each.package: (each.checked, each.timelines) async for each in stored.timelines(packages)}


async def verdicts_of(stored: Projects, *packages: str) -> list[Mapping[str, str]]:
    return [verdicts async for verdicts in stored.verdicts(packages)]


async def test_nothing_is_known_at_first(database: Engine) -> None:
    stored = Projects(database)
    assert await stored.known(RULES) == {}
    assert await timelines_of(stored, NAME) == {}
    assert await verdicts_of(stored, NAME) == []


async def test_a_conclusion_survives_a_restart(open_engine: OpenEngine) -> None:
    async with open_engine() as database:
        await Projects(database).record(1, NOW, [(CONCLUSION, '"etag"')])
    async with open_engine() as database:
        stored = Projects(database)
        assert await stored.known(RULES) == {
            NAME: Known(NAME, True, NOW + timedelta(days=1), CONCLUSION.open_until, 1, '"etag"', 7)
        }
        assert await timelines_of(stored, NAME) == {NAME: (NOW, CONCLUSION.timelines)}
        assert await verdicts_of(stored, NAME) == [CONCLUSION.verdicts]


@given(
    st.lists(
        st.tuples(projects, st.none() | st.text(SIGNS, max_size=9), st.none() | st.integers(0, 2**63 - 1)), max_size=4
    ),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware
)
@settings(max_examples=examples(8))
def test_any_conclusion_is_given_back_as_it_was(
    new_place: NewPlace, pages: list[tuple[Project, str | None, int | None]], now: datetime
) -> None:
    readings = [
        (conclude(replace(page, name=f"p{place}", serial=serial), TARGETS, NOW), etag)
        for place, (page, etag, serial) in enumerate(pages)
    ]

    async def there_and_back() -> None:
        async with open_database(await new_place()) as database:
            stored = Projects(database)
            await stored.record(5, now, readings)
            known = await stored.known(RULES)
            for conclusion, etag in readings:
                found = known.pop(conclusion.package)
                next_read = due(now, native=conclusion.native, open_until=conclusion.open_until)
                assert (found.native, found.etag, found.serial) == (conclusion.native, etag, conclusion.serial)
                assert abs(found.due - next_read) < timedelta(milliseconds=1)
                assert (found.open_until, found.scan) == (conclusion.open_until, 5)
            assert known == {}
            names = [conclusion.package for conclusion, _ in readings]
            told = {name: steps for name, (_, steps) in (await timelines_of(stored, *names)).items()}
            assert told == {each.package: each.timelines for each, _ in readings if each.native}

    asyncio.run(there_and_back())


async def test_the_last_conclusion_stays(database: Engine) -> None:
    stored = Projects(database)
    await stored.record(1, NOW, [(CONCLUSION, '"etag"')])
    pure = Conclusion(NAME, native=False, timelines={}, rules=RULES)
    await stored.record(2, LATER, [(pure, None)])
    assert await stored.known(RULES) == {NAME: Known(NAME, False, LATER + timedelta(days=7), None, 2, None, None)}
    assert await timelines_of(stored, NAME) == {}
    assert await verdicts_of(stored, NAME) == []


async def test_a_page_that_had_not_changed_is_due_later(database: Engine) -> None:
    stored = Projects(database)
    await stored.record(1, NOW, [(CONCLUSION, '"etag"')])
    known = await stored.known(RULES)
    await stored.confirm(2, LATER, known.values())
    assert await stored.known(RULES) == {
        NAME: replace(known[NAME], scan=2, due=LATER + timedelta(days=1)),
    }
    assert await timelines_of(stored, NAME) == {NAME: (LATER, CONCLUSION.timelines)}


async def test_what_follows_from_other_rules_is_not_known(database: Engine) -> None:
    stored = Projects(database)
    await stored.record(1, NOW, [(replace(CONCLUSION, rules="others"), '"etag"')])
    assert await stored.known(RULES) == {}
    assert set(await stored.known("others")) == {NAME}


async def test_many_packages_are_asked_for_at_once(database: Engine) -> None:
    stored = Projects(database)
    names = [f"p{number}" for number in range(1_201)]
    await stored.record(1, NOW, [(replace(CONCLUSION, package=name), None) for name in names])
    assert set(await timelines_of(stored, *names, "nosuch")) == set(names)
    assert len(await verdicts_of(stored, *names, "nosuch")) == len(names)


async def test_conclusions_are_kept_together_or_not_at_all(database: Engine) -> None:
    stored = Projects(database)
    broken = replace(CONCLUSION, package="other", serial=1 << 70)
    with pytest.raises(OverflowError):
        await stored.record(1, NOW, [(CONCLUSION, None), (broken, None)])
    assert await stored.known(RULES) == {}


@pytest.mark.parametrize("value", ["soon", b"\x00", 1e300, -1e300, float("inf")], ids=str)
async def test_a_time_that_makes_no_sense_makes_a_project_unknown(database: Engine, value: Value) -> None:
    stored = Projects(database)
    await stored.record(1, NOW, [(CONCLUSION, '"etag"')])
    await put(database, "due", value)
    assert await stored.known(RULES) == {}
    await put(database, "checked", value)
    assert await timelines_of(stored, NAME) == {}
    await put(database, "due", NOW.timestamp())
    await put(database, "open_until", value)
    assert (await stored.known(RULES))[NAME].open_until is None


@pytest.mark.parametrize(
    ("column", "value", "lost"),
    [("scan", "one", True), ("etag", b"\xff", False), ("serial", "many", False), ("serial", "1.5", False)],
)
async def test_a_column_that_makes_no_sense_is_as_good_as_none(
    database: Engine, column: str, value: Value, lost: bool
) -> None:
    stored = Projects(database)
    await stored.record(1, NOW, [(CONCLUSION, '"etag"')])
    await put(database, column, value)
    known = await stored.known(RULES)
    assert (NAME not in known) is lost
    assert lost or None in {known[NAME].etag, known[NAME].serial}


@pytest.mark.parametrize(
    "garbage",
    [None, "", "garbage", "[]", "5", '{"3.14t":5}', '{"3.14t":[{"moment":"soon"}]}', b"{}", 5, "\ud7ff"],
    ids=repr,
)
async def test_what_cannot_be_read_is_left_out(database: Engine, garbage: Value) -> None:
    stored = Projects(database)
    await stored.record(1, NOW, [(CONCLUSION, None), (replace(CONCLUSION, package="other"), None)])
    for column in ("timelines", "verdicts"):
        await put_garbage(database, f"UPDATE projects SET {column} = ? WHERE package = ?", (garbage, NAME))  # noqa: S608 - ours
    assert set(await timelines_of(stored, NAME, "other")) == {"other"}
    assert await verdicts_of(stored, NAME, "other") == [CONCLUSION.verdicts]
