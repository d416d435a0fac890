"""Which schema a program knows, which ones it may work on, and what brings a database to its own.

A step of the schema either expands (it adds tables, indexes, columns that may be left out), so that the program before
works on it as well, or it contracts. The database remembers the oldest schema whose program still works on it; so two
neighbouring versions of the program may run beside each other, as while processes are restarted one after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.errors import StorageError
from storage.engine.migrations import CONTRACTIONS, MIGRATIONS, tables, touched
from storage.engine.rows import Row, Value

MAKE_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)"
VERSION = "SELECT COALESCE(MAX(version), 0) FROM schema_version"
OLDEST = "SELECT oldest FROM compatibility"
REMEMBERED = "compatibility"
"""The table that ``OLDEST`` reads; a database of an early schema has none."""

_NOTE_VERSION = "INSERT INTO schema_version (version) VALUES (?)"
_NOTE_OLDEST = """INSERT INTO compatibility (id, oldest) VALUES (1, ?)
    ON CONFLICT (id) DO UPDATE SET oldest = excluded.oldest"""


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """A step as it is run, in one transaction: statements with their values.

    ``altered`` are the tables, there before, that nobody can use meanwhile, ``indexed`` those that nobody can write.
    """

    number: int
    statements: tuple[tuple[str, tuple[int, ...]], ...]
    altered: frozenset[str] = field(default=frozenset())
    indexed: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Schema:
    """What a program knows of the schema; ``contractions`` has the steps that do not only expand, by number from 1.

    The value of such a step is the oldest schema whose program works after it.
    """

    migrations: Sequence[Sequence[str]] = MIGRATIONS
    contractions: Mapping[int, int] = field(default_factory=lambda: CONTRACTIONS)

    @property
    def version(self) -> int:
        """Return the number of the newest schema that is known."""
        return len(self.migrations)

    def tables(self) -> frozenset[str]:
        """Return the names of all tables."""
        return tables(self.migrations)

    def oldest(self, version: int) -> int:
        """Return the oldest schema whose program works on a database with this one."""
        return max((oldest for step, oldest in self.contractions.items() if step <= version), default=1)

    def steps_after(self, version: int) -> Iterator[SchemaStep]:
        """Yield what is left to do in a database with an older schema, in order."""
        for number in range(version + 1, self.version + 1):
            before, after = tables(self.migrations[: number - 1]), tables(self.migrations[:number])
            notes = [(_NOTE_VERSION, (number,))]
            if REMEMBERED in after:
                notes.append((_NOTE_OLDEST, (self.oldest(number),)))
            altered, indexed = touched(self.migrations[number - 1])
            if number in self.contractions:
                altered = before
            yield SchemaStep(
                number,
                (*((text, ()) for text in self.migrations[number - 1]), *notes),
                altered & before,
                indexed & before - altered,
            )

    def known(self, name: str, version: object, oldest: Value, instead: str) -> int:
        """Return the schema of a database. Raises ``StorageError`` for one on which only newer programs work.

        ``oldest`` is what the database remembers, None where it remembers nothing; ``instead`` is what else
        FTBOT_DATABASE could name.
        """
        newer = not isinstance(version, int) or version > self.version
        if newer and not (isinstance(oldest, int) and oldest <= self.version):
            raise StorageError(
                f"The database {name} is from a newer ftbot (schema {version!r}, this one knows {self.version})."
                f" Upgrade ftbot, or set FTBOT_DATABASE to another {instead}."
            )
        return version if isinstance(version, int) else 0

    def check_still_known(self, name: str, remembered: Sequence[Row]) -> None:
        """Look whether the program still works on a database that is open, by the rows of ``OLDEST``.

        Raises ``StorageError`` where a newer program has taken away meanwhile what this one uses.
        """
        for (oldest,) in remembered:
            if isinstance(oldest, int) and oldest > self.version:
                raise StorageError(
                    f"The database {name} was changed by a newer ftbot, for which this one is too old"
                    f" (schema {oldest} or newer, this one knows {self.version}). Upgrade ftbot."
                )


OURS = Schema()
"""The schema of this program."""
