from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from bot.core.inspection.modules import Declaration
from bot.inspector.extension import read_extension
from tests.inspector.ways import CODE_TARGETS, DATA_TARGETS, foreign

FILE = "package/m.cpython-314t-x86_64-linux-gnu.so"
LONGEST = 5.0
"""Seconds of CPU for one file; it takes a few thousandths."""

WAYS = ("slot_nested", "slots_written", "call_handed_on", "export", "allocated")
ODD = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)

files = st.builds(foreign, st.sampled_from((*CODE_TARGETS, *DATA_TARGETS)), st.sampled_from(WAYS))
damages = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 0x100), st.integers(0, 0x1000), st.integers(0, 0x10000)),
        st.one_of(st.sampled_from(ODD), st.integers(0, 0xFFFFFFFFFFFFFFFF)),
        st.sampled_from((1, 2, 4, 8)),
    ),
    min_size=1,
    max_size=12,
)


@given(files, damages, st.one_of(st.none(), st.integers(0, 0x10000)))
def test_a_damaged_file_is_read_or_unknown_in_little_time(
    data: bytes, damage: list[tuple[int, int, int]], length: int | None
) -> None:
    damaged = bytearray(data)
    for place, value, size in damage:
        start = place % len(damaged)
        damaged[start : start + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
    started = time.process_time()
    extension = read_extension(FILE, bytes(damaged[:length]))
    assert time.process_time() - started < LONGEST
    for module in extension.modules:
        assert (module.reason is not None) is (module.gil is Declaration.UNKNOWN)
        assert module.how is None or module.gil is not Declaration.UNKNOWN
