# ruff: noqa: E501 - rows and sentences are written here as people get them
"""A row of the tracking table beside the index: what is wrong is told apart from what people judge."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from msgspec import structs

from bot.core.github.threads import Glimpse, IssueRef, ThreadState
from bot.core.guide.table_page import read_page
from bot.core.index.simple_api import File, Project
from bot.core.schema.table import table_json
from bot.core.upstream.table_check import CheckedRow, NoGlimpse, RowMaterial, RowState
from bot.core.upstream.table_facts import Ships, package_facts
from bot.core.upstream.table_missing import MissingRow
from bot.core.upstream.table_report import TableReport, check_page, patch, pull_request
from tests.core.pages import NOW, ago, project, sdist, wheels
from tests.core.strategies import projects

TICK = ":material-check-bold:"
GIL, FREE, OLD = "cp314-cp314-win_amd64", "cp314-cp314t-win_amd64", "cp313-cp313t-win_amd64"
PURE, ANYWHERE = "py3-none-any", "py3-none-win_amd64"
LINK = "[:simple-github:](https://github.com/o/r/issues/7)"
REF = IssueRef("o/r", 7)
HEAD = (
    "| Project | Upstream issue | Tested | PyPI release | First version with support |\n"
    "| :-- | :-: | :-: | :-: | :-: |\n"
)
FILLER = f"| filler | | {TICK} | {TICK} | 1.0 |\n" * 4


def release(version: str, *tags: str, days: float = 100) -> list[File]:
    """Make a release with these wheels and an sdist, so many days old."""
    uploaded = ago(days=days)
    return [*wheels(*tags, version=version, uploaded=uploaded), sdist(version, uploaded=uploaded)]


def glimpse(number: int = 7, state: ThreadState = ThreadState.OPEN, repository: str = "o/r") -> Glimpse:
    return Glimpse("node", IssueRef(repository, number), "Support", is_pr=False, state=state, updated=NOW)


def report(row: str, *materials: RowMaterial, head: str = HEAD) -> TableReport:
    """Compare a page with one row, and others that have nothing to do with it."""
    page = read_page(head + f"{row}\n" + FILLER)
    others = [RowMaterial(None)] * (len(page.rows) - len(materials))
    return check_page(page, [*materials, *others], (), links_problem=None)


def checked(
    row: str,
    files: list[File] | str | None,
    more: RowMaterial = RowMaterial(None),  # noqa: B008 - it is frozen
) -> CheckedRow:
    stated = read_page(HEAD + row).rows[0].row.first_version
    facts = package_facts(project(*files), stated) if isinstance(files, list) else files
    return report(row, replace(more, facts=facts)).rows[0]


def row(*, ticked: bool = False, version: str = "", project_name: str = "demo", link: str = "") -> str:
    return f"| {project_name} | {link} | | {TICK if ticked else ''} | {version} |"


SUPPORTED = [*release("1.0", GIL, days=300), *release("2.0", GIL, OLD, days=200), *release("3.0", GIL, FREE)]
NEVER = [*release("1.0", GIL, days=300), *release("2.0", GIL)]
FORMERLY = [*release("1.0", GIL, OLD, days=300), *release("2.0", GIL)]


@pytest.mark.parametrize(
    ("ticked", "version", "files", "state", "writes"),
    [
        # What the row says is so.
        (True, "2.0", SUPPORTED, RowState.FINE, None),
        (False, "", NEVER, RowState.FINE, None),
        (True, "1.0", release("1.0", PURE), RowState.FINE, None),
        (True, "1.0", [*release("1.0", GIL, PURE, days=9), *release("2.0", GIL, FREE)], RowState.FINE, None),
        (True, "1.0", release("1.0", ANYWHERE), RowState.FINE, None),
        (True, "1", release("1.0.0", GIL, FREE), RowState.FINE, None),
        (True, "1.0", release("1.0.0.9", GIL, FREE), RowState.FINE, None),
        (False, "9.0", NEVER, RowState.FINE, None),
        # Support came.
        (False, "", SUPPORTED, RowState.OUT_OF_DATE, (True, "2.0")),
        (True, "", SUPPORTED, RowState.OUT_OF_DATE, (True, "2.0")),
        (False, "2.0", SUPPORTED, RowState.OUT_OF_DATE, (True, "2.0")),
        (False, "3.0", SUPPORTED, RowState.OUT_OF_DATE, (True, "3.0")),
        (False, "1.0", SUPPORTED, RowState.OUT_OF_DATE, (True, "2.0")),
        # The version never had such a wheel.
        (True, "1.0", SUPPORTED, RowState.WRONG, (True, "2.0")),
        (True, "1.0", NEVER, RowState.WRONG, (False, "1.0")),
        (True, "", NEVER, RowState.WRONG, (False, "")),
        (True, "0.9", SUPPORTED, RowState.WRONG, (True, "2.0")),
        # For people to judge.
        (True, "3.0", SUPPORTED, RowState.PERSON, None),
        (True, "9.0", SUPPORTED, RowState.PERSON, None),
        (False, "1.0", NEVER, RowState.PERSON, None),
        (True, "1.0", [*release("1.0"), *release("2.0", GIL)], RowState.PERSON, None),
        (True, "1.0", release("1.0"), RowState.PERSON, None),
        (True, "2.0", SUPPORTED[:5], RowState.PERSON, None),  # for 3.13t alone
        (True, "3.0", [*SUPPORTED[5:], *release("4.0", GIL, days=9)], RowState.PERSON, None),
        (True, "soon", SUPPORTED, RowState.PERSON, None),
        (True, "0.9", NEVER, RowState.PERSON, None),
        (True, "9.0", NEVER, RowState.PERSON, None),  # a release on the index that is not out
        (False, "", FORMERLY, RowState.PERSON, None),
        (True, "", FORMERLY, RowState.PERSON, None),
        (False, "", release("1.0", GIL, OLD), RowState.PERSON, None),  # for 3.13t alone
        (False, "", release("1.0", PURE), RowState.PERSON, None),
        (False, "", release("1.0", ANYWHERE), RowState.PERSON, None),
        (False, "", [], RowState.PERSON, None),
        # Not on the index.
        (True, "1.0", None, RowState.NOT_ON_INDEX, None),
        # Could not be read, which is never "no".
        (True, "1.0", "The index did not answer.", RowState.PERSON, None),
    ],
)
def test_a_row_stands_as_the_index_shows(
    ticked: bool,
    version: str,
    files: list[File] | str | None,
    state: RowState,
    writes: tuple[bool, str] | None,
) -> None:
    found = checked(row(ticked=ticked, version=version), files)
    assert (found.state, found.cells and found.cells[3:]) == (state, writes and (TICK if writes[0] else "", writes[1]))
    assert found.reason.endswith((".", "answer."))


def test_what_came_first_goes_by_the_day_and_not_by_the_version() -> None:
    files = [
        *release("2.9", GIL, FREE, days=10),
        *release("3.0", GIL, FREE, days=90),
        *release("3.1", GIL, FREE, days=5),
    ]
    assert checked(row(ticked=True, version="3.0"), files).state is RowState.FINE
    later = checked(row(ticked=True, version="2.9"), files)
    assert (later.state, "3.0 (2026-08-24)" in later.reason) == (RowState.PERSON, True)


def test_a_wheel_that_came_later_to_a_release_dates_it() -> None:
    files = [
        *wheels(GIL, version="1.0", uploaded=ago(days=90)),
        *wheels(FREE, version="1.0", uploaded=ago(days=80)),
    ]
    facts = package_facts(project(*files), None)
    assert facts.first is not None
    assert (facts.first.version, facts.first.day) == ("1.0", date(2026, 9, 3))


def test_wheels_that_turn_the_gil_back_on_are_for_people_to_judge() -> None:
    evidence = RowMaterial(
        None, turns_gil_on=lambda _, version: "demo._c, read from a.whl." if version == "3.0" else None
    )
    came = checked(row(), SUPPORTED, evidence)
    assert (came.state, came.cells) == (RowState.PERSON, None)
    assert came.reason.endswith("Importing 3.0 turns the GIL back on: demo._c, read from a.whl.")
    named = checked(row(ticked=True, version="3.0"), SUPPORTED, evidence)
    assert (named.state, "turns the GIL back on" in named.reason) == (RowState.PERSON, True)
    assert checked(row(ticked=True, version="2.0"), SUPPORTED, evidence).state is RowState.FINE


def test_a_version_that_was_yanked_is_for_people_to_judge() -> None:
    files = [*release("1.0", GIL, FREE, days=90), *release("1.1", GIL, FREE, days=80)]
    yanked = [structs.replace(file, yanked=True) if "-1.0" in file.filename else file for file in files]
    found = checked(row(ticked=True, version="1.0"), yanked)
    assert (found.state, found.cells) == (RowState.PERSON, None)
    assert found.reason == snapshot("1.0 was yanked; the first with wheels that was not is 1.1 (2026-09-03).")
    assert checked(row(ticked=True, version="1.0"), yanked[:3]).reason == snapshot("1.0 was yanked.")
    assert checked(row(ticked=True, version="1.1"), yanked).state is RowState.FINE


def test_what_was_once_there_is_told_without_a_row_that_says_so() -> None:
    assert checked(row(), FORMERLY).reason == snapshot(
        "2.0 has no wheel for 3.14t or later; 1.0 (2026-01-26) had some for 3.13t. Whether those count is for a person to say."
    )


def test_wheels_under_other_names_count_as_the_package_s_own() -> None:
    pure = [*release("2.0", PURE), *release("3.0", PURE)]
    member = RowMaterial(None, {"demo-bin": package_facts(project(*SUPPORTED), "2.0")})
    assert checked(row(ticked=True, version="2.0"), [*release("2.0"), *release("3.0")], member).state is RowState.FINE
    for newest in (pure, release("3.1", PURE)):  # whichever of the two was released last
        came = checked(row(), newest, member)
        assert (came.state, came.cells) == (RowState.PERSON, None)
        assert came.reason == snapshot(
            "demo-bin, which has the wheels of demo: 2.0 (2026-05-06) was the first with wheels, for 3.13t. 3.0 has them for 3.14t. Which version of demo counts is for a person to say."
        )
    none = RowMaterial(None, {"demo-bin": package_facts(project(*NEVER), None)})
    assert checked(row(), pure, none).state is RowState.FINE


@pytest.mark.parametrize(
    ("link", "ticked", "state", "address"),
    [
        (glimpse(), True, RowState.FINE, None),
        (glimpse(), False, RowState.FINE, None),
        (glimpse(repository="O/R"), True, RowState.FINE, None),
        (glimpse(state=ThreadState.CLOSED), True, RowState.FINE, None),
        (glimpse(state=ThreadState.MERGED), False, RowState.LINK, None),
        (glimpse(9, repository="new/home"), True, RowState.LINK, "https://github.com/new/home/issues/9"),
        (replace(glimpse(9), is_pr=True), False, RowState.LINK, "https://github.com/o/r/pull/9"),
        (NoGlimpse.GONE, True, RowState.LINK, None),
        (NoGlimpse.NOT_CHECKED, True, RowState.FINE, None),
    ],
)
def test_a_link_is_looked_at(
    link: Glimpse | NoGlimpse,
    ticked: bool,
    state: RowState,
    address: str | None,
) -> None:
    version, files = ("2.0", SUPPORTED) if ticked else ("", NEVER)
    found = checked(row(ticked=ticked, version=version, link=LINK), files, RowMaterial(None, link=link))
    assert found.state is state
    assert (found.cells and found.cells[1]) == (address and f"[:simple-github:]({address})")
    assert found.link_unchecked is (link is NoGlimpse.NOT_CHECKED)


def test_a_row_that_is_wrong_in_several_ways_is_mended_in_all() -> None:
    broken = row(ticked=True, version="1.0 [^1]", link=LINK).replace("material", "meterial")
    found = checked(broken, SUPPORTED, RowMaterial(None, link=glimpse(9)))
    assert found.state is RowState.WRONG
    assert found.cells == ("demo", LINK.replace("/7", "/9"), "", TICK, "2.0 [^1]")
    assert found.reason.split(". ") == snapshot(
        [
            "1.0 has no free-threaded wheel; the first that had was 2.0 (2026-05-06)",
            "`:meterial-check-bold:` should be `:material-check-bold:`",
            "Its thread moved to o/r#9.",
        ]
    )


def test_a_pipe_too_many_is_told_of_and_left_alone() -> None:
    found = checked("| demo | | a | b | | | |", SUPPORTED)
    assert (found.state, found.cells) == (RowState.TYPO, None)
    assert found.reason == "It has 7 cells under 5 headings: a pipe too many, or one to write as `\\|`."


def test_other_columns_and_another_order_of_them_stay() -> None:
    head = "| New | First version with support | Project | PyPI release | Upstream issue |\n|-|-|-|-|-|\n"
    page = read_page(head + "| a | | demo | | |\n" + f"| | | filler | {TICK} | |\n" * 4)
    facts = RowMaterial(package_facts(project(*SUPPORTED), None))
    found = check_page(page, [facts, *[RowMaterial(None)] * 4], (), links_problem=None).rows[0]
    assert found.cells == ("a", "2.0", "demo", TICK, "")


TEXT = HEAD.replace("| :-- |", "| --- |") + "\n".join(
    [
        row(project_name="came", link=LINK),
        row(project_name="wrong", ticked=True, version="1.0"),
        row(project_name="@everyone_`x`", ticked=True, version="3.0"),
        row(project_name="gone"),
        f"| fine | | | {TICK} | 2.0 |",
    ]
)


def whole() -> TableReport:
    page = read_page(TEXT)
    rows = [RowMaterial(package_facts(project(*SUPPORTED), each.row.first_version)) for each in page.rows]
    rows[3] = RowMaterial(None)
    missing = [MissingRow("asked", "3.14t: no wheel.")]
    return check_page(page, rows, missing, links_problem="Nobody may look.")


def test_a_patch_applies_and_changes_the_rows_that_it_means(tmp_path: Path) -> None:
    compared = whole()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/tracking.md").write_text(TEXT)
    (tmp_path / "changes.patch").write_text(patch(compared))

    def git(folder: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)

    git(tmp_path, "init", "--quiet")
    git(tmp_path / "docs", "apply", "../changes.patch")
    written = (tmp_path / "docs/tracking.md").read_text()
    assert written == compared.text
    before, after = TEXT.split("\n"), written.split("\n")
    assert [place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [2, 3]


def test_where_nothing_is_to_be_written_the_patch_is_empty() -> None:
    assert patch(report(row(ticked=True, version="2.0"), RowMaterial(package_facts(project(*SUPPORTED), "2.0")))) == ""


def test_the_text_of_a_pull_request() -> None:
    assert pull_request(whole(), date(2026, 11, 29)) == snapshot("""\
# Bring 2 rows of the tracking table up to date

All 5 rows were compared with the index on 2026-11-29. A wheel shows that a build exists, not that it is thread-safe.

## A version that never had such a wheel (1)

- **wrong** (line 4): 1.0 has no free-threaded wheel; the first that had was 2.0 (2026-05-06).

## Support came (1)

- **came** (line 3): 2.0 (2026-05-06) was the first with wheels, for 3.13t. 3.0 has them for 3.14t.

## Not on the index (2)

- **@\u200beveryone\\_x** (line 5): It is not published on the index, as far as is known. Nothing was changed.
- **gone** (line 6): The index has no package called gone. Nothing was changed.

## Packages without a row that people ask about (1)

- **asked**: 3.14t: no wheel.

Whether the links still lead to open threads was not checked.
""")


def test_a_report_as_json() -> None:
    told = table_json(whole())
    assert list(told) == ["schema", "rows", "missing"]
    assert told["rows"] == snapshot(
        [
            {
                "line": 3,
                "project": "came",
                "package": "came",
                "state": "out-of-date",
                "reason": "2.0 (2026-05-06) was the first with wheels, for 3.13t. 3.0 has them for 3.14t. Its link was not checked.",
                "line_now": "| came | [:simple-github:](https://github.com/o/r/issues/7) | |  |  |",
                "line_to_write": "| came | [:simple-github:](https://github.com/o/r/issues/7) |  | :material-check-bold: | 2.0 |",
            },
            {
                "line": 4,
                "project": "wrong",
                "package": "wrong",
                "state": "wrong",
                "reason": "1.0 has no free-threaded wheel; the first that had was 2.0 (2026-05-06).",
                "line_now": "| wrong |  | | :material-check-bold: | 1.0 |",
                "line_to_write": "| wrong |  |  | :material-check-bold: | 2.0 |",
            },
            {
                "line": 5,
                "project": "@everyone_x",
                "package": None,
                "state": "not-on-index",
                "reason": "It is not published on the index, as far as is known.",
                "line_now": None,
                "line_to_write": None,
            },
            {
                "line": 6,
                "project": "gone",
                "package": "gone",
                "state": "not-on-index",
                "reason": "The index has no package called gone.",
                "line_now": None,
                "line_to_write": None,
            },
            {
                "line": 7,
                "project": "fine",
                "package": "fine",
                "state": "fine",
                "reason": "2.0 has wheels for 3.13t.",
                "line_now": None,
                "line_to_write": None,
            },
        ]
    )
    assert told["missing"] == [{"package": "asked", "reason": "People ask about it here. 3.14t: no wheel."}]


def test_packages_without_a_row_say_whether_questions_or_downloads_name_them() -> None:
    compared = replace(whole(), missing=(MissingRow("a_b", "No release has one.", 1_234),))
    assert table_json(compared)["missing"] == [
        {"package": "a_b", "reason": "Number 1,234 of the most downloaded. No release has one."}
    ]
    assert pull_request(compared, date(2026, 11, 29)).split("\n## ")[-1] == snapshot("""\
Much downloaded packages with native code that have no row (1)

They are named by their downloads, as nobody asked ftbot about a package that lacks a row.

- **a\\_b**: Number 1,234 of the most downloaded. No release has one.

Whether the links still lead to open threads was not checked.
""")


@given(projects, st.sampled_from(["", "1.0", "2.0", "9!9", "x" * 99, "1" * 5000]), st.booleans())
def test_every_row_is_classified_and_what_is_written_is_not_written_again(
    page: Project,
    version: str,
    ticked: bool,
) -> None:
    line = row(ticked=ticked, version=version)
    facts = package_facts(page, read_page(HEAD + line).rows[0].row.first_version)
    found = report(line, RowMaterial(facts))
    stated = read_page(found.text).rows[0].row.first_version
    again = check_page(
        read_page(found.text),
        [RowMaterial(package_facts(page, stated)), *[RowMaterial(None)] * 4],
        (),
        links_problem=None,
    )
    assert again.rows[0].cells is None
    assert found.rows[0].reason.isprintable()


@given(projects)
def test_facts_are_those_of_the_releases(page: Project) -> None:
    facts = package_facts(page, None)
    assert facts.stated is None
    if facts.first is not None:
        assert facts.first.free_threaded
        assert facts.first.ships is Ships.NATIVE
