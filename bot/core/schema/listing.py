"""A line of a list of packages as JSON (schema 1)."""

from __future__ import annotations

from bot.core.listing.listed import Listed, ListedTarget
from bot.core.schema.times import SCHEMA


def listed_json(package: Listed) -> dict[str, object]:
    """Return the JSON object of ``ftbot list --json`` (schema 1)."""
    return {
        "schema": SCHEMA,
        "package": package.name,
        "rank": package.rank,
        "version": package.version,
        "targets": [_target_json(each) for each in package.targets],
    }


def _target_json(listed: ListedTarget) -> dict[str, object]:
    since = listed.since
    return {
        "python": str(listed.target),
        "verdict": listed.verdict.value,
        "gil": None if listed.gil is None else listed.gil.value,
        "since": None
        if since is None
        else {"version": since.version, "date": None if since.day is None else since.day.isoformat()},
        "modifiers": [kind.value for kind in listed.modifiers],
    }
