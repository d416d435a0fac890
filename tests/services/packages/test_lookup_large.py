"""Large and hostile pages: judged where pages are read, never on the event loop, or said to be too large."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from bot.clients.readers import Readers
from bot.core.index.simple_api import File
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.targets import Target
from bot.services.packages.lookup import TOO_LARGE_IS_BELIEVED, Freshness, StatusLookup
from tests.core.hostile_pages import HOSTILE, like_the_largest, page
from tests.fakes.fake_index import FakeIndex, refusal
from tests.services.lookups import Clock, open_lookup, release
from tests.services.scans import open_station

DECIDING = ("simple_api.py", "support.py", "verdict.py", "rules.py", "modifiers.py", "history.py", "wheels.py")
"""Modules of the core whose work grows with a page."""

CHEAP = {"without_release", "ok", "__init__", "<genexpr>", "<lambda>"}


@contextmanager
def on_the_loop() -> Iterator[set[str]]:
    """List the functions of the core that this thread, which is the loop's, calls to read and judge projects."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.endswith(DECIDING) and code.co_name not in CHEAP:
            called.add(f"{Path(code.co_filename).name}: {code.co_name}")

    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(None)


async def test_no_page_is_read_or_judged_on_the_event_loop(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    with on_the_loop() as called:
        async with open_lookup(index, address, clock) as lookup:
            await lookup.look_up("demo")
            await lookup.look_up("demo", [Target(13), Target(16)])
            await lookup.look_up("demo", [Target(15)])
            clock.advance(days=1)
            await lookup.look_up("demo")
            index.upload("demo", *release("2.0"))
            await lookup.look_up("demo", freshness=Freshness.REFRESH)
        async with open_lookup(index, address, clock) as lookup:
            await lookup.look_up("demo")
            await lookup.look_up("demo", freshness=Freshness.OFFLINE)
            index.script(refusal(403), times=None)
            clock.advance(days=1)
            assert (await lookup.look_up("demo")).stale
    assert called == set()


async def test_metadata_that_came_late_is_judged_with_elsewhere_too(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", release(), project_urls={"Source": "https://github.com/demo/demo"})
    hold = index.hold(path="^/(pypi|files)/")
    with on_the_loop() as called:
        async with open_lookup(index, address, clock, metadata_wait=0) as lookup:
            await lookup.look_up("demo")
            hold.release.set()
            await index.until(lambda: index.count("^/pypi/") == 1)
    assert called == set()


async def test_no_page_of_a_scan_in_the_bot_itself_is_concluded_from_on_the_event_loop(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", release())
    small = page([File(f"other-{number}-cp314-cp314t-win32.whl") for number in range(9)])
    index.serve_raw("other", body=gzip.compress(small.replace(b'"demo"', b'"other"')), encoding="gzip")
    with on_the_loop() as called:
        async with open_station(index, address, clock, ("demo", "other")) as station:
            within = replace(station.scanner, index=replace(station.index, readers=Readers()))
            assert (await within.scan(2)).packages == 2
    assert called == set()


@pytest.mark.parametrize(("files", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_page_that_is_too_large_to_judge_is_unknown_and_says_so(
    index: FakeIndex, lookup: StatusLookup, clock: Clock, files: list[File], reason: str
) -> None:
    index.serve_raw("demo", body=gzip.compress(page(files), 1), encoding="gzip")
    status = await lookup.look_up("demo")
    assert [each.verdict for each in status.judgement.targets] == [Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert status.error is not None
    assert "too large to judge" in status.error
    assert reason in status.error
    assert not status.stale
    clock.advance(seconds=TOO_LARGE_IS_BELIEVED.total_seconds() - 1)
    await lookup.look_up("demo")
    assert index.count() == 1


async def test_a_page_that_became_too_large_is_not_answered_from_what_it_was(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    index.serve_raw("demo", body=page(HOSTILE["wheels for a thousand platforms"][0]))
    clock.advance(days=1)
    status = await lookup.look_up("demo")
    assert (status.headline.verdict, status.stale) == (Verdict.UNKNOWN, False)


async def test_five_times_the_largest_real_page_is_answered(index: FakeIndex, address: str, clock: Clock) -> None:
    index.serve_raw("demo", body=gzip.compress(page(like_the_largest(times=5)), 1), encoding="gzip")
    async with open_lookup(index, address, clock) as lookup:
        status = await lookup.look_up("demo")
    assert (status.headline.verdict, status.error) == (Verdict.SUPPORTED, None)
