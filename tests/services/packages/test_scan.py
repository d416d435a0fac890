"""What a scan reads, in which order it stops, what it reports, and how it goes on after a crash."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from inline_snapshot import snapshot

from bot.core.errors import ScannedElsewhereError
from bot.core.history.breaker import ROW
from bot.core.index.simple_api import parse
from bot.core.verdicts.judge import judge
from bot.services.packages.scan import ScanScope
from tests.command_line import without_coverage
from tests.databases import open_database
from tests.fakes.fake_index import FakeIndex, Hold
from tests.fakes.index_pages import Dialect, wheels
from tests.patience import at_most
from tests.services.lookups import T314, T315, Clock
from tests.services.scans import asked_of, numbered, open_station, publish_native, publish_pure

MIXED = ("a", "b-pure", "c", "d-missing", "e", "f", "g")


@pytest.fixture
def mixed(index: FakeIndex) -> FakeIndex:
    publish_native(index, "a", "c", "f")
    publish_native(index, "e", "g", free_threaded=False)
    publish_pure(index, "b-pure")
    return index


async def tracked_after(address: str, index: FakeIndex, clock: Clock) -> list[tuple[str, int | None]]:
    async with open_station(index, address, clock, MIXED) as station:
        latest = await station.scans.latest()
        assert latest is not None
        return list(latest.tracked)


async def test_the_walk_finds_the_first_natives_by_rank(mixed: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(mixed, address, clock, MIXED, connections=3) as station:
        report = await station.scanner.scan(3)
    assert (report.packages, report.failed) == (3, {})
    assert await tracked_after(address, mixed, clock) == [("a", 1), ("c", 3), ("e", 5)]
    assert report.verdicts == snapshot({"3.14t": {"not-yet": 1, "supported": 2}, "3.15t": {"not-yet": 3}})


async def test_what_the_garbage_collector_leaves_alone_it_leaves_alone_after_a_scan(
    mixed: FakeIndex, address: str, clock: Clock
) -> None:
    gc.freeze()  # as the bot does, in which a scan of a database in memory runs
    async with open_station(mixed, address, clock, MIXED) as station:
        await station.scanner.scan(2)
    assert gc.get_freeze_count() > 0


async def test_the_walk_stops_when_it_has_enough(mixed: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(mixed, address, clock, MIXED, connections=1) as station:
        report = await station.scanner.scan(2)
    assert asked_of(mixed) == ["a", "b-pure", "c"]
    assert (report.packages, report.requests, report.not_modified) == (2, 3, 0)
    assert report.bytes == mixed.bytes_sent > 0
    assert report.list_day == "2026-11-01"


async def test_several_connections_read_little_more_than_needed(index: FakeIndex, address: str, clock: Clock) -> None:
    names = numbered("p", range(60))
    publish_native(index, *names)
    async with open_station(index, address, clock, names, connections=8) as station:
        report = await station.scanner.scan(20)
    assert report.packages == 20
    assert 20 <= index.count() < 20 + 8
    assert asked_of(index) == names[: index.count()]


async def test_a_list_with_too_few_natives_gives_what_there_is(mixed: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(mixed, address, clock, MIXED) as station:
        report = await station.scanner.scan(100)
    assert report.packages == 5
    assert asked_of(mixed) == sorted(MIXED)


async def test_what_people_asked_about_is_tracked_too(mixed: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(mixed, "unranked")
    publish_pure(mixed, "unranked-pure")
    async with open_station(mixed, address, clock, MIXED, connections=1) as station:
        await station.ask("g", "unranked", "unranked-pure", "unranked-missing", "a", "c")
        report = await station.scanner.scan(2)
    assert (report.packages, report.failed) == (4, {})
    assert await tracked_after(address, mixed, clock) == [("a", 1), ("c", 3), ("g", 7), ("unranked", None)]


async def test_what_people_asked_about_is_tracked_even_if_the_walk_met_it(
    mixed: FakeIndex, address: str, clock: Clock
) -> None:
    async with open_station(mixed, address, clock, MIXED, connections=8) as station:
        await station.ask("g")
        report = await station.scanner.scan(1)
    assert report.packages == 2
    assert await tracked_after(address, mixed, clock) == [("a", 1), ("g", 7)]


async def test_a_name_that_was_only_suggested_is_not_tracked(mixed: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(mixed, address, clock, MIXED, connections=1) as station:
        await station.packages.id_of("g")
        report = await station.scanner.scan(1)
    assert report.packages == 1
    assert asked_of(mixed) == ["a"]


async def test_a_project_that_was_deleted_is_tracked_no_longer(mixed: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(mixed, address, clock, MIXED) as station:
        await station.scanner.scan(2)
        mixed.remove("a")
        report = await station.scanner.scan(2)
    assert (report.packages, report.failed) == (2, {})
    assert await tracked_after(address, mixed, clock) == [("c", 3), ("e", 5)]


async def test_a_project_whose_native_wheels_are_gone_is_tracked_no_longer(
    mixed: FakeIndex, address: str, clock: Clock
) -> None:
    async with open_station(mixed, address, clock, MIXED) as station:
        await station.scanner.scan(2)
        publish_pure(mixed, "a")
        await station.scanner.scan(2)
    assert await tracked_after(address, mixed, clock) == [("c", 3), ("e", 5)]


@pytest.mark.parametrize("upload_time", [None, "9999-12-31T23:59:59.000000Z", "0001-01-01T00:00:00.000000Z", "soon"])
async def test_every_tracked_package_has_a_verdict_whatever_its_upload_times(
    index: FakeIndex, address: str, clock: Clock, upload_time: str | None
) -> None:
    tags = ("cp314-cp314-win_amd64", "cp314-cp314t-win_amd64")
    index.publish("a", wheels("a", "1.0", *tags, upload_time=upload_time))
    async with open_station(index, address, clock, ["a"]) as station:
        report = await station.scanner.scan(1)
    assert report.verdicts == {"3.14t": {"supported": 1}, "3.15t": {"blocked": 1}}


async def test_a_yanked_project_has_a_verdict(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "a")
    index.yank("a", "1.0")
    async with open_station(index, address, clock, ["a"]) as station:
        report = await station.scanner.scan(1)
    assert report.verdicts == {"3.14t": {"supported": 1}, "3.15t": {"not-yet": 1}}


@pytest.mark.parametrize(
    "serial",
    ["99999999999999999999999999", 2**70, -5, "text", None, "9" * 5000, 1.5],
    ids=["long text", "long", "negative", "text", "none", "very long", "float"],
)
async def test_a_serial_that_makes_no_sense_does_no_harm(
    index: FakeIndex, address: str, clock: Clock, serial: object
) -> None:
    files = [{"filename": "a-1.0-cp314-cp314t-win_amd64.whl", "upload-time": "2026-01-15T12:00:00Z"}]
    index.serve_raw("a", body=msgspec.json.encode({"meta": {"_last-serial": serial}, "name": "a", "files": files}))
    async with open_station(index, address, clock, ["a"]) as station:
        report = await station.scanner.scan(1)
    assert (report.packages, report.failed) == (1, {})


async def test_large_pages_are_concluded_as_the_judge_does(
    index: FakeIndex, address: str, clock: Clock, shared: Path
) -> None:
    names = ("numpy", "lxml", "pydantic-core", "grpcio", "cryptography")
    index.load_recorded(shared / "data" / "simple", *names)
    async with open_station(index, address, clock, names) as station:
        report = await station.scanner.scan(len(names))
    expected: dict[str, Counter[str]] = {"3.14t": Counter(), "3.15t": Counter()}
    for name in names:
        page = parse(name, index.projects[name].recorded or b"")
        for each in judge(page, (T314, T315), clock()).targets:
            expected[str(each.target)][each.verdict.value] += 1
    assert (report.packages, report.verdicts) == (len(names), expected)


async def test_an_index_without_gzip_and_serials_as_text_is_scanned_too(address: str, clock: Clock) -> None:
    async with FakeIndex(Dialect(gzip=False, serial_as_text=True, relative_urls=True)) as index:
        publish_native(index, "a", "c")
        async with open_station(index, address, clock, ["a", "c"]) as station:
            await station.scanner.scan(2)
            report = await station.scanner.scan(2)
            serials = {name: known.serial for name, known in (await station.known()).items()}
    assert (report.packages, report.not_modified) == (2, 2)
    assert serials == {name: index.projects[name].serial for name in ("a", "c")}


async def test_the_progress_goes_up_to_what_is_wanted(mixed: FakeIndex, address: str, clock: Clock) -> None:
    told: list[tuple[int, int, int]] = []
    async with open_station(mixed, address, clock, MIXED) as station:
        await station.scanner.scan(3, progress=lambda *figures: told.append(figures))
    seen, tracked, wanted = (list(figures) for figures in zip(*told, strict=True))
    assert seen == sorted(seen)
    assert tracked == sorted(tracked)
    assert set(wanted) == {3}
    assert tracked[-1] == 3
    assert seen[-1] == mixed.count() == len(told)


async def test_nothing_tracked_is_an_empty_report(mixed: FakeIndex, address: str, clock: Clock) -> None:
    async with open_station(mixed, address, clock, MIXED) as station:
        report = await station.scanner.scan(0)
    assert (report.packages, report.requests, report.verdicts) == (0, 0, {"3.14t": {}, "3.15t": {}})


async def test_of_two_scans_at_once_on_one_database_one_is_refused(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    names = numbered("p", range(20))
    publish_native(index, *names)
    async with (
        open_station(index, address, clock, names) as one,
        open_station(index, address, clock, names) as other,
    ):
        hold = index.hold()
        first = asyncio.create_task(one.scanner.scan(10))
        await asyncio.wait_for(hold.arrived.wait(), at_most(60))
        with pytest.raises(ScannedElsewhereError, match=r"^Another process scans into the database .*\. Wait until"):
            await other.scanner.scan(10)
        hold.release.set()
        assert (await first).packages == 10
        assert (await other.scanner.scan(10)).packages == 10


async def scanning(index: FakeIndex, database: str, names: Path, top: int) -> asyncio.subprocess.Process:
    variables = {
        "FTBOT_INDEX_URL": index.index_url,
        "FTBOT_JSON_API_URL": index.json_api_url,
        "FTBOT_DATABASE": database,
        "FTBOT_TOP_PACKAGES_URL": str(names),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "scan", "--top", str(top), "--json",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=without_coverage() | variables,
    )  # fmt: skip


async def stored(address: str) -> set[str]:
    async with open_database(address) as database:
        return {str(name) for (name,) in await database.read("SELECT package FROM projects")}


async def until_stuck(holds: Sequence[Hold], address: str) -> None:
    """Wait until a scan asks for nothing more before what is held is answered, and has stored something by then."""
    first = asyncio.as_completed([hold.arrived.wait() for hold in holds])
    for arrived in islice(first, ROW):
        await arrived
    while not await stored(address):
        pass


async def test_a_scan_that_was_killed_goes_on_where_it_was(index: FakeIndex, address: str, tmp_path: Path) -> None:
    names = numbered("p", range(400))
    publish_native(index, *names)
    (tmp_path / "names.txt").write_text("\n".join(names))
    holds = [index.hold(path=f"^/simple/{name}/") for name in names[300:]]
    process = await scanning(index, address, tmp_path / "names.txt", 400)
    await asyncio.wait_for(until_stuck(holds, address), at_most(60))
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    known = await stored(address)
    assert 0 < len(known) <= 300
    async with FakeIndex() as healed:  # what the other one was asked at last, it may answer at any time
        publish_native(healed, *names)
        again = await scanning(healed, address, tmp_path / "names.txt", 400)
        out, err = await asyncio.wait_for(again.communicate(), at_most(60))
    report = msgspec.json.decode(out, type=dict[str, object])
    assert (again.returncode, err) == (0, b"")
    assert asked_of(healed) == sorted(set(names) - known)
    assert (report["packages"], report["requests"], report["failed"]) == (400, 400 - len(known), [])
    assert report["verdicts"] == {"3.14t": {"supported": 400}, "3.15t": {"not-yet": 400}}


async def test_a_scan_that_was_interrupted_long_ago_is_not_taken_up(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, "a")
    async with open_station(index, address, clock, ["a"]) as station:
        begun = await station.scans.begin(clock(), clock())
        clock.advance(hours=7)
        await station.scanner.scan(1, ScanScope.EVERYTHING)
        known = await station.known()
    assert known["a"].scan == begun + 1


async def test_a_package_that_nobody_waits_for_is_tracked_only_when_somebody_asks(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, "pycrypto", "numpy")
    async with open_station(index, address, clock, ["pycrypto", "numpy"]) as station:
        report = await station.scanner.scan(2)
        assert (report.packages, index.count("^/simple/pycrypto/")) == (1, 0)
        await station.ask("pycrypto")
        assert (await station.scanner.scan(2)).packages == 2
