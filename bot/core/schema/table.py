"""The tracking table beside the index as JSON (schema 1)."""

from __future__ import annotations

from bot.core.schema.times import SCHEMA
from bot.core.upstream.table_check import CheckedRow
from bot.core.upstream.table_report import TableReport


def table_json(report: TableReport) -> dict[str, object]:
    """Return the JSON object of ``ftbot tracking --json`` (schema 1)."""
    return {
        "schema": SCHEMA,
        "rows": [_row_json(row, report.lines(row)) for row in report.rows],
        "missing": [{"package": each.package, "reason": each.reason} for each in report.missing],
    }


def _row_json(row: CheckedRow, lines: tuple[str, str] | None) -> dict[str, object]:
    return {
        "line": row.row.number,
        "project": row.row.row.project,
        "package": row.row.row.package,
        "state": row.state.value,
        "reason": f"{row.reason} Its link was not checked." if row.link_unchecked else row.reason,
        "line_now": None if lines is None else lines[0],
        "line_to_write": None if lines is None else lines[1],
    }
