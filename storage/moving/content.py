"""What rows hold, alike whichever engine they are read from, and sums by which the rows of two tables are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from bot.core.errors import StorageError
from bot.core.text.sentences import without_nul
from storage.engine.layout import Column, ColumnKind, Table
from storage.engine.rows import Row, Value

_BYTES = 16
_MODULUS = 1 << 8 * _BYTES

_TYPES: Mapping[ColumnKind, frozenset[type]] = MappingProxyType(
    {
        ColumnKind.NUMBER: frozenset({int}),
        ColumnKind.TRUTH: frozenset({bool, int}),
        ColumnKind.REAL: frozenset({float}),
        ColumnKind.TEXT: frozenset({str}),
        ColumnKind.BYTES: frozenset({bytes}),
    }
)
"""What a value may be, beside None."""

_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Sum:
    """How many rows there are, and a sum of their hashes, in which their order plays no part."""

    rows: int = 0
    total: int = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows, with values as ``alike`` gives them."""
        hashes = (hashlib.blake2b(_encode(row), digest_size=_BYTES).digest() for row in rows)
        self.total = (self.total + sum(int.from_bytes(each, "big") for each in hashes)) % _MODULUS
        self.rows += len(rows)

    @property
    def hash(self) -> str:
        """Return the sum in hexadecimal digits."""
        return f"{self.total:0{2 * _BYTES}x}"


def alike(table: Table, rows: Sequence[Row]) -> tuple[list[Row], int]:
    """Return rows as every engine gives and takes them, and how many texts of them had a NUL, which is replaced.

    SQLite gives 0 and 1 for no and yes, loses the sign of a zero, and may have been given anything: a value of another
    kind than its column's raises ``StorageError``.
    """
    columns: list[Sequence[Value]] = list(zip(*rows, strict=True))
    replaced = 0
    for place, column in enumerate(table.columns):
        values = columns[place]
        if not set(map(type, values)) - {type(None)} <= _TYPES[column.kind] or _is_no_truth(column, values):
            raise StorageError(_explain(table, column))
        if column.kind is ColumnKind.TEXT:
            with_nul = sum("\0" in value for value in values if isinstance(value, str))
            replaced += with_nul
            if not with_nul:
                continue
        change = _CHANGES.get(column.kind)
        if change is not None:
            columns[place] = [None if value is None else change(value) for value in values]
    return list(zip(*columns, strict=True)), replaced


def weight(table: Table, rows: Sequence[Row]) -> int:
    """Return about how many bytes the texts and bytes of rows have."""
    places = [place for place, column in enumerate(table.columns) if column.kind in {ColumnKind.TEXT, ColumnKind.BYTES}]
    return sum(_length(row[place] for row in rows) for place in places)


def _length(values: Iterable[Value]) -> int:
    return sum(len(value) for value in values if isinstance(value, str | bytes))


def _is_no_truth(column: Column, values: Sequence[Value]) -> bool:
    return column.kind is ColumnKind.TRUTH and not set(values) <= {0, 1, None}


def _explain(table: Table, column: Column) -> str:
    return (
        f"The table {table.name} has something else than {column.kind.value} in its column {column.name}, which ftbot"
        " did not write. Mend or delete that row."
    )


def _without_sign(value: Value) -> Value:
    """Return zero for minus zero, and any other number as it is."""
    return value + 0.0 if isinstance(value, float) else value


def _without_nul(value: Value) -> Value:
    return without_nul(value) if isinstance(value, str) else value


_CHANGES: Mapping[ColumnKind, Callable[[Value], Value]] = MappingProxyType(
    {ColumnKind.TRUTH: bool, ColumnKind.REAL: _without_sign, ColumnKind.TEXT: _without_nul}
)
