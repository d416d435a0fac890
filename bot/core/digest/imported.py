"""What importing the tracked packages does to the GIL, for a digest: as far as their wheels were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.history.shares import GilShare
from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import MOST_NAMED, Gil, turning_on
from bot.core.inspection.releases import imported_by, reading_before
from bot.core.wheels.targets import Target

MOST_ON = 10
"""Packages that a digest names which turn the GIL back on."""


@dataclass(frozen=True, slots=True)
class WheelsRead:
    """The wheels of newest releases that are read, by package and target as written, and all that was ever read."""

    wanted: Mapping[str, Mapping[str, str]]
    read: Sequence[ReadWheel]


@dataclass(frozen=True, slots=True)
class GilOn:
    """A package that has wheels for a target, and turns the GIL back on when imported; ``modules`` names some."""

    package: str
    rank: int | None
    target: Target
    modules: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class GilMove:
    """A package of which two releases were read that differ: ``version`` does now what ``previous`` did not."""

    package: str
    rank: int | None
    target: Target
    version: str
    previous: str
    gil: Gil


@dataclass(frozen=True, slots=True)
class ImportedGil:
    """What a digest says of it; ``on`` are the most downloaded of ``turning_on`` packages, for the first target."""

    shares: tuple[GilShare, ...]
    on: tuple[GilOn, ...]
    turning_on: int
    moves: tuple[GilMove, ...]


Ranked = tuple[str, int | None]
"""A package's normalized name, and its place among the most downloaded."""


def imported_gil(
    with_wheels: Mapping[Target, Sequence[Ranked]], wheels: WheelsRead, start: datetime, end: datetime
) -> ImportedGil:
    """Return what importing packages does that have wheels for each target; moves are those read between two moments.

    A first reading is no move, however it turns out: nobody knows what the release before did.
    """
    by_wheel = {each.inspection.wheel: each for each in wheels.read}
    by_package: dict[str, list[ReadWheel]] = {}
    for each in wheels.read:
        by_package.setdefault(each.package, []).append(each)
    shares: list[GilShare] = []
    moves: list[GilMove] = []
    on: list[GilOn] = []
    for target, packages in with_wheels.items():
        found = {
            (name, rank): None if wheel is None else imported_by(target, wheel)
            for name, rank in packages
            for wheel in (by_wheel.get(wheels.wanted.get(name, {}).get(str(target), "")),)
        }
        gils = [None if each is None else each.inspection.gil for each in found.values()]
        shares.append(GilShare(target, gils.count(Gil.OFF), gils.count(None)))
        for (name, rank), now in found.items():
            if now is None:
                continue
            if now.inspection.gil is Gil.ON and len(shares) == 1:
                modules = turning_on(now.inspection.modules)
                on.append(GilOn(name, rank, target, modules[:MOST_NAMED], len(modules)))
            if start <= now.read < end and (before := reading_before(now, by_package[name], target)) is not None:
                versions = (str(now.version), str(before.version))
                moves.append(GilMove(name, rank, target, *versions, now.inspection.gil))
    return ImportedGil(tuple(shares), tuple(on[:MOST_ON]), len(on), tuple(moves))
