"""Which digest of a week is given: made from the last scan, or as it was first made; and when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.digest.digest import Digest, DigestThread, Issues
from bot.core.digest.weeks import Week, parse_week, week_of
from bot.core.errors import UserError
from bot.core.history.shares import Question
from bot.core.history.timelines import SupportRule
from bot.services.digest.digest import FIRST_WEEK
from bot.services.packages.scan import ScanScope
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels
from tests.services.lookups import T314, T315, Clock
from tests.services.scans import numbered, open_station, publish_native

LAST_WEEK = Week(2026, 46)
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
NAMES = numbered("p", range(20))


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands on a Monday morning."""
    return Clock(MONDAY)


@pytest.fixture
def full(index: FakeIndex) -> FakeIndex:
    """Give an index where one package gained wheels last week."""
    publish_native(index, *NAMES[1:])
    publish_native(index, NAMES[0], version="2.0", uploaded=MONDAY - timedelta(days=4))
    return index


def gained(digest: Digest) -> list[str]:
    return [move.package for move in digest.gained]


async def test_the_last_week_that_is_over_is_given(full: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        digest = await station.digester.digest()
        assert digest == await station.digester.digest(LAST_WEEK)
    assert (digest.week, digest.complete, digest.tracked, digest.unread) == (LAST_WEEK, True, 20, ())
    assert gained(digest) == ["p000"]
    assert (digest.read, digest.shares[0].with_wheels, digest.shares[0].change) == (MONDAY, 20, 1)


async def test_a_week_that_is_over_gives_the_same_digest_ever_after(
    full: FakeIndex, address: str, clock: Clock
) -> None:
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        first = await station.digester.digest(LAST_WEEK)
        full.yank("p000", "2.0")
        full.remove("p001")
        clock.advance(days=100)
        await station.scanner.scan(20)
        assert await station.digester.digest(LAST_WEEK) == first
    async with open_station(full, address, clock, NAMES) as station:
        assert await station.digester.digest(LAST_WEEK) == first


async def test_a_week_under_way_is_made_anew(full: FakeIndex, address: str, clock: Clock) -> None:
    clock.time = MONDAY - timedelta(days=5)
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        early = await station.digester.digest(LAST_WEEK)
        clock.time = MONDAY
        await station.scanner.scan(20)
        late = await station.digester.digest(LAST_WEEK)
    assert (early.complete, gained(early)) == (False, [])
    assert (late.complete, gained(late)) == (True, ["p000"])


async def test_a_week_that_ended_after_the_last_scan_is_not_kept(full: FakeIndex, address: str, clock: Clock) -> None:
    clock.time = MONDAY - timedelta(days=5)
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        clock.time = MONDAY
        early = await station.digester.digest(LAST_WEEK)
        await station.scanner.scan(20)
        late = await station.digester.digest(LAST_WEEK)
    assert (early.complete, late.complete) == (False, True)
    assert gained(late) == ["p000"]


async def test_a_week_is_not_over_for_packages_that_were_not_due(full: FakeIndex, address: str, clock: Clock) -> None:
    """They were read on Sunday evening, and what was uploaded at night is not known yet."""
    clock.time = MONDAY - timedelta(hours=12)
    publish_native(full, "p001", free_threaded=False)
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        publish_native(full, "p001", version="2.0", uploaded=MONDAY - timedelta(hours=10))
        clock.time = MONDAY
        await station.scanner.scan(20, ScanScope.DUE)
        early = await station.digester.digest(LAST_WEEK)
        clock.advance(days=1)
        await station.scanner.scan(20, ScanScope.DUE)
        late = await station.digester.digest(LAST_WEEK)
    assert (early.complete, early.read, gained(early)) == (False, MONDAY - timedelta(hours=12), ["p000"])
    assert (late.complete, gained(late)) == (True, ["p000", "p001"])


async def test_a_scan_by_a_clock_in_the_future_does_not_end_a_week(full: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(full, address, clock, NAMES) as station:
        clock.time = MONDAY + timedelta(days=365)
        await station.scanner.scan(20)
        clock.time = MONDAY - timedelta(days=5)
        assert not (await station.digester.digest(LAST_WEEK)).complete
        clock.time = MONDAY
        publish_native(full, "p001", version="2.0", uploaded=MONDAY - timedelta(days=1), free_threaded=False)
        await station.scanner.scan(20)
        assert (await station.digester.digest(LAST_WEEK)).shares[0].packages == 20


@pytest.mark.parametrize(("failing", "kept"), [(0, True), (2, True), (3, False), (20, False)])
async def test_too_much_unread_is_not_kept(
    full: FakeIndex, address: str, clock: Clock, failing: int, kept: bool
) -> None:
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        if failing:
            full.script(refusal(403), path=f"^/simple/({'|'.join(NAMES[:failing])})/", times=None)
        await station.scanner.scan(20)
        digest = await station.digester.digest(LAST_WEEK)
        assert list(digest.unread) == NAMES[:failing]
        assert (await station.digester.digests.kept(LAST_WEEK, (T314, T315)) is not None) is kept
        assert digest.tracked == 20


async def test_a_first_scan_that_failed_for_half_is_not_kept(full: FakeIndex, address: str, clock: Clock) -> None:
    full.script(refusal(403), path=f"^/simple/({'|'.join(NAMES[::2])})/", times=None)
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        assert (await station.digester.digest(LAST_WEEK)).tracked == 10
        full.heal()
        await station.scanner.scan(20)
        assert (await station.digester.digest(LAST_WEEK)).tracked == 20


async def test_old_conclusions_of_packages_that_failed_do_not_hold_up_a_week(
    full: FakeIndex, address: str, clock: Clock
) -> None:
    clock.time = MONDAY - timedelta(days=30)
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        clock.time = MONDAY
        full.script(refusal(403), path="^/simple/p007/", times=None)
        await station.scanner.scan(20)
        digest = await station.digester.digest(LAST_WEEK)
    assert (digest.complete, digest.read, digest.unread) == (True, MONDAY, ("p007",))


async def test_packages_without_upload_times_are_in_no_share(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "dated")
    index.publish("undated", wheels("undated", "1.0", "cp314-cp314-win32", "cp314-cp314t-win32", upload_time=None))
    async with open_station(index, address, clock, ("dated", "undated")) as station:
        await station.scanner.scan(20)
        digest = await station.digester.digest()
        assert (digest.unread, digest.shares[0].packages, digest.shares[0].with_wheels) == (("undated",), 1, 1)
        question = Question(("dated", "undated"), None, None, None, SupportRule.TRUSTED)
        history = await station.history_reader.history(question)
        assert (history.days[-1].packages, list(history.failed)) == (1, ["undated"])
    async with open_station(index, None, clock, ("undated",)) as station:
        await station.scanner.scan(20)
        with pytest.raises(UserError, match="Nothing can be said of the past"):
            await station.digester.digest()


async def test_a_digest_of_few_packages_is_kept_where_there_are_no_more(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, "one")
    async with open_station(index, address, clock, ("one",)) as station:
        digester = replace(station.digester, track=20)
        await station.scanner.scan(2)
        first = await digester.digest()
        assert await digester.digests.kept(first.week, digester.targets) is None
        await station.scanner.scan(20)
        assert await digester.digest() == await digester.digests.kept(first.week, digester.targets)


async def test_other_targets_have_a_digest_of_their_own(full: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(full, address, clock, NAMES, targets=(T314,)) as station:
        await station.scanner.scan(20)
        assert [share.target for share in (await station.digester.digest()).shares] == [T314]
    async with open_station(full, address, clock, NAMES, targets=(T315, T314)) as station:
        with pytest.raises(UserError, match="`ftbot scan` at once"):
            await station.digester.digest()
        await station.scanner.scan(20)
        assert [share.target for share in (await station.digester.digest()).shares] == [T315, T314]


@pytest.mark.parametrize(
    ("week", "says"),
    [
        ("2026-W48", "Week 2026-W48 has not begun. Ask for 2026-W46 or earlier."),
        ("2030-W01", "Week 2030-W01 has not begun. Ask for 2026-W46 or earlier."),
        (str(FIRST_WEEK.before), "There is nothing to tell of 2024-W30: free-threaded wheels begin in 2024-W31."),
        ("1999-W01", "There is nothing to tell of 1999-W01: free-threaded wheels begin in 2024-W31."),
    ],
)
async def test_a_week_without_a_digest_is_explained(
    full: FakeIndex, address: str, clock: Clock, week: str, says: str
) -> None:
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        with pytest.raises(UserError) as raised:
            await station.digester.digest(parse_week(week))
    assert str(raised.value) == says


@pytest.mark.parametrize("week", [FIRST_WEEK, LAST_WEEK, week_of(MONDAY.date())], ids=str)
async def test_every_week_since_the_beginning_has_a_digest(
    full: FakeIndex, address: str, clock: Clock, week: Week
) -> None:
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        assert (await station.digester.digest(week)).week == week


async def test_before_any_scan_there_is_nothing_to_tell(index: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(index, address, clock, []) as station:
        for scanned in (False, True):
            if scanned:
                await station.scanner.scan(20)
            with pytest.raises(
                UserError,
                match=r"^Nothing has been scanned yet\. A running bot does it soon, `ftbot scan` at once\.$",
            ):
                await station.digester.digest()


async def test_what_cannot_be_read_from_the_database_is_unread(full: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        async with station.database.transaction() as transaction:
            await transaction.run("UPDATE projects SET timelines = 'garbage' WHERE package = 'p003'")
        digest = await station.digester.digest()
    assert digest.unread == ("p003",)


async def test_the_issues_of_the_week_are_told(full: FakeIndex, address: str, clock: Clock) -> None:
    async def issues(week: Week) -> Issues:
        return Issues(opened=(DigestThread("org/spam", week.number, "Crash", "https://example.org"),))

    async with open_station(full, address, clock, NAMES) as station:
        await station.scanner.scan(20)
        told = await replace(station.digester, issues=issues).digest()
        assert [thread.number for thread in told.issues.opened] == [46]
        assert (await station.digester.digest()).issues == told.issues
