"""Which tracked packages a list shows: filters, order and pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from bot.core.errors import UserError
from bot.core.inspection.modules import Gil
from bot.core.listing.listed import Listed, ListedTarget
from bot.core.text.sentences import joined
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target

_T = TypeVar("_T")

WAITED_FOR = frozenset({Verdict.NOT_YET, Verdict.BLOCKED, Verdict.ABI3_ONLY, Verdict.MIS_TAGGED})
"""Verdicts of packages that have native wheels for other Pythons, and none for this one."""


class ListOrder(StrEnum):
    """What a list is ordered by: the most downloaded first, names by the alphabet, the latest gain first."""

    RANK = "rank"
    NAME = "name"
    GAINED = "gained"


class GilFilter(StrEnum):
    """What importing a package does to the GIL; ``UNREAD`` where no wheel of it was read yet."""

    OFF = "off"
    ON = "on"
    UNKNOWN = "unknown"
    NONE = "none"
    UNREAD = "unread"

    def fits(self, gil: Gil | None) -> bool:
        """Return whether what was read, None where nothing was, is what is asked for."""
        return self.value == ("unread" if gil is None else gil.value)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What is asked for; what is left at its default lets every package through.

    Filters are about ``target``, without one about the headline; only ``lagging`` and ``narrowed`` are then about any
    target, as the headline cannot lag. ``covers`` and ``lacks`` are platforms with and without a wheel, ``ranks`` the
    first and the last place among the most downloaded, ``part`` a part of the name.
    """

    target: Target | None = None
    verdicts: frozenset[Verdict] = frozenset()
    gil: GilFilter | None = None
    lagging: bool = False
    narrowed: bool = False
    covers: Platform | None = None
    lacks: Platform | None = None
    ranks: tuple[int, int] | None = None
    gained_since: date | None = None
    part: str = ""
    order: ListOrder = ListOrder.RANK


@dataclass(frozen=True, slots=True)
class ListPage(Generic[_T]):
    """Some of the packages that fit; ``total`` is how many do, ``number`` counts pages from 1, of ``pages``."""

    packages: tuple[_T, ...]
    total: int
    number: int
    pages: int


def select(packages: Iterable[Listed], query: ListQuery) -> list[Listed]:
    """Return the packages that a query asks for, in its order.

    Raises ``UserError`` for a target that the scan did not judge.
    """
    found = list(packages)
    if found and query.target is not None:
        _check_target(query.target, found[0])
    chosen = [each for each in found if _fits(each, query)]
    return sorted(chosen, key=lambda each: _key(each, query))


def page_of(packages: Sequence[_T], number: int, size: int | None) -> ListPage[_T]:
    """Cut a page out of a list, the first being number 1; one behind the last is the last. No size is one page."""
    total = len(packages)
    if size is None:
        return ListPage(tuple(packages), total, 1, 1)
    pages = max(1, -(-total // size))
    place = min(max(number, 1), pages)
    return ListPage(tuple(packages[(place - 1) * size : place * size]), total, place, pages)


def of_target(package: Listed, target: Target | None) -> Listed:
    """Keep what is said of one target; without one, of all."""
    return package if target is None else replace(package, targets=(package.on(target),))


def _check_target(target: Target, package: Listed) -> None:
    judged = [each.target for each in package.targets]
    if target not in judged:
        names = joined([str(each) for each in judged])
        raise UserError(f"The scan judged {names}, not {target}. Name it in FTBOT_TARGETS, and scan.")


def _subject(package: Listed, query: ListQuery) -> ListedTarget:
    return package.targets[0] if query.target is None else package.on(query.target)


def _fits(package: Listed, query: ListQuery) -> bool:
    about = _subject(package, query)
    anywhere = package.targets if query.target is None else (about,)
    wanted = (
        *((ModifierKind.LAGGING,) if query.lagging else ()),
        *((ModifierKind.NARROWED,) if query.narrowed else ()),
    )
    conditions = (
        query.part in package.name,
        not query.verdicts or about.verdict in query.verdicts,
        query.gil is None or query.gil.fits(about.gil),
        query.covers is None or query.covers in about.covered,
        query.lacks is None or query.lacks in about.missing,
        query.ranks is None or (package.rank is not None and query.ranks[0] <= package.rank <= query.ranks[1]),
        query.gained_since is None or (about.gained is not None and about.gained >= query.gained_since),
        all(any(kind in each.modifiers for each in anywhere) for kind in wanted),
    )
    return all(conditions)


def _key(package: Listed, query: ListQuery) -> tuple[int | str, ...]:
    """Return what a package is sorted by; without a rank or a day it comes last."""
    by_rank = (int(package.rank is None), package.rank or 0, package.name)
    if query.order is ListOrder.NAME:
        return (package.name,)
    if query.order is ListOrder.GAINED:
        day = _subject(package, query).gained
        return (int(day is None), 0 if day is None else -day.toordinal(), *by_rank)
    return by_rank
