"""What a cell of the tracking table holds: icons, footnotes, text and links, and how one of them is replaced."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.core.github.threads import IssueRef, linked_ref

TICK = ":material-check-bold:"
"""The icon that says yes, where a column has none yet."""

_ICON = re.compile(r":[a-z0-9]+(?:-[a-z0-9]+)+:", re.ASCII)
_HALF_ICON = re.compile(r"(?<![:\w-]):?([a-z0-9]+(?:-[a-z0-9]+)+):?(?![:\w-])", re.ASCII)
_SETS = (":material-", ":simple-", ":fontawesome-", ":octicons-")
_FOOTNOTES = re.compile(r"(?:\s*\[\^[^\[\]]*\])+\s*\Z")
_ADDRESS = re.compile(r"https?://[^\s()<>\[\]\"']+")

_ALIKE = 0.85
_TRUSTED = 3
"""An icon that this many cells have is no slip of the pen."""


@dataclass(frozen=True, slots=True)
class Icons:
    """The icons of a table: how many cells have each."""

    counts: Mapping[str, int]

    @classmethod
    def of(cls, cells: Iterable[str]) -> Icons:
        """Count the icons in the cells of a table."""
        return cls(Counter(icon for cell in cells for icon in _ICON.findall(cell)))

    def tick(self, cells: Iterable[str]) -> str:
        """Return the icon that a column says yes with: the most common one of its cells."""
        found = Counter(icon for cell in cells for icon in _ICON.findall(cell) if icon not in self.typos(cell))
        return found.most_common(1)[0][0] if found else TICK

    def typos(self, cell: str) -> dict[str, str]:
        """Return icons in a cell that none is called, and the common one that is meant; half an icon is one, too."""
        usual = [icon for icon, count in self.counts.items() if count >= _TRUSTED and icon.startswith(_SETS)]
        found: dict[str, str] = {}
        for match in _HALF_ICON.finditer(_ADDRESS.sub("", cell)):
            written = match[0]
            if ":" not in written or written in usual or (written.startswith(_SETS) and _ICON.fullmatch(written)):
                continue
            meant = get_close_matches(f":{match[1]}:", usual, n=1, cutoff=_ALIKE)
            if meant:
                found[written] = meant[0]
        return found

    def mended(self, cell: str) -> str:
        """Return a cell with the icons that were meant."""
        for written, meant in self.typos(cell).items():
            cell = re.sub(rf"(?<![:\w-]){re.escape(written)}(?![:\w-])", meant, cell)
        return cell


def without_footnotes(cell: str) -> str:
    """Return what a cell says, without the footnotes at its end."""
    return _FOOTNOTES.sub("", cell).strip()


def with_text(cell: str, text: str) -> str:
    """Replace what a cell says, and keep the footnotes at its end."""
    footnotes = _FOOTNOTES.search(cell)
    return " ".join(filter(None, (text, "" if footnotes is None else footnotes[0].strip())))


def with_address(cell: str, ref: IssueRef, address: str) -> str:
    """Replace the address of a thread in a cell."""
    for match in _ADDRESS.finditer(cell):
        if linked_ref(match[0]) == ref:
            return cell[: match.start()] + address + cell[match.end() :]
    return cell
