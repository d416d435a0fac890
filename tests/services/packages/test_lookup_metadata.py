"""Classifiers and links: from the first place that has them, in time or later, and never in the way of an answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import pytest

from bot.core.dependencies.named import NamedPackage
from bot.core.index.metadata import Metadata
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import MetadataState, Status
from bot.services.packages.families import AT_ONCE, look_up_all
from bot.services.packages.lookup import Freshness, StatusLookup
from tests.fakes.fake_index import FakeIndex, Fault, Reply, Reset, refusal
from tests.fakes.index_pages import PYPI, File, wheels
from tests.services.lookups import FOREVER, Clock, open_lookup, release

CLAIM = "Programming Language :: Python :: Free Threading :: 2 - Beta"
OTHER_CLAIM = "Programming Language :: Python :: Free Threading :: 3 - Stable"
SOURCE = "https://github.com/demo/demo"
METADATA = f"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nClassifier: {CLAIM}\nProject-URL: Source, {SOURCE}\n"
ANYWHERE_ELSE = "^/(pypi|files)/"
EVERYTHING = Metadata(free_threading=CLAIM, source=SOURCE)


def with_metadata_file(version: str = "1.0") -> list[File]:
    """Make a release whose first wheel has a metadata file (PEP 658)."""
    first, *others = release(version)
    return [replace(first, metadata=METADATA), *others]


def publish_for_json_api(index: FakeIndex, *, claim: str = CLAIM) -> None:
    """Publish the project so that only the JSON API knows its metadata."""
    index.publish("demo", release(), classifiers=[claim], project_urls={"Source": SOURCE})


async def test_the_metadata_file_is_asked_first(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", with_metadata_file(), classifiers=[OTHER_CLAIM])
    assert (await lookup.look_up("demo")).metadata == EVERYTHING
    assert [request.path for request in index.requests] == [
        "/simple/demo/",
        "/files/demo-1.0-cp314-cp314t-win_amd64.whl.metadata",
    ]


async def test_the_metadata_file_is_found_where_addresses_are_relative(index: FakeIndex, lookup: StatusLookup) -> None:
    index.dialect = replace(PYPI, relative_urls=True)
    index.publish("demo", with_metadata_file())
    assert (await lookup.look_up("demo")).metadata == EVERYTHING


async def test_without_a_metadata_file_the_release_is_asked_for(index: FakeIndex, lookup: StatusLookup) -> None:
    publish_for_json_api(index)
    assert (await lookup.look_up("demo")).metadata == EVERYTHING
    assert [request.path for request in index.requests] == ["/simple/demo/", "/pypi/demo/1.0/json"]


async def test_without_that_the_project_is_asked_for(index: FakeIndex, lookup: StatusLookup) -> None:
    index.dialect = replace(PYPI, release_json=False)
    publish_for_json_api(index)
    assert (await lookup.look_up("demo")).metadata == EVERYTHING
    assert [(request.path, request.status) for request in index.requests] == [
        ("/simple/demo/", 200),
        ("/pypi/demo/1.0/json", 404),
        ("/pypi/demo/json", 200),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        refusal(429, retry_after="3600"),
        refusal(500),
        Reset(),
        Reply(200, b"no JSON"),
        Reply(200, b'{"info": 5}', "application/json"),
        Reply(200, b"", encoding="gzip"),
        Reply(301, headers={"Location": "http://[::1/"}),
    ],
    ids=["429", "500", "reset", "text", "types", "gzip", "redirect"],
)
@pytest.mark.parametrize("files", [release(), with_metadata_file()], ids=["json", "file"])
async def test_failing_metadata_fails_no_answer(
    index: FakeIndex, lookup: StatusLookup, files: list[File], fault: Fault
) -> None:
    index.publish("demo", files, classifiers=[CLAIM])
    index.script(fault, path=ANYWHERE_ELSE, times=None)
    status = await lookup.look_up("demo")
    assert (status.headline.verdict, status.error) == (Verdict.SUPPORTED, None)
    assert status.metadata in {None, Metadata()}


@pytest.mark.parametrize("url", ["http://[", "file:///etc/passwd", "http://127.0.0.1:99999/x", "//", "\x00", "é", ""])
async def test_addresses_of_files_may_be_anything(index: FakeIndex, lookup: StatusLookup, url: str) -> None:
    publish_for_json_api(index)
    file = {"filename": "demo-1.0-cp314-cp314t-win_amd64.whl", "url": url, "core-metadata": True}
    index.serve_raw("demo", body=msgspec.json.encode({"files": [file]}))
    status = await lookup.look_up("demo")
    assert (status.headline.verdict, status.metadata) == (Verdict.SUPPORTED, EVERYTHING)


async def test_late_metadata_does_not_delay_the_answer_and_is_in_the_next(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_for_json_api(index)
    hold = index.hold(path=ANYWHERE_ELSE)
    async with open_lookup(index, address, clock, metadata_wait=0) as lookup:
        first = await lookup.look_up("demo")
        assert (first.headline.verdict, first.metadata) == (Verdict.SUPPORTED, None)
        hold.release.set()
        assert (await with_metadata(lookup)).metadata == EVERYTHING
    index.requests.clear()
    async with open_lookup(index, address, clock) as after:
        assert (await after.look_up("demo")).metadata == EVERYTHING
    assert index.requests == []


async def test_late_metadata_of_a_page_that_was_replaced_does_not_bring_it_back(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_for_json_api(index)
    hold = index.hold(path="^/pypi/demo/1.0/")
    async with open_lookup(index, address, clock, metadata_wait=0) as lookup:
        await lookup.look_up("demo")
        await hold.arrived.wait()
        clock.advance(minutes=1)
        index.upload("demo", *release("2.0"))
        assert str((await lookup.look_up("demo", freshness=Freshness.REFRESH)).judgement.version) == "2.0"
        hold.release.set()
        await lookup.aclose()
        assert str((await lookup.look_up("demo")).judgement.version) == "2.0"


async def test_late_metadata_is_kept_when_the_page_was_confirmed_meanwhile(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    publish_for_json_api(index)
    hold = index.hold(path="^/pypi/demo/1.0/")
    async with open_lookup(index, address, clock, metadata_wait=0) as lookup:
        await lookup.look_up("demo")
        await hold.arrived.wait()
        clock.advance(minutes=1)
        await lookup.look_up("demo", freshness=Freshness.REFRESH)
        hold.release.set()
        await lookup.aclose()
    async with open_lookup(index, address, clock) as after:
        status = await after.look_up("demo")
    assert (status.metadata, status.checked) == (EVERYTHING, clock.time)


async def test_metadata_that_failed_is_asked_for_again_with_the_page_that_says_where_it_is(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    publish_for_json_api(index)
    index.script(refusal(500), path=ANYWHERE_ELSE, times=2)
    assert (await lookup.look_up("demo")).metadata is None
    clock.advance(hours=6)
    assert (await lookup.look_up("demo")).metadata == EVERYTHING
    assert index.not_modified == 0


async def test_metadata_is_asked_for_once_a_release(index: FakeIndex, lookup: StatusLookup, clock: Clock) -> None:
    publish_for_json_api(index)
    await lookup.look_up("demo")
    index.upload("demo", File("demo-1.0-cp315-cp315t-win_amd64.whl"))
    clock.advance(hours=6)
    again = await lookup.look_up("demo")
    assert (again.metadata, again.judgement.targets[1].verdict) == (EVERYTHING, Verdict.SUPPORTED)
    assert index.count(ANYWHERE_ELSE) == 1
    index.upload("demo", *release("2.0"))
    clock.advance(hours=6)
    assert (await lookup.look_up("demo")).metadata == EVERYTHING
    assert index.count(ANYWHERE_ELSE) == 2


async def test_closing_waits_for_late_metadata_only_a_moment(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_for_json_api(index)
    index.hold(path=ANYWHERE_ELSE)
    async with asyncio.timeout(FOREVER / 2), open_lookup(index, address, clock, metadata_wait=0) as lookup:
        assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED
        await lookup.aclose()


async def with_metadata(lookup: StatusLookup) -> Status:
    """Ask until the metadata is there; every question lets the background go on."""
    async with asyncio.timeout(FOREVER / 2):
        while (status := await lookup.look_up("demo")).metadata is None:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
    return status


# Whether it is all there


async def test_an_answer_says_whether_its_metadata_came(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_for_json_api(index)
    hold = index.hold(path=ANYWHERE_ELSE)
    async with open_lookup(index, address, clock, metadata_wait=0) as lookup:
        assert (await lookup.look_up("demo")).metadata_state is MetadataState.TIMED_OUT
        hold.release.set()
        assert (await with_metadata(lookup)).metadata_state is MetadataState.COMPLETE


async def test_what_no_place_has_is_not_offered_and_not_asked_for_again(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.dialect = replace(PYPI, release_json=False, project_json=False)
    index.publish("demo", release())
    async with open_lookup(index, address, clock) as lookup:
        assert (await lookup.look_up("demo")).metadata_state is MetadataState.NONE
    index.requests.clear()
    async with open_lookup(index, address, clock) as after:
        assert (await after.look_up("demo")).metadata_state is MetadataState.NONE
    assert index.requests == []


async def test_what_one_place_could_not_be_read_from_is_not_said_to_be_missing(
    index: FakeIndex, lookup: StatusLookup
) -> None:
    index.dialect = replace(PYPI, release_json=False, project_json=False)
    index.publish("demo", with_metadata_file())
    index.script(refusal(500), path="^/files/", times=None)
    assert (await lookup.look_up("demo")).metadata_state is MetadataState.TIMED_OUT


async def test_metadata_that_never_came_is_asked_for_by_the_next_who_starts(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.dialect = replace(PYPI, release_json=False, project_json=False)
    index.publish("demo", with_metadata_file())
    index.script(refusal(500), path=ANYWHERE_ELSE, times=1)
    async with open_lookup(index, address, clock) as before:
        assert (await before.look_up("demo")).metadata is None
    async with open_lookup(index, address, clock) as after:
        assert (await after.look_up("demo")).metadata == EVERYTHING
    index.requests.clear()
    async with open_lookup(index, address, clock) as last:
        assert (await last.look_up("demo")).metadata_state is MetadataState.COMPLETE
    assert index.requests == []


async def test_an_answer_that_lacks_only_metadata_is_not_stale_when_the_index_is_gone(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", release())
    index.script(refusal(500), path=ANYWHERE_ELSE, times=None)
    async with open_lookup(index, address, clock) as before:
        await before.look_up("demo")
    await index.stop()
    async with open_lookup(index, address, clock) as after:
        status = await after.look_up("demo")
    assert (status.headline.verdict, status.stale, status.error) == (Verdict.SUPPORTED, False, None)
    assert status.metadata_state is MetadataState.TIMED_OUT


async def test_many_packages_are_looked_up_some_at_a_time_and_all_are_complete(
    index: FakeIndex, lookup: StatusLookup
) -> None:
    names = [f"demo-{number}" for number in range(3 * AT_ONCE)]
    for name in names:
        index.publish(name, wheels(name, "1.0", "cp314-cp314t-win32"), classifiers=[CLAIM])
    hold = index.hold(path="^/pypi/", times=None)
    asking = look_up_all(lookup, [NamedPackage(name) for name in names], (), Freshness.NORMAL)
    await index.until(lambda: index.count() == AT_ONCE)
    await asyncio.wait(asking, timeout=0.05)
    assert index.count() == AT_ONCE
    hold.release.set()
    answers = await asyncio.gather(*asking)
    assert [answer.package for answer in answers] == names
    assert {answer.metadata_state for answer in answers} == {MetadataState.COMPLETE}
