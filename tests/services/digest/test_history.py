"""Shares over time: of which packages, between which days, by which rule, and what could not be read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from inline_snapshot import snapshot

from bot.core.errors import UpstreamError, UserError
from bot.core.history.shares import History, Question
from bot.core.history.timelines import START, SupportRule
from bot.core.schema.history import history_json
from tests.fakes.fake_index import FakeIndex, html_page, refusal
from tests.fakes.index_pages import wheels
from tests.services.lookups import T314, T315, Clock
from tests.services.scans import Station, numbered, open_station, publish_native, publish_pure

NAMES = ("early", "late", "never")
TRACKED = Question((), None, None, None, SupportRule.TRUSTED)


def question(
    *packages: str, most: int | None = None, first: date | None = None, last: date | None = None, names: bool = False
) -> Question:
    return Question(packages, most, first, last, SupportRule.WHEEL_NAMES if names else SupportRule.TRUSTED)


@pytest.fixture
def grown(index: FakeIndex) -> FakeIndex:
    """Give an index where one package came with wheels in 2025, one got them in 2026, and one only has cp313t ones."""
    publish_native(index, "early", uploaded=datetime(2025, 6, 1, 12, tzinfo=UTC))
    late = ("cp314-cp314-win_amd64", "cp314-cp314t-win_amd64")
    index.publish(
        "late",
        [
            *wheels("late", "1.0", late[0], upload_time="2025-01-01T12:00:00Z"),
            *wheels("late", "2.0", *late, upload_time="2026-03-01T12:00:00Z"),
        ],
    )
    never = ("cp313-cp313-win_amd64", "cp313-cp313t-win_amd64")
    index.publish("never", wheels("never", "1.0", *never, upload_time="2025-01-01T12:00:00Z"))
    publish_pure(index, "pure")
    return index


async def ask(index: FakeIndex, address: str, clock: Clock, asked: Question, *, scanned: bool = True) -> History:
    async with open_station(index, address, clock, NAMES) as station:
        if scanned:
            await station.scanner.scan(3)
        index.requests.clear()
        return await station.history_reader.history(asked)


def on(history: History, day: date) -> dict[str, int]:
    return next(dict(each.with_wheels) for each in history.days if each.day == day)


async def test_tracked_packages_are_told_of_without_asking_the_index(
    grown: FakeIndex, address: str, clock: Clock
) -> None:
    history = await ask(grown, address, clock, TRACKED)
    assert grown.count() == 0
    assert (history.days[0].day, history.days[-1].day) == (START.date(), clock().date())
    assert {day.packages for day in history.days} == {3}
    assert on(history, date(2025, 5, 31)) == {"3.14t": 0, "3.15t": 0}
    assert on(history, date(2025, 6, 1)) == {"3.14t": 1, "3.15t": 0}
    assert on(history, date(2026, 3, 1)) == {"3.14t": 2, "3.15t": 0}


@pytest.mark.parametrize("asked", [NAMES, ("late", "never", "early")])
async def test_pages_tell_the_same_as_the_scan(
    grown: FakeIndex, address: str, clock: Clock, asked: tuple[str, ...]
) -> None:
    by_scan = await ask(grown, address, clock, TRACKED)
    by_page = await ask(grown, address, clock, question(*asked), scanned=False)
    assert by_page == by_scan
    assert grown.count() == 3


async def test_any_package_may_be_asked_about_before_any_scan(grown: FakeIndex, address: str, clock: Clock) -> None:
    history = await ask(grown, address, clock, question("pure", "early"), scanned=False)
    assert history.days[-1].packages == 2
    assert (history.failed, history.missing) == ({}, ())


async def test_tracked_packages_before_any_scan_are_a_user_error(grown: FakeIndex, address: str, clock: Clock) -> None:
    with pytest.raises(UserError, match="`ftbot scan` at once"):
        await ask(grown, address, clock, TRACKED, scanned=False)


async def test_wheel_names_count_whatever_the_target(grown: FakeIndex, address: str, clock: Clock) -> None:
    history = await ask(grown, address, clock, question(names=True))
    assert history.targets == ("any",)
    assert on(history, date(2025, 5, 31)) == {"any": 1}
    assert on(history, date(2026, 3, 1)) == {"any": 3}


@pytest.mark.parametrize(("most", "packages", "shares"), [(1, 1, 1), (2, 2, 2), (3, 3, 2), (99, 3, 2)])
@pytest.mark.parametrize("names", [False, True])
async def test_the_most_downloaded_come_first(  # noqa: PLR0913, PLR0917 - fixtures and a table
    grown: FakeIndex, address: str, clock: Clock, most: int, packages: int, shares: int, names: bool
) -> None:
    last = (await ask(grown, address, clock, question(most=most, names=names))).days[-1]
    assert last.packages == packages
    assert last.with_wheels[("any" if names else "3.14t")] == (packages if names else shares)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), (date(2026, 1, 1), date(2026, 1, 1))),
        (date(2026, 1, 1), date(2026, 1, 31), (date(2026, 1, 1), date(2026, 1, 31))),
        (date(1970, 1, 1), date(2024, 9, 1), (START.date(), date(2024, 9, 1))),
        (date(2026, 11, 20), date(2999, 1, 1), (date(2026, 11, 20), date(2026, 11, 22))),
        (None, date(2024, 9, 1), (START.date(), date(2024, 9, 1))),
        (date(2026, 11, 20), None, (date(2026, 11, 20), date(2026, 11, 22))),
    ],
)
async def test_days_are_those_asked_for_within_what_is_known(  # noqa: PLR0913, PLR0917 - fixtures and a table
    grown: FakeIndex, address: str, clock: Clock, first: date | None, last: date | None, days: tuple[date, date]
) -> None:
    history = await ask(grown, address, clock, question(first=first, last=last))
    assert (history.days[0].day, history.days[-1].day) == days
    assert len(history.days) == (days[1] - days[0]).days + 1


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 1), date(2026, 1, 1)),
        (date(2999, 1, 1), None),
        (None, date(2020, 1, 1)),
        (date.max, date.max),
        (date.min, date.min),
    ],
)
async def test_days_that_do_not_exist_are_a_user_error(
    grown: FakeIndex, address: str, clock: Clock, first: date | None, last: date | None
) -> None:
    with pytest.raises(UserError, match=r"^Nothing lies between .* History begins on 2024-08-01\.$"):
        await ask(grown, address, clock, question(first=first, last=last))


async def test_what_cannot_be_read_is_named_and_does_not_count(grown: FakeIndex, address: str, clock: Clock) -> None:
    grown.script(refusal(500), path="^/simple/late/", times=None)
    grown.script(html_page(), path="^/simple/never/", times=None)
    history = await ask(grown, address, clock, question("nosuch", *NAMES, "absent"), scanned=False)
    assert set(history.failed) == {"late", "never"}
    assert history.missing == ("absent", "nosuch")
    assert {day.packages for day in history.days} == {1}
    assert on(history, clock().date()) == {"3.14t": 1, "3.15t": 0}


async def test_a_hiccup_is_not_a_failure(grown: FakeIndex, address: str, clock: Clock) -> None:
    grown.script(refusal(503), times=2)
    assert (await ask(grown, address, clock, question("early"), scanned=False)).failed == {}


async def test_if_nothing_can_be_read_there_is_no_share_and_the_index_is_left_alone_soon(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.script(refusal(500), times=None)
    with pytest.raises(UpstreamError, match=r"^Nothing was read: 127\.0\.0\.1 answered with status 500\.$"):
        await ask(index, address, clock, question(*numbered("p", range(500))), scanned=False)
    assert index.count() < 100


async def test_if_nothing_exists_the_shares_are_void(grown: FakeIndex, address: str, clock: Clock) -> None:
    history = await ask(grown, address, clock, question("nosuch"), scanned=False)
    assert (history.is_void, history.missing) == (True, ("nosuch",))
    assert {(day.packages, day.percent("3.14t")) for day in history.days} == {(0, 0.0)}
    assert not (await ask(grown, address, clock, question("nosuch", *NAMES), scanned=False)).is_void


async def test_the_progress_goes_up_to_all(grown: FakeIndex, address: str, clock: Clock) -> None:
    grown.script(refusal(403), path="^/simple/late/", times=None)
    told: list[tuple[int, int]] = []
    async with open_station(grown, address, clock, NAMES) as station:
        asked = question("nosuch", *NAMES)
        await station.history_reader.history(asked, lambda *figures: told.append(figures))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_a_row_that_is_damaged_is_left_out(grown: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(grown, address, clock, NAMES) as station:
        await station.scanner.scan(3)
        await damage(station, "late")
        assert (await station.history_reader.history(TRACKED)).days[-1].packages == 2


async def damage(station: Station, package: str) -> None:
    async with station.database.transaction() as transaction:
        await transaction.run("UPDATE projects SET timelines = '[5' WHERE package = ?", (package,))


async def test_history_as_json(grown: FakeIndex, address: str, clock: Clock) -> None:
    grown.script(refusal(403), path="^/simple/never/", times=None)
    asked = question("nosuch", *NAMES, "pure", first=date(2026, 2, 28), last=date(2026, 3, 1))
    assert history_json(await ask(grown, address, clock, asked, scanned=False)) == snapshot(
        {
            "schema": 1,
            "rule": "trusted",
            "packages": 3,
            "points": [
                {
                    "day": "2026-02-28",
                    "with_wheels": {"3.14t": 1, "3.15t": 0},
                    "percent": {"3.14t": 33.3, "3.15t": 0.0},
                },
                {
                    "day": "2026-03-01",
                    "with_wheels": {"3.14t": 2, "3.15t": 0},
                    "percent": {"3.14t": 66.7, "3.15t": 0.0},
                },
            ],
            "imported": None,
            "failed": ["never"],
            "not_found": ["nosuch"],
        }
    )


async def test_the_targets_are_those_of_the_settings(grown: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(grown, address, clock, NAMES, targets=(T315, T314)) as station:
        history = await station.history_reader.history(question("early"))
    assert history.targets == ("3.15t", "3.14t")
