from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil, gil_of, turning_on


def module(name: str, gil: Declaration) -> ExtensionModule:
    return ExtensionModule(name, f"{name.replace('.', '/')}.so", gil)


NOT_USED, USED, UNDECLARED, UNKNOWN = (
    Declaration.NOT_USED,
    Declaration.USED,
    Declaration.UNDECLARED,
    Declaration.UNKNOWN,
)


@pytest.mark.parametrize(
    ("declared", "gil"),
    [
        ((), Gil.NONE),
        ((NOT_USED, NOT_USED), Gil.OFF),
        ((NOT_USED, USED), Gil.ON),
        ((NOT_USED, UNDECLARED), Gil.ON),
        ((NOT_USED, UNKNOWN), Gil.UNKNOWN),
        ((UNKNOWN, UNDECLARED), Gil.ON),
    ],
)
def test_one_module_that_needs_the_gil_decides(declared: tuple[Declaration, ...], gil: Gil) -> None:
    assert gil_of([module(f"p.m{number}", each) for number, each in enumerate(declared)]) is gil


@pytest.mark.parametrize("name", ["p.tests.helper", "p.testing._c", "p._testcapi", "test.m"])
def test_a_test_module_counts_only_where_there_is_no_other(name: str) -> None:
    aside = module(name, USED)
    assert gil_of([module("p._core", NOT_USED), aside]) is Gil.OFF
    assert gil_of([aside]) is Gil.ON


def test_modules_that_turn_the_gil_on_are_named_test_modules_last() -> None:
    modules = [module("p.tests.a", USED), module("p.b", UNDECLARED), module("p.c", NOT_USED), module("p.d", USED)]
    assert turning_on(modules) == ("p.b", "p.d", "p.tests.a")


@given(st.lists(st.sampled_from(list(Declaration))), st.booleans())
def test_what_was_not_read_to_its_end_never_keeps_the_gil_off(declared: list[Declaration], broken: bool) -> None:
    modules = tuple(module(f"p.m{number}", each) for number, each in enumerate(declared))
    reason = "The connection broke." if broken else None
    found = Inspection("p-1-cp314-cp314t-win32.whl", None, False, 0, None, 0, modules, reason=reason).gil
    if broken:
        assert found in {Gil.ON, Gil.UNKNOWN}
    assert (found is Gil.ON) == any(each in {USED, UNDECLARED} for each in declared)
