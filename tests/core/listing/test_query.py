"""Which tracked packages a list shows: what fits, in which order, page by page."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UserError
from bot.core.inspection.modules import Gil
from bot.core.listing.listed import Listed, ListedSince, ListedTarget
from bot.core.listing.query import GilFilter, ListOrder, ListQuery, of_target, page_of, select
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from tests.core.pages import T313, T314, T315


def since(day: str) -> ListedSince:
    return ListedSince("1.0", date.fromisoformat(day))


LINUX, WINDOWS = Platform.MANYLINUX_X86_64, Platform.WIN_ARM64
NUMPY = Listed(
    "numpy",
    1,
    "2.5.5",
    (
        ListedTarget(T314, Verdict.SUPPORTED, Gil.OFF, since("2025-07-24"), covered=(LINUX, WINDOWS)),
        ListedTarget(T315, Verdict.SUPPORTED, None, since("2026-08-01"), covered=(LINUX, WINDOWS)),
    ),
)
PSUTIL = Listed(
    "psutil",
    7,
    "7.2.2",
    (
        ListedTarget(
            T314,
            Verdict.PARTIAL,
            Gil.ON,
            since("2026-01-28"),
            (ModifierKind.NARROWED, ModifierKind.GIL_REENABLED),
            (LINUX,),
            (WINDOWS,),
        ),
        ListedTarget(T315, Verdict.ABI3_ONLY, modifiers=(ModifierKind.LAGGING,), missing=(LINUX, WINDOWS)),
    ),
)
ORJSON = Listed(
    "orjson",
    3,
    "4.0",
    (
        ListedTarget(T314, Verdict.NOT_YET, missing=(LINUX,)),
        ListedTarget(T315, Verdict.NOT_YET, missing=(LINUX,)),
    ),
)
ASKED = Listed(
    "asked",
    None,
    "1.0",
    (ListedTarget(T314, Verdict.SUPPORTED, None, ListedSince("1.0", None)), ListedTarget(T315, Verdict.NOT_YET)),
)
ALL = (NUMPY, ORJSON, PSUTIL, ASKED)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (ListQuery(), "numpy orjson psutil asked"),
        (ListQuery(verdicts=frozenset({Verdict.SUPPORTED})), "numpy asked"),
        (ListQuery(verdicts=frozenset({Verdict.SUPPORTED, Verdict.PARTIAL})), "numpy psutil asked"),
        (ListQuery(target=T315, verdicts=frozenset({Verdict.SUPPORTED})), "numpy"),
        (ListQuery(gil=GilFilter.ON), "psutil"),
        (ListQuery(gil=GilFilter.OFF), "numpy"),
        (ListQuery(gil=GilFilter.UNREAD), "orjson asked"),
        (ListQuery(target=T315, gil=GilFilter.UNREAD), "numpy orjson psutil asked"),
        (ListQuery(lagging=True), "psutil"),
        (ListQuery(target=T314, lagging=True), ""),
        (ListQuery(target=T315, lagging=True), "psutil"),
        (ListQuery(narrowed=True), "psutil"),
        (ListQuery(target=T315, narrowed=True), ""),
        (ListQuery(narrowed=True, lagging=True), "psutil"),
        (ListQuery(covers=WINDOWS), "numpy"),
        (ListQuery(lacks=WINDOWS), "psutil"),
        (ListQuery(target=T315, lacks=LINUX), "orjson psutil"),
        (ListQuery(ranks=(1, 3)), "numpy orjson"),
        (ListQuery(ranks=(4, 4)), ""),
        (ListQuery(gained_since=date(2026, 1, 28)), "psutil"),
        (ListQuery(target=T315, gained_since=date(2026, 1, 28)), "numpy"),
        (ListQuery(part="so"), "orjson"),
        (ListQuery(order=ListOrder.NAME), "asked numpy orjson psutil"),
        (ListQuery(order=ListOrder.GAINED), "psutil numpy orjson asked"),
        (ListQuery(target=T315, order=ListOrder.GAINED), "numpy orjson psutil asked"),
    ],
)
def test_a_query_chooses_and_orders(query: ListQuery, names: str) -> None:
    assert " ".join(each.name for each in select(ALL, query)) == names


def test_a_target_that_no_scan_judged_is_refused() -> None:
    with pytest.raises(UserError, match=r"The scan judged 3\.14t and 3\.15t, not 3\.13t"):
        select(ALL, ListQuery(target=T313))


def test_of_one_target_only_that_is_told() -> None:
    assert of_target(NUMPY, T315).targets == NUMPY.targets[1:]
    assert of_target(NUMPY, None) is NUMPY


@given(st.integers(0, 200), st.integers(1, 60))
def test_pages_have_every_package_once_in_order(length: int, size: int) -> None:
    packages = [Listed(f"p{number:03}", number, "1.0", ()) for number in range(length)]
    first = page_of(packages, 1, size)
    pages = [page_of(packages, number, size) for number in range(1, first.pages + 1)]
    assert [each for page in pages for each in page.packages] == packages
    assert {page.total for page in pages} == {length}
    assert all(len(page.packages) <= size for page in pages)


@pytest.mark.parametrize(("asked", "given_page"), [(-3, 1), (0, 1), (2, 2), (99, 2)])
def test_a_page_that_is_not_there_is_the_nearest(asked: int, given_page: int) -> None:
    page = page_of(ALL, asked, 3)
    assert (page.number, page.pages) == (given_page, 2)


def test_without_a_size_all_is_one_page() -> None:
    assert page_of(ALL, 7, None).packages == ALL
