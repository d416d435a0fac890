"""Which servers a shard has, what FTBOT_SHARDS may say, and that shards are shared fairly with few moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.fleet.shards import (
    MOST_SHARDS,
    Auto,
    Holdings,
    Presence,
    ShardRange,
    parse_shards,
    shard_of,
    written_shards,
)

# The setting


@st.composite
def ranges(draw: st.DrawFn) -> ShardRange:
    count = draw(st.integers(1, MOST_SHARDS))
    last = draw(st.integers(0, count - 1))
    return ShardRange(draw(st.integers(0, last)), last, count)


@given(ranges())
def test_a_range_is_read_as_it_is_written(shards: ShardRange) -> None:
    assert parse_shards(f" {shards} ") == shards
    assert len(list(shards)) == shards.last - shards.first + 1


@pytest.mark.parametrize("text", ["auto", " AUTO "])
def test_auto_is_no_range(text: str) -> None:
    assert parse_shards(text) is Auto.AUTO


@given(st.text())
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    try:
        parse_shards(text)
    except ValueError as error:
        assert str(error)[0].isupper()  # noqa: PT017 — what is no error is no range by chance
    else:
        assert text.strip().lower() == "auto" or "/" in text


def test_shards_are_written_as_people_read_them() -> None:
    assert written_shards(frozenset({0, 1, 2, 3, 7, 9, 10})) == "0–3, 7, 9–10"
    assert written_shards(frozenset()) == ""


# Servers


def test_a_server_is_on_the_shard_that_discord_says() -> None:
    assert shard_of(197038439483310086, 4) == (197038439483310086 >> 22) % 4


@given(st.sets(st.integers(0, 2**63 - 1)), st.integers(1, 64), st.data())
def test_a_server_of_another_process_is_never_missed(servers: set[int], count: int, data: st.DataObject) -> None:
    shards = data.draw(st.frozensets(st.integers(0, count - 1)))
    presence = Presence(frozenset(), shards, count)
    assert {server for server in servers if presence.lacks(server)} == {
        server for server in servers if shard_of(server, count) in shards
    }
    assert not any(Presence(frozenset(servers), shards, count).lacks(server) for server in servers)


# Who holds which


def settle(count: int, live: list[str], held: dict[int, str]) -> int:
    """Let processes give up and take, one after another, until nobody does; returns how many shards were moved."""
    moves = 0
    for _ in range(3 * count + 3):
        before = dict(held)
        for process in live:
            for shard in Holdings(count, len(live), held).surplus(process):
                del held[shard]
                moves += 1
            free = [shard for shard in range(count) if shard not in held]
            for shard in free[: Holdings(count, len(live), held).lacking(process)]:
                held[shard] = process
        if held == before:
            return moves
    raise AssertionError(f"they never agree: {held}")


def shares(live: list[str], held: dict[int, str]) -> list[int]:
    return [sum(holder == process for holder in held.values()) for process in live]


NAMES = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


@given(st.integers(1, 64), NAMES, st.data())
def test_every_shard_is_held_once_and_nobody_has_more_than_a_fair_share(
    count: int, live: list[str], data: st.DataObject
) -> None:
    held = data.draw(st.dictionaries(st.integers(0, count - 1), st.sampled_from(live)))
    before = shares(live, held)
    moves = settle(count, live, held)
    after = shares(live, held)
    assert sorted(held) == list(range(count))
    assert max(after) <= -(-count // len(live))
    assert max(after) - min(after) <= 1
    # No fewer moves lead there: what is above what a process may have has to go.
    least, more = divmod(count, len(live))
    richest = sorted(before, reverse=True)
    needed = sum(max(0, each - least - (place < more)) for place, each in enumerate(richest))
    assert moves == needed


@given(st.integers(1, 64), NAMES)
def test_once_settled_nothing_moves(count: int, live: list[str]) -> None:
    held: dict[int, str] = {}
    settle(count, live, held)
    assert settle(count, live, held) == 0


@given(st.integers(1, 64), NAMES, st.data())
def test_when_a_process_dies_no_shard_of_a_living_one_moves(count: int, live: list[str], data: st.DataObject) -> None:
    held: dict[int, str] = {}
    settle(count, live, held)
    dead = data.draw(st.sampled_from(live))
    living = [process for process in live if process != dead]
    left = {shard: holder for shard, holder in held.items() if holder != dead}
    if living:
        now = dict(left)
        assert settle(count, living, now) == 0
        assert left.items() <= now.items()


def test_what_is_given_up_are_the_shards_that_were_taken_last() -> None:
    assert Holdings(16, 2, dict.fromkeys(range(16), "a")).surplus("a") == tuple(range(8, 16))


def test_who_counts_fewer_processes_than_hold_shards_takes_nothing_from_them() -> None:
    assert Holdings(4, 1, {0: "a", 1: "a", 2: "b", 3: "b"}).lacking("a") == 0
    assert Holdings(4, 1, {0: "a", 1: "a", 2: "b", 3: "b"}).surplus("a") == ()
