"""The tracking table is read as people keep it: by hand, with columns that move and cells that say this and that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.github.threads import IssueRef
from bot.core.guide.tracking_issues import first_version, tracking_issue
from bot.core.guide.tracking_table import LONGEST_TEXT, TableRow, parse_table

NUMPY = "[:simple-github:](https://github.com/numpy/numpy/issues/26157)"
HEAD = "| Project | Upstream issue | PyPI release |\n| :--- | :---: | --- |\n"
ROW = TableRow("NumPy", "numpy", IssueRef("numpy/numpy", 26157))


def read(*lines: str) -> list[TableRow]:
    """Read lines as rows of a table with the usual headings."""
    return list(parse_table(HEAD + "\n".join(lines)))


def test_the_published_table_is_read(shared: Path) -> None:
    rows = {row.project: row for row in parse_table((shared / "data" / "tracking.md").read_text())}
    assert len(rows) == 149
    assert sum(row.issue is not None for row in rows.values()) == 137
    assert rows["NumPy"] == replace(ROW, first_version="2.1.0")
    assert rows["CuTe DSL"] == TableRow(
        "CuTe DSL",
        "nvidia-cutlass-dsl",
        IssueRef("NVIDIA/cutlass", 3109),
        first_version="4.5.2",
    )
    assert rows["frozenlist"].issue == IssueRef("aio-libs/frozenlist", 618)
    assert rows["torchgeo"].issue == IssueRef("torchgeo/torchgeo", 3319)
    assert rows["CMake"] == TableRow("CMake", "cmake", None, first_version="3.30.0")
    for project in ("lxml", "ruamel.yaml.clib", "spacy", "thrift"):  # Launchpad, SourceForge, a discussion, Jira
        assert rows[project].issue is None
        assert rows[project].link == tracking_issue(rows[project].package or "")
    assert rows["lxml"].first_version == first_version("lxml") == "7.0.0"
    assert sum(row.first_version is not None for row in rows.values()) > 100


def test_the_packages_of_the_published_table_are_those_that_were_known(shared: Path) -> None:
    rows = parse_table((shared / "data" / "tracking.md").read_text())
    known = [(row, link) for row in rows if row.package and (link := tracking_issue(row.package)) is not None]
    assert len(known) > 120
    for row, link in known:
        assert link.replace("/pull/", "/issues/") == (row.link if row.issue is None else row.issue.url)
    assert {row.project for row in rows if row.package is None} == {
        *("Bazel (rules-python)", "Boost.Python", "conda", "mamba", "mlir-python", "Pixi", "PyO3", "rust-numpy"),
        *("Spack", "SWIG"),
    }


@pytest.mark.parametrize(
    ("project", "package"),
    [
        ("NumPy", "numpy"),
        ("zope.interface", "zope-interface"),
        ("PyTorch", "torch"),
        ("A Project of Ours", None),
        ("ñ", None),
        ("x" * 201, None),
    ],
)
def test_a_project_is_the_package_of_its_name_unless_it_is_known_to_be_another(
    project: str, package: str | None
) -> None:
    (row,) = read(f"| {project} | https://github.com/pytorch/{project.lower()}/issues/1 |")
    assert row.package == ("torch" if project == "PyTorch" else package)


def test_a_repository_tells_the_package_where_its_name_does_not() -> None:
    (row,) = read("| The ujson project | https://github.com/UltraJSON/ultrajson/issues/900 |")
    assert row.package == "ujson"


def test_columns_are_found_by_their_headings() -> None:
    text = f"| Nightly | **PyPI release** | Tracking issue | Name |\n|-|-|-|-|\n| | yes | {NUMPY} | NumPy |"
    assert parse_table(text) == (ROW,)


@pytest.mark.parametrize(
    "project",
    [
        "NumPy[^2]",
        "**NumPy**",
        "`NumPy`",
        "[NumPy](https://numpy.org)",
        "[NumPy][numpy]",
        ":simple-numpy: NumPy",
        '<a href="https://numpy.org">NumPy</a>',
        "*[**NumPy**](https://numpy.org/doc_(1))*[^1][^2]".replace("_(1)", ""),
    ],
)
def test_a_project_is_what_the_cell_shows(project: str) -> None:
    assert read(f"| {project} | {NUMPY} | :material-check-bold: |") == [ROW]


@pytest.mark.parametrize(
    "issue",
    [
        "https://github.com/numpy/numpy/issues/26157",
        "<https://github.com/numpy/numpy/issues/26157>",
        "[#26157](https://github.com/numpy/numpy/issues/26157#issuecomment-1 'the issue')",
        "[PEP](https://peps.python.org/pep-0703), [issue](http://www.github.com/numpy/numpy/pull/26157/)",
        f"{NUMPY} {NUMPY.replace('26157', '1')}",
    ],
)
def test_the_first_link_to_a_thread_counts(issue: str) -> None:
    assert read(f"| NumPy | {issue} | :material-check-bold: |") == [ROW]


@pytest.mark.parametrize(
    "issue",
    [
        "",
        "none yet",
        "numpy#26157",
        "https://gitlab.com/numpy/numpy/issues/26157",
        "https://github.com/numpy/numpy/discussions/26157",
        "https://github.com/numpy/numpy/issues",
        "https://github.com/../numpy/issues/1",
    ],
)
def test_what_leads_to_no_thread_is_a_row_without_one(issue: str) -> None:
    (row,) = read(f"| NumPy | {issue} |")
    assert (row.project, row.package, row.issue) == ("NumPy", "numpy", None)


@pytest.mark.parametrize(
    ("issue", "link"),
    [
        ("none yet", None),
        ("[a](https://bugs.launchpad.net/lxml/+bug/2111289)", "https://bugs.launchpad.net/lxml/+bug/2111289"),
        ("https://github.com/explosion/spaCy/discussions/1", "https://github.com/explosion/spaCy/discussions/1"),
        ("https://github.com/numpy/numpy/issues/1 https://example.org/1", None),
        ("https://user@example.org/1", None),
        ("http://localhost/1", None),
        ("[a](javascript:alert(1))", None),
        (f"https://example.org/{'x' * 600}", None),
    ],
)
def test_a_tracker_elsewhere_is_a_link_where_there_is_no_thread_on_github(issue: str, link: str | None) -> None:
    (row,) = read(f"| NumPy | {issue} |")
    assert row.link == link


@pytest.mark.parametrize(
    ("cell", "version"),
    [("7.0.0", "7.0.0"), (" `2.13` [^3]", "2.13"), ("", None), ("soon", None), ("1" * 5000, None), ("v1.0", "1.0")],
)
def test_the_first_version_is_read_where_the_cell_names_one(cell: str, version: str | None) -> None:
    head = "| Project | Upstream issue | First version with support |\n| --- | --- | --- |\n"
    (row,) = parse_table(f"{head}| NumPy |  | {cell} |")
    assert row.first_version == version


def test_rows_after_a_gap_or_with_cells_missing_or_left_over_are_read() -> None:
    rows = read("", "Some words.", f"  | NumPy | {NUMPY} | yes | and | more |", "| SciPy", "|", "| | | |", "not a row")
    assert [row.project for row in rows] == ["NumPy", "SciPy"]


def test_an_escaped_pipe_is_part_of_its_cell() -> None:
    (row,) = read(rf"| a \| b | {NUMPY} |")
    assert (row.project, row.issue) == ("a | b", ROW.issue)


def test_what_is_commented_out_or_shown_as_code_is_not_there() -> None:
    lines = [f"<!-- | a | {NUMPY} | -->", "<!--", f"| b | {NUMPY} |", "-->", "```", f"| c | {NUMPY} |", "```"]
    assert read(*lines, f"| NumPy | {NUMPY} | yes |") == [ROW]


def test_tables_about_something_else_are_left_out_and_several_are_read() -> None:
    other = f"| Project | Maintainer |\n|---|---|\n| SciPy | {NUMPY} |\n\n"
    assert parse_table(f"{HEAD}| NumPy | {NUMPY} | yes |\n\n{other}{HEAD}| NumPy | {NUMPY} | yes |") == (ROW, ROW)


@pytest.mark.parametrize("text", ["", "# Compatibility", "| Project | Upstream issue |", "|-|-|\n| a | b |", HEAD])
def test_a_page_without_a_table_has_no_rows(text: str) -> None:
    assert parse_table(text) == ()


@given(st.text(st.sampled_from("|-:\n[]()<>!`~\\ ^*_a1\u00e9") | st.characters()) | st.text())
@example("|" * 100_000)
@example("<!--" * 100_000)
@example(HEAD + f"| {'[' * 100_000} | {'https://' * 50_000} |")
@example(HEAD + "| :a-<b" * 50_000)
@example(HEAD + "\n".join([f"| {'[x](' * 100} | {'](' * 100} |"] * 300))
def test_any_text_gives_rows_with_names(text: str) -> None:
    for row in parse_table(HEAD + text):
        assert row.project.strip()
        assert len(row.project) <= 500
        assert row.package is None or row.package == row.package.lower()


def test_a_text_without_end_is_read_to_a_point() -> None:
    rows = parse_table(HEAD + f"| NumPy | {NUMPY} |\n" * (LONGEST_TEXT // 50))
    assert 0 < len(rows) < LONGEST_TEXT // 50
