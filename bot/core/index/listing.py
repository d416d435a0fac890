"""The Simple API's list of all projects, read piece by piece: nearly a million names, of which few are wanted.

As one object the list takes 200 MB of memory; read like this it takes what one piece does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from packaging.utils import canonicalize_name

_OPENING = b'"projects"'
_LONGEST_ENTRY = 4_096


class _Entry(msgspec.Struct):
    name: str
    serial: int | str | None = msgspec.field(default=None, name="_last-serial")


_decode = msgspec.json.Decoder(list[_Entry]).decode


@dataclass(slots=True)
class ProjectListReader:
    """Takes the document in pieces and gives the entries that each completes.

    ``is_complete`` tells at the end whether the list was there, was read to its end, and had serials.
    """

    _rest: bytes = b""
    _inside: bool = False
    _over: bool = False
    _broken: bool = False
    _serials: int = field(default=0)

    @property
    def is_complete(self) -> bool:
        """Return whether the whole list was read and names serials."""
        return self._over and not self._broken and self._serials > 0

    def feed(self, piece: bytes) -> Iterator[tuple[str, int]]:
        """Take a piece; give normalized name and serial of the projects that it completes, none after nonsense."""
        if self._over or self._broken:
            return
        self._rest += piece
        if not self._inside:
            self._find_list()
        if self._inside:
            yield from self._take()

    def _find_list(self) -> None:
        start = self._rest.find(_OPENING)
        if start < 0:
            self._rest = self._rest[-_LONGEST_ENTRY:]
            return
        opening = self._rest.find(b"[", start)
        if opening >= 0:
            self._rest = self._rest[opening + 1 :]
            self._inside = True
        elif len(self._rest) - start > _LONGEST_ENTRY:
            self._broken = True

    def _take(self) -> Iterator[tuple[str, int]]:
        end = self._rest.find(b"]")
        last = self._rest.rfind(b"}") if end < 0 else self._rest.rfind(b"}", 0, end)
        self._over = end >= 0
        if last < 0:
            self._broken = len(self._rest) > _LONGEST_ENTRY
            return
        entries, self._rest = self._rest[: last + 1], self._rest[last + 1 :]
        try:
            read = _decode(b"[" + entries.lstrip(b", \r\n\t") + b"]")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._broken = True
            return
        for entry in read:
            serial = _number(entry.serial)
            if serial is not None:
                self._serials += 1
                yield canonicalize_name(entry.name), serial


def _number(serial: int | str | None) -> int | None:
    if isinstance(serial, str):
        return int(serial) if serial.isascii() and serial.isdigit() and len(serial) < len("9" * 19) else None
    return serial
