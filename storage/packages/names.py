"""The packages that anyone asked about: a short id for each, and how often it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class Packages:
    """One row a package; ids are never reused."""

    database: Engine

    async def id_of(self, name: str) -> int:
        """Return the id of a package, a new one for a new package."""
        known = await self.database.read("SELECT id FROM packages WHERE name = ?", (name,))
        if known:
            return _number(known[0][0])
        async with self.database.transaction() as transaction:
            rows = await transaction.run(
                "INSERT INTO packages (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name"
                " RETURNING id",
                (name,),
            )
        return _number(rows[0][0])

    async def count(self, questions: Mapping[str, int]) -> None:
        """Add to the number of questions about packages that have an id."""
        async with self.database.transaction() as transaction:
            for name, number in questions.items():
                await transaction.run("UPDATE packages SET asked = asked + ? WHERE name = ?", (number, name))

    async def name_of(self, package_id: int) -> str | None:
        """Return the package that an id stands for."""
        rows = await self.database.read("SELECT name FROM packages WHERE id = ?", (package_id,))
        return str(rows[0][0]) if rows else None

    async def all_asked(self) -> tuple[str, ...]:
        """List every package that anyone asked about."""
        rows = await self.database.read("SELECT name FROM packages WHERE asked > 0 ORDER BY id")
        return tuple(str(name) for (name,) in rows)

    async def most_asked(self, most: int) -> tuple[str, ...]:
        """List the packages that people ask about most, the most asked first."""
        rows = await self.database.read(
            "SELECT name FROM packages WHERE asked > 0 ORDER BY asked DESC, id LIMIT ?", (most,)
        )
        return tuple(str(name) for (name,) in rows)


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"an id is a number, not {value!r}")
    return value
