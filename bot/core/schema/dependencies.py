"""The dependencies of an application as JSON (schema 1)."""

from __future__ import annotations

from bot.core.dependencies.files import FileKind
from bot.core.dependencies.judged import DependencyState, JudgedBy, JudgedDependency
from bot.core.dependencies.report import DependencyReport
from bot.core.inspection.modules import Gil
from bot.core.schema.objects import JsonObject, as_json
from bot.core.schema.status import ModifierJson, modifier_objects
from bot.core.schema.times import SCHEMA
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform


class ReadFileJson(JsonObject, frozen=True):
    """A file that was read, and as what."""

    file: str
    kind: FileKind


class CountsJson(JsonObject, frozen=True):
    """How many packages there are, and how many stand how."""

    packages: int
    blocks: int
    gil_on: int
    unknown: int


class NewestJson(JsonObject, frozen=True):
    """How the newest release of a dependency stands."""

    version: str
    verdict: Verdict
    ok: bool | None


class DependencyJson(JsonObject, frozen=True):
    """A package that is installed; ``blocks``: on a platform nothing of it installs without a compiler."""

    package: str
    version: str | None
    pinned: bool
    verdict: Verdict
    ok: bool | None
    blocks: bool
    missing: list[Platform]
    gil: Gil | None
    newest: NewestJson | None
    first_working: str | None
    required_by: list[list[str]]
    ways: int
    optional: bool
    groups: list[str]
    marker: str | None
    tracking_issue: str | None
    judged_by: JudgedBy
    modifiers: list[ModifierJson]
    reason: str | None


class UnreadLineJson(JsonObject, frozen=True):
    """A line or an entry that is no package of an index, and why it was left out."""

    file: str
    line: int | None
    text: str
    reason: str


class DependenciesJson(JsonObject, frozen=True):
    """What an application depends on, for one target: one object of ``ftbot deps --json``."""

    schema: int
    target: str
    platforms: list[Platform]
    files: list[ReadFileJson]
    resolved: bool
    ok: bool | None
    counts: CountsJson
    packages: list[DependencyJson]
    not_read: list[UnreadLineJson]
    error: str | None


def dependencies_json(report: DependencyReport) -> dict[str, object]:
    """Return the JSON object of ``ftbot deps --json`` for one target (schema 1)."""
    return as_json(dependencies_object(report))


def dependencies_object(report: DependencyReport) -> DependenciesJson:
    """Return the same with its types."""
    return DependenciesJson(
        schema=SCHEMA,
        target=str(report.target),
        platforms=list(report.platforms),
        files=[ReadFileJson(file=each.file, kind=each.kind) for each in report.files],
        resolved=report.resolved,
        ok=report.ok,
        counts=CountsJson(
            packages=len(report.dependencies),
            blocks=len(report.blocking),
            gil_on=sum(each.turns_gil_on for each in report.dependencies),
            unknown=len(report.in_state(DependencyState.UNKNOWN)),
        ),
        packages=[_dependency(each) for each in report.dependencies],
        not_read=[
            UnreadLineJson(file=line.file, line=line.line, text=line.text, reason=line.reason)
            for line in report.not_read
        ],
        error=report.error,
    )


def _dependency(found: JudgedDependency) -> DependencyJson:
    needed, newest = found.needed, found.newest
    latest = None
    if newest is not None:
        latest = NewestJson(version=str(newest.version), verdict=newest.verdict, ok=newest.verdict.ok)
    return DependencyJson(
        package=found.package,
        version=None if found.version is None else str(found.version),
        pinned=needed.pinned,
        verdict=found.verdict,
        ok=found.verdict.ok,
        blocks=found.blocks,
        missing=list(found.missing),
        gil=found.gil,
        newest=latest,
        first_working=None if found.first_working is None else str(found.first_working),
        required_by=[list(path) for path in needed.paths],
        ways=needed.ways,
        optional=needed.optional,
        groups=list(needed.groups),
        marker=needed.marker,
        tracking_issue=found.tracking_issue,
        judged_by=found.judged_by,
        modifiers=modifier_objects(found.modifiers),
        reason=found.reason,
    )
