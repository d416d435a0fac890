"""Answers about files are kept for who asked, for an hour, and not many."""

from __future__ import annotations

from bot.services.packages.kept_reports import KEPT, LARGEST_KEPT, MOST_KEPT, KeptReports
from tests.core.dependencies.reports import TORNADO, report
from tests.services.lookups import Clock

ADA, GRACE = 1, 2


def test_a_private_answer_is_for_who_asked_and_a_public_one_for_all() -> None:
    kept = KeptReports(Clock())
    private, public = kept.keep(report(), ADA, private=True), kept.keep(report(), ADA, private=False)
    assert [kept.find(key, ADA) is not None for key in (private, public)] == [True, True]
    assert [kept.find(key, GRACE) is not None for key in (private, public)] == [False, True]
    assert kept.find("", ADA) is None


async def test_an_answer_is_gone_after_its_time_and_then_from_memory_too() -> None:
    clock = Clock()
    kept = KeptReports(clock)
    old = kept.keep(report(), ADA, private=True)
    clock.advance(seconds=KEPT.total_seconds() - 1)
    young = kept.keep(report(), ADA, private=True)
    assert kept.find(old, ADA) is not None
    clock.advance(seconds=1)
    assert (kept.find(old, ADA), kept.find(young, ADA) is not None) == (None, True)
    await kept.forget()
    assert [*kept._kept] == [young]  # noqa: SLF001 - what is in memory is what this is about


def test_the_oldest_answers_make_room() -> None:
    kept = KeptReports(Clock())
    keys = [kept.keep(report(), ADA, private=True) for _ in range(MOST_KEPT + 3)]
    assert [kept.find(key, ADA) is not None for key in keys] == [False] * 3 + [True] * MOST_KEPT


def test_large_answers_make_room_for_larger_ones_and_the_last_always_stays() -> None:
    kept = KeptReports(Clock())
    size = 1 + len(TORNADO.needed.paths[0])
    small = kept.keep(report(TORNADO), ADA, private=True)
    large = kept.keep(report(*[TORNADO] * (LARGEST_KEPT // size)), ADA, private=True)
    assert (kept.find(small, ADA), kept.find(large, ADA) is not None) == (None, True)
    larger = kept.keep(report(*[TORNADO] * (2 * LARGEST_KEPT // size)), ADA, private=True)
    assert (kept.find(large, ADA), kept.find(larger, ADA) is not None) == (None, True)
