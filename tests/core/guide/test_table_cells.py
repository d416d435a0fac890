"""What stands in a cell is told apart: icons, footnotes, addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.github.threads import IssueRef
from bot.core.guide.table_cells import TICK, Icons, with_address, with_text, without_footnotes

USUAL = [TICK] * 9 + [":simple-linux:"] * 4 + [":simple-sourceforge:"]
ICONS = Icons.of(USUAL)


@pytest.mark.parametrize(
    ("cell", "typos"),
    [
        ("", {}),
        (TICK, {}),
        (":simple-sourceforge: :simple-google:", {}),
        (":meterial-check-bold:", {":meterial-check-bold:": TICK}),
        (":material-check-bold", {":material-check-bold": TICK}),
        ("material-check-bold: [^1]", {"material-check-bold:": TICK}),
        (":simple-linux: :simplelinux:", {}),
        (":simple-linux: :smiple-linux:", {":smiple-linux:": ":simple-linux:"}),
        ("[:simple-linux:](https://example.org/material-check-bold:)", {}),
        ("scikit-build-core", {}),
        ("12:30", {}),
    ],
)
def test_a_broken_icon_is_one_that_none_is_called(cell: str, typos: dict[str, str]) -> None:
    assert ICONS.typos(cell) == typos


def test_the_icon_that_is_meant_is_put_there_and_nothing_else_changes() -> None:
    assert ICONS.mended("a :meterial-check-bold: [^1]") == f"a {TICK} [^1]"
    assert (
        ICONS.mended("[:simple-linux:](https://x.org/:simple-linx:)") == "[:simple-linux:](https://x.org/:simple-linx:)"
    )


def test_yes_is_said_as_the_column_says_it() -> None:
    assert ICONS.tick([":meterial-check-bold:", TICK, ":simple-linux:", TICK]) == TICK
    assert ICONS.tick(["", "yes"]) == TICK
    assert ICONS.tick([":simple-linux:"]) == ":simple-linux:"


@pytest.mark.parametrize(
    ("cell", "without", "replaced"),
    [
        ("1.0", "1.0", "2.0"),
        ("1.0 [^1]", "1.0", "2.0 [^1]"),
        ("1.0[^1][^2]", "1.0", "2.0 [^1][^2]"),
        ("[^1]", "", "2.0 [^1]"),
        ("", "", "2.0"),
    ],
)
def test_footnotes_stay(cell: str, without: str, replaced: str) -> None:
    assert (without_footnotes(cell), with_text(cell, "2.0")) == (without, replaced)
    assert without_footnotes(with_text(cell, "")) == ""


def test_the_address_of_a_thread_is_replaced_where_it_stands() -> None:
    cell = "[a](https://github.com/o/r/issues/1) [b](https://github.com/o/r/issues/2)"
    address = "https://github.com/new/r/pull/7"
    assert with_address(cell, IssueRef("o/r", 2), address) == f"[a](https://github.com/o/r/issues/1) [b]({address})"
    assert with_address(cell, IssueRef("o/r", 3), address) == cell


@given(st.text(":-abcmterial[^1] https://x\\|", max_size=60))
def test_mending_twice_mends_no_more(cell: str) -> None:
    mended = ICONS.mended(cell)
    assert ICONS.mended(mended) == mended
