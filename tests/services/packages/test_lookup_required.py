"""A package that is pure Python itself tells what it requires that has no wheel: in time, or with the next answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.status import Status
from bot.services.packages.lookup import Freshness, StatusLookup
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import File, wheels
from tests.services.lookups import Clock, open_lookup

_LINUX = "manylinux_2_28_x86_64"
_RUNTIME = wheels("runtime", "1.0", f"cp310-abi3-{_LINUX}")
_DETAIL = "It requires runtime, which has no wheel for 3.14t on Linux."


def pure(*requires: str) -> list[File]:
    lines = "".join(f"Requires-Dist: {each}\n" for each in requires)
    (wheel,) = wheels("demo", "1.0", "py3-none-any")
    return [replace(wheel, metadata=f"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n{lines}")]


def required(status: Status) -> list[str | None]:
    return [each.detail for each in status.headline.modifiers if each.kind is ModifierKind.REQUIRES]


async def test_what_a_pure_package_requires_is_looked_at(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", pure("runtime", "gone", "other; extra == 'more'"))
    index.publish("runtime", _RUNTIME)
    assert required(await lookup.look_up("demo")) == [_DETAIL]
    assert sorted(request.path for request in index.requests if request.path.startswith("/simple/")) == [
        "/simple/demo/",
        "/simple/gone/",
        "/simple/runtime/",
    ]


async def test_the_json_api_tells_it_as_well(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", wheels("demo", "1.0", "py3-none-any"), requires_dist=["runtime"])
    index.publish("runtime", _RUNTIME)
    assert required(await lookup.look_up("demo")) == [_DETAIL]


async def test_an_answer_does_not_wait_for_what_is_required_and_the_next_one_has_it(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", pure("runtime"))
    index.publish("runtime", _RUNTIME)
    held = index.hold(path="^/simple/runtime/")
    async with open_lookup(index, address, clock, metadata_wait=0.05) as lookup:
        assert required(await lookup.look_up("demo")) == []
        await held.arrived.wait()
        held.release.set()
        found: list[str | None] = []
        while not found:
            await asyncio.sleep(0)  # an answer from memory lets nobody else go on
            found = required(await lookup.look_up("demo"))
    assert found == [_DETAIL]


async def test_offline_nobody_is_asked_for_it(
    index: FakeIndex, lookup: StatusLookup, address: str, clock: Clock
) -> None:
    index.publish("demo", pure("runtime"))
    index.publish("runtime", _RUNTIME)
    await lookup.look_up("demo")
    await lookup.readings.aclose()
    asked = len(index.requests)
    async with open_lookup(index, address, clock) as offline:
        clock.advance(days=3)
        assert required(await offline.look_up("demo", freshness=Freshness.OFFLINE)) == [_DETAIL]
    assert len(index.requests) == asked


async def test_what_is_required_and_cannot_be_read_spoils_no_answer(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", pure("runtime"))
    index.script(refusal(502), path="^/simple/runtime/", times=None)
    status = await lookup.look_up("demo")
    assert (status.error, required(status)) == (None, [])
