"""The index's list of all projects: where it is used it spares requests, and whatever it says, it costs no truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.databases import NewPlace, Place
from tests.examples import examples
from tests.fakes.fake_index import (
    SIMPLE_JSON,
    Endless,
    FakeIndex,
    Fault,
    Reply,
    Reset,
    html_page,
    not_gzip,
    refusal,
    truncated,
    truncated_json,
)
from tests.services.lookups import Clock
from tests.services.scans import asked_of, numbered, open_station, publish_native

NAMES = numbered("p", range(12))
CHANGED = {"p003", "p007"}


@pytest.fixture(autouse=True)
def listing_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the list be worth its price for a dozen projects."""
    monkeypatch.setattr("bot.services.packages.scan.LISTING_PAYS", len(NAMES))


async def scan_twice(index: FakeIndex, place: Place, clock: Clock, between: Callable[[], None]) -> int:
    """Scan, let some projects change, and scan again; gives the requests that the second scan counts."""
    publish_native(index, *NAMES)
    async with open_station(index, place, clock, NAMES) as station:
        await station.scanner.scan(len(NAMES))
        publish_native(index, *CHANGED, version="2.0", free_threaded=False)
        between()
        index.requests.clear()
        report = await station.scanner.scan(len(NAMES))
    assert report.packages == len(NAMES)
    assert report.verdicts["3.14t"] == {"not-yet": len(CHANGED), "supported": len(NAMES) - len(CHANGED)}
    return report.requests


async def test_only_what_the_list_says_changed_is_asked(index: FakeIndex, address: str, clock: Clock) -> None:
    requests = await scan_twice(index, address, clock, lambda: None)
    assert asked_of(index) == sorted(CHANGED)
    assert requests == 1 + len(CHANGED) == index.count()


async def test_what_the_list_confirms_is_due_later(index: FakeIndex, address: str, clock: Clock) -> None:
    publish_native(index, *NAMES)
    async with open_station(index, address, clock, NAMES) as station:
        await station.scanner.scan(len(NAMES))
        clock.advance(days=3)
        await station.scanner.scan(len(NAMES))
        assert {known.due for known in (await station.known()).values()} == {clock() + timedelta(days=1)}
    assert index.count() == len(NAMES) + 1


async def test_names_in_the_list_need_not_be_normalized(index: FakeIndex, address: str, clock: Clock) -> None:
    names = ["PyYAML", "zope.interface", "Typing_Extensions", *numbered("p", range(9))]
    publish_native(index, *names)
    normalized = ["pyyaml", "zope-interface", "typing-extensions", *names[3:]]
    async with open_station(index, address, clock, normalized) as station:
        await station.scanner.scan(len(names))
        index.requests.clear()
        report = await station.scanner.scan(len(names))
    assert (report.requests, report.packages) == (1, len(names))


async def test_serials_may_be_text(index: FakeIndex, address: str, clock: Clock) -> None:
    index.dialect = replace(index.dialect, serial_as_text=True)
    await scan_twice(index, address, clock, lambda: None)
    assert asked_of(index) == sorted(CHANGED)


async def test_few_projects_are_asked_one_by_one(
    index: FakeIndex, address: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.packages.scan.LISTING_PAYS", len(NAMES) + 1)
    await scan_twice(index, address, clock, lambda: None)
    assert asked_of(index) == NAMES


def half(reply: Reply) -> Reply:
    """Leave out every other project."""
    listing = msgspec.json.decode(reply.body)
    return replace(reply, body=msgspec.json.encode(listing | {"projects": listing["projects"][::2]}))


def without_serials(reply: Reply) -> Reply:
    listing = msgspec.json.decode(reply.body)
    names = [{"name": project["name"]} for project in listing["projects"]]
    return replace(reply, body=msgspec.json.encode(listing | {"projects": names}))


def nested(reply: Reply) -> Reply:
    entry = b'{"name":"p001","x":' + b'{"x":' * 5000 + b"1" + b"}" * 5000 + b"}"
    return replace(reply, body=b'{"projects":[' + entry + b"]}")


@pytest.mark.parametrize(
    "fault",
    [
        half,
        without_serials,
        nested,
        truncated,
        truncated_json,
        not_gzip,
        html_page(),
        refusal(404),
        refusal(429, retry_after="3600"),
        refusal(500),
        Reset(),
        Endless(8 << 20),
        Endless(8 << 20, compressed=True),
        Reply(200, b"", SIMPLE_JSON),
        Reply(200, b'{"projects":[]}', SIMPLE_JSON),
        Reply(200, b'{"projects":' + b" " * (1 << 20), SIMPLE_JSON),
        Reply(200, b'{"projects":{"p001":{"_last-serial":5}}}', SIMPLE_JSON),
        Reply(200, b'{"projects":[{"name":"p001","_last-serial":"\xff"}]}', SIMPLE_JSON),
        Reply(200, b'{"projects":[{"name":5,"_last-serial":1e400}]}', SIMPLE_JSON),
    ],
)
async def test_a_list_of_no_use_only_costs_requests(index: FakeIndex, address: str, clock: Clock, fault: Fault) -> None:
    index.dialect = replace(index.dialect, gzip=fault is truncated or fault is not_gzip)

    def spoil() -> None:
        index.script(fault, path="^/simple/$", times=None)

    requests = await scan_twice(index, address, clock, spoil)
    assert set(asked_of(index)) >= CHANGED
    assert requests <= 1 + len(NAMES)


SERIALS = st.none() | st.integers(0, 10) | st.integers(39_999_990, 40_000_050) | st.integers() | st.text(max_size=3)


@given(
    stale=st.dictionaries(st.sampled_from(NAMES), SERIALS | SERIALS.map(str), max_size=len(NAMES)),
    missing=st.sets(st.sampled_from(NAMES)),
    shuffled=st.permutations(NAMES),
)
@settings(max_examples=examples(8))
async def test_whatever_is_listed_with_its_new_serial_or_is_missing_is_read_when_it_changed(
    new_place: NewPlace,
    stale: dict[str, int | str | None],
    missing: set[str],
    shuffled: list[str],
) -> None:
    """A changed project may also be listed with any serial but the one that it had."""
    async with FakeIndex() as index:

        def list_otherwise() -> None:
            listed = {name: index.projects[name].serial for name in shuffled if name not in missing}
            had = {name: str(40_000_001 + NAMES.index(name)) for name in CHANGED}
            other = {name: serial for name, serial in stale.items() if str(serial) != had.get(name)}
            entries = [{"name": name, "_last-serial": serial} for name, serial in (listed | other).items()]
            index.serve_raw("/simple/", body=msgspec.json.encode({"projects": entries}))

        await scan_twice(index, await new_place(), Clock(), list_otherwise)
