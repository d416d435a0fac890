"""What importing a package does to the GIL, added to what installing it gives: where its wheels were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from packaging.version import Version

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import Project
from bot.core.inspection.choice import wheel_to_read
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import MOST_NAMED, Gil, turning_on
from bot.core.text.sentences import listed
from bot.core.verdicts.curated import gil_reenabled
from bot.core.verdicts.judge import Judgement, TargetVerdict, judge
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.support import admitted_wheels, newest_release
from bot.core.wheels.targets import Target


def wheels_to_read(project: Project, targets: Iterable[Target]) -> dict[Target, str]:
    """Return which wheel of the newest release is read for each target, by file name; some have none."""
    newest = newest_release(project)
    if newest is None:
        return {}
    chosen = {target: wheel_to_read(admitted_wheels(newest, target), target) for target in targets}
    return {target: wheel.filename for target, wheel in chosen.items() if wheel is not None}


def judge_with_inspections(
    project: Project,
    targets: Sequence[Target],
    now: datetime,
    metadata: Metadata | None,
    by_wheel: Mapping[str, Inspection],
) -> Judgement:
    """Judge the newest release of a project, with what was read in its wheels, by file name."""
    judgement = judge(project, targets, now, metadata)
    if not by_wheel:
        return judgement
    wheels = wheels_to_read(project, targets)
    return with_inspections(
        judgement, {target: by_wheel[wheel] for target, wheel in wheels.items() if wheel in by_wheel}
    )


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


def _with_inspection(verdict: TargetVerdict, inspection: Inspection | None) -> TargetVerdict:
    if inspection is None:
        return verdict
    gil, modules = inspection.gil, turning_on(inspection.modules)
    if gil is not Gil.ON:
        return replace(verdict, gil=gil)
    what = f"Installs on {verdict.target}, but importing it turns the GIL back on"
    detail = f"{what}: {listed(modules, 1)}, read from {inspection.wheel}."
    modifiers = (*verdict.modifiers, Modifier(ModifierKind.GIL_REENABLED, detail))
    return replace(verdict, gil=gil, gil_modules=modules[:MOST_NAMED], modifiers=modifiers)
