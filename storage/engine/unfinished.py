"""A database into which another one is moved, and not everything yet: nobody may take it for the whole."""

from __future__ import annotations

from typing import Final, NoReturn

from bot.core.errors import StorageError

UNFINISHED: Final = "unfinished_move"
"""The table that is there until everything was moved; ``storage.moving.marker`` keeps in it how far that is."""


def refuse_unfinished(name: str) -> NoReturn:
    """Raise the ``StorageError`` for a database with that table."""
    raise StorageError(
        f"The database {name} is incomplete: `ftbot migrate` was interrupted while it filled it. Run that again, which"
        " goes on where it was, or set FTBOT_DATABASE to another one."
    )
