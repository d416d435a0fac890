"""The share of packages with wheels over time as JSON (schema 1)."""

from __future__ import annotations

from bot.core.history.shares import History
from bot.core.schema.times import SCHEMA


def history_json(history: History) -> dict[str, object]:
    """Return the JSON object of ``ftbot history --json`` (schema 1)."""
    return {
        "schema": SCHEMA,
        "rule": history.rule.value,
        "packages": history.days[0].packages,
        "points": [
            {
                "day": day.day.isoformat(),
                "with_wheels": dict(day.with_wheels),
                "percent": {target: round(day.percent(target), 1) for target in history.targets},
            }
            for day in history.days
        ],
        "imported": [
            {"python": str(share.target), "gil_off": share.off, "unread": share.unread} for share in history.imported
        ]
        or None,
        "failed": sorted(history.failed),
        "not_found": list(history.missing),
    }
