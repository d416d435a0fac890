"""The status of a package as JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.inspection.modules import Gil
from bot.core.schema.objects import Day, JsonObject, Url, as_json
from bot.core.schema.times import SCHEMA, Timestamp, timestamp
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import MetadataState, Status
from bot.core.wheels.platforms import Platform


class ModifierJson(JsonObject, frozen=True):
    """What else there is to know about a verdict; ``detail`` is a sentence."""

    kind: ModifierKind
    detail: str | None


class SinceJson(JsonObject, frozen=True):
    """The first release from which on there are wheels without a gap, and the day of its first one."""

    version: str
    date: Day | None


class TargetJson(JsonObject, frozen=True):
    """The verdict for one free-threaded Python; ``covered`` tells by platform which wheels are trusted."""

    python: str
    verdict: Verdict
    ok: bool | None
    covered: Mapping[str, str]
    missing: list[Platform]
    since: SinceJson | None
    since_by_platform: Mapping[str, str]
    gil: Gil | None
    gil_modules: list[str]
    modifiers: list[ModifierJson]


class LinksJson(JsonObject, frozen=True):
    """Where there is more about a package."""

    pypi: Url
    source: str | None
    tracking_issue: str | None


class StatusJson(JsonObject, frozen=True):
    """How a package stands with free-threaded Python, by its newest release: one object of ``ftbot status --json``."""

    schema: int
    package: str
    version: str | None
    released: Timestamp | None
    verdict: Verdict
    ok: bool | None
    targets: list[TargetJson]
    scope: list[Platform]
    other_platforms: list[str]
    sdist: bool
    modifiers: list[ModifierJson]
    classifier: str | None
    links: LinksJson
    metadata: MetadataState
    checked: Timestamp
    stale: bool
    error: str | None


def status_json(status: Status) -> dict[str, object]:
    """Return the JSON object of ``ftbot status --json`` (schema 1)."""
    return as_json(status_object(status))


def status_object(status: Status) -> StatusJson:
    """Return the same with its types."""
    judgement = status.judgement
    return StatusJson(
        schema=SCHEMA,
        package=status.package,
        version=None if judgement.version is None else str(judgement.version),
        released=None if judgement.released is None else timestamp(judgement.released),
        verdict=status.headline.verdict,
        ok=status.headline.verdict.ok,
        targets=[_target(target) for target in judgement.targets],
        scope=list(judgement.scope),
        other_platforms=list(judgement.other_platforms),
        sdist=judgement.sdist,
        modifiers=modifier_objects(judgement.modifiers),
        classifier=None if status.metadata is None else status.metadata.free_threading,
        links=LinksJson(pypi=status.page, source=status.source, tracking_issue=status.tracking_issue),
        metadata=status.metadata_state,
        checked=timestamp(status.checked),
        stale=status.stale,
        error=status.error,
    )


def _target(verdict: TargetVerdict) -> TargetJson:
    since = verdict.since
    first = None
    if since is not None:
        first = SinceJson(version=str(since.version), date=None if since.date is None else since.date.isoformat())
    by_platform = {} if since is None else since.by_platform
    return TargetJson(
        python=str(verdict.target),
        verdict=verdict.verdict,
        ok=verdict.verdict.ok,
        covered={platform.value: cover.how for platform, cover in verdict.covered.items()},
        missing=list(verdict.missing),
        since=first,
        since_by_platform={platform.value: str(version) for platform, version in by_platform.items()},
        gil=verdict.gil,
        gil_modules=list(verdict.gil_modules),
        modifiers=modifier_objects(verdict.modifiers),
    )


def modifier_objects(modifiers: Sequence[Modifier]) -> list[ModifierJson]:
    """Return modifiers as JSON has them, in a status and in a dependency."""
    return [ModifierJson(kind=modifier.kind, detail=modifier.detail) for modifier in modifiers]
