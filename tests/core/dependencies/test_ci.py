"""What is said in continuous integration fits where it is said, and is understood by nobody as something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.ci import bounded, ci_comment, comment_mark, is_ok, parse_switch, workflow_command
from bot.core.dependencies.report import DependencyReport
from bot.core.errors import UserError
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target


def report(error: str | None = None) -> DependencyReport:
    return DependencyReport("application", Target(14), (Platform.MANYLINUX_X86_64,), error=error)


@given(st.lists(st.sampled_from(["", "a", "é" * 30, "🟡|" * 9, "<details><summary>x</summary>", "</details>"])))
def test_a_text_is_cut_between_lines_to_what_it_may_have(lines: list[str]) -> None:
    text = "\n".join(lines)
    cut = bounded(text, 200, "More elsewhere.")
    assert len(cut.encode()) <= 200
    if cut != text:
        assert cut.endswith("\n\nMore elsewhere.\n")
        kept = cut.removesuffix("\n\nMore elsewhere.\n").removesuffix("\n\n</details>")
        assert text.startswith(kept)


def test_what_is_folded_is_closed_where_a_text_is_cut() -> None:
    folded = "\n".join(["<details><summary>x</summary>", *["one line"] * 99, "</details>"])
    assert bounded(folded, 300, "More.").endswith("one line\n\n</details>\n\nMore.\n")


def test_a_comment_links_to_issues_in_a_way_that_tells_nobody() -> None:
    comment = ci_comment("<!-- mark -->", "| x ([issue](https://github.com/numpy/numpy/issues/1)) |", "")
    assert "https://github.com" not in comment
    assert "[issue](https://redirect.github.com/numpy/numpy/issues/1)" in comment


def test_a_mark_is_of_what_it_is_made_of_and_closes_its_comment() -> None:
    marks = {comment_mark("CI", "a", "b"), comment_mark("CI", "ab", ""), comment_mark("CI", "a", "b --> <b>")}
    assert len(marks) == 3
    assert all(mark.count("-->") == 1 and mark.endswith("-->") for mark in marks)


@given(st.text())
def test_whatever_is_told_is_one_command(text: str) -> None:
    line = workflow_command("error", text)
    assert len(line.splitlines()) == 1
    assert line.startswith("::error title=ftbot deps::")
    assert "%0A" not in line


@pytest.mark.parametrize(
    ("reports", "ok"),
    [((), None), ((report(),), True), ((report(), report("Nothing.")), None)],
)
def test_all_is_well_where_that_is_known_of_every_target(
    reports: tuple[DependencyReport, ...], ok: bool | None
) -> None:
    assert is_ok(reports) is ok


def test_a_switch_is_true_or_false() -> None:
    assert [parse_switch("fail", text) for text in ("true", " False\n", "TRUE")] == [True, False, True]
    with pytest.raises(UserError, match=r"The input `fail` is `maybe no`\. Write true or false\."):
        parse_switch("fail", "maybe\nno")
