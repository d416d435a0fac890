"""A line of a list of packages as JSON (schema 1)."""

from __future__ import annotations

from bot.core.inspection.modules import Gil
from bot.core.listing.listed import Listed, ListedTarget
from bot.core.schema.objects import Day, JsonObject, as_json
from bot.core.schema.times import SCHEMA
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict


class ListedSinceJson(JsonObject, frozen=True):
    """The release from which on there are wheels without a gap, and the day of its first one."""

    version: str | None
    date: Day | None


class ListedTargetJson(JsonObject, frozen=True):
    """How a package stands on one free-threaded Python."""

    python: str
    verdict: Verdict
    gil: Gil | None
    since: ListedSinceJson | None
    modifiers: list[ModifierKind]


class ListedJson(JsonObject, frozen=True):
    """A tracked package, by its newest release: one object of ``ftbot list --json``."""

    schema: int
    package: str
    rank: int | None
    version: str | None
    targets: list[ListedTargetJson]


def listed_json(package: Listed) -> dict[str, object]:
    """Return the JSON object of ``ftbot list --json`` (schema 1)."""
    return as_json(listed_object(package))


def listed_object(package: Listed) -> ListedJson:
    """Return the same with its types."""
    return ListedJson(
        schema=SCHEMA,
        package=package.name,
        rank=package.rank,
        version=package.version,
        targets=[_target(each) for each in package.targets],
    )


def _target(listed: ListedTarget) -> ListedTargetJson:
    since = listed.since
    first = None
    if since is not None:
        first = ListedSinceJson(version=since.version, date=None if since.day is None else since.day.isoformat())
    return ListedTargetJson(
        python=str(listed.target),
        verdict=listed.verdict,
        gil=listed.gil,
        since=first,
        modifiers=list(listed.modifiers),
    )


class ListingJson(JsonObject, frozen=True):
    """Some of the tracked packages; ``next`` is the cursor of those that follow, null where there are none."""

    schema: int
    packages: list[ListedJson]
    total: int
    next: str | None
