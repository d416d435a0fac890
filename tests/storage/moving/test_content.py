"""Rows are alike whichever engine gives them, and sums tell any difference but that of order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from storage.engine.layout import Column, ColumnKind, Table
from storage.engine.rows import Row
from storage.moving.content import Sum, alike

TABLE = Table(
    "made",
    tuple(Column(kind.name.lower(), kind) for kind in ColumnKind),
    ("number",),
    numbered=False,
    first_rows=frozenset(),
)

ROWS = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1) | st.none(),
        st.booleans() | st.none(),
        st.floats(allow_nan=False) | st.none(),
        st.text(st.characters(codec="utf-8"), max_size=5) | st.none(),
        st.binary(max_size=5) | st.none(),
    ),
    max_size=5,
)


def sum_of(rows: Sequence[Row]) -> Sum:
    total = Sum()
    total.add(alike(TABLE, rows)[0] if rows else [])
    return total


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 5))
def test_neither_order_nor_batches_play_a_part(rows: list[Row], chance: random.Random, cut: int) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)
    total = sum_of(mixed[:cut])
    if mixed[cut:]:
        total.add(alike(TABLE, mixed[cut:])[0])
    assert total == sum_of(rows)


@given(ROWS, ROWS)
def test_other_rows_have_another_sum(one: list[Row], other: list[Row]) -> None:
    assume(
        Counter(map(repr, alike(TABLE, one)[0] if one else ()))
        != Counter(map(repr, alike(TABLE, other)[0] if other else ()))
    )
    assert sum_of(one) != sum_of(other)


@given(ROWS.filter(bool))
def test_what_sqlite_gives_is_alike(rows: list[Row]) -> None:
    from_sqlite = [
        (number, None if truth is None else int(truth), real, text, content)
        for number, truth, real, text, content in rows
    ]
    assert sum_of(from_sqlite) == sum_of(rows)
    there, _ = alike(TABLE, rows)
    assert alike(TABLE, there) == (there, 0)


@given(ROWS.filter(bool))
def test_every_text_with_nul_is_counted_and_nothing_else_is_changed(rows: list[Row]) -> None:
    there, replaced = alike(TABLE, rows)
    texts = [row[3] for row in rows if isinstance(row[3], str)]
    assert replaced == sum("\0" in text for text in texts)
    assert [row[3] for row in there if row[3] is not None] == [text.replace("\0", "�") for text in texts]
    assert [(*row[:3], row[4]) for row in there] == [(*row[:3], row[4]) for row in rows]


def test_nothing_empty_is_like_something_empty() -> None:
    sums = {sum_of([(1, None, None, text, content)]).hash for text in (None, "", "0") for content in (None, b"", b"0")}
    assert len(sums) == 9
