"""What a scan concludes from a project page, so that the page itself need not be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile

from bot.core.history.timelines import Timeline, timelines
from bot.core.index.simple_api import Project, Release
from bot.core.verdicts.imported_gil import wheels_to_read
from bot.core.verdicts.kept import Kept, keep
from bot.core.verdicts.modifiers import UPLOADS_CLOSED
from bot.core.verdicts.rules import verdict_of
from bot.core.verdicts.support import first_trusted, newest_release, offer_of, stable_before, support_of
from bot.core.wheels.targets import Target

RULES = "2"
"""The version of everything that conclusions follow from; another one makes every page due again, and what only it
moved is no news. docs/verdicts.md tells what each brought."""

WHILE_OPEN = timedelta(hours=1)
WHEN_CLOSED = timedelta(hours=24)
NOT_NATIVE = timedelta(days=7)
"""How long until a project is due again: with a release that still takes files, without one, or without native code."""


STILL_NATIVE = timedelta(weeks=8)
"""How long a project counts as native after its last release with native wheels: so that what it lost is told of."""

_LOOKS_BACK = 30
"""Releases before the newest in which native wheels are looked for."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A project as a scan sees it; what is by target, as written, is kept only of projects with native wheels.

    ``prereleases`` has for each target the first pre-release that has wheels where the newest release has none.
    ``wheels`` names for each target the wheel of the newest release that is read for what importing it does to the GIL.
    ``native_until`` is when it stops to count as native, where its newest release has no native wheel any more.
    ``open_until`` is when the newest release stops taking files, None where the index does not say when it came out;
    without upload times the timelines are empty, too. ``rules`` is what the conclusion follows from. ``kept`` is the
    judgement, of a project that has timelines.
    """

    package: str
    native: bool
    timelines: Mapping[str, Timeline]
    open_until: datetime | None = None
    serial: int | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict)
    rules: str = RULES
    native_until: datetime | None = None
    wheels: Mapping[str, str] = field(default_factory=dict)
    kept: Kept | None = None
    prereleases: Mapping[str, PrereleaseWheels] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrereleaseWheels:
    """A pre-release that has wheels for a target, and when the first of them came (UTC)."""

    version: str
    first: datetime


def rules_for(targets: Sequence[Target]) -> str:
    """Return the version of what conclusions for these targets follow from: the rules, and the targets."""
    return " ".join((RULES, *(str(target) for target in targets)))


def conclude(project: Project, targets: Sequence[Target], now: datetime) -> Conclusion:
    """Conclude from a page what a scan keeps of it, at a time."""
    newest = newest_release(project)
    rules = rules_for(targets)
    released = None if newest is None else newest.first_upload
    open_until = None if released is None else released + UPLOADS_CLOSED
    native_until = None if newest is None else _native_until(project, newest)
    if newest is None or not (offer_of(newest).native or (native_until is not None and now < native_until)):
        return Conclusion(
            project.name, native=False, timelines={}, open_until=open_until, serial=project.serial, rules=rules
        )
    traced = {str(target): steps for target, steps in timelines(project, targets).items()}
    verdicts = {str(target): verdict_of(offer_of(newest), support_of(newest, target)).value for target in targets}
    return Conclusion(
        project.name,
        native=True,
        timelines=traced,
        open_until=open_until,
        serial=project.serial,
        verdicts=verdicts,
        rules=rules,
        native_until=native_until,
        wheels={str(target): wheel for target, wheel in wheels_to_read(project, targets).items()},
        kept=keep(project, targets, now),
        prereleases={str(target): found for target in targets if (found := _prerelease(project, newest, target))},
    )


def _prerelease(project: Project, newest: Release, target: Target) -> PrereleaseWheels | None:
    """Find the first pre-release after a release that has wheels for a target, which the release itself has not."""
    later = list(takewhile(lambda release: release.version > newest.version, reversed(project.releases)))
    if not later or first_trusted(newest, target)[0]:
        return None
    for release in reversed(later):
        if release.version.is_prerelease and not release.is_yanked:
            trusted, first = first_trusted(release, target)
            if trusted and first is not None:
                return PrereleaseWheels(str(release.version), first)
    return None


def _native_until(project: Project, newest: Release) -> datetime | None:
    """Find until when a project still counts that had native wheels; None for one that has them, or had none lately."""
    if offer_of(newest).native:
        return None
    after = newest
    for release in islice(stable_before(project, newest), _LOOKS_BACK):
        if offer_of(release).native:
            return None if after.first_upload is None else after.first_upload + STILL_NATIVE
        after = release
    return None


def due(now: datetime, *, native: bool, open_until: datetime | None) -> datetime:
    """Return when a project that was read now is due again."""
    if not native:
        return now + NOT_NATIVE
    return now + (WHILE_OPEN if open_until is not None and now < open_until else WHEN_CLOSED)
