"""Packages side by side as JSON (schema 1)."""

from __future__ import annotations

from bot.core.comparison.comparison import Comparison
from bot.core.schema.status import status_json
from bot.core.schema.times import SCHEMA


def comparison_json(comparison: Comparison) -> dict[str, object]:
    """Return the JSON object of ``ftbot compare --json`` (schema 1)."""
    return {
        "schema": SCHEMA,
        "packages": [status_json(status) for status in comparison.packages],
        "rows": [
            {"python": str(row.target), "platform": row.platform.value, "how": dict(row.how)} for row in comparison.rows
        ],
    }
