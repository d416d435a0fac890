"""Wheels on a file host or on the disk: their extension modules, as they are in the wheel, and little else of it.

Nothing is inflated here. A wheel of which only ranges are fetched cannot be compared with its hash; its modules have
checksums, which ``inflate`` compares.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import httpx

from bot.clients.file_parts import FilePart
from bot.clients.file_ranges import RemoteFile
from bot.clients.guard import service_at
from bot.clients.web import Patience
from bot.core.errors import UnreadableWheelError, UserError
from bot.core.index.file_links import FileLink
from bot.core.inspection.fetch_plan import SPARE, TAIL, FetchPlan, plan_fetch, plan_whole
from bot.core.inspection.module_files import LARGEST_MODULE, ModuleFiles, Unread, choose
from bot.core.inspection.zip_directory import Directory, Member, Missing, read_directory
from bot.core.inspection.zip_member import compressed_data
from bot.core.origins import Host


class _Source(Protocol):
    """Where the bytes of a wheel come from."""

    @property
    def requests(self) -> int:
        """Return how many requests were made."""

    @property
    def bytes_read(self) -> int:
        """Return how many bytes were read."""

    def part(self, start: int, end: int) -> AbstractAsyncContextManager[FilePart]:
        """Make bytes of the wheel readable while the block runs."""


@dataclass(slots=True)
class WheelReading:
    """A wheel whose directory was read, and whose modules can be: once, with ``modules``.

    ``size`` is the wheel's, ``sha256`` the index's, or its own where all of it was read; ``verified`` says that all of
    it was, and that both are the same. ``files`` are its modules, and what is like them. ``unread`` grows while modules
    are read: which could not be, and why.
    """

    size: int
    sha256: str | None
    verified: bool
    files: ModuleFiles
    _source: _Source = field(repr=False)
    _plan: FetchPlan = field(repr=False)
    _tail: bytes = field(default=b"", repr=False)
    """The last bytes of a wheel that is fetched by ranges."""
    unread: list[Unread] = field(init=False)
    _modules: AsyncGenerator[tuple[Member, bytes]] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.unread = list(self.files.unread)

    @property
    def requests(self) -> int:
        """Return how many requests were made until now."""
        return self._source.requests

    @property
    def bytes_read(self) -> int:
        """Return how many bytes were read until now."""
        return self._source.bytes_read

    def modules(self) -> AsyncIterator[tuple[Member, bytes]]:
        """Return the modules and their data as it is in the wheel, one at a time, by their place in it.

        Raises ``UpstreamError`` and ``UnreadableWheelError``: the rest cannot be read, and what was read before means
        nothing if the wheel changed.
        """
        self._modules = self._read_modules()
        return self._modules

    async def aclose(self) -> None:
        """Forget what was fetched, where not all modules were taken."""
        if self._modules is not None:
            await self._modules.aclose()

    async def _read_modules(self) -> AsyncGenerator[tuple[Member, bytes]]:
        tail_start = self.size - len(self._tail)
        for fetched in self._plan.ranges:
            async with self._source.part(fetched.start, fetched.end) as part:
                if self._plan.whole and self._tail:
                    await self._verify(part)
                for span in fetched.spans:
                    place = await part.read(span.start, min(span.end, tail_start))
                    place += self._tail[max(0, span.start - tail_start) : max(0, span.end - tail_start)]
                    try:
                        data = await asyncio.to_thread(compressed_data, span.member, place)
                    except UnreadableWheelError as error:
                        self.unread.append(Unread(span.member.name, str(error)))
                        continue
                    del place
                    yield span.member, data

    async def _verify(self, part: FilePart) -> None:
        """Compare the hash of a wheel that was fetched whole after all."""
        found = await part.sha256(self._tail)
        self.verified = self.sha256 is not None and _is_named(found, self.sha256)
        self.sha256 = found


@dataclass(frozen=True, slots=True)
class WheelFiles:
    """Reads the wheels that an index names, from where it says they are, if that is within the index's ``hosts``.

    Modules of more than ``largest`` bytes, inflated, are not read.
    """

    http: httpx.AsyncClient
    index_url: str
    patience: Patience = field(default_factory=Patience)
    hosts: tuple[Host, ...] = ()
    largest: int = LARGEST_MODULE

    @asynccontextmanager
    async def open(self, link: FileLink) -> AsyncIterator[WheelReading]:
        """Read the directory of a wheel. Raises ``UpstreamError`` and ``UnreadableWheelError``."""
        service = service_at(self.index_url, self.hosts)
        file = RemoteFile(self.http, link.url, service, self.patience, link.size)
        async with FilePart.temporary() as part:
            if await file.fetch_end(TAIL, SPARE, part):
                sha256 = await part.sha256()
                verified = link.sha256 is not None and _is_named(sha256, link.sha256)
                stored = _Stored(part, part.length, file.requests, file.bytes_read)
                reading = await _read_stored(stored, sha256, self.largest, verified=verified)
            else:
                reading = await _read_ranges(_Ranges(file), await part.contents(), link.sha256, self.largest)
            async with aclosing(reading):
                yield reading


@asynccontextmanager
async def open_local(path: Path, largest: int = LARGEST_MODULE) -> AsyncIterator[WheelReading]:
    """Read the directory of a wheel on the disk. Raises ``UnreadableWheelError``."""
    file = await asyncio.to_thread(_open_file, path)
    async with FilePart(file) as part:
        before = _stamp(file)
        stored = _Stored(part, before[0], 0, before[0], unchanged=lambda: _stamp(file) == before)
        async with aclosing(await _read_stored(stored, await part.sha256(), largest, verified=True)) as reading:
            yield reading


async def wheels_at(path: Path) -> tuple[Path, ...]:
    """Return the wheels in a folder, by name, or the one file that a path names. Raises ``UserError`` for none."""
    found = await asyncio.to_thread(_list_wheels, path)
    if not found:
        raise UserError(f"There is no .whl file at `{path}`. Name one, or a folder with some.")
    return found


async def holds_wheels(path: Path) -> bool:
    """Return whether a path is a folder with wheels in it."""
    return await asyncio.to_thread(lambda: path.is_dir() and bool(_list_wheels(path)))


@dataclass(slots=True)
class _Stored:
    """A wheel that is there whole."""

    whole: FilePart
    size: int
    requests: int
    bytes_read: int
    unchanged: Callable[[], bool] = lambda: True

    @asynccontextmanager
    async def part(self, start: int, end: int) -> AsyncIterator[FilePart]:  # noqa: ARG002 — all bytes are there
        """Give the whole file, which has to stay as it is."""
        yield self.whole
        if not self.unchanged():
            raise UnreadableWheelError("The wheel changed while it was read.")


@dataclass(slots=True)
class _Ranges:
    """A wheel whose host serves ranges of it."""

    file: RemoteFile

    @property
    def requests(self) -> int:
        """Return how many requests were made."""
        return self.file.requests

    @property
    def bytes_read(self) -> int:
        """Return how many bytes were read."""
        return self.file.bytes_read

    @asynccontextmanager
    async def part(self, start: int, end: int) -> AsyncIterator[FilePart]:
        """Fetch a range, all of it before any is used: whoever uses it may take long."""
        async with FilePart.temporary(start) as part:
            await self.file.fetch(start, end, part)
            yield part


async def _read_stored(source: _Stored, sha256: str, largest: int, *, verified: bool) -> WheelReading:
    tail = await source.whole.read(max(0, source.size - TAIL), source.size)
    directory, _ = await _read_directory(source, tail, source.size)
    files = await asyncio.to_thread(choose, directory.members, largest)
    plan = await asyncio.to_thread(plan_whole, directory, files.modules, source.size)
    return WheelReading(source.size, sha256, verified, files, source, plan)


async def _read_ranges(source: _Ranges, end: bytes, sha256: str | None, largest: int) -> WheelReading:
    size = source.file.size or 0
    directory, tail = await _read_directory(source, end, size)
    files = await asyncio.to_thread(choose, directory.members, largest)
    plan = await asyncio.to_thread(plan_fetch, directory, files.modules, size - len(tail), size)
    return WheelReading(size, sha256, verified=False, files=files, _source=source, _plan=plan, _tail=tail)


async def _read_directory(source: _Source, tail: bytes, size: int) -> tuple[Directory, bytes]:
    """Read the directory from the end of the file, of which as much is fetched as it needs; give that, too."""
    while isinstance(found := await asyncio.to_thread(read_directory, tail, size), Missing):
        tail_start = size - len(tail)
        async with source.part(found.start, tail_start) as part:
            tail = await part.read(found.start, tail_start) + tail
    return found, tail


def _is_named(sha256: str, expected: str) -> bool:
    if sha256 != expected:
        raise UnreadableWheelError("The file is not the wheel that the index names: its sha256 is another.")
    return True


def _open_file(path: Path) -> BinaryIO:
    try:
        if not path.is_file():
            raise UnreadableWheelError(f"{path.name} is no file.")
        return path.open("rb")
    except OSError as error:
        raise UnreadableWheelError(f"{path.name} cannot be read: {error.strerror}.") from error


def _stamp(file: BinaryIO) -> tuple[int, int]:
    """Return the size of an open file, and when it was written to last."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _list_wheels(path: Path) -> tuple[Path, ...]:
    try:
        if path.is_dir():
            return tuple(sorted(each for each in path.iterdir() if each.suffix == ".whl"))
        return (path,) if path.exists() else ()
    except OSError:
        return ()
