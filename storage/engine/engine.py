"""The seam between the tables and a database engine: what every engine promises, and all that a table may rely on.

Statements are standard SQL that SQLite and PostgreSQL both run; each has one text for all engines. Values stand where
``?`` is, in order, and ``?`` is in no statement for anything else: an engine that calls them ``$1`` numbers them. A
value that stands beside no column has its type (``CAST(? AS BIGINT)``), and ``IN ()`` is never asked. Two words an
engine may have to translate, in the migrations only: ``BLOB``, and ``INTEGER PRIMARY KEY AUTOINCREMENT`` for a number
that the database gives and never gives twice, however many rows were deleted.

- **Values** are text, numbers of at most 64 bits, floats, bytes and None. A boolean goes in as one and may come out as
  0 or 1. Text with NUL is kept with U+FFFD in its place (``rows.storable``).
- **Conflicts**: ``ON CONFLICT`` always names its columns. A row that violates any other constraint raises
  ``StorageError`` and undoes its transaction; none is dropped without a word.
- **Locks of rows**: a ``SELECT`` may end in ``FOR UPDATE SKIP LOCKED``, which passes over rows that another transaction
  is at, or in ``FOR SHARE``. An engine that runs one transaction at a time leaves both away.
- **Errors** are ``StorageError`` only, whatever the driver raises, with one sentence that says what is wrong and one
  that says what to do. So is a deadlock, or a connection that was lost. After an error the transaction is undone.
- **Busy**: who finds the database or a row taken waits for some seconds, then gets ``StorageError``. Who is cancelled
  while waiting stops at once, and leaves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from storage.engine.rows import Row, Value


class Transaction(Protocol):
    """Statements that are committed together, or not at all; each sees what those before it did."""

    async def run(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Execute one statement, and return what it returns (``SELECT``, ``RETURNING``)."""
        ...

    async def run_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Execute one statement with the values of each row, in order; no rows do nothing."""
        ...


@dataclass(slots=True)
class Pulse:
    """When something was committed last, by the clock that only goes on (``time.monotonic``)."""

    written: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """Note that something was committed."""
        self.written = time.monotonic()


class Engine(Protocol):
    """An open database, up to the newest schema; many tasks may use it at once."""

    @property
    def name(self) -> str:
        """Return what people call it, such as its path; without secrets."""
        ...

    @property
    def pulse(self) -> Pulse:
        """Return when something was committed last."""
        ...

    @property
    def is_shared(self) -> bool:
        """Return whether processes on other machines may have it open, too."""
        ...

    async def clock(self) -> float:
        """Return the time in seconds since 1970 by the one clock that all who have it open can ask."""
        ...

    def now(self) -> datetime:
        """Return that time in UTC without asking, as near as it is known: some hundredths of a second."""
        ...

    async def tell(self, notice: str) -> None:
        """Tell all other processes that listen; where nobody else can have it open, nobody. At most 4 kB.

        Only what is found out without it, too, if later: a notice may be lost with a connection.
        """
        ...

    def listening(self, heard: Callable[[str | None], None]) -> AbstractAsyncContextManager[None]:
        """Hear what others tell while the block runs; None says that something may have been missed."""
        ...

    async def read(self, statement: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return rows as they were committed at one moment: never half a transaction, nor one that is under way."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Write: commits at the end, and undoes everything on any error and when cancelled. Never one inside another.

        Whether transactions run one after another is up to the engine: SQLite's do, over all processes; PostgreSQL's
        run side by side, each statement seeing what was committed when it began (``READ COMMITTED``). So a table must
        not read something, decide, and write by what it read, unless the row that it read is locked by an ``UPDATE``
        before, the write has the condition in its own ``WHERE``, or a named conflict decides.
        """
        ...

    def turn(self, what: str) -> AbstractAsyncContextManager[bool]:
        """Take the turn to do something, named in a word, while the block runs; yields False where another has it.

        One holder has it at a time, over all processes that opened this database. It ends with its process, however
        that ends, keeps no transaction from anything, and is never waited for.
        """
        ...

    async def probe(self) -> None:
        """Write once, apart from all that is under way; ``StorageError`` where that fails by now.

        Answers within two seconds unless the machine itself hangs, also while others keep the database to themselves.
        """
        ...

    async def check_writable(self) -> None:
        """Write once, as everybody does, and look for every table; ``StorageError`` where that fails."""
        ...
