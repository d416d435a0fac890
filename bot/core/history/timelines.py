"""What a project's newest release offered at any past moment, computed from the upload times on its page alone.

Of a release that was yanked nobody knows when; it is left out of the past as it is out of the present. Files that were
deleted are not on the page. A day is one step: an upload that takes hours is seen when its day is over.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Generic, TypeVar

from bot.core.index.limits import check_looks
from bot.core.index.simple_api import Project, Release
from bot.core.verdicts.modifiers import SETTLED
from bot.core.verdicts.rules import Verdict, verdict_of
from bot.core.verdicts.support import offer_of, support_of
from bot.core.wheels.platforms import Platform
from bot.core.wheels.tags import read_tags
from bot.core.wheels.targets import FIRST_WHEELS, Target

START = FIRST_WHEELS
"""When history begins."""

_T = TypeVar("_T")


class SupportRule(StrEnum):
    """When a package counts as supporting free-threaded Python."""

    TRUSTED = "trusted"
    """It has a trusted wheel for the target."""

    WHEEL_NAMES = "wheel-names"
    """Any abi tag starts with ``cp31`` and ends with ``t``, whatever the target, as wheel-name trackers have it."""


@dataclass(frozen=True, slots=True)
class Step(Generic[_T]):
    """From a moment on (UTC), the newest release is this one, and this is what it shows.

    ``began`` is the release's first upload, ``previous`` the version that was the newest before it; ``confirmed`` tells
    that what got worse by it counts (see ``settled``).
    """

    moment: datetime
    began: datetime
    version: str
    previous: str | None
    shows: _T
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What a release offers one target: the verdict, the platforms covered and missing, and by which tags."""

    verdict: Verdict
    covered: tuple[Platform, ...] = ()
    missing: tuple[Platform, ...] = ()
    how: tuple[str, ...] = ()

    @property
    def has_wheels(self) -> bool:
        """Return whether it has wheels, as everything here counts them: a trusted one on any platform in scope."""
        return bool(self.covered)

    @property
    def level(self) -> int:
        """Rank it: 2 has wheels on every platform in scope, 1 on some, 0 nowhere."""
        if not self.covered:
            return 0
        return 1 if self.missing else 2

    @property
    def is_pure(self) -> bool:
        """Return whether it installs as pure Python, which is neither to have wheels nor to lack them."""
        return self.verdict in _PURE

    @property
    def lacks_wheels(self) -> bool:
        """Return whether it has native wheels for other Pythons, and none for this one."""
        return self.verdict in _LACKING

    @property
    def covers_most(self) -> bool:
        """Return whether it has wheels on at least half of its scope."""
        return self.has_wheels and len(self.covered) >= len(self.missing)


_LACKING = frozenset({Verdict.MIS_TAGGED, Verdict.ABI3_ONLY, Verdict.NOT_YET, Verdict.BLOCKED})
_PURE = frozenset({Verdict.PURE, Verdict.PURE_FALLBACK})


def _worth(standing: Standing) -> tuple[int, bool]:
    return standing.level, standing.is_pure


Timeline = tuple[Step[Standing], ...]


_MOST_STOOD = 4096
_stood: dict[tuple[tuple[str, ...], bool, frozenset[str | None], tuple[Target, ...]], list[Standing]] = {}
"""What releases offer each of some targets, by what that follows from: most differ in their version alone.

No ``lru_cache``, which threads without the GIL would wait for.
"""


def timelines(project: Project, targets: Sequence[Target]) -> dict[Target, Timeline]:
    """Trace what the project's newest release offered each target."""
    asked = tuple(targets)

    def look(release: Release) -> list[Standing]:
        if len(release.requirements) > 1:
            return [_stand(release, target) for target in asked]
        alike = (release.wheel_tags, release.has_sdist, release.requirements, asked)
        try:
            return _stood[alike]
        except KeyError:
            standings = [_stand(release, target) for target in asked]
        if len(_stood) >= _MOST_STOOD:
            _stood.clear()
        _stood[alike] = standings
        return standings

    together = list(trace(project, look))
    return {
        target: tuple([_only(step, place) for step in _thin(together, itemgetter(place))])
        for place, target in enumerate(asked)
    }


def wheel_names(project: Project) -> tuple[Step[bool], ...]:
    """Trace whether the newest release had a wheel whose name says ``cp31Xt``."""
    return tuple(_thin(trace(project, _named), bool))


def trace(project: Project, look: Callable[[Release], _T], start: datetime = START) -> Iterator[Step[_T]]:
    """Follow the newest release through time, from the one at ``start`` on, a step for each day with uploads.

    Raises ``TooLargeError`` where that are very many of very many files.
    """
    previous = None
    looks = 0
    for release, began, ended in _reigns(project, start):
        version = str(release.version)
        days = sorted({file.upload_time[:10] for file in release.files if file.upload_time is not None})
        looks += len(release.files) * (len(days) - 1)
        check_looks(project.name, looks)
        for day in days:
            seen = release if day == days[-1] else _as_of(release, day)
            moment = seen.last_upload
            if moment is None or (ended is not None and moment >= ended):
                break
            yield Step(moment, began, version, previous, look(seen))
        previous = version


def at(steps: Sequence[Step[_T]], moment: datetime) -> Step[_T] | None:
    """Return the step that holds at a moment, None before the first."""
    place = bisect_right(steps, moment, key=lambda step: step.moment)
    return steps[place - 1] if place else None


def settled(steps: Timeline, worth: Callable[[Standing], tuple[int, bool]] = _worth) -> Timeline:
    """Take out what heals by itself: a release counts as worse than the one before only when that is settled.

    It is settled 48 hours after the release began, or when a later release is worse too; until then the release before
    stands. Improvements count at once. ``worth`` says what counts as worse, by default fewer wheels.
    """
    kept: list[Step[Standing]] = []
    waiting: Step[Standing] | None = None
    for step in steps:
        if waiting is not None and step.moment >= _due(waiting):
            kept.append(_confirmed(waiting, _due(waiting)))
            waiting = None
        shown = worth(step.shows)
        if not kept or step.confirmed or shown >= worth(kept[-1].shows):
            kept.append(step)
            waiting = None
        elif waiting is None or step.version == waiting.version:
            waiting = step
        elif shown < worth(waiting.shows):
            kept.append(_confirmed(waiting, step.moment))
            waiting = step
        else:
            if shown == worth(waiting.shows):
                kept.append(_confirmed(waiting, step.moment))
            kept.append(_confirmed(step, step.moment))
            waiting = None
    if waiting is not None:
        kept.append(_confirmed(waiting, _due(waiting)))
    return tuple(kept)


def settled_on(steps: Timeline, platform: Platform) -> Timeline:
    """Settle what a timeline says of one platform alone, by the same rule."""
    return settled(steps, lambda standing: (int(platform in standing.covered), False))


def days_between(first: date, last: date) -> Iterator[date]:
    """Return every day from the first to the last."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _only(step: Step[list[Standing]], place: int) -> Step[Standing]:
    return Step(step.moment, step.began, step.version, step.previous, step.shows[place])


def _stand(release: Release, target: Target) -> Standing:
    offer, support = offer_of(release), support_of(release, target)
    verdict = verdict_of(offer, support)
    how = tuple(sorted({cover.how for cover in support.covered.values()}))
    return Standing(verdict, tuple(support.covered), support.missing, how)


def _due(step: Step[Standing]) -> datetime:
    return max(step.moment, step.began + SETTLED)


def _confirmed(step: Step[Standing], moment: datetime) -> Step[Standing]:
    return replace(step, moment=moment, confirmed=True)


def _reigns(project: Project, start: datetime) -> Iterator[tuple[Release, datetime, datetime | None]]:
    """Yield which release was the newest from when until when, from the one at ``start`` on."""
    reigns: list[tuple[Release, datetime]] = []
    for first, release in sorted(_contenders(project, start), key=lambda each: (each[0], each[1].version)):
        if not reigns or _precedence(release) > _precedence(reigns[-1][0]):
            reigns.append((release, first))
    for place, (release, first) in enumerate(reigns):
        ended = reigns[place + 1][1] if place + 1 < len(reigns) else None
        if ended is None or ended > start:
            yield release, first, ended


def _contenders(project: Project, start: datetime) -> Iterator[tuple[datetime, Release]]:
    """Return the releases that may be the newest at ``start`` or later, and when each began.

    What ranks below one that was there at ``start`` never was the newest since.
    """
    for prerelease in (False, True):
        for release in reversed(project.releases):
            if release.version.is_prerelease is prerelease and (first := _began(release)) is not None:
                yield first, release
                if first <= start:
                    return


def _began(release: Release) -> datetime | None:
    return None if release.is_yanked else release.first_upload


def _precedence(release: Release) -> tuple[bool, object]:
    return not release.version.is_prerelease, release.version


def _as_of(release: Release, day: str) -> Release:
    files = (file for file in release.files if (uploaded := file.upload_day) is not None and uploaded <= day)
    return Release(release.version, tuple(files))


def _named(release: Release) -> bool:
    readings = (read_tags(file.tags) for file in release.wheels)
    abis = {abi for wheel in readings if wheel is not None for _, abi in wheel.pairs}
    return any(abi.startswith("cp31") and abi.endswith("t") for abi in abis)


def _thin(steps: Iterable[Step[_T]], what: Callable[[_T], object]) -> Iterator[Step[_T]]:
    """Drop releases that change nothing of something, but the first: it confirms what the release before it showed."""
    shown: Step[_T] | None = None
    before: object = None
    again = False
    for step in steps:
        now = what(step.shows)
        if shown is None or (now is not before and now != before):
            shown, before, again = step, now, False
            yield step
        elif not again and step.version != shown.version:
            again = True
            yield step
