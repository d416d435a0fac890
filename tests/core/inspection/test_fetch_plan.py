"""What is fetched of a wheel: all modules, no byte twice, few bytes and few requests."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UnreadableWheelError
from bot.core.inspection.fetch_plan import MOST_RANGES, SPARE, ByteRange, FetchPlan, plan_fetch
from bot.core.inspection.zip_directory import LOCAL_HEADER, Directory, Member

HEADER = LOCAL_HEADER.size + 4
END = 22


def laid_out(*files: tuple[int, int]) -> tuple[Directory, int]:
    """Return the directory of a wheel with files of so many bytes, each behind a gap, and the size of the wheel."""
    members, place = [], 0
    for number, (gap, compressed) in enumerate(files):
        place += gap
        members.append(Member(f"{number:04}", 0, compressed, compressed, 0, place))
        place += HEADER + compressed
    return Directory(tuple(members), place), place + len(members) * 50 + END


def fetched(plan: FetchPlan, tail_start: int, size: int) -> int:
    """Return how many bytes of the wheel are read."""
    return size - tail_start + sum(each.end - each.start for each in plan.ranges)


wheels = st.lists(
    st.tuples(
        st.sampled_from((0, 0, 0, 17, 5_000, 300_000)), st.integers(0, 3) | st.integers(0, 2_000_000), st.booleans()
    ),
    min_size=1,
    max_size=60,
)


@given(wheels, st.integers(END, 200_000))
def test_the_laws_of_a_plan(files: list[tuple[int, int, bool]], tail: int) -> None:
    directory, size = laid_out(*((gap, compressed) for gap, compressed, _ in files))
    modules = [member for member, (_, _, wanted) in zip(directory.members, files, strict=True) if wanted]
    tail_start = min(max(0, size - tail), directory.start)
    plan = plan_fetch(directory, modules, tail_start, size)
    # Every module is there, in the file's order, from its local header to its last byte.
    spans = [(span, each) for each in plan.ranges for span in each.spans]
    assert [span.member for span, _ in spans] == modules
    for span, each in spans:
        assert each.start <= span.start
        assert span.start + HEADER + span.member.compressed <= span.end
        assert span.end <= each.end or each.end == tail_start
    # No byte is fetched twice.
    assert all(each.start <= each.end for each in plan.ranges)
    assert all(before.end <= behind.start for before, behind in pairwise(plan.ranges))
    assert not plan.ranges or plan.ranges[-1].end <= tail_start
    # No more is fetched than is allowed, or than the modules' own bytes where those are more.
    allowed = sum(member.compressed for member in modules) * 105 // 100 + SPARE
    own = sum(max(0, min(span.end, tail_start) - span.start) for span, _ in spans)
    assert fetched(plan, tail_start, size) <= min(size, max(allowed, size - tail_start + own))
    assert plan.whole == (fetched(plan, tail_start, size) == size and bool(plan.ranges))
    # There are no more requests than places where modules are.
    assert len(plan.ranges) <= max(1, len(modules))


def test_no_request_is_saved_by_joining_what_was_not_joined() -> None:
    directory, size = laid_out((0, 50_000), (60_000, 50_000), (30_000, 50_000), (90_000, 50_000), (900_000, 10))
    modules = directory.members[:4]
    plan = plan_fetch(directory, modules, size - 1_000, size)
    assert [len(each.spans) for each in plan.ranges] == [3, 1]


def test_neighbours_are_fetched_at_once_also_where_no_byte_is_to_spare() -> None:
    directory, size = laid_out((300_000, 10), (0, 10), (9_000, 10))
    plan = plan_fetch(directory, directory.members, size - 1_000, size + SPARE)
    assert [len(each.spans) for each in plan.ranges] == [2, 1]


def test_a_wheel_that_may_be_read_whole_is() -> None:
    directory, size = laid_out((0, 1_000_000), (0, SPARE))
    assert plan_fetch(directory, directory.members[:1], size - 100, size) == FetchPlan(
        (ByteRange(0, size - 100, plan_fetch(directory, directory.members[:1], 0, size).ranges[0].spans),), whole=True
    )
    assert not plan_fetch(directory, directory.members[1:], size - 100, size).whole


def test_modules_at_the_end_that_was_read_need_no_request() -> None:
    directory, size = laid_out((0, 900_000), (0, 5), (0, 7))
    plan = plan_fetch(directory, directory.members[1:], directory.members[1].offset, size)
    assert [(each.end - each.start, len(each.spans)) for each in plan.ranges] == [(0, 2)]


def test_a_module_of_which_the_end_was_read_is_fetched_up_to_there() -> None:
    directory, size = laid_out((900_000, 50_000))
    plan = plan_fetch(directory, directory.members, size - 1_000, size)
    assert [(each.start, each.end) for each in plan.ranges] == [(900_000, size - 1_000)]


def test_without_modules_nothing_is_fetched() -> None:
    directory, size = laid_out((0, 1_000), (0, 10))
    assert plan_fetch(directory, [], size - 50, size) == FetchPlan((), whole=False)
    assert plan_fetch(directory, [], 0, size).whole


def test_an_extra_field_behind_which_nothing_comes_is_not_fetched() -> None:
    directory = Directory((Member("0000", 0, 10, 10, 0, 0),), 5_000_000)
    (found,) = plan_fetch(directory, directory.members, 5_000_000, 5_000_060).ranges
    assert found.end < 5_000


def test_modules_in_too_many_places_are_not_fetched() -> None:
    directory, size = laid_out(*[(200_000, 10)] * (MOST_RANGES + 1))
    with pytest.raises(UnreadableWheelError, match="too far apart"):
        plan_fetch(directory, directory.members, size - 100, size)
    assert len(plan_fetch(directory, directory.members[1:], size - 100, size).ranges) == MOST_RANGES
