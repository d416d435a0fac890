"""The page of the tracking table is written with every character where it was, but for what is to change."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UserError
from bot.core.guide.table_page import MOST_ROWS, TablePage, read_page, write_page
from bot.core.guide.tracking_table import LONGEST_TEXT

PAGE = """\
---
title: Tracking
---

# Tracking

<!-- keep sorted
| Project | Upstream issue | PyPI release | First version with support |
-->

| Project | Upstream issue | PyPI release | First version with support | Note |
| :------ | :------------: | :----------: | -------------------------: | ---- |
| eggs    |      [#1]      | :mdi-tick:   |                        1.0 |      |
| spam[^1] |               |              |                            | ñ    |

[^1]: A footnote | with a pipe.
"""
ALIGNED = """\
| Project  | Upstream issue | PyPI release | First version with support |
| :------- | :------------: | :----------: | -------------------------: |
| eggs     |                |    :tick:    |                        1.0 |
| spam[^1] |                |              |                            |
"""


def test_the_published_page_is_written_as_its_formatter_writes_it(shared: Path) -> None:
    text = (shared / "data" / "tracking.md").read_text()
    page = read_page(text)
    assert (len(page.rows), page.first, page.last) == (149, 26, 176)
    assert page.widths == (21, 78, 21, 26, 26, 58, 92)
    assert write_page(page, {row.number: row.cells for row in page.rows}) == (text, False)


def test_rows_have_the_numbers_of_their_lines_and_cells_as_they_are_written() -> None:
    page = read_page(PAGE)
    assert [(row.number, row.row.project, row.cells) for row in page.rows] == [
        (13, "eggs", ("eggs", "[#1]", ":mdi-tick:", "1.0", "")),
        (14, "spam", ("spam[^1]", "", "", "", "ñ")),
    ]
    assert page.widths is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_the_lines_that_change_do(end: str) -> None:
    text = ALIGNED.replace("\n", end)
    written, anew = write_page(read_page(text), {4: ("spam[^1]", "", ":tick:", "2.0")})
    assert not anew
    assert written == text.replace(
        f"| spam[^1] |                |              |                            |{end}",
        f"| spam[^1] |                |    :tick:    |                        2.0 |{end}",
    )


@pytest.mark.parametrize("project", ["spam[^1]", "a-longer-project"])
def test_rows_begin_where_they_did(project: str) -> None:
    indented = "".join(f"  {line}\n" for line in ALIGNED.splitlines())
    written, anew = write_page(read_page(indented), {4: (project, "", ":tick:", "2.0")})
    flat, _ = write_page(read_page(ALIGNED), {4: (project, "", ":tick:", "2.0")})
    assert anew is (project != "spam[^1]")
    assert written == "".join(f"  {line}\n" for line in flat.splitlines())


def test_where_cells_stand_as_they_come_the_others_stay_so() -> None:
    written, anew = write_page(read_page(PAGE), {14: ("spam[^1]", "", "", "2.0", "ñ")})
    assert not anew
    assert written.splitlines()[13] == "| spam[^1] |  |  | 2.0 | ñ |"
    assert written.splitlines()[12] == PAGE.splitlines()[12]


@pytest.mark.parametrize("project", ["a-longer-project", "sp"])
def test_a_column_that_gets_another_width_is_padded_anew(project: str) -> None:
    written, anew = write_page(read_page(ALIGNED), {4: (project, "", "", "")})
    assert anew
    lines = written.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[3].split("|")[1].strip() == project
    assert read_page(written).widths is not None
    assert len(lines[1].split("|")[1]) == max(len(project), len("Project")) + 2


def test_a_page_without_an_end_of_line_keeps_that() -> None:
    text = ALIGNED.rstrip("\n")
    assert write_page(read_page(text), {})[0] == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The page has no table with the columns “Project” and “Upstream issue”"),
        ("| a | b |\n|--|--|\n| c | d |\n", "The page has no table with"),
        ("| Project | Upstream issue |\n|--|--|\n| a | b |\n", "in line 1 has no column “PyPI release”"),
        (ALIGNED.replace("PyPI release", "On the index"), "has no column “PyPI release”"),
        (ALIGNED.replace("First version", "Version"), "has no column “First version with support”"),
        (ALIGNED.replace(":----------: |", ":---- -----: |"), "Line 2 does not separate headings from rows"),
        (ALIGNED.replace("| :------- |", "| |"), "Line 2 does not separate headings from rows"),
        (ALIGNED.replace("| :------- |", "|"), "Line 2 has 3 cells under 4 headings"),
        (ALIGNED.split("\n", maxsplit=1)[0], "Line 2 does not separate headings from rows. Write 4 cells"),
        (ALIGNED.split("\n", maxsplit=1)[0] + "\n\n" + ALIGNED.split("\n")[1], "Line 2 does not separate headings"),
        ("\n".join(ALIGNED.split("\n")[:2]), "The table in line 1 has no rows"),
        (ALIGNED.replace("| spam", "\n| spam"), "Line 5 is a row outside of the table, which ends in line 3"),
        (ALIGNED.replace("eggs", "[^1]"), "Line 3 names no project"),
        (ALIGNED + "| more |\n" * MOST_ROWS, "has 1002 rows, more than 1,000"),
        ("x" * (LONGEST_TEXT + 1), "more than 2,000,000 characters"),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(text: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        read_page(text)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 400


def test_another_table_may_follow() -> None:
    page = read_page(ALIGNED + "\n| Key | Meaning |\n|-|-|\n| a | b |\n")
    assert len(page.rows) == 2


_LINES = st.lists(
    st.sampled_from(ALIGNED.splitlines() + PAGE.splitlines())
    | st.text("|-: \\abc[^1]<!>`\r\x0b\u2028ñ中", max_size=30),
    max_size=14,
)


@given(_LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_page_is_refused_in_a_sentence_or_written_as_it_was(lines: list[str], end: str, closed: bool) -> None:
    text = end.join(lines) + (end if closed else "")
    page = read_or_refusal(text)
    if isinstance(page, str):
        assert page.isprintable()
        assert len(page) < 500
    else:
        assert write_page(page, {}) == (text, False)


@given(_LINES, st.lists(st.text("abc ñ中", max_size=9), min_size=4, max_size=4))
def test_whatever_is_written_no_other_line_says_anything_else(lines: list[str], cells: list[str]) -> None:
    head = ALIGNED.splitlines()[:3]
    page = read_or_refusal("\n".join([*head, *(line for line in lines if line.startswith("|"))]))
    if isinstance(page, str):
        return
    row = page.rows[0]
    written, _ = write_page(page, {row.number: ("eggs", *(cell.strip() for cell in cells[1:]))})
    again = read_or_refusal(written)
    assert not isinstance(again, str)
    assert [each.cells for each in again.rows[1:]] == [each.cells for each in page.rows[1:]]
    assert len(written.split("\n")) == len(page.lines)


def read_or_refusal(text: str) -> TablePage | str:
    try:
        return read_page(text)
    except UserError as refused:
        return str(refused)
