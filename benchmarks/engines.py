"""Which database a benchmark's process opens."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from storage.engine import postgres, sqlite
from storage.engine.engine import Engine


def open_engine(place: str) -> AbstractAsyncContextManager[Engine]:
    """Open the PostgreSQL database at an address, or the SQLite file at a path."""
    return postgres.open_database(place, "it") if "://" in place else sqlite.open_database(Path(place))
