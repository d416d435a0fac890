"""Wheels on a file host and on the disk: only the modules are read, and a host that misserves ranges is found out."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import os
import random
import sys
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients import file_parts, file_ranges
from bot.clients.file_parts import FilePart
from bot.clients.web import Patience, open_http
from bot.clients.wheel_files import WheelFiles, WheelReading, open_local, wheels_at
from bot.core.errors import UnreadableWheelError, UpstreamError, UserError
from bot.core.index.file_links import FileLink
from bot.core.inspection.fetch_plan import SPARE, TAIL
from bot.core.inspection.module_files import Unread
from bot.core.inspection.zip_member import inflate
from bot.core.origins import parse_host
from tests.core.inspection.zips import SUFFIX, patched, zipped
from tests.fakes.fake_index import Endless, Fault, Reply, Reset, redirect, refusal
from tests.fakes.file_host import FILES_PATH, LATER, FileHost, Serving, cut_off, saying

NAME = "demo-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"
PATIENCE = Patience(first_wait=0.001, longest_wait=0.01, deadline=5.0)


def noise(size: int, seed: int = 1) -> bytes:
    """Return bytes that do not compress."""
    return random.Random(seed).randbytes(size)  # noqa: S311 — hides nothing


MODULES = {
    f"demo/_first{SUFFIX}": noise(150_000, 1),
    f"demo/_second{SUFFIX}": noise(90_000, 2),
    f"demo/_third{SUFFIX}": noise(40_000, 3),
}
FIRST, SECOND, THIRD = MODULES
SMALL = zipped({"demo/__init__.py": b"", FIRST: b"small" * 100})
WHEEL = zipped(
    {
        "demo.libs/libother.so": noise(200_000, 4),
        FIRST: MODULES[FIRST],
        "demo/data.bin": noise(700_000, 5),
        SECOND: MODULES[SECOND],
        "demo/near.py": noise(1_000, 6),
        THIRD: MODULES[THIRD],
        "demo/far.bin": noise(300_000, 7),
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """What was read of a wheel, inflated."""

    modules: dict[str, bytes]
    reading: WheelReading


async def read(reading: WheelReading) -> Found:
    """Read all modules."""
    modules = {member.name: inflate(member, data, 1 << 24) async for member, data in reading.modules()}
    return Found(modules, reading)


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    """Give a file host."""
    async with FileHost() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Give the process's connection pool."""
    async with open_http("ftbot-tests (+https://example.org)") as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads wheels of the host as the program does."""

    host: FileHost
    http: httpx.AsyncClient

    async def __call__(self, link: FileLink) -> Found:
        async with WheelFiles(self.http, self.host.index_url, PATIENCE).open(link) as reading:
            return await read(reading)

    async def refusal(self, link: FileLink) -> str:
        with pytest.raises((UnreadableWheelError, UpstreamError)) as raised:
            await self(link)
        return str(raised.value)


@pytest.fixture
def reader(host: FileHost, http: httpx.AsyncClient) -> Reader:
    """Give what reads the host's wheels."""
    return Reader(host, http)


def unsized(link: FileLink) -> FileLink:
    """Forget the size, as an index without PEP 700 does not say it."""
    return replace(link, size=None)


async def test_only_the_modules_are_read_in_few_requests(host: FileHost, reader: Reader) -> None:
    link = host.put(NAME, WHEEL)
    found = await reader(link)
    assert found.modules == MODULES
    assert found.reading.files.left_out == ("demo.libs/libother.so",)
    assert found.reading.unread == []
    assert (found.reading.size, found.reading.sha256, found.reading.verified) == (len(WHEEL), link.sha256, False)
    assert found.reading.requests == host.count(FILES_PATH) == 3
    assert found.reading.bytes_read == host.bytes_sent
    assert found.reading.bytes_read <= 1.05 * sum(map(len, MODULES.values())) + SPARE < len(WHEEL)


async def test_bytes_are_asked_for_as_they_are_and_of_one_version(host: FileHost, reader: Reader) -> None:
    await reader(host.put(NAME, WHEEL))
    first, *others = host.requests
    assert {request.headers["Accept-Encoding"] for request in host.requests} == {"identity"}
    assert first.headers["Range"] == f"bytes={len(WHEEL) - TAIL}-{len(WHEEL) - 1}"
    assert "If-Range" not in first.headers
    assert {request.headers["If-Range"] for request in others} == {host.files[NAME].etag}


async def test_without_entity_tags_the_date_tells_versions_apart(host: FileHost, reader: Reader) -> None:
    host.serving = Serving(etags=False)
    assert (await reader(host.put(NAME, WHEEL))).modules == MODULES
    assert host.requests[-1].headers["If-Range"] == host.files[NAME].modified


async def test_a_weak_entity_tag_is_no_condition(host: FileHost, reader: Reader) -> None:
    host.script(saying("ETag", 'W/"1"'), path=FILES_PATH, times=None)
    assert (await reader(host.put(NAME, WHEEL))).modules == MODULES
    assert host.requests[-1].headers["If-Range"] == host.files[NAME].modified


async def test_without_validators_the_size_has_to_do(host: FileHost, reader: Reader) -> None:
    host.serving = Serving(etags=False, dates=False)
    assert (await reader(host.put(NAME, WHEEL))).modules == MODULES
    assert "If-Range" not in host.requests[-1].headers


@pytest.mark.parametrize(("suffix", "requests"), [(None, 2), (501, 4), (416, 4), (404, 4), (400, 4), (206, 4)])
async def test_a_wheel_of_unknown_size_is_read_by_its_end(
    host: FileHost, reader: Reader, suffix: int | None, requests: int
) -> None:
    host.serving = Serving(suffix=suffix)
    modules = {FIRST: MODULES[FIRST]}  # ends in the bytes that are read first
    found = await reader(unsized(host.put(NAME, zipped({"demo/data.bin": noise(700_000), **modules}))))
    assert found.modules == modules
    assert found.reading.requests == requests
    assert host.ranges()[0] == f"bytes=-{TAIL}"


async def test_a_host_that_asks_to_be_left_alone_is(host: FileHost, reader: Reader) -> None:
    link = host.put(NAME, WHEEL)
    host.script(refusal(429, retry_after="900"), path=FILES_PATH, times=None)
    for asked in (link, unsized(link)):
        assert await reader.refusal(asked) == "127.0.0.1 asks to slow down (429)."
    assert host.count(FILES_PATH) == 2


async def test_a_host_that_gives_more_than_was_asked_for_is_found_out(host: FileHost, reader: Reader) -> None:
    link = host.put(NAME, WHEEL)
    async with WheelFiles(reader.http, host.index_url, PATIENCE).open(link) as reading:
        start = reading.files.modules[0].offset
        host.script(saying("Content-Range", f"bytes {start}-900000/{len(WHEEL)}"), path=FILES_PATH)
        with pytest.raises(UpstreamError, match="other bytes than were asked for"):
            await read(reading)


async def test_a_small_wheel_is_read_whole_and_verified(host: FileHost, reader: Reader) -> None:
    link = host.put(NAME, SMALL)
    for asked in (link, unsized(link)):
        found = await reader(asked)
        assert found.modules == {FIRST: b"small" * 100}
        assert (found.reading.verified, found.reading.sha256) == (True, link.sha256)
        assert (found.reading.requests, found.reading.bytes_read) == (1, len(SMALL))
    assert host.ranges() == ["", f"bytes=-{TAIL}"]


async def test_a_wheel_that_is_nearly_all_modules_is_fetched_whole_and_verified(host: FileHost, reader: Reader) -> None:
    wheel = zipped({FIRST: noise(2_000_000), "demo/more.py": noise(50_000)})
    found = await reader(host.put(NAME, wheel))
    assert found.reading.verified
    assert (found.reading.requests, found.reading.bytes_read) == (2, len(wheel))


async def test_without_a_hash_the_own_one_is_told_and_nothing_is_verified(host: FileHost, reader: Reader) -> None:
    wheel = zipped({FIRST: noise(2_000_000)})
    for content in (SMALL, wheel):
        found = await reader(replace(host.put(NAME, content), sha256=None))
        assert (found.reading.verified, found.reading.sha256) == (False, hashlib.sha256(content).hexdigest())
    assert (await reader(replace(host.put(NAME, WHEEL), sha256=None))).reading.sha256 is None


async def test_another_file_than_the_index_names_is_found_out_where_all_is_read(host: FileHost, reader: Reader) -> None:
    for content in (SMALL, zipped({FIRST: noise(2_000_000)})):
        link = replace(host.put(NAME, content), sha256="0" * 64)
        assert "its sha256 is another" in await reader.refusal(link)


async def test_a_wheel_without_modules_is_known_by_its_end(host: FileHost, reader: Reader) -> None:
    found = await reader(host.put(NAME, zipped({"demo/data.bin": noise(500_000)})))
    assert (found.modules, found.reading.requests, found.reading.bytes_read) == ({}, 1, TAIL)


async def test_a_long_directory_is_fetched_before_the_modules(host: FileHost, reader: Reader) -> None:
    files = {f"demo/{number:05}.py": noise(300, number) for number in range(3_000)}
    found = await reader(host.put(NAME, zipped(MODULES | files, comment=b"c" * 60_000)))
    assert found.modules == MODULES
    assert found.reading.requests == 4  # the end, the end of central directory, the directory, the modules


async def test_a_module_in_the_bytes_read_first_is_taken_from_there(host: FileHost, reader: Reader) -> None:
    modules = {FIRST: noise(300_000), SECOND: noise(40_000, 2), THIRD: noise(500, 3)}
    found = await reader(host.put(NAME, zipped({"demo/data.bin": noise(900_000), **modules})))
    assert found.modules == modules
    assert found.reading.requests == 2
    only_last = {"demo/data.bin": noise(900_000), THIRD: modules[THIRD]}
    assert (await reader(host.put(NAME, zipped(only_last)))).reading.requests == 1


# Hosts that serve otherwise


async def test_a_host_without_ranges_sends_the_wheel_whole(host: FileHost, reader: Reader) -> None:
    host.serving = Serving(ranges=False)
    link = host.put(NAME, WHEEL)
    for asked in (link, unsized(link)):
        found = await reader(asked)
        assert found.modules == MODULES
        assert (found.reading.verified, found.reading.requests, found.reading.bytes_read) == (True, 1, len(WHEEL))
    assert "its sha256 is another" in await reader.refusal(replace(link, sha256="0" * 64))


async def test_a_host_that_stops_at_a_suffix_range_may_send_the_wheel_whole(host: FileHost, reader: Reader) -> None:
    host.serving = Serving(ranges=False)
    host.script(Reply(501), path=FILES_PATH)
    found = await reader(unsized(host.put(NAME, WHEEL)))
    assert (found.modules, found.reading.verified, found.reading.requests) == (MODULES, True, 2)


async def test_a_whole_wheel_larger_than_memory_should_hold_is_kept_on_the_disk(
    host: FileHost, reader: Reader, tmp_path: Path
) -> None:
    host.serving = Serving(ranges=False)
    wheel = zipped({"demo/data.bin": noise(24 << 20), FIRST: MODULES[FIRST]}, method=zipfile.ZIP_STORED)
    (tmp_path / NAME).write_bytes(wheel)
    found = await reader(host.put(NAME, tmp_path / NAME))
    assert (found.modules, found.reading.size) == ({FIRST: MODULES[FIRST]}, len(wheel))


async def test_a_whole_wheel_that_is_too_large_is_not_read(
    host: FileHost, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_ranges, "LARGEST_WHOLE", 1 << 20)
    host.serving = Serving(ranges=False)
    link = host.put(NAME, WHEEL)
    for asked in (link, unsized(link)):
        assert "too large to be read whole" in await reader.refusal(asked)
    host.script(Endless(200 << 20), path=FILES_PATH)
    assert "too large to be read whole" in await reader.refusal(unsized(link))
    host.script(Endless(200 << 20), path=FILES_PATH)
    small = host.put("small.whl", SMALL)
    assert "another size than its index says" in await reader.refusal(small)


async def test_a_host_that_gives_less_than_was_asked_for_is_asked_again(host: FileHost, reader: Reader) -> None:
    host.serving = Serving(most=20_000)
    link = host.put(NAME, WHEEL)
    for asked in (link, unsized(link)):
        assert (await reader(asked)).modules == MODULES


async def test_a_host_that_gives_nearly_nothing_is_given_up(
    host: FileHost, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_ranges, "MOST_REQUESTS", 40)
    host.serving = Serving(most=10)
    assert "asked too often" in await reader.refusal(host.put(NAME, WHEEL))
    assert host.count(FILES_PATH) == 40


async def test_a_host_that_does_not_compare_versions_is_asked_without_a_condition(
    host: FileHost, reader: Reader
) -> None:
    host.serving = Serving(compares=False)
    found = await reader(host.put(NAME, WHEEL))
    assert found.modules == MODULES
    assert "If-Range" not in host.requests[-1].headers
    assert found.reading.requests == 4


@pytest.mark.parametrize("serving", [Serving(), Serving(etags=False, dates=False)], ids=["validators", "none"])
async def test_a_host_that_forgets_ranges_half_way_is_not_read_on(
    host: FileHost, reader: Reader, serving: Serving
) -> None:
    host.serving = serving
    link = host.put(NAME, WHEEL)
    async with WheelFiles(reader.http, host.index_url, PATIENCE).open(link) as reading:
        host.serving = replace(serving, ranges=False)
        with pytest.raises(UpstreamError, match="sent the whole file where a part was asked for"):
            await read(reading)


MISSERVED: dict[str, tuple[Fault, str]] = {
    "no range": (saying("Content-Range", None), "without saying which part"),
    "size unknown": (saying("Content-Range", "bytes 0-1/*"), "without saying which part"),
    "nothing": (saying("Content-Range", f"bytes 10-9/{len(WHEEL)}"), "without saying which part"),
    "beyond the end": (saying("Content-Range", f"bytes 0-{len(WHEEL)}/{len(WHEEL)}"), "without saying which part"),
    "other unit": (saying("Content-Range", f"lines 0-1/{len(WHEEL)}"), "without saying which part"),
    "other bytes": (saying("Content-Range", f"bytes 0-{TAIL - 1}/{len(WHEEL)}"), "other bytes than were asked for"),
    "other size": (saying("Content-Range", "bytes 0-1/10"), "another size than its index says: 10 bytes"),
    "gzip": (saying("Content-Encoding", "gzip"), "encoding that was not asked for"),
    "multipart": (
        lambda _: Reply(206, b"--x\r\n\r\n--x--", "multipart/byteranges; boundary=x"),
        "without saying which part",
    ),
    "short": (lambda reply: replace(reply, body=reply.body[:100]), "ended its answer too early"),
    "long": (lambda reply: replace(reply, body=reply.body + b"more"), "sent more bytes than it said"),
    "416 of another size": (
        Reply(416, headers={"Content-Range": "bytes */7"}),
        "another size than its index says: 7 bytes",
    ),
    "416": (Reply(416), "answered with status 416"),
    "204": (Reply(204), "answered with status 204"),
    "404": (Reply(404), "answered with status 404"),
    "reset": (Reset(), "closed the connection without an answer"),
    "503": (refusal(503, retry_after="900"), "answered with status 503"),
    "another document": (Reply(200, b"<!DOCTYPE html>", "text/html"), "another size than its index says"),
    "redirect": (redirect("http://127.0.0.1:1/elsewhere.whl"), "which is not followed"),
}


@pytest.mark.parametrize("what", MISSERVED)
async def test_a_host_that_misserves_ranges_is_found_out(host: FileHost, reader: Reader, what: str) -> None:
    fault, reason = MISSERVED[what]
    host.script(fault, path=FILES_PATH, times=None)
    assert reason in await reader.refusal(host.put(NAME, WHEEL))
    assert host.count(FILES_PATH) <= 2 * PATIENCE.attempts  # aiohttp asks again where a connection was reset


@pytest.mark.parametrize(
    "fault", [cut_off, Reset(), refusal(500), refusal(429, retry_after="0")], ids=["cut off", "reset", "500", "429"]
)
async def test_what_went_wrong_once_is_asked_for_again_from_where_it_broke(
    host: FileHost, reader: Reader, fault: Fault
) -> None:
    link = host.put(NAME, WHEEL)
    for asked in (link, unsized(link)):
        for place in range(3):
            if place:
                host.script(lambda reply: reply, path=FILES_PATH, times=place)
            host.script(fault, path=FILES_PATH)
            assert (await reader(asked)).modules == MODULES
    assert host.bytes_sent < 6 * 600_000


async def test_a_connection_that_breaks_while_all_is_sent_begins_anew(host: FileHost, reader: Reader) -> None:
    host.serving = Serving(ranges=False)
    host.script(cut_off, path=FILES_PATH)
    found = await reader(host.put(NAME, WHEEL))
    assert (found.modules, found.reading.verified, found.reading.requests) == (MODULES, True, 2)
    assert found.reading.bytes_read > len(WHEEL)


async def test_redirects_within_the_hosts_of_the_index_are_followed(host: FileHost, http: httpx.AsyncClient) -> None:
    async with FileHost() as elsewhere:
        there = elsewhere.put(NAME, WHEEL)
        link = replace(there, url=f"{host.url}/files/{NAME}")
        host.script(redirect(there.url), path=FILES_PATH, times=None)
        hosts = (parse_host(elsewhere.url.removeprefix("http://")),)
        async with WheelFiles(http, host.index_url, PATIENCE, hosts).open(link) as reading:
            assert (await read(reading)).modules == MODULES
        with pytest.raises(UpstreamError, match="is no address of"):
            async with WheelFiles(http, host.index_url, PATIENCE).open(there):
                pass


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Reply(404), "answered with status 404"),
        (Reply(206), "answered with status 206"),
        (saying("Content-Encoding", "gzip"), "encoding that was not asked for"),
        (cut_off, "ended its answer too early"),
    ],
    ids=["404", "206", "gzip", "cut off"],
)
async def test_a_host_that_misserves_a_whole_file_is_found_out(
    host: FileHost, reader: Reader, fault: Fault, reason: str
) -> None:
    host.script(fault, path=FILES_PATH, times=None)
    assert reason in await reader.refusal(host.put(NAME, SMALL))


async def test_a_whole_file_that_ends_too_early_is_asked_for_again(host: FileHost, reader: Reader) -> None:
    host.script(Endless(1 << 20), path=FILES_PATH)  # without a length that would tell
    found = await reader(host.put(NAME, WHEEL))
    assert (found.modules, found.reading.requests) == (MODULES, 4)


async def test_a_host_that_trickles_is_given_up(
    host: FileHost, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_ranges, "monotonic", count(0.0, PATIENCE.deadline + 1).__next__)
    assert await reader.refusal(host.put(NAME, WHEEL)) == "127.0.0.1 sends too slowly."
    assert host.count(FILES_PATH) == PATIENCE.attempts


async def test_a_file_may_take_no_more_time_than_its_bytes_need(
    host: FileHost, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.serving = Serving(most=1_000)
    monkeypatch.setattr(file_ranges, "monotonic", count(0.0, PATIENCE.deadline / 4).__next__)
    assert await reader.refusal(host.put(NAME, WHEEL)) == "127.0.0.1 did not answer in time."
    assert host.count(FILES_PATH) < 30


@given(st.text(st.characters(max_codepoint=255)) | st.from_regex(r"bytes [0-9]+-[0-9]+/[0-9]+", fullmatch=True))
def test_any_content_range_is_some_bytes_of_a_file_or_nothing(value: str) -> None:
    answer = httpx.Response(206, headers=[(b"Content-Range", value.encode("latin-1"))])
    found = file_ranges.content_range(answer)
    assert found is None or 0 <= found.start < found.end <= found.size


async def test_a_disk_that_is_full_says_so() -> None:
    class Full(io.BytesIO):
        def write(self, _data: object, /) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with FilePart(Full()) as part:
        await part.write(b"some")
        with pytest.raises(UnreadableWheelError, match=r"No space left on device\.$"):
            await part.contents()


# Files that are not what they should be


@pytest.mark.parametrize("sized", [True, False])
async def test_a_file_that_changes_between_requests_is_not_mixed(host: FileHost, reader: Reader, sized: bool) -> None:
    link = host.put(NAME, WHEEL)
    link = link if sized else unsized(link)
    changed = patched(WHEEL, b"demo/data.bin", 13, b"other")
    for serving in (Serving(), Serving(etags=False), Serving(compares=False), Serving(etags=False, dates=False)):
        host.serving = serving
        host.put(NAME, WHEEL)
        async with WheelFiles(reader.http, host.index_url, PATIENCE).open(link) as reading:
            host.put(NAME, changed if serving.etags or serving.dates else WHEEL + b"!", modified=LATER)
            with pytest.raises(UnreadableWheelError, match="changed while it was read"):
                await read(reading)


async def test_another_version_without_a_condition_is_found_by_its_validators(host: FileHost, reader: Reader) -> None:
    host.script(lambda reply: reply, path=FILES_PATH)
    host.script(saying("ETag", '"another"'), path=FILES_PATH)
    assert await reader.refusal(host.put(NAME, WHEEL)) == "The wheel changed while it was read."


async def test_a_wheel_of_another_size_than_the_index_says_is_not_read(host: FileHost, reader: Reader) -> None:
    link = replace(host.put(NAME, WHEEL), size=len(WHEEL) + 1)
    assert f"another size than its index says: {len(WHEEL)} bytes" in await reader.refusal(link)
    host.serving = Serving(ranges=False)
    assert f"another size than its index says: {len(WHEEL)} bytes" in await reader.refusal(link)


@pytest.mark.parametrize("content", [b"", b"<html>", WHEEL[:-10], WHEEL[100:], b"PK\5\6" + bytes(18), noise(200_000)])
async def test_a_file_that_is_no_wheel_says_so(host: FileHost, reader: Reader, content: bytes) -> None:
    link = host.put(NAME, content)
    for asked in (link, unsized(link)):
        with pytest.raises((UnreadableWheelError, UpstreamError)):
            await reader(asked)


async def test_a_module_that_lies_is_left_unread_and_the_others_are_read(host: FileHost, reader: Reader) -> None:
    lying = patched(WHEEL, b"PK\3\4", 18, b"\1", nth=3)
    found = await reader(host.put(NAME, lying))
    assert found.modules == {FIRST: MODULES[FIRST], THIRD: MODULES[THIRD]}
    assert found.reading.unread == [Unread(SECOND, f"The wheel gives {SECOND} two different sizes or checksums.")]


async def test_a_module_that_is_too_large_is_not_fetched(host: FileHost, http: httpx.AsyncClient) -> None:
    async with WheelFiles(http, host.index_url, PATIENCE, largest=100_000).open(host.put(NAME, WHEEL)) as reading:
        assert set((await read(reading)).modules) == {SECOND, THIRD}
        assert reading.unread == [Unread(FIRST, f"{FIRST} is too large to be read: 150000 bytes.")]


@pytest.mark.skipif(sys.platform == "win32", reason="its disks keep no holes")
async def test_a_wheel_of_gigabytes_takes_no_memory(host: FileHost, reader: Reader, tmp_path: Path) -> None:
    place = tmp_path / NAME
    with place.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/__init__.py", b"")
        archive.start_dir = 5 << 30  # zipfile writes the next file there: the disk has only what was written
        for name, contents in MODULES.items():
            archive.writestr(name, contents)
    link = host.put(NAME, place)
    tracemalloc.start()
    try:
        found = await reader(link)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert (found.modules, found.reading.size) == (MODULES, place.stat().st_size)
    assert found.reading.bytes_read < 500_000


async def test_what_was_fetched_is_gone_when_a_reading_is_left_half_way(
    host: FileHost, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[SpooledTemporaryFile[bytes]] = []

    def noted(most: int) -> SpooledTemporaryFile[bytes]:
        opened.append(SpooledTemporaryFile(most))  # noqa: SIM115 — closed by what opens it
        return opened[-1]

    monkeypatch.setattr(file_parts, "SpooledTemporaryFile", noted)
    async with WheelFiles(http, host.index_url, PATIENCE).open(host.put(NAME, WHEEL)) as reading:
        async for member, _ in reading.modules():
            assert member.name == FIRST
            break
    assert reading.requests == len(opened) == 2
    assert all(file.closed for file in opened)


async def test_a_host_that_does_not_answer_is_given_up(host: FileHost, http: httpx.AsyncClient) -> None:
    link = host.put(NAME, SMALL)
    host.hold(path=FILES_PATH, times=None)
    hasty = Patience(attempts=2, first_wait=0.001, deadline=0.05)
    with pytest.raises(UpstreamError, match="did not answer in time"):
        async with WheelFiles(http, host.index_url, hasty).open(link):
            pass


# On the disk


@given(st.integers(0, 1_200), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_mutated_wheel_gives_what_was_in_it_or_our_error(place: int, changed: bytes, from_end: bool) -> None:
    files = {FIRST: b"first" * 50, SECOND: b"second" * 60, "demo/__init__.py": b"import demo" * 40}
    wheel = zipped(files)
    place = max(0, len(wheel) - place) if from_end else min(place, len(wheel))
    mutated = wheel[:place] + changed + wheel[place + len(changed) :]

    async def modules(path: Path) -> dict[str, bytes]:
        found = {}
        async with open_local(path) as reading:
            async for member, data in reading.modules():
                with suppress(UnreadableWheelError):
                    found[member.name] = inflate(member, data, 1 << 20)
        return found

    with TemporaryDirectory() as folder, suppress(UnreadableWheelError):
        path = Path(folder) / NAME
        path.write_bytes(mutated)
        for name, contents in asyncio.run(modules(path)).items():
            assert contents == files.get(name, contents)


async def test_a_wheel_on_the_disk_is_read_alike(tmp_path: Path) -> None:
    place = tmp_path / NAME
    place.write_bytes(WHEEL)
    async with open_local(place) as reading:
        found = await read(reading)
    assert found.modules == MODULES
    assert (reading.requests, reading.bytes_read, reading.size) == (0, len(WHEEL), len(WHEEL))
    assert (reading.verified, reading.sha256) == (True, hashlib.sha256(WHEEL).hexdigest())


async def test_a_wheel_on_the_disk_that_changes_is_found_out(tmp_path: Path) -> None:
    place = tmp_path / NAME
    place.write_bytes(WHEEL)
    async with open_local(place) as reading:
        os.utime(place, (0, 0))
        with pytest.raises(UnreadableWheelError, match="changed while it was read"):
            await read(reading)


async def test_what_is_no_file_or_no_wheel_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty.whl").write_bytes(b"")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.whl")
    for name, reason in (
        ("no.whl", "is no file"),
        ("", "is no file"),
        ("pipe.whl", "is no file"),
        ("empty.whl", "short"),
        ("x" * 300, "x"),
    ):
        with pytest.raises(UnreadableWheelError, match=reason):
            async with open_local(tmp_path / name):
                pass


async def test_the_wheels_of_a_folder_are_found(tmp_path: Path) -> None:
    for name in ("b.whl", "a.whl", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"")
    assert await wheels_at(tmp_path) == (tmp_path / "a.whl", tmp_path / "b.whl")
    assert await wheels_at(tmp_path / "a.tar.gz") == (tmp_path / "a.tar.gz",)
    (tmp_path / "none").mkdir()
    for nothing in (tmp_path / "none", tmp_path / "c.whl", tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match=r"^There is no \.whl file at "):
            await wheels_at(nothing)
