"""Builds project pages for tests, a file a line, so that a table shows only what matters to the rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import File, Project, ProjectStatus, group
from bot.core.verdicts.judge import Judgement, TargetVerdict, judge
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.wheels.targets import Target

NAME = "demo"
NOW = datetime(2026, 11, 22, 22, tzinfo=UTC)
T313, T314, T315 = Target(13), Target(14), Target(15)


def ago(**units: float) -> str:
    """Write the upload time that lies this long before ``NOW``."""
    return (NOW - timedelta(**units)).isoformat()


LONG_AGO = ago(days=100)


def wheel(
    tags: str,
    version: str = "1.0",
    *,
    uploaded: str | None = LONG_AGO,
    requires: str | None = None,
    yanked: bool | str = False,
) -> File:
    """Make a wheel of the demo project; ``tags`` is what follows the version in its file name."""
    return File(f"{NAME}-{version}-{tags}.whl", requires, uploaded, yanked)


def wheels(*tags: str, version: str = "1.0", uploaded: str | None = LONG_AGO) -> list[File]:
    """Make several wheels of one release."""
    return [wheel(each, version, uploaded=uploaded) for each in tags]


def sdist(
    version: str = "1.0",
    *,
    uploaded: str | None = LONG_AGO,
    requires: str | None = None,
    yanked: bool | str = False,
) -> File:
    """Make an sdist of the demo project."""
    return File(f"{NAME}-{version}.tar.gz", requires, uploaded, yanked)


def project(*files: File, status: ProjectStatus = ProjectStatus.ACTIVE) -> Project:
    """Make the demo project from its files."""
    return group(NAME, files, status)


def page(*files: File, **keys: object) -> bytes:
    """Write a project page of the Simple Repository API; ``keys`` replace others, ``_`` standing for ``-``."""
    content: dict[str, object] = {"meta": {"api-version": "1.1"}, "name": NAME, "files": files}
    return msgspec.json.encode(content | {key.replace("_", "-"): value for key, value in keys.items()})


def judged(
    judged_project: Project,
    *targets: Target,
    now: datetime = NOW,
    metadata: Metadata | None = None,
) -> Judgement:
    """Judge a project for 3.14t and 3.15t unless told otherwise."""
    return judge(judged_project, targets or (T314, T315), now, metadata)


def verdict_for(target: Target, files: Sequence[File], *, now: datetime = NOW) -> TargetVerdict:
    """Judge the project with these files for one of 3.14t and 3.15t."""
    return next(each for each in judged(project(*files), now=now).targets if each.target == target)


def kinds(verdict: TargetVerdict | Judgement) -> list[ModifierKind]:
    """Return the kinds of a verdict's modifiers, in order."""
    return [modifier.kind for modifier in verdict.modifiers]
