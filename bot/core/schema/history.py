"""The share of packages with wheels over time as JSON (schema 1)."""

from __future__ import annotations

from bot.core.history.shares import GilShare, History
from bot.core.history.timelines import SupportRule
from bot.core.schema.objects import Day, JsonObject, as_json
from bot.core.schema.times import SCHEMA


class HistoryPointJson(JsonObject, frozen=True):
    """How many packages had wheels at the end of a day, by target."""

    day: Day
    with_wheels: dict[str, int]
    percent: dict[str, float]


class GilShareJson(JsonObject, frozen=True):
    """Of the packages with wheels for a target: how many keep the GIL off when imported, how many were not read."""

    python: str
    gil_off: int
    unread: int


class HistoryJson(JsonObject, frozen=True):
    """The share of packages with wheels over time: the object of ``ftbot history --json``."""

    schema: int
    rule: SupportRule
    packages: int
    points: list[HistoryPointJson]
    imported: list[GilShareJson] | None
    failed: list[str]
    not_found: list[str]


def history_json(history: History) -> dict[str, object]:
    """Return the JSON object of ``ftbot history --json`` (schema 1)."""
    return as_json(history_object(history))


def history_object(history: History) -> HistoryJson:
    """Return the same with its types."""
    return HistoryJson(
        schema=SCHEMA,
        rule=history.rule,
        packages=history.days[0].packages,
        points=[
            HistoryPointJson(
                day=day.day.isoformat(),
                with_wheels=dict(day.with_wheels),
                percent={target: round(day.percent(target), 1) for target in history.targets},
            )
            for day in history.days
        ],
        imported=[gil_share(share) for share in history.imported] or None,
        failed=sorted(history.failed),
        not_found=list(history.missing),
    )


def gil_share(share: GilShare) -> GilShareJson:
    """Return a share of packages that keep the GIL off, in a history and in a digest."""
    return GilShareJson(python=str(share.target), gil_off=share.off, unread=share.unread)
