"""What the tags of one wheel say: for which platforms it is built, against which ABI, and whether to believe them.

Tag matching is `packaging`'s. Everything is memoised by the tags as written, because a project has thousands of files
and all of PyPI few distinct tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from bot.core.wheels.platforms import Floor, Platform, read_platform
from bot.core.wheels.targets import Target, accepted_tags

MOST_TAGS = 2_000
"""A compressed tag set that stands for more tags than this is not read; the largest real one stands for 40."""

ABI3T = "abi3t"
FIRST_ABI3T_MINOR = 15
"""The stable ABI of free-threaded Pythons begins with 3.15 (PEP 803). Build tools write older python tags beside
``abi3t`` all the same, so by its name such a wheel may be for 3.15 and later, or a mistake."""

_TAGS = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
"""Tags are made of these (binary distribution format); anything else in a file name is nonsense, or an attack."""

_CPYTHON_ABI = re.compile(r"cp3\d+([a-z]*)", re.ASCII)
_CPYTHON = re.compile(r"cp3\d*", re.ASCII)


class Abi(Enum):
    """What a wheel is built against."""

    NATIVE = "CPython's ABI"
    NO_PYTHON = "no Python ABI, but a platform"
    ANYWHERE = "nothing: pure Python"
    FOREIGN = "another implementation, Python 2, or nonsense"


@dataclass(frozen=True, slots=True)
class WheelTags:
    """The tags of a wheel, read.

    ``floors`` has the families it covers, each with the lowest floor; ``gil_abis`` the abi tags that serve Pythons
    with the GIL (``none`` for a wheel tagged ``cpXY-none-PLATFORM``).
    """

    abi: Abi
    pairs: frozenset[tuple[str, str]]
    floors: tuple[tuple[Platform, Floor | None], ...]
    other_platforms: frozenset[str]
    gil_abis: frozenset[str]


@dataclass(frozen=True, slots=True)
class Match:
    """How a wheel fits a target: by which abi tag, and whether a wheel with these tags can be what they promise."""

    how: str
    trusted: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Fit:
    """What a wheel is to a target: on which platforms, how it matches, whether the GIL build or any system takes it."""

    floors: tuple[tuple[Platform, Floor | None], ...]
    match: Match | None
    gil_build: bool
    anywhere: bool


@lru_cache(maxsize=16_384)
def read_tags(tags: str) -> WheelTags | None:
    """Read what follows name and version in a wheel's file name, such as ``cp314-cp314t-win32``; None if unreadable.

    A build tag may come first. Follows the binary distribution format through `packaging`.
    """
    if not _TAGS.fullmatch(tags):
        return None
    stands_for = 1
    for part in tags.split("-"):
        stands_for *= part.count(".") + 1
    if stands_for > MOST_TAGS:
        return None
    try:
        parsed = parse_wheel_filename(f"x-0-{tags}.whl")[3]
    except (InvalidWheelFilename, ValueError):
        return None
    pairs = frozenset((tag.interpreter, tag.abi) for tag in parsed)
    platforms = {tag.platform for tag in parsed}
    readings = [read_platform(platform) for platform in platforms if platform != "any"]
    floors: dict[Platform, Floor | None] = {}
    for reading in readings:
        for family in reading.families:
            floor = reading.floor_of(family)
            floors[family] = lower(floors[family], floor) if family in floors else floor
    return WheelTags(
        abi=_abi(pairs, anywhere="any" in platforms),
        pairs=pairs,
        floors=tuple(sorted(floors.items())),
        other_platforms=frozenset(reading.other for reading in readings if reading.other is not None),
        gil_abis=frozenset(abi for _, abi in pairs if _serves_gil(abi)),
    )


@lru_cache(maxsize=65_536)
def fit(tags: str, target: Target) -> Fit:
    """Return all that the tags of a wheel mean for a target; one look-up for each of a page's thousands of files."""
    wheel = read_tags(tags)
    return Fit(
        floors=() if wheel is None else wheel.floors,
        match=match(tags, target),
        gil_build=fits_gil_build(tags, target),
        anywhere=fits_anywhere(tags, target),
    )


def match(tags: str, target: Target) -> Match | None:
    """Return how a wheel for a platform that counts fits a target, by its most trustworthy tag; else None."""
    wheel = read_tags(tags)
    if wheel is None or not wheel.floors or wheel.abi in {Abi.ANYWHERE, Abi.FOREIGN}:
        return None
    fits = (_weigh(pair, target) for pair in wheel.pairs & accepted_tags(target).platform)
    return min(fits, key=lambda fit: fit.rank, default=None)


def is_possible(match: Match, target: Target) -> bool:
    """Return whether a wheel that fits a target may be for it: abi3t is for no Python before 3.15, whatever it says."""
    return match.how != ABI3T or target.minor >= FIRST_ABI3T_MINOR


def fits_anywhere(tags: str, target: Target) -> bool:
    """Return whether a ``…-none-any`` wheel with these tags installs on a target."""
    wheel = read_tags(tags)
    return (
        wheel is not None and wheel.abi is Abi.ANYWHERE and not wheel.pairs.isdisjoint(accepted_tags(target).anywhere)
    )


def fits_gil_build(tags: str, target: Target) -> bool:
    """Return whether a native wheel installs on the GIL build of the same Python, on a platform that counts."""
    wheel = read_tags(tags)
    return (
        wheel is not None
        and bool(wheel.floors)
        and wheel.abi is Abi.NATIVE
        and not wheel.pairs.isdisjoint(accepted_tags(target).gil)
    )


def lower(one: Floor | None, other: Floor | None) -> Floor | None:
    """Return the more generous of two floors; no floor admits everything."""
    if one is None or other is None:
        return None
    return min(one, other, key=lambda floor: floor.version)


def _weigh(pair: tuple[str, str], target: Target) -> Match:
    interpreter, abi = pair
    if abi == target.abi:
        return Match(abi, trusted=True, rank=0)
    if abi == ABI3T:
        real = int(interpreter.removeprefix("cp3")) >= FIRST_ABI3T_MINOR
        return Match(abi, trusted=real, rank=1 if real else 3)
    if interpreter.startswith("py"):
        return Match(abi, trusted=True, rank=2)
    return Match(abi, trusted=False, rank=4)


def _abi(pairs: Iterable[tuple[str, str]], *, anywhere: bool) -> Abi:
    abis = {abi for _, abi in pairs}
    if any(abi in {"abi3", ABI3T} or _CPYTHON_ABI.fullmatch(abi) for abi in abis):
        return Abi.NATIVE
    if abis != {"none"}:
        return Abi.FOREIGN
    interpreters = {interpreter for interpreter, _ in pairs}
    if anywhere:
        return Abi.ANYWHERE if any(name.startswith(("py3", "cp3")) for name in interpreters) else Abi.FOREIGN
    if any(name.startswith("py3") for name in interpreters):
        return Abi.NO_PYTHON
    return Abi.NATIVE if any(_CPYTHON.fullmatch(name) for name in interpreters) else Abi.FOREIGN


def _serves_gil(abi: str) -> bool:
    found = _CPYTHON_ABI.fullmatch(abi)
    return abi in {"abi3", "none"} or (found is not None and "t" not in found[1])
