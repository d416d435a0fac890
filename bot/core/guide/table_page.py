"""The page of the tracking table as text whose rows can be written anew: every other character stays as it is.

Only what GitHub shows as a table is one. What does not make one is refused with a sentence that names the line, for
whoever writes the page by hand has to mend it there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from bot.core.errors import UserError
from bot.core.guide.tracking_table import (
    LONGEST_TEXT,
    Columns,
    TableRow,
    columns_of,
    row_of,
    split_at_pipes,
    visible_lines,
)
from bot.core.text.sentences import one_line, shortened

MOST_ROWS = 1_000
"""Rows that are read: each may be a question to an index."""

_LONGEST_CELL = 500
_LONGEST_SHOWN = 60
_NARROWEST = 3
"""Columns of a column, as formatters make them."""

_RULE_CELL = re.compile(r"\s*(:?)-+(:?)\s*")


class Align(Enum):
    """Where the text of a column stands."""

    USUAL = "as usual, which is left"
    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row: its line, counted from 1, what it says, and its cells as they are written, without the space around."""

    number: int
    row: TableRow
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page: its lines as they are, line ends included, and the table on it.

    ``first`` and ``last`` are the numbers of the table's first and last line. ``widths`` are the columns' widths where
    every line keeps to them, as formatters write it; None where cells stand as they come.
    """

    lines: tuple[str, ...]
    columns: Columns
    aligns: tuple[Align, ...]
    rows: tuple[PageRow, ...]
    first: int
    last: int
    widths: tuple[int, ...] | None

    def line(self, number: int) -> str:
        """Return a line, counted from 1, without its end."""
        return self.lines[number - 1].rstrip("\r\n")


def read_page(text: str) -> TablePage:
    """Read a page; a ``UserError`` says in which line there is no table, or none that GitHub shows as one."""
    if len(text) > LONGEST_TEXT:
        raise UserError(f"The page has more than {LONGEST_TEXT:,} characters. That is no tracking table.")
    visible = list(visible_lines(text))
    place, columns, headings = _head(visible)
    aligns = _aligns(visible, place, len(headings))
    last = place + 1
    while last + 1 < len(visible) and visible[last + 1][0] == visible[last][0] + 1 and _is_row(visible[last + 1][1]):
        last += 1
    _check_below(visible[last + 1 :], visible[last][0])
    rows = tuple(_rows(visible[place + 2 : last + 1], columns))
    if not rows:
        raise UserError(f"The table in line {visible[place][0]} has no rows. There is nothing to compare.")
    if len(rows) > MOST_ROWS:
        raise UserError(f"The table has {len(rows)} rows, more than {MOST_ROWS:,}. That is no tracking table.")
    return TablePage(
        tuple(_with_ends(text)),
        columns,
        aligns,
        rows,
        first=visible[place][0],
        last=visible[last][0],
        widths=_widths([line for _, line in visible[place : last + 1]], len(headings)),
    )


def write_page(page: TablePage, changed: Mapping[int, Sequence[str]]) -> tuple[str, bool]:
    """Write the page with some rows' cells changed, by line number, as formatters would.

    Returns it, and whether all rows had to be written anew, because a column is wider or narrower now.
    """
    lines = list(page.lines)
    widths = page.widths
    if widths is not None:
        cells = [
            split_row(page.line(number)) for number in range(page.first, page.last + 1) if number != page.first + 1
        ]
        rows = [changed.get(row.number, row.cells) for row in page.rows]
        needed = _needed([cells[0], *rows], len(widths))
        if needed != widths and _needed(cells, len(widths)) == widths:
            return _written_anew(page, changed, needed), True
    for number, row in changed.items():
        lines[number - 1] = _in_place_of(lines[number - 1], _row_text(row, page.aligns, widths))
    return "".join(lines), False


def split_row(line: str) -> tuple[str, ...]:
    """Cut a row into its cells as they are written; the outer pipes are only for looks."""
    parts = _parts(line)
    return tuple(part.strip() for part in parts)


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for wide letters, none for marks."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in {"W", "F"}) for sign in text
    )


def _with_ends(text: str) -> Iterator[str]:
    *lines, rest = text.split("\n")
    yield from (line + "\n" for line in lines)
    if rest:
        yield rest


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def _parts(line: str) -> list[str]:
    bare = line.strip()
    parts = split_at_pipes(bare.removeprefix("|"))
    return parts[:-1] if len(parts) > 1 and not parts[-1].strip() else parts


def _head(visible: Sequence[tuple[int, str]]) -> tuple[int, Columns, tuple[str, ...]]:
    """Find the headings of the table, by their place among the visible lines."""
    for place, (number, line) in enumerate(visible):
        if not _is_row(line):
            continue
        headings = split_row(line)
        columns = columns_of(headings)
        if columns is None:
            continue
        lacking = [
            name
            for name, there in (("PyPI release", columns.release), ("First version with support", columns.first))
            if there is None
        ]
        if lacking:
            raise UserError(
                f"The table in line {number} has no column “{lacking[0]}”. Without it nothing can be compared."
            )
        return place, columns, headings
    raise UserError("The page has no table with the columns “Project” and “Upstream issue”. Name another file.")


def _aligns(visible: Sequence[tuple[int, str]], place: int, columns: int) -> tuple[Align, ...]:
    """Read the line between headings and rows, without which nobody sees a table."""
    number = visible[place][0] + 1
    following = visible[place + 1] if place + 1 < len(visible) else (0, "")
    line = following[1] if following[0] == number else ""
    found = [_RULE_CELL.fullmatch(part) for part in _parts(line)] if "|" in line else []
    if not found or any(match is None for match in found):
        told = f": `{_shown(line)}`" if line.strip() else ""
        raise UserError(
            f"Line {number} does not separate headings from rows{told}. Write {columns} cells like `:---:` there;"
            " without them GitHub shows no table."
        )
    if len(found) != columns:
        raise UserError(
            f"Line {number} has {len(found)} cells under {columns} headings. Write as many; with others GitHub shows no"
            " table."
        )
    return tuple(_align(match) for match in found if match is not None)


def _align(match: re.Match[str]) -> Align:
    if match[1] and match[2]:
        return Align.CENTRE
    if match[2]:
        return Align.RIGHT
    return Align.LEFT if match[1] else Align.USUAL


def _check_below(visible: Sequence[tuple[int, str]], last: int) -> None:
    """Refuse rows that a gap cuts off from the table; another table may follow."""
    for place, (number, line) in enumerate(visible):
        if not _is_row(line):
            continue
        following = visible[place + 1][1] if place + 1 < len(visible) else ""
        if all(_RULE_CELL.fullmatch(part) for part in _parts(following)) and "|" in following:
            return
        raise UserError(
            f"Line {number} is a row outside of the table, which ends in line {last}. Close the gap; GitHub shows it"
            " as text."
        )


def _rows(visible: Sequence[tuple[int, str]], columns: Columns) -> Iterator[PageRow]:
    for number, line in visible:
        cells = split_row(line)
        row = row_of([cell.replace("\\|", "|")[:_LONGEST_CELL] for cell in cells], columns)
        if row is None:
            raise UserError(f"Line {number} names no project: `{_shown(line)}`. Fill its first cell, or take it out.")
        yield PageRow(number, row, cells)


def _widths(lines: Sequence[str], columns: int) -> tuple[int, ...] | None:
    """Return the widths that every line of a table keeps to; None where they do not."""
    widths = {tuple(display_width(part) - 2 for part in _parts(line)) for line in lines if line.rstrip().endswith("|")}
    same = widths.pop() if len(widths) == 1 and all(line.rstrip().endswith("|") for line in lines) else None
    return same if same is not None and len(same) == columns and min(same) >= _NARROWEST else None


def _needed(rows: Sequence[Sequence[str]], columns: int) -> tuple[int, ...]:
    """Return how wide the columns of a table are where each is as wide as its widest cell."""
    return tuple(
        max(_NARROWEST, *(display_width(row[place]) for row in rows if place < len(row))) for place in range(columns)
    )


def _written_anew(page: TablePage, changed: Mapping[int, Sequence[str]], widths: tuple[int, ...]) -> str:
    lines = list(page.lines)
    by_number = {row.number: row.cells for row in page.rows} | {page.first: split_row(page.line(page.first))}
    for number in range(page.first, page.last + 1):
        if number in by_number:
            text = _row_text(changed.get(number, by_number[number]), page.aligns, widths)
        else:
            rule = (_rule_cell(align, width) for align, width in zip(page.aligns, widths, strict=True))
            text = f"| {' | '.join(rule)} |"
        lines[number - 1] = _in_place_of(lines[number - 1], text)
    return "".join(lines)


def _in_place_of(line: str, text: str) -> str:
    """Return a line that begins and ends as another, around a text."""
    bare = line.rstrip("\r\n")
    return bare[: len(bare) - len(bare.lstrip())] + text + line[len(bare) :]


def _rule_cell(align: Align, width: int) -> str:
    left = ":" if align in {Align.LEFT, Align.CENTRE} else "-"
    right = ":" if align in {Align.RIGHT, Align.CENTRE} else "-"
    return left + "-" * (width - 2) + right


def _row_text(cells: Sequence[str], aligns: Sequence[Align], widths: Sequence[int] | None) -> str:
    if widths is None:
        return f"| {' | '.join(cells)} |"
    filled = [*cells, *[""] * (len(widths) - len(cells))]
    padded = (_padded(*each) for each in zip(filled, aligns, widths, strict=False))
    return f"| {' | '.join(padded)} |"


def _padded(cell: str, align: Align, width: int) -> str:
    room = max(0, width - display_width(cell))
    before = {Align.RIGHT: room, Align.CENTRE: room // 2}.get(align, 0)
    return " " * before + cell + " " * (room - before)


def _shown(line: str) -> str:
    return shortened(one_line(line), _LONGEST_SHOWN).replace("`", "'")
