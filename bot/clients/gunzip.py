"""Inflating gzip bodies: of one member or of many (RFC 1952, 2.2), within bounds, in time linear in their length."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Protocol

MOST_MEMBERS = 100_000
"""Members of one body; what compresses in parallel makes one for each 64 KiB or more."""

PART = 256 << 10
"""Bytes that are inflated in one go where a body is read piece by piece: that takes about a millisecond."""

_MAGIC = b"\x1f\x8b"
_WINDOW = 16 + zlib.MAX_WBITS
_FIRST_BITE = 512
"""Bytes that a new member is fed first; each further bite is twice as large.

What a bite has beyond the member's end is copied, so that bites as large as the body would make many small members
cost the square of its length.
"""

_padding = re.compile(rb"\0*").match


class Inflater(Protocol):
    """What zlib and isal have in common: one member is inflated, and what is behind it is left over."""

    @property
    def eof(self) -> bool:
        """Return whether the member's end was reached."""

    @property
    def unused_data(self) -> bytes:
        """Return what was fed beyond the end."""

    @property
    def unconsumed_tail(self) -> bytes:
        """Return what was fed and is to be fed again, as there was no room for what it inflates to."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Inflate some bytes, to no more than the length."""


NewInflater = Callable[[int], Inflater]

new_inflater: NewInflater = zlib.decompressobj
with suppress(ImportError):  # optional: without it the standard library inflates, at twice the CPU
    new_inflater = import_module("isal.isal_zlib").decompressobj


class GzipError(Exception):
    """A body cannot be inflated; the text says what its sender did, ``retryable`` whether it may do better soon."""

    def __init__(self, text: str, *, retryable: bool = True) -> None:
        super().__init__(text)
        self.retryable = retryable


class Gunzip:
    """Inflates a body that comes piece by piece, up to ``most`` bytes; zeros between and behind members are padding."""

    def __init__(self, most: int, inflater: NewInflater = new_inflater) -> None:
        self._most = most
        self._room = most
        self._new_inflater = inflater
        self._inflater: Inflater | None = None
        self._bite = _FIRST_BITE
        self._members = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Return what a piece of the body inflates to, in parts of at most ``PART`` bytes. Raises ``GzipError``."""
        place = 0
        while place < len(data):
            if self._inflater is None:
                place = self._begin(data, place)
                continue
            bite = data[place : place + self._bite]
            yield from self._inflate(self._inflater, bite)
            place += len(bite)
            self._bite *= 2
            if self._inflater.eof:
                place -= len(self._inflater.unused_data)
                self._inflater = None

    def end(self) -> None:
        """Find the body complete. Raises ``GzipError``."""
        if self._inflater is not None or self._members == 0:
            raise GzipError("ended its answer too early")

    def _begin(self, data: bytes, place: int) -> int:
        """Begin the next member, behind padding; give where it begins."""
        padded = _padding(data, place) if self._members else None
        start = place if padded is None else padded.end()
        head = data[start : start + len(_MAGIC)]
        if not head:
            return start
        if not _MAGIC.startswith(head):
            raise GzipError(
                "sent something behind its gzip data" if self._members else "answered garbage instead of gzip"
            )
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise GzipError("answered in more pieces of gzip than are read", retryable=False)
        self._inflater, self._bite = self._new_inflater(_WINDOW), _FIRST_BITE
        return start

    def _inflate(self, inflater: Inflater, bite: bytes) -> Iterator[bytes]:
        while True:
            try:
                part = inflater.decompress(bite, PART)
            except Exception as error:  # isal raises a class of its own
                raise GzipError("answered garbage instead of gzip") from error
            self._room -= len(part)
            if self._room < 0:
                raise too_large(self._most)
            if part:
                yield part
            bite = inflater.unconsumed_tail
            # A full part may have more behind it that needs no further input.
            if inflater.eof or (not bite and len(part) < PART):
                return


def inflate(sent: bytes, most: int, inflater: NewInflater = new_inflater) -> bytes:
    """Inflate a whole body, up to ``most`` bytes; CPU-bound. Raises ``GzipError``."""
    if sent.startswith(_MAGIC):  # nearly all have one member, which is inflated fastest in one go
        member = inflater(_WINDOW)
        try:
            body = member.decompress(sent, most + 1)
        except Exception as error:  # isal raises a class of its own
            raise GzipError("answered garbage instead of gzip") from error
        if len(body) > most:
            raise too_large(most)
        if member.eof and not member.unused_data:
            return body
    whole = Gunzip(most, inflater)
    parts = list(whole.feed(sent))
    whole.end()
    return b"".join(parts)


def too_large(most: int) -> GzipError:
    """Return the error of a body that has more than ``most`` bytes."""
    return GzipError(f"answered with more than {most >> 20} MiB, and so much is not read", retryable=False)
