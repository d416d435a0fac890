"""Who follows the moves by cursors reads each of them once, in order, whoever writes meanwhile."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.digest.changes import Change, ChangeKind
from bot.core.schema.moves import moves_object
from storage.discord.changes import Changes
from storage.engine.sqlite import open_database
from tests.core.pages import T314, T315
from tests.services.lookups import NOW

_CHANGES = st.builds(
    Change,
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([T314, T315]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(ChangeKind),
)
_WRITES = st.lists(_CHANGES, min_size=1, max_size=5)
_STEPS = st.lists(st.one_of(st.tuples(_WRITES, _WRITES), st.integers(1, 4)), max_size=25)
"""Two writers at once, or a reader who reads so many."""


async def follow(path: Path, steps: list[tuple[list[Change], list[Change]] | int]) -> None:
    async with open_database(path) as one, open_database(path) as other:
        stores, cursor = (Changes(one), Changes(other)), 0
        found: list[tuple[int, str, str, str, ChangeKind]] = []

        async def read(limit: int) -> int:
            page = moves_object((await stores[0].after(cursor, limit + 1))[:limit], cursor, more=False)
            found.extend((int(each.cursor), each.package, each.python, each.version, each.kind) for each in page.moves)
            return int(page.next)

        written: set[tuple[str, str, str, ChangeKind]] = set()
        for step in steps:
            if isinstance(step, int):
                cursor = await read(step)
            else:
                reading = asyncio.create_task(read(2))
                await asyncio.gather(*(store.record(some, NOW) for store, some in zip(stores, step, strict=True)))
                written |= {(each.package, str(each.target), each.version, each.kind) for some in step for each in some}
                cursor = await reading
        while (after := await read(3)) != cursor:
            cursor = after
        positions = [position for position, *_ in found]
        assert positions == sorted(set(positions)), "each once, and in order"
        assert {tuple(move) for _, *move in found} == written, "none is skipped"
        assert len(found) == len(written)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_nothing_is_skipped_and_nothing_is_read_twice(
    migrated_database: Path, tmp_path: Path, steps: list[tuple[list[Change], list[Change]] | int]
) -> None:
    path = Path(shutil.copy(migrated_database, tmp_path / "moves.db"))
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    asyncio.run(follow(path, steps))
