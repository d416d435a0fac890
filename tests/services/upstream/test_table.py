"""The tracking table is compared with as few questions as can be, and with what is kept where nobody answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from inline_snapshot import snapshot

from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
from bot.core.errors import UpstreamError
from bot.core.github.threads import ForbiddenError, Glimpse, IssueRef, ThreadState
from bot.core.guide.table_page import read_page
from bot.core.guide.without_a_row import NATIVE
from bot.core.upstream.table_check import CheckedRow, RowState
from bot.core.upstream.table_report import TableReport
from bot.services.packages.catalogue import Catalogue
from bot.services.packages.listing import PackageLister
from bot.services.upstream.table import Resolve, TableChecker
from bot.services.upstream.table_missing import MOST_MISSING, MissingRows
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections
from storage.packages.metadata import ReleaseMetadata
from storage.packages.names import Packages
from storage.packages.projects import Projects
from storage.packages.scans import Scans
from tests.databases import open_database
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.file_host import FileHost
from tests.services.inspections import ON, open_laboratory, publish, wheel_of
from tests.services.lookups import NOW, QUICK, T314, T315, Clock
from tests.services.scans import open_station, publish_native, publish_pure

HEAD = "| Project | Upstream issue | PyPI release | First version with support |\n|-|-|-|-|\n"
TICK = ":material-check-bold:"
REF = IssueRef("o/r", 7)
PAGE = read_page(
    f"{HEAD}| numpy | https://github.com/o/r/issues/7 | | |\n| orjson | | {TICK} | 1.0 |\n"
    "| nowhere | | | |\n| PyO3 | | | |\n"
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        publish_native(running, "numpy")
        publish_native(running, "orjson", free_threaded=False)
        yield running


async def nobody() -> Sequence[str]:
    return ()


@asynccontextmanager
async def open_checker(
    index: FakeIndex,
    address: str,
    clock: Clock,
    resolve: Resolve | None = None,
    ranked: Callable[[], Awaitable[Sequence[str]]] = nobody,
) -> AsyncIterator[TableChecker]:
    """Start as after a start of the program."""
    async with open_http("ftbot-tests") as http, open_database(address) as database:
        inspections = Inspections(database)
        metadata, targets = ReleaseMetadata(database), (T314, T315)
        catalogue = Catalogue(Scans(database), Projects(database), inspections, metadata, targets, clock)
        lister = PackageLister(catalogue, targets)
        pages = PackageIndex(http, index.index_url, index.json_api_url, QUICK)
        documents, missing = Documents(database), MissingRows(Packages(database), lister, ranked)
        yield TableChecker(pages, index.index_url, documents, inspections, missing, clock, resolve)


async def check(index: FakeIndex, address: str, clock: Clock, resolve: Resolve | None = None) -> TableReport:
    async with open_checker(index, address, clock, resolve) as checker:
        return await checker.check(PAGE)


def states(report: TableReport) -> dict[str, RowState]:
    return {each.row.row.project: each.state for each in report.rows}


def row_of(report: TableReport, project: str) -> CheckedRow:
    return next(each for each in report.rows if each.row.row.project == project)


async def test_every_row_is_compared(index: FakeIndex, address: str, clock: Clock) -> None:
    told: list[tuple[int, int]] = []
    async with open_checker(index, address, clock) as checker:
        report = await checker.check(PAGE, lambda *progress: told.append(progress))
    assert states(report) == {
        "numpy": RowState.OUT_OF_DATE,
        "orjson": RowState.WRONG,
        "nowhere": RowState.NOT_ON_INDEX,
        "PyO3": RowState.NOT_ON_INDEX,
    }
    assert (report.links_problem, report.unread, sorted(told)) == (
        "FTBOT_GITHUB_TOKEN is not set.",
        0,
        [(1, 3), (2, 3), (3, 3)],
    )


async def test_a_second_time_nobody_is_asked_and_later_only_what_changed(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    first = await check(index, address, clock)
    asked = len(index.requests)
    assert states(await check(index, address, clock)) == states(first)
    assert len(index.requests) == asked
    clock.advance(hours=7)
    assert states(await check(index, address, clock)) == states(first)
    assert [request.status for request in index.requests[asked:]].count(304) == 2
    publish_native(index, "orjson", version="2.0", uploaded=NOW)
    clock.advance(hours=7)
    assert "was 2.0" in row_of(await check(index, address, clock), "orjson").reason


async def test_another_version_in_the_row_is_looked_up_anew(index: FakeIndex, address: str, clock: Clock) -> None:
    await check(index, address, clock)
    async with open_checker(index, address, clock) as checker:
        report = await checker.check(read_page(f"{HEAD}| numpy | | {TICK} | 1.0 |\n"))
    assert states(report) == {"numpy": RowState.FINE}


async def test_what_was_kept_answers_where_the_index_does_not(index: FakeIndex, address: str, clock: Clock) -> None:
    first = await check(index, address, clock)
    index.script(refusal(403), times=None)
    clock.advance(days=2)
    later = await check(index, address, clock)
    assert (states(later), later.unread) == (states(first), 0)


async def test_what_cannot_be_read_is_never_a_no(index: FakeIndex, address: str, clock: Clock) -> None:
    index.script(refusal(403), path="^/simple/numpy/", times=None)
    report = await check(index, address, clock)
    assert (report.unread, row_of(report, "numpy").state) == (1, RowState.PERSON)
    assert "could not be read" in row_of(report, "numpy").reason
    assert states(report)["orjson"] is RowState.WRONG
    index.heal()
    assert states(await check(index, address, clock))["numpy"] is RowState.OUT_OF_DATE


async def test_an_index_that_answers_nothing_ends_it(index: FakeIndex, address: str, clock: Clock) -> None:
    index.script(refusal(403), times=None)
    with pytest.raises(UpstreamError, match="Nothing could be compared: 127"):
        await check(index, address, clock)


@pytest.mark.parametrize("body", [b"", b"{", b'{"version": 0, "index": "", "packages": {}}', b"[]"])
async def test_what_is_kept_in_another_form_is_as_good_as_nothing(
    index: FakeIndex, address: str, clock: Clock, body: bytes
) -> None:
    async with open_database(address) as database:
        await Documents(database).record("tracking facts", body, NOW)
    assert states(await check(index, address, clock))["numpy"] is RowState.OUT_OF_DATE


async def test_links_are_looked_at_where_somebody_may(index: FakeIndex, address: str, clock: Clock) -> None:
    async def resolve(refs: Sequence[IssueRef]) -> Mapping[IssueRef, Glimpse | None]:
        assert list(refs) == [REF]
        return {REF: Glimpse("n", IssueRef("o/moved", 8), "t", is_pr=False, state=ThreadState.OPEN, updated=NOW)}

    report = await check(index, address, clock, resolve)
    cells = row_of(report, "numpy").cells
    assert report.links_problem is None
    assert cells is not None
    assert cells[1] == "https://github.com/o/moved/issues/8"


async def test_a_thread_of_which_github_says_nothing_was_not_checked(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    async def resolve(_: Sequence[IssueRef]) -> Mapping[IssueRef, Glimpse | None]:
        return {}

    assert row_of(await check(index, address, clock, resolve), "numpy").link_unchecked


@pytest.mark.parametrize("failure", [UpstreamError("GitHub did not answer."), ForbiddenError("The token is refused.")])
async def test_where_github_does_not_answer_rows_are_compared_without_links(
    index: FakeIndex, address: str, clock: Clock, failure: Exception
) -> None:
    async def resolve(_: Sequence[IssueRef]) -> Mapping[IssueRef, Glimpse | None]:
        raise failure

    report = await check(index, address, clock, resolve)
    assert report.links_problem == str(failure)
    assert row_of(report, "numpy").link_unchecked
    assert states(report)["orjson"] is RowState.WRONG


async def test_a_wheel_that_was_read_and_turns_the_gil_on_makes_it_a_judgement(address: str, clock: Clock) -> None:
    tags = {
        "cp314-cp314t-manylinux_2_28_aarch64": wheel_of({"numpy/m": ON}),
        "cp314-cp314-manylinux_2_28_aarch64": wheel_of({"numpy/m": ON}),
    }
    async with FileHost() as host:
        publish(host, "numpy", tags)
        async with open_laboratory(host, address, clock) as laboratory:
            await laboratory.inspector.inspect("numpy", (T314,))
        found = row_of(await check(host, address, clock), "numpy")
    assert found.state is RowState.PERSON
    assert found.reason.endswith(
        "turns the GIL back on: numpy.m, read from numpy-1.0-cp314-cp314t-manylinux_2_28_aarch64.whl."
    )


async def test_what_people_ask_about_is_named_whether_or_not_it_was_scanned(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, "lxml")
    publish_pure(index, "six")
    async with open_station(index, address, clock, ["numpy", "lxml"]) as station:
        await station.ask("lxml", "numpy", "six", "no-such-package")
        (read,) = (await check(index, address, clock)).missing
        await station.scanner.scan(2)
    (scanned,) = (await check(index, address, clock)).missing
    assert (read.package, scanned.package) == ("lxml", "lxml")
    assert read.reason == snapshot("People ask about it here. 1.0 (2026-08-14) was the first with wheels, for 3.14t.")
    assert scanned.reason == snapshot(
        "People ask about it here. 3.14t: wheels since 1.0 (2026-08-14); 3.15t: no wheel."
    )


async def test_where_nobody_asked_the_most_downloaded_native_packages_are_named(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, "regex", "tomli")
    publish_native(index, "coverage", free_threaded=False)
    publish_pure(index, "jiter")

    async def ranked() -> Sequence[str]:
        return ("requests", "tomli", "numpy", "jiter", "coverage", "regex")

    async def missing() -> Sequence[tuple[str, str]]:
        async with open_checker(index, address, clock, ranked=ranked) as checker:
            return [(each.package, each.reason) for each in (await checker.check(PAGE)).missing]

    found = await missing()
    assert found == snapshot(
        [
            ("tomli", "Number 2 of the most downloaded. 1.0 (2026-08-14) was the first with wheels, for 3.14t."),
            ("coverage", "Number 5 of the most downloaded. No release has a free-threaded wheel; the newest is 1.0."),
            ("regex", "Number 6 of the most downloaded. 1.0 (2026-08-14) was the first with wheels, for 3.14t."),
        ]
    )
    asked = len(index.requests)
    assert not any("requests" in request.path for request in index.requests)
    assert await missing() == found
    assert len(index.requests) == asked


async def test_no_more_packages_without_a_row_are_read_than_are_named(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_native(index, *NATIVE)

    async def ranked() -> Sequence[str]:
        return sorted(NATIVE)

    async with open_checker(index, address, clock, ranked=ranked) as checker:
        report = await checker.check(PAGE)
    assert [each.package for each in report.missing] == sorted(NATIVE)[:MOST_MISSING]
    assert len(index.requests) == MOST_MISSING + 3
    names = ["numpy", *sorted(NATIVE)]
    async with open_station(index, address, clock, names) as station:
        await station.scanner.scan(len(names))
    asked = len(index.requests)
    report = await check(index, address, clock)
    assert [each.rank for each in report.missing] == list(range(2, MOST_MISSING + 2))
    assert len(index.requests) == asked


async def test_a_package_that_could_not_be_read_is_not_named(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, "regex", "tomli")
    index.script(refusal(403), path="^/simple/tomli/", times=None)

    async def ranked() -> Sequence[str]:
        return ("tomli", "regex", "backports-zstd", "jaxlib")

    async with open_checker(index, address, clock, ranked=ranked) as checker:
        report = await checker.check(PAGE)
    assert [(each.package, each.rank) for each in report.missing] == [("regex", 2)]
    assert report.unread == 0
