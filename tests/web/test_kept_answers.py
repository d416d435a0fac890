"""Answers are kept while they are right and as far as there is room, and made once for all who wait."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.answers import Content, PreparedAnswer, prepared
from bot.web.kept_answers import LONGEST_KEY, KeptAnswers


def answer(body: bytes = b"x", *, lasting: bool = True) -> PreparedAnswer:
    return prepared(Content(body, "text/plain", lasting=lasting))


async def keep(kept: KeptAnswers, key: str, stamp: str, made: PreparedAnswer) -> None:
    async def make() -> PreparedAnswer:
        return made

    assert await kept.made(key, stamp, make) is made


async def test_an_answer_is_right_for_what_it_was_made_from() -> None:
    kept, one, other = KeptAnswers(), answer(b"1"), answer(b"2")
    await keep(kept, "/a", "1", one)
    assert kept.find("/a", "1") is one
    assert kept.find("/a", "2") is None
    assert kept.find("/b", "1") is None
    await keep(kept, "/a", "2", other)
    assert kept.find("/a", "1") is None
    assert kept.find("/a", "2") is other


async def test_what_is_passing_or_of_an_endless_address_is_not_kept() -> None:
    kept = KeptAnswers()
    await keep(kept, "/a", "1", answer(lasting=False))
    await keep(kept, "/" + "a" * LONGEST_KEY, "1", answer())
    assert kept.find("/a", "1") is None
    assert kept.last("/" + "a" * LONGEST_KEY) is None


async def test_many_who_wait_share_the_work_which_goes_on_when_the_first_leaves() -> None:
    kept, begun, go_on, count = KeptAnswers(), asyncio.Event(), asyncio.Event(), 0

    async def make() -> PreparedAnswer:
        nonlocal count
        count += 1
        begun.set()
        await go_on.wait()
        return answer()

    tasks = [asyncio.create_task(kept.made("/a", "1", make)) for _ in range(20)]
    await begun.wait()
    tasks[0].cancel()
    go_on.set()
    found = await asyncio.gather(*tasks[1:])
    assert (len({id(each) for each in found}), count) == (1, 1)


async def test_what_fails_is_tried_again() -> None:
    kept = KeptAnswers()

    async def fail() -> PreparedAnswer:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            await kept.made("/a", "1", fail)
    await keep(kept, "/a", "1", answer())


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40_000)), max_size=60))
def test_the_memory_is_bounded_and_what_was_asked_for_last_stays(asked: list[tuple[int, int]]) -> None:
    async def ask() -> None:
        kept = KeptAnswers(most=200_000)
        for key, size in asked:
            made = answer(b"x" * size)
            await keep(kept, str(key), "1", made)
            assert kept.find(str(key), "1") is (made if made.size <= 50_000 else None)
            there = [each for number in range(31) if (each := kept.last(str(number))) is not None]
            assert sum(each.answer.size for each in there) <= 200_000

    asyncio.run(ask())


def test_equal_bytes_of_another_kind_are_another_answer() -> None:
    assert prepared(Content(b"{}", "text/plain")).etag != prepared(Content(b"{}", "application/json")).etag
    assert prepared(Content(b"{}", "text/plain")).etag == answer(b"{}").etag
