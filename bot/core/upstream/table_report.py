"""The tracking table beside the index: all rows, the page as it should be, a patch, and the text of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import unified_diff
from functools import cached_property
from types import MappingProxyType

from bot.core.guide.table_cells import Icons
from bot.core.guide.table_page import TablePage, split_row, write_page
from bot.core.guide.tracking_table import PATH
from bot.core.text.markdown import plain_markdown
from bot.core.text.sentences import counted
from bot.core.upstream.table_check import CheckedRow, RowMaterial, RowState, TableStyle, check_row
from bot.core.upstream.table_missing import BY_RANK, MISSING_HEADINGS, MissingBasis, MissingRow

_NO_NEWLINE = "\\ No newline at end of file\n"

REPADDED = "A column has another width now, so that all rows are padded anew. Compare them without white space."
"""What is said where more lines change than say something else."""

HEADINGS: Mapping[RowState, str] = MappingProxyType(
    {
        RowState.WRONG: "A version that never had such a wheel",
        RowState.OUT_OF_DATE: "Support came",
        RowState.TYPO: "Slips of the pen",
        RowState.LINK: "Links that lead elsewhere, or nowhere",
        RowState.PERSON: "For a person to judge",
        RowState.NOT_ON_INDEX: "Not on the index",
        RowState.FINE: "Fine",
    }
)
"""What rows of a state have in common, in the order in which they are told."""


@dataclass(frozen=True)
class TableReport:
    """What became of the rows of a page; ``links_problem`` says why nobody looked where links lead, if nobody did.

    ``unread`` says of how many rows the index could not be read.
    """

    page: TablePage
    rows: tuple[CheckedRow, ...]
    missing: tuple[MissingRow, ...]
    links_problem: str | None
    unread: int = 0

    @cached_property
    def _written(self) -> tuple[str, bool]:
        return write_page(self.page, {each.row.number: each.cells for each in self.rows if each.cells is not None})

    @property
    def text(self) -> str:
        """Return the page as it should be."""
        return self._written[0]

    @property
    def is_written_anew(self) -> bool:
        """Return whether all rows had to be padded anew, because a column has another width now."""
        return self._written[1]

    @property
    def changed(self) -> tuple[CheckedRow, ...]:
        """Return the rows in which something is to be written."""
        return tuple(each for each in self.rows if each.cells is not None)

    def lines(self, row: CheckedRow) -> tuple[str, str] | None:
        """Return a row's line as it is and as it should be, None where nothing is to be written."""
        if row.cells is None:
            return None
        number = row.row.number
        return self.page.line(number), self.text.split("\n")[number - 1].rstrip("\r")

    def in_state(self, state: RowState) -> tuple[CheckedRow, ...]:
        """Return the rows in a state, in the order of the table."""
        return tuple(each for each in self.rows if each.state is state)


def check_page(
    page: TablePage, material: Sequence[RowMaterial], missing: Sequence[MissingRow], *, links_problem: str | None
) -> TableReport:
    """Compare every row of a page with what is known of it, in the order of the rows."""
    icons = Icons.of(cell for row in page.rows for cell in row.cells)
    release = page.columns.release
    ticks = [row.cells[release] for row in page.rows if release is not None and release < len(row.cells)]
    style = TableStyle(page.columns, len(split_row(page.line(page.first))), icons, icons.tick(ticks))
    rows = tuple(check_row(row, style, known) for row, known in zip(page.rows, material, strict=True))
    unread = sum(isinstance(known.facts, str) for known in material)
    return TableReport(page, rows, tuple(missing), links_problem, unread)


def patch(report: TableReport, path: str = PATH) -> str:
    """Return a patch for ``git apply``; empty where nothing is to be written. ``path`` is the page's, with slashes."""
    before, after = list(report.page.lines), [line + "\n" for line in report.text.split("\n")]
    if after[-1] == "\n":
        after.pop()
    else:
        after[-1] = after[-1][:-1]
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    lines = list(unified_diff(before, after, old, new))
    told = "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)
    return f"diff --git {old} {new}\n{told}" if lines else ""


def _quoted(path: str) -> str:
    """Return a path as a patch names it: where it has what would end the name or the line, in quotes and as in C."""
    quoted = "".join(f"\\{ord(sign):03o}" if sign in '"\\\x7f' or sign < " " else sign for sign in path)
    return path if quoted == path else f'"{quoted}"'


def pull_request(report: TableReport, day: date) -> str:
    """Return the text of a pull request that brings the patch, in Markdown: a title, then what changes and why."""
    return "\n".join(_pull_request(report, day)) + "\n"


def _pull_request(report: TableReport, day: date) -> Iterator[str]:
    changed, rows_in_all = report.changed, len(report.rows)
    rows_told = "The one row was" if rows_in_all == 1 else f"All {rows_in_all} rows were"
    if changed:
        yield f"# Bring {counted(len(changed), 'row')} of the tracking table up to date"
    else:
        yield "# Nothing is to be written anew in the tracking table"
    yield ""
    yield (
        f"{rows_told} compared with the index on {day}. A wheel shows that a build exists, not that it is thread-safe."
    )
    if report.is_written_anew:
        yield ""
        yield REPADDED
    told = (state for state in RowState if state is not RowState.FINE)
    for state in told:
        rows = report.in_state(state)
        if rows:
            yield ""
            yield f"## {HEADINGS[state]} ({len(rows)})"
            yield ""
            yield from (_item(row) for row in rows)
    if report.missing:
        yield ""
        yield from _missing(report.missing)
    if report.links_problem is not None:
        yield ""
        yield "Whether the links still lead to open threads was not checked."


def _missing(missing: Sequence[MissingRow]) -> Iterator[str]:
    basis = missing[0].basis
    yield f"## {MISSING_HEADINGS[basis]} ({len(missing)})"
    yield ""
    if basis is MissingBasis.RANK:
        yield BY_RANK
        yield ""
    yield from (f"- **{plain_markdown(each.package)}**: {plain_markdown(each.told)}" for each in missing)


def _item(row: CheckedRow) -> str:
    untouched = "" if row.cells is not None else " Nothing was changed."
    project = plain_markdown(row.row.row.project)
    return f"- **{project}** (line {row.row.number}): {plain_markdown(row.reason)}{untouched}"
