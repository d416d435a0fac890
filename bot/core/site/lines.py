"""The lines of all packages as the site's files have them: what the script filters, and what the lists are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from bot.core.inspection.modules import Gil
from bot.core.listing.listed import Listed, ListedTarget
from bot.core.site.marks import mark_of, word_of
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.targets import Target


class LineTarget(msgspec.Struct, array_like=True, frozen=True):
    """What there is for a Python: the verdict, what importing does to the GIL, and the day of the gain.

    ``covered`` and ``missing`` are platforms, a bit each, in the order of ``PLATFORMS``.
    """

    verdict: Verdict
    gil: Gil | None
    gained: date | None
    covered: int
    missing: int


class Line(msgspec.Struct, array_like=True, frozen=True):
    """A package: its normalized name, its rank, its newest version, and what there is for each Python."""

    name: str
    rank: int | None
    version: str | None
    targets: tuple[LineTarget, ...]


class _File(msgspec.Struct):
    targets: list[str]
    platforms: list[str]
    verdicts: dict[str, tuple[str, str]]
    packages: list[Line]


_decode = msgspec.json.Decoder(_File).decode


def line_of(listed: Listed) -> Line:
    """Return the line of a package."""
    return Line(listed.name, listed.rank, listed.version, tuple(map(_target, listed.targets)))


def lines_json(targets: Sequence[Target], lines: Sequence[Line]) -> bytes:
    """Return the file that the script reads; ``targets`` are the Pythons that are judged, in the lines' order."""
    used = {each.verdict for line in lines for each in line.targets}
    return msgspec.json.encode(
        _File(
            targets=[str(target) for target in targets] if lines else [],
            platforms=[platform.value for platform in PLATFORMS],
            verdicts={
                verdict.value: (mark_of(verdict).value, word_of(verdict)) for verdict in Verdict if verdict in used
            },
            packages=list(lines),
        )
    )


def read_lines(body: bytes) -> list[Line]:
    """Return the lines of such a file; none where it is no such file."""
    try:
        return _decode(body).packages
    except msgspec.MsgspecError:
        return []


def _target(each: ListedTarget) -> LineTarget:
    return LineTarget(each.verdict, each.gil, each.gained, _bits(each.covered), _bits(each.missing))


def _bits(platforms: Sequence[Platform]) -> int:
    return sum(1 << place for place, platform in enumerate(PLATFORMS) if platform in platforms)
