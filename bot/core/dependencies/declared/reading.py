"""What the readers of declared dependencies share: what was left out of a file, what was odd, and how much there is."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from packaging.utils import InvalidName, canonicalize_name

from bot.core.dependencies.demands import read_demand, shown
from bot.core.dependencies.file_reading import FileReading
from bot.core.dependencies.files import MOST_ENTRIES, Demand, DemandGroup, GroupKind, UnreadLine
from bot.core.errors import UserError

MOST_GROUPED = 100_000
"""Requirements in all groups together, of which those that others include have theirs as well."""

# A text in quotes, and what a line begins with: a key, or the header of a table.
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'")
_KEY = re.compile(r"[ \t]*[\"']?([A-Za-z0-9_-]+)[\"']?[ \t]*=")
_HEADER = re.compile(r"[ \t]*\[{1,2}([^\]\n]+)\]")


class DeclaredReading(FileReading):
    """One file that is being read."""

    def __init__(self, file: str, text: str = "") -> None:
        super().__init__(file)
        self._entries = 0
        self._grouped = 0
        self._text = text
        self._lines: dict[str, deque[int]] | None = None

    def unread(self, text: str, reason: str, line: int | None = None) -> None:
        """Tell what was left out."""
        self._count()
        self.not_read.append(UnreadLine(self.file, line, shown(text), reason))

    def demand(self, text: object, where: str, line: int | None = None) -> Demand | None:
        """Return what an entry of a list asks for; what is no requirement is told, and None."""
        if not isinstance(text, str):
            self.unread(where, "an entry that is no text")
            return None
        line = line or self.line_of(text)
        found = read_demand(text, line)
        if isinstance(found, str):
            self.unread(text, found, line)
            return None
        self._count()
        return found

    def demands(self, entries: Iterable[object], where: str) -> list[Demand]:
        """Return what the entries of a list ask for."""
        return [found for each in entries if (found := self.demand(each, where)) is not None]

    def group(self, kind: GroupKind, name: str, demands: Iterable[Demand]) -> DemandGroup:
        """Return a group of demands, each of them once."""
        found = tuple(dict.fromkeys(demands))
        self._grouped += len(found)
        if self._grouped > MOST_GROUPED:
            raise UserError(f"{shown(self.file)}: its groups have more than {MOST_GROUPED:,} requirements together.")
        return DemandGroup(kind, name, found)

    def line_of(self, text: str) -> int | None:
        """Return the line on which a text stands in quotes, or as a key; of several the next that was not asked for."""
        if self._lines is None:
            self._lines = {}
            for number, line in enumerate(self._text.split("\n"), start=1):
                self._index(number, line)
        lines = self._lines.get(text)
        if not lines:
            return None
        return lines.popleft() if len(lines) > 1 else lines[0]

    def _index(self, number: int, line: str) -> None:
        if self._lines is None:
            return
        found = {double.replace('\\"', '"') or single for double, single in _QUOTED.findall(line)}
        if key := _KEY.match(line):
            found.add(key[1])
        elif header := _HEADER.match(line):
            found.add(header[1].rpartition(".")[2].strip(" \t\"'"))
        for each in found:
            self._lines.setdefault(each, deque()).append(number)

    def _count(self) -> None:
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise UserError(f"{shown(self.file)} has more than {MOST_ENTRIES:,} requirements, which is the limit.")


def name_of(value: object) -> str | None:
    """Return a normalized name, None in place of anything else."""
    if not isinstance(value, str):
        return None
    try:
        return canonicalize_name(value, validate=True)
    except InvalidName:
        return None
