"""A judgement as a scan keeps it: small, without the page that it follows from, and right for longer than a moment.

What time alone changes is kept beside it: a release that may still be uploading lacks its wheels for good when it is
48 hours or two weeks old, whether or not anything is read by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

import msgspec
from packaging.version import Version

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import Project
from bot.core.verdicts.earlier import Since
from bot.core.verdicts.judge import Judgement, TargetVerdict, judge, readable
from bot.core.verdicts.modifiers import (
    SETTLED,
    UPLOADS_CLOSED,
    Modifier,
    ModifierKind,
    about_claim,
    has_free_threaded,
)
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.support import Cover, offer_of
from bot.core.wheels.platforms import PLATFORMS, Floor, Platform
from bot.core.wheels.targets import Target

_PLACES: Mapping[Platform, int] = MappingProxyType({platform: place for place, platform in enumerate(PLATFORMS)})

_Modifiers = list[tuple[ModifierKind, str | None]]


class KeptCover(msgspec.Struct, array_like=True, frozen=True):
    """How a platform, by its place among all, is covered, and from which system on."""

    place: int
    how: str
    floor: tuple[str, int, int] | None
    floor_how: str | None


class KeptSince(msgspec.Struct, array_like=True, frozen=True):
    """Since when there are wheels: a version, its day, and versions by the places of platforms, alike ones once."""

    version: str
    date: date | None
    by_platform: dict[str, list[int]]


class KeptTarget(msgspec.Struct, array_like=True, frozen=True):
    """The verdict on one target; platforms are places."""

    minor: int
    verdict: Verdict
    covered: list[KeptCover]
    missing: list[int]
    scope: list[int]
    since: KeptSince | None
    modifiers: _Modifiers
    requires_python: str | None


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """A judgement; ``later`` has the modifiers of all targets from a moment on (seconds since 1970, UTC).

    ``trusted`` and ``has_gil`` are what a claim is compared with, see ``about_claim``.
    """

    version: str | None
    released: datetime | None
    other_platforms: list[str]
    sdist: bool
    modifiers: _Modifiers
    targets: list[KeptTarget]
    later: list[tuple[float, list[_Modifiers]]]
    trusted: bool
    has_gil: bool


def keep(project: Project, targets: Sequence[Target], now: datetime) -> Kept:
    """Judge the newest release of a project, without what its metadata says, and return what is kept of that."""

    def judged(moment: datetime) -> Judgement:
        return judge(project, targets, moment)

    judgement, newest = judged(now), readable(project)[1]
    return Kept(
        version=None if judgement.version is None else str(judgement.version),
        released=judgement.released,
        other_platforms=list(judgement.other_platforms),
        sdist=judgement.sdist,
        modifiers=_told(judgement.modifiers),
        targets=[_target(verdict) for verdict in judgement.targets],
        later=_later(judgement, judged, now),
        trusted=newest is not None and has_free_threaded(newest),
        has_gil=newest is not None and offer_of(newest).gil,
    )


def judgement_of(package: str, kept: Kept, now: datetime, metadata: Metadata | None = None) -> Judgement:
    """Return the judgement that was kept of a package, as it is at a time, with what its metadata claims.

    Raises ``ValueError`` for what no judgement was kept as.
    """
    claims: Iterable[Modifier] = ()
    if metadata is not None and kept.version is not None:
        claims = about_claim(metadata, trusted=kept.trusted, has_gil=kept.has_gil)
    turns = [modifiers for moment, modifiers in kept.later if moment <= now.timestamp()]
    modifiers = turns[-1] if turns else [target.modifiers for target in kept.targets]
    return Judgement(
        package=package,
        targets=tuple(
            _verdict(target, now_modified) for target, now_modified in zip(kept.targets, modifiers, strict=True)
        ),
        version=None if kept.version is None else Version(kept.version),
        released=kept.released,
        other_platforms=tuple(kept.other_platforms),
        sdist=kept.sdist,
        modifiers=(*_modifiers(kept.modifiers), *claims),
    )


def _later(
    judgement: Judgement, judged: Callable[[datetime], Judgement], now: datetime
) -> list[tuple[float, list[_Modifiers]]]:
    """Judge again as of when uploads count as over, as long as any seems to be under way."""
    later: list[tuple[float, list[_Modifiers]]] = []
    for age in (SETTLED, UPLOADS_CLOSED):
        if judgement.released is None or not _is_uploading(judgement):
            break
        try:
            moment = judgement.released + age
        except OverflowError:
            break
        if moment <= now:
            continue
        judgement = judged(moment)
        later.append((moment.timestamp(), [_told(verdict.modifiers) for verdict in judgement.targets]))
    return later


def _is_uploading(judgement: Judgement) -> bool:
    return any(each.kind is ModifierKind.UPLOADING for verdict in judgement.targets for each in verdict.modifiers)


def _target(verdict: TargetVerdict) -> KeptTarget:
    return KeptTarget(
        minor=verdict.target.minor,
        verdict=verdict.verdict,
        covered=[_cover(_PLACES[platform], cover) for platform, cover in verdict.covered.items()],
        missing=[_PLACES[platform] for platform in verdict.missing],
        scope=[_PLACES[platform] for platform in verdict.scope],
        since=_since(verdict.since),
        modifiers=_told(verdict.modifiers),
        requires_python=verdict.requires_python,
    )


def _cover(place: int, cover: Cover) -> KeptCover:
    floor = None if cover.floor is None else (cover.floor.system, *cover.floor.version)
    return KeptCover(place, cover.how, floor, cover.floor_how)


def _since(since: Since | None) -> KeptSince | None:
    if since is None:
        return None
    by_platform: dict[str, list[int]] = {}
    for platform, version in since.by_platform.items():
        by_platform.setdefault(str(version), []).append(_PLACES[platform])
    return KeptSince(str(since.version), since.date, by_platform)


def _told(modifiers: Sequence[Modifier]) -> _Modifiers:
    return [(modifier.kind, modifier.detail) for modifier in modifiers]


def _modifiers(told: _Modifiers) -> tuple[Modifier, ...]:
    return tuple(Modifier(kind, detail) for kind, detail in told)


def _verdict(target: KeptTarget, modifiers: _Modifiers) -> TargetVerdict:
    since = target.since
    return TargetVerdict(
        target=Target(target.minor),
        verdict=target.verdict,
        covered={_platform(cover.place): _covered(cover) for cover in target.covered},
        missing=tuple(map(_platform, target.missing)),
        scope=tuple(map(_platform, target.scope)),
        since=None if since is None else _since_again(since),
        modifiers=_modifiers(modifiers),
        requires_python=target.requires_python,
    )


def _platform(place: int) -> Platform:
    if not 0 <= place < len(PLATFORMS):
        raise ValueError(f"There is no platform {place}.")
    return PLATFORMS[place]


def _covered(kept: KeptCover) -> Cover:
    floor = None if kept.floor is None else Floor(kept.floor[0], kept.floor[1:])
    return Cover(kept.how, floor, kept.floor_how)


def _since_again(kept: KeptSince) -> Since:
    runs = sorted((place, Version(version)) for version, places in kept.by_platform.items() for place in places)
    return Since(Version(kept.version), kept.date, {_platform(place): version for place, version in runs})
