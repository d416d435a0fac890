"""Which bytes of a wheel are fetched: few of them, in few requests.

At most 1.05 times the compressed bytes of the modules and ``SPARE`` bytes are read, with the end of the file and its
directory, as long as those are no larger themselves; never more than the wheel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.core.errors import UnreadableWheelError
from bot.core.inspection.zip_directory import Directory, Member

SPARE = 128 << 10
"""Bytes that may be read besides the modules. A wheel of no more is read whole, whatever is in it."""

TAIL = 32 << 10
"""Bytes of the file's end that are read first: the directory of some 300 files.

Most directories fit, and three quarters of the spare bytes are left to join ranges.
"""

MOST_RANGES = 256
"""Ranges of one wheel; each costs a round trip, so what is scattered more is not read."""

_PERCENT = 105
_LONGEST_EXTRA = 4 << 10
"""Bytes that a local header's extra fields may have; they are fetched only where no other file begins before."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a module's local header and data are; ``end`` is the latest offset at which they may end."""

    member: Member
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes of the file that are fetched at once, from ``start`` to before ``end``, and the modules that begin there.

    The last may go on in the file's end, which is there already; then ``start`` may equal ``end``.
    """

    start: int
    end: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """The ranges to fetch, which do not overlap, by their place; ``whole`` where they and the end are all of it."""

    ranges: tuple[ByteRange, ...]
    whole: bool


def plan_whole(directory: Directory, modules: Sequence[Member], end: int) -> FetchPlan:
    """Plan to fetch all that is before ``end``, or to read the modules of a file that is there."""
    return FetchPlan((ByteRange(0, end, _spans(directory, modules)),), whole=True)


def plan_fetch(directory: Directory, modules: Sequence[Member], tail_start: int, size: int) -> FetchPlan:
    """Plan what to fetch of a wheel of ``size`` bytes, of which those from ``tail_start`` on are there.

    The smallest gaps between modules are fetched with them, as many as the bound allows: that saves the most requests.
    A wheel that the bound allows to be read whole is, so that its hash can be compared. Raises
    ``UnreadableWheelError`` where the modules are in too many places.
    """
    spans = _spans(directory, modules)
    before = tuple(span for span in spans if span.start < tail_start)
    there = spans[len(before) :]
    allowed = sum(span.member.compressed for span in spans) * _PERCENT // 100 + SPARE
    if tail_start == 0 or (before and size <= allowed):
        return plan_whole(directory, modules, tail_start)
    ranges = [_range(group, tail_start) for group in _joined(before, tail_start, allowed - (size - tail_start))]
    if len(ranges) > MOST_RANGES:
        raise UnreadableWheelError("The extension modules are too far apart in the wheel to fetch only them.")
    if there:
        ranges.append(ByteRange(tail_start, tail_start, there))
    return FetchPlan(tuple(ranges), whole=False)


def _spans(directory: Directory, modules: Sequence[Member]) -> tuple[Span, ...]:
    wanted = {member.offset for member in modules}
    behind = [*(member.offset for member in directory.members[1:]), directory.start]
    return tuple(
        Span(member, member.offset, min(following, member.least_end + _LONGEST_EXTRA))
        for member, following in zip(directory.members, behind, strict=True)
        if member.offset in wanted
    )


def _joined(spans: Sequence[Span], tail_start: int, allowed: int) -> Iterable[list[Span]]:
    """Group spans, so that all groups together have no more bytes than allowed, if the spans alone have not."""
    spare = allowed - sum(min(span.end, tail_start) - span.start for span in spans)
    gaps = sorted((following.start - span.end, following.start) for span, following in pairwise(spans))
    joined_at = set()
    for gap, start in gaps:
        spare -= gap
        if gap and spare < 0:
            break
        joined_at.add(start)
    group: list[Span] = []
    for span in spans:
        if group and span.start not in joined_at:
            yield group
            group = []
        group.append(span)
    if group:
        yield group


def _range(spans: Sequence[Span], tail_start: int) -> ByteRange:
    return ByteRange(spans[0].start, min(spans[-1].end, tail_start), tuple(spans))
