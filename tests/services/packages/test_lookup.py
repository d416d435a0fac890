"""Looking packages up: what is asked of the index, when, and how often."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.services.packages.lookup import Freshness, Source, StatusLookup
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import MIRROR, PYPI, Dialect, StatusShape
from tests.services.lookups import NOW, T313, T314, T315, Clock, open_lookup, release

DEMO_PAGE = "^/simple/demo/$"


def verdicts(status: Status) -> list[Verdict]:
    """Return the verdicts, in the order of the targets."""
    return [each.verdict for each in status.judgement.targets]


async def test_a_package_is_judged_for_every_target_of_the_settings(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    status = await lookup.look_up("demo")
    assert status.package == "demo"
    assert [each.target for each in status.judgement.targets] == [T314, T315]
    assert verdicts(status) == [Verdict.SUPPORTED, Verdict.NOT_YET]
    assert (status.checked, status.stale, status.error) == (NOW, False, None)


@pytest.mark.parametrize("dialect", [PYPI, MIRROR], ids=["pypi", "mirror"])
async def test_a_mirror_gives_the_same_verdicts(index: FakeIndex, lookup: StatusLookup, dialect: Dialect) -> None:
    index.dialect = dialect
    index.publish("demo", release(), classifiers=["Programming Language :: Python :: Free Threading :: 2 - Beta"])
    status = await lookup.look_up("demo")
    assert verdicts(status) == [Verdict.SUPPORTED, Verdict.NOT_YET]
    assert status.metadata is not None
    assert status.metadata.free_threading == "Programming Language :: Python :: Free Threading :: 2 - Beta"


@pytest.mark.parametrize("shape", StatusShape)
async def test_an_archived_project_says_so(index: FakeIndex, lookup: StatusLookup, shape: StatusShape) -> None:
    index.dialect = replace(PYPI, status_shape=shape)
    index.publish("demo", release(), status="archived")
    status = await lookup.look_up("demo")
    assert ModifierKind.ARCHIVED in [modifier.kind for modifier in status.judgement.modifiers]


async def test_a_project_in_quarantine_is_neither_yes_nor_no(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release(), status="quarantined")
    status = await lookup.look_up("demo")
    assert verdicts(status) == [Verdict.QUARANTINED] * 2
    assert status.headline.verdict.ok is None


async def test_other_targets_than_the_configured_can_be_asked_for(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    asked = await lookup.look_up("demo", [T313, T315])
    assert [each.target for each in asked.judgement.targets] == [T313, T315]
    assert verdicts(asked) == [Verdict.NOT_YET] * 2
    fewer = await lookup.look_up("demo", [T315])
    assert [each.target for each in fewer.judgement.targets] == [T315]
    assert index.count(DEMO_PAGE) == 1


async def test_what_is_at_hand_is_what_a_look_up_gives(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    counted: list[Source] = []
    async with open_lookup(index, address, clock, count=counted.append) as lookup:
        assert lookup.at_hand("demo") is None
        status = await lookup.look_up("demo")
        await lookup.look_up("nothing-here")
        assert lookup.at_hand("demo") == status
        assert lookup.at_hand("demo", [T315]) == await lookup.look_up("demo", [T315])
        assert lookup.at_hand("nothing-here", [T313]) == await lookup.look_up("nothing-here", [T313])
        assert lookup.at_hand("demo", [T313]) is None  # for which nobody has judged it yet
        clock.advance(days=8)
        assert lookup.at_hand("demo") is None
    asked = [Source.INDEX, Source.INDEX]
    assert counted == [*asked, *[Source.MEMORY] * 5]


async def test_an_unknown_package_is_not_found_for_any_target(index: FakeIndex, lookup: StatusLookup) -> None:
    status = await lookup.look_up("nothing-here", [T313, T315])
    assert verdicts(status) == [Verdict.NOT_FOUND] * 2
    assert status.error == "There is no package called nothing-here on the index."
    await lookup.look_up("nothing-here")
    assert index.count() == 1


async def test_an_unknown_package_is_asked_for_again_after_ten_minutes(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    await lookup.look_up("demo")
    index.publish("demo", release())
    clock.advance(minutes=9, seconds=59)
    assert (await lookup.look_up("demo")).headline.verdict is Verdict.NOT_FOUND
    clock.advance(seconds=1)
    assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED


async def test_a_thousand_questions_about_one_cold_package_make_one_request(
    index: FakeIndex, lookup: StatusLookup
) -> None:
    index.publish("demo", release())
    hold = index.hold(path=DEMO_PAGE)
    questions = [asyncio.create_task(lookup.look_up("demo")) for _ in range(1_000)]
    await hold.arrived.wait()
    hold.release.set()
    answers = await asyncio.gather(*questions)
    assert {answer.headline.verdict for answer in answers} == {Verdict.SUPPORTED}
    assert index.count(DEMO_PAGE) == 1


async def test_one_who_gives_up_does_not_end_the_flight_of_the_others(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    hold = index.hold(path=DEMO_PAGE)
    first, second = (asyncio.create_task(lookup.look_up("demo")) for _ in range(2))
    await hold.arrived.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    hold.release.set()
    assert (await second).headline.verdict is Verdict.SUPPORTED
    assert index.count(DEMO_PAGE) == 1


async def test_what_was_read_for_one_who_gave_up_answers_the_next(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    hold = index.hold(path=DEMO_PAGE)
    only = asyncio.create_task(lookup.look_up("demo"))
    await hold.arrived.wait()
    only.cancel()
    hold.release.set()
    assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED
    assert index.count(DEMO_PAGE) == 1


async def test_closing_ends_a_read_that_nobody_waits_for(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    hold = index.hold(path=DEMO_PAGE)
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    async with open_lookup(index, address, clock) as lookup:
        question = asyncio.create_task(lookup.look_up("demo"))
        await hold.arrived.wait()
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        await lookup.aclose()
        assert not [task for task in asyncio.all_tasks() - before if task.get_name() == "read demo"]
    gc.collect()
    assert complaints == []


@pytest.mark.parametrize(
    ("uploaded", "fresh"),
    [
        (NOW - timedelta(days=13, hours=23), timedelta(minutes=10)),
        (NOW - timedelta(days=14), timedelta(hours=6)),
    ],
    ids=["files may still come", "files are final"],
)
async def test_a_fresh_answer_costs_no_request(
    index: FakeIndex, lookup: StatusLookup, clock: Clock, uploaded: datetime, fresh: timedelta
) -> None:
    index.publish("demo", release(uploaded=uploaded))
    await lookup.look_up("demo")
    clock.time = NOW + fresh - timedelta(seconds=1)
    assert (await lookup.look_up("demo")).checked == NOW
    assert index.count(DEMO_PAGE) == 1
    clock.advance(seconds=1)
    assert (await lookup.look_up("demo")).checked == clock.time
    assert index.count(DEMO_PAGE) == 2


async def test_a_page_that_did_not_change_is_not_sent_again(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    before = index.bytes_sent
    for _ in range(3):
        clock.advance(hours=6)
        assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED
    assert (index.not_modified, index.bytes_sent) == (3, before)


async def test_a_new_release_is_seen_when_the_answer_is_no_longer_fresh(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    index.upload("demo", *release("2.0", uploaded=NOW))
    clock.advance(hours=6)
    assert str((await lookup.look_up("demo")).judgement.version) == "2.0"


async def test_a_restart_is_warm(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release(), project_urls={"Source": "https://github.com/demo/demo"})
    async with open_lookup(index, address, clock) as before:
        first = await before.look_up("demo")
    index.requests.clear()
    clock.advance(hours=1)
    async with open_lookup(index, address, clock) as after:
        second = await after.look_up("demo")
        assert await after.look_up("demo") == second
    assert index.requests == []
    assert second == first
    assert second.source == "https://github.com/demo/demo"


async def test_after_a_restart_a_page_that_did_not_change_is_not_sent_again(
    index: FakeIndex, address: str, clock: Clock
) -> None:
    index.publish("demo", release())
    async with open_lookup(index, address, clock) as before:
        await before.look_up("demo")
    index.requests.clear()
    clock.advance(days=30)
    async with open_lookup(index, address, clock) as after:
        status = await after.look_up("demo")
    assert status.checked == clock.time
    assert (index.not_modified, index.bytes_sent) == (index.count(DEMO_PAGE), 0)


async def test_a_confirmed_answer_is_fresh_after_a_restart(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    async with open_lookup(index, address, clock) as lookup:
        await lookup.look_up("demo")
        clock.advance(hours=6)
        await lookup.look_up("demo")
    index.requests.clear()
    clock.advance(hours=5)
    async with open_lookup(index, address, clock) as after:
        assert (await after.look_up("demo")).checked == NOW + timedelta(hours=6)
    assert index.requests == []


async def test_refresh_asks_the_index_even_while_the_answer_is_fresh(
    index: FakeIndex, lookup: StatusLookup, clock: Clock
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    clock.advance(seconds=1)
    same = await lookup.look_up("demo", freshness=Freshness.REFRESH)
    assert (same.checked, index.not_modified) == (clock.time, 1)
    index.upload("demo", *release("2.0", uploaded=NOW))
    changed = await lookup.look_up("demo", freshness=Freshness.REFRESH)
    assert str(changed.judgement.version) == "2.0"
    assert str((await lookup.look_up("demo")).judgement.version) == "2.0"


async def test_offline_answers_from_what_is_stored(index: FakeIndex, address: str, clock: Clock) -> None:
    index.publish("demo", release())
    async with open_lookup(index, address, clock) as before:
        await before.look_up("demo")
    index.requests.clear()
    async with open_lookup(index, address, clock) as after:
        fresh = await after.look_up("demo", freshness=Freshness.OFFLINE)
        assert (fresh.headline.verdict, fresh.stale) == (Verdict.SUPPORTED, False)
        clock.advance(days=30)
        old = await after.look_up("demo", freshness=Freshness.OFFLINE)
        assert (old.headline.verdict, old.stale, old.checked) == (Verdict.SUPPORTED, True, NOW)
    assert index.requests == []


async def test_offline_without_anything_stored_is_unknown_and_says_why(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    status = await lookup.look_up("demo", freshness=Freshness.OFFLINE)
    assert verdicts(status) == [Verdict.UNKNOWN] * 2
    assert status.error == "Nothing is stored about demo, and the index was not to be asked."
    assert index.requests == []


async def test_who_may_ask_the_index_is_not_answered_that_it_was_not_to_be_asked(
    index: FakeIndex, lookup: StatusLookup
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo", freshness=Freshness.OFFLINE)
    assert (await lookup.look_up("demo")).headline.verdict is Verdict.SUPPORTED


async def test_a_glance_asks_nobody(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    assert lookup.glance("demo") is None
    assert index.requests == []
    status = await lookup.look_up("demo")
    assert lookup.glance("demo") == status


async def test_what_is_remembered_is_bounded_and_the_latest_stays(
    index: FakeIndex, address: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.packages.lookup._MOST_REMEMBERED", 3)
    names = [f"demo{number}" for number in range(6)]
    for name in names:
        index.publish(name)
    async with open_lookup(index, address, clock) as lookup:
        for name in names:
            await lookup.look_up(name)
        assert [name for name in names if lookup.glance(name) is not None] == names[3:]
        index.requests.clear()
        assert (await lookup.look_up(names[0])).headline.verdict is Verdict.NO_FILES
    assert index.requests == []
