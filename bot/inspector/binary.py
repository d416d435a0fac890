"""An ELF, Mach-O or PE file as it would lie in memory: what is at an address, and what its pointers point to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

IMPORTS = 0x7E00_0000_0000_0000
"""Where imported symbols are given addresses, so that a pointer to one is a number like any other."""

_STEP = 16
_LONGEST_STRING = 512


class UnreadableError(Exception):
    """A file that cannot be read; its text is the end of a sentence about the file."""


class Machine(StrEnum):
    """The machines whose code is understood."""

    X86_64 = "x86-64"
    ARM64 = "arm64"


class Convention(StrEnum):
    """How functions are called."""

    SYSTEM_V = "system-v"
    WINDOWS = "windows"
    ARM = "arm"


def name_of(processor: object) -> str:
    """Return a processor's name; LIEF gives a plain number where it knows none."""
    return str(getattr(processor, "name", "an unknown machine")).lower()


@dataclass(frozen=True, slots=True)
class Region:
    """A part of memory: ``stored`` of its bytes stand in the file from ``offset`` on, the rest is zero at first."""

    start: int
    end: int
    offset: int
    stored: int
    executable: bool
    writable: bool


@dataclass(slots=True)
class Binary:
    """One file, or one slice of a fat Mach-O.

    ``pointers`` are the words that the dynamic loader fills in, by their address: None where it cannot be told with
    what. ``machine`` is None where the code is not understood, and ``processor`` names it anyway.
    """

    data: bytes
    processor: str
    machine: Machine | None
    convention: Convention
    word: int = 8
    order: Literal["little", "big"] = "little"
    regions: list[Region] = field(default_factory=list)
    hooks: dict[str, int] = field(default_factory=dict)
    libraries: frozenset[str] = frozenset()
    pointers: dict[int, int | None] = field(default_factory=dict)
    imports: dict[str, int] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    @property
    def is_wide(self) -> bool:
        """Return whether its words have 64 bits."""
        return self.word == 8  # noqa: PLR2004 - bytes

    def map(self, regions: Iterable[Region]) -> None:
        """Lay out the memory."""
        self.regions = sorted((region for region in regions if region.start < region.end), key=lambda each: each.start)
        if any(region.offset + region.stored > len(self.data) for region in self.regions):
            raise UnreadableError("it is truncated")
        self._starts = [region.start for region in self.regions]

    def imported(self, name: str) -> int:
        """Return the address that stands for an imported symbol."""
        address = self.imports.get(name)
        if address is None:
            address = self.imports[name] = IMPORTS + _STEP * len(self._names)
            self._names.append(name)
        return address

    def import_at(self, address: int) -> str | None:
        """Return the name of the imported symbol that an address stands for."""
        index, rest = divmod(address - IMPORTS, _STEP)
        return self._names[index] if not rest and 0 <= index < len(self._names) else None

    def region(self, address: int) -> Region | None:
        """Return the region of an address."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        region = self.regions[index]
        return region if address < region.end else None

    def stored(self, address: int, size: int) -> bytes | None:
        """Return bytes as they are in the file, zeros where the file leaves them to the loader."""
        region = self.region(address)
        if region is None or address + size > region.end:
            return None
        start = address - region.start
        have = max(0, min(size, region.stored - start))
        offset = region.offset + start
        found = self.data[offset : offset + have]
        return found + bytes(size - have) if len(found) == have else None

    def read(self, address: int, size: int) -> bytes | None:
        """Return bytes as they are in memory before anything runs; None where it cannot be told."""
        found = self.stored(address, size)
        if found is None or size > _LONGEST_STRING:
            return found
        for pointer in range(address - self.word + 1, address + size):
            if pointer in self.pointers:
                return self._relocated(address, size, found)
        return found

    def _relocated(self, address: int, size: int, found: bytes) -> bytes | None:
        memory = bytearray(found)
        for pointer in range(address - self.word + 1, address + size):
            if pointer not in self.pointers:
                continue
            value = self.pointers[pointer]
            if value is None:
                return None
            word = (value % (1 << 8 * self.word)).to_bytes(self.word, self.order)
            for index, byte in enumerate(word, pointer - address):
                if 0 <= index < size:
                    memory[index] = byte
        return bytes(memory)

    def number(self, address: int, size: int) -> int | None:
        """Return the number at an address."""
        found = self.read(address, size)
        return None if found is None else int.from_bytes(found, self.order)

    def code(self, address: int, size: int) -> bytes:
        """Return up to so many bytes of code; empty where there is none."""
        region = self.region(address)
        if region is None or not region.executable:
            return b""
        start = address - region.start
        have = max(0, min(size, region.stored - start))
        return self.data[region.offset + start : region.offset + start + have]

    def string(self, address: int) -> str | None:
        """Return the C string at an address, or None where there is no text."""
        region = self.region(address)
        if region is None or address in self.pointers:
            return None
        offset = region.offset + address - region.start
        stop = region.offset + region.stored
        found = self.data[offset : min(stop, offset + _LONGEST_STRING)]
        text, end, _ = found.partition(b"\0")
        if not end:
            return None
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def contains(self, content: bytes) -> bool:
        """Return whether bytes stand anywhere in memory."""
        return next(self.find(content), None) is not None

    def find(self, content: bytes) -> Iterator[int]:
        """Yield the addresses at which bytes stand in the file."""
        for region in self.regions:
            stop = region.offset + region.stored
            at = self.data.find(content, region.offset, stop)
            while at >= 0:
                yield region.start + at - region.offset
                at = self.data.find(content, at + 1, stop)
