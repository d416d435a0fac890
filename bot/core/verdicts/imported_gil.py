"""What importing a package does to the GIL, added to what installing it gives: where its wheels were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from packaging.version import Version

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import File, Project, Release
from bot.core.inspection.choice import wheel_to_read
from bot.core.inspection.importing import as_imported
from bot.core.inspection.inspection import Inside, Inspection
from bot.core.inspection.modules import MOST_NAMED, Gil, turning_on
from bot.core.text.sentences import listed
from bot.core.verdicts.curated import gil_reenabled
from bot.core.verdicts.judge import Judgement, TargetVerdict, judge, judge_release
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.support import admitted_wheels, newest_release
from bot.core.wheels.tags import ABI3T, fit, read_tags
from bot.core.wheels.targets import Target


def wheels_to_read(project: Project, targets: Iterable[Target]) -> dict[Target, str]:
    """Return which wheel of the newest release is read for each target, by file name; some have none."""
    newest = newest_release(project)
    return {} if newest is None else _wheels_of(newest, targets)


def judge_release_with_inspections(
    project: Project, release: Release, targets: Sequence[Target], now: datetime, by_wheel: Mapping[str, Inspection]
) -> Judgement:
    """Judge one release as if it were the newest, with what was read in its wheels, by file name."""
    project, release = believing(project, release, by_wheel)
    return with_inspections(judge_release(project, release, targets, now), _read(release, targets, by_wheel))


def judge_with_inspections(
    project: Project,
    targets: Sequence[Target],
    now: datetime,
    metadata: Metadata | None,
    by_wheel: Mapping[str, Inspection],
) -> Judgement:
    """Judge the newest release of a project, with what was read in its wheels, by file name."""
    newest = newest_release(project)
    if newest is None or not by_wheel:
        return judge(project, targets, now, metadata)
    project, newest = believing(project, newest, by_wheel)
    return with_inspections(judge(project, targets, now, metadata), _read(newest, targets, by_wheel))


def _read(release: Release, targets: Iterable[Target], by_wheel: Mapping[str, Inspection]) -> dict[Target, Inspection]:
    """Return what was read in the wheels that are read for each target."""
    wheels = _wheels_of(release, targets)
    return {target: as_imported(by_wheel[wheel], target) for target, wheel in wheels.items() if wheel in by_wheel}


def believing(project: Project, release: Release, by_wheel: Mapping[str, Inspection]) -> tuple[Project, Release]:
    """Return a project and its release, of which wheels with suspect tags are believed if their files prove them right.

    What was read in one holds for those with the same tags for other platforms, if nothing else was read in them: they
    are one source, built alike.
    """
    insides = {file: each.inside for file, each in by_wheel.items()}
    proved = {_tags(file) for file in release.wheels if _is_proved(file, insides.get(file.filename))}
    believed = frozenset(
        file.filename
        for file in release.wheels
        if _is_proved(file, insides.get(file.filename))
        or (_tags(file) in proved and insides.get(file.filename) is None)
    )
    if not believed:
        return project, release
    proven = Release(release.version, release.files, believed)
    return replace(project, releases=tuple(proven if each is release else each for each in project.releases)), proven


def _is_proved(file: File, inside: Inside | None) -> bool:
    """Return whether the files in a wheel prove tags right that are suspect."""
    pairs = _tags(file)
    if any(abi == ABI3T for _, abi in pairs):
        return inside is Inside.EXPORT_HOOKS
    return inside is Inside.NO_EXTENSION and {abi for _, abi in pairs} == {"none"}


def _tags(file: File) -> frozenset[tuple[str, str]]:
    tags = read_tags(file.tags)
    return frozenset() if tags is None else tags.pairs


def with_inspections(judgement: Judgement, read: Mapping[Target, Inspection]) -> Judgement:
    """Add to each target what its wheel declares; the file wins over what the curated list says.

    The verdict itself stays: it says what an installer finds.
    """
    if not read:
        return judgement
    targets = tuple(_with_inspection(verdict, read.get(verdict.target)) for verdict in judgement.targets)
    modifiers = judgement.modifiers
    told = [verdict.gil for verdict in targets if verdict.gil in {Gil.OFF, Gil.ON}]
    if told and (Gil.ON in told or all(verdict.gil is Gil.OFF for verdict in targets if verdict.covered)):
        modifiers = tuple(each for each in modifiers if each.kind is not ModifierKind.GIL_REENABLED)
    return replace(judgement, targets=targets, modifiers=modifiers)


def is_contradicted(package: str, version: Version, inspection: Inspection) -> bool:
    """Return whether the curated list says that a release turns the GIL back on, and a wheel of it that it does not."""
    return inspection.gil is Gil.OFF and gil_reenabled(package, version) is not None


def _wheels_of(release: Release, targets: Iterable[Target]) -> dict[Target, str]:
    chosen = {target: wheel_to_read(admitted_wheels(release, target), target) for target in targets}
    return {target: wheel.filename for target, wheel in chosen.items() if wheel is not None}


def _with_inspection(verdict: TargetVerdict, inspection: Inspection | None) -> TargetVerdict:
    if inspection is None:
        return verdict
    if _is_suspect(inspection.wheel, verdict):
        return replace(verdict, modifiers=tuple(_proved(each, inspection) for each in verdict.modifiers))
    gil, modules = inspection.gil, turning_on(inspection.modules)
    if gil is not Gil.ON:
        return replace(verdict, gil=gil)
    what = f"Installs on {verdict.target}, but importing it turns the GIL back on"
    detail = f"{what}: {listed(modules, 1)}, read from {inspection.wheel}."
    modifiers = (*verdict.modifiers, Modifier(ModifierKind.GIL_REENABLED, detail))
    return replace(verdict, gil=gil, gil_modules=modules[:MOST_NAMED], modifiers=modifiers)


def _is_suspect(wheel: str, verdict: TargetVerdict) -> bool:
    """Return whether a wheel that was read is not one for the target: then it does not tell what importing it does."""
    match = fit(File(wheel).tags, verdict.target).match
    return (
        match is not None and not match.trusted and match.how not in {cover.how for cover in verdict.covered.values()}
    )


def _proved(modifier: Modifier, inspection: Inspection) -> Modifier:
    """Tell of suspect wheels that one was read, and what in it bears the suspicion out."""
    if modifier.kind is not ModifierKind.SUSPECT_WHEELS or not inspection.notes:
        return modifier
    return replace(modifier, detail=f"{modifier.detail} {inspection.wheel} was read. {' '.join(inspection.notes)}")
