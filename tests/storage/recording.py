"""A database that remembers every statement that it is given, and which functions of storage gave it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from storage.engine.rows import Value
from tests.storage.engines import PassedOn

STORAGE = Path(__file__).resolve().parents[2] / "storage"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with the values of one time, and the lines of storage that led to it, the innermost first."""

    text: str
    values: tuple[Value, ...]
    asked_by: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Recording(PassedOn):
    """It does what another engine does."""

    statements: list[Statement] = field(default_factory=list)

    def look_at_read(self, statement: str, values: Sequence[Value]) -> None:
        """Remember it."""
        self.note(statement, values)

    def look_at(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Remember it, once however often it is run."""
        for row in rows[:1]:
            self.note(statement, row)

    def note(self, statement: str, values: Sequence[Value]) -> None:
        """Remember a statement, and who on the stack asked for it: the outermost function of storage."""
        frames = [
            frame for frame in _stack(inspect.currentframe()) if Path(frame.f_code.co_filename).is_relative_to(STORAGE)
        ]
        lines = tuple((frame.f_code.co_filename, frame.f_lineno) for frame in frames)
        self.statements.append(Statement(statement, tuple(values), frames[-1].f_code.co_qualname, lines))


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
