"""Bytes of a file at their place in it, read and written where nobody waits for the disk."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Self, TypeVar

from bot.core.errors import UnreadableWheelError

_T = TypeVar("_T")

_IN_MEMORY = 8 << 20
"""Bytes that are kept in memory; what is more goes to a temporary file."""

_BLOCK = 1 << 20


class FilePart:
    """Bytes of a file from an offset on: those of an open file, or those that are written one after the other.

    For one user at a time. What goes wrong with the disk is an ``UnreadableWheelError``.
    """

    def __init__(self, file: IO[bytes], start: int = 0) -> None:
        self.length = 0
        self._file = file
        self._start = start
        self._block = bytearray()

    @classmethod
    def temporary(cls, start: int = 0) -> Self:
        """Return a part to be written, which is gone when it is closed."""
        return cls(SpooledTemporaryFile(_IN_MEMORY), start)

    async def __aenter__(self) -> Self:
        """Keep the file open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        await asyncio.to_thread(self._file.close)

    async def write(self, data: bytes) -> None:
        """Add bytes; ``length`` says how many there are."""
        self._block += data
        self.length += len(data)
        if len(self._block) >= _BLOCK:
            await self._aside(self._flush)

    async def clear(self) -> None:
        """Forget what was written."""
        self._block.clear()
        self.length = 0
        await self._aside(self._truncate)

    async def read(self, start: int, end: int) -> bytes:
        """Return the bytes from an offset of the file to before another; fewer where it ends."""
        return await self._aside(lambda: self._read(start, end)) if start < end else b""

    async def contents(self) -> bytes:
        """Return all that was written."""
        return await self.read(self._start, self._start + self.length)

    async def sha256(self, behind: bytes = b"") -> str:
        """Return the hash of all bytes and of those behind them."""
        return await self._aside(lambda: self._sha256(behind))

    async def _aside(self, work: Callable[[], _T]) -> _T:
        with _disk_errors():
            return await asyncio.to_thread(work)

    def _flush(self) -> None:
        if self._block:
            self._file.seek(0, 2)
            self._file.write(self._block)
            self._block.clear()

    def _truncate(self) -> None:
        self._file.seek(0)
        self._file.truncate()

    def _read(self, start: int, end: int) -> bytes:
        self._flush()
        self._file.seek(start - self._start)
        return self._file.read(end - start)

    def _sha256(self, behind: bytes) -> str:
        self._flush()
        self._file.seek(0)
        found = hashlib.sha256()
        while block := self._file.read(_BLOCK):
            found.update(block)
        found.update(behind)
        return found.hexdigest()


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableWheelError(f"The disk does not let the wheel be read: {error.strerror or error}.") from error
