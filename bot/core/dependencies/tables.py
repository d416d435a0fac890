"""The dependencies of an application as tables for elsewhere: Markdown for a job summary, CSV with everything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from bot.core.dependencies.judged import DependencyState, JudgedDependency
from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.wording import (
    DEPENDENCY_DISCLAIMER,
    STATE_GLYPHS,
    conditions,
    first_line,
    heading,
    pulled_in_by,
    standing,
    unread_line,
    way_out,
)
from bot.core.text.markdown import plain_markdown
from bot.core.text.sentences import one_line

_CSV_COLUMNS = (
    "target",
    "package",
    "version",
    "state",
    "verdict",
    "blocks",
    "missing",
    "first_working",
    "newest",
    "newest_verdict",
    "gil",
    "required_by",
    "ways",
    "optional",
    "groups",
    "marker",
    "judged_by",
    "tracking_issue",
    "reason",
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula."""


def dependencies_csv(reports: Iterable[DependencyReport]) -> str:
    """Return all dependencies of all targets as CSV, a line each; no cell is a formula to a spreadsheet."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for report in reports:
        for found in report.dependencies:
            writer.writerow(map(_cell, _csv_row(report, found)))
    return text.getvalue()


def dependencies_markdown(reports: Iterable[DependencyReport]) -> str:
    """Return the answers as Markdown: what stops the move in full, the rest folded away; nobody is mentioned by it."""
    return "\n".join(line for report in reports for line in _markdown(report))


def _markdown(report: DependencyReport) -> Iterator[str]:
    yield f"**{_shown(first_line(report))}**"
    yield ""
    for state in DependencyState:
        found = report.in_state(state)
        if not found:
            continue
        title = f"{STATE_GLYPHS[state]} {heading(state, len(found))}"
        folded = state in {DependencyState.READY, DependencyState.PARTIAL, DependencyState.FALLBACK}
        yield from _folded(title) if folded else (f"### {title}", "")
        yield "| package | why | instead | pulled in by |"
        yield "|---|---|---|---|"
        yield from (_row(each, report) for each in found)
        yield ""
        if folded:
            yield from ("</details>", "")
    if report.not_read:
        yield from _folded(f"Not read ({len(report.not_read)})")
        for line in report.not_read:
            yield f"- {': '.join(map(_shown, unread_line(line)))}"
        yield from ("", "</details>", "")
    yield f"_{DEPENDENCY_DISCLAIMER}_"
    yield ""


def _folded(title: str) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""


def _row(found: JudgedDependency, report: DependencyReport) -> str:
    version = "" if found.version is None else f" {found.version}"
    aside = " · ".join(filter(None, (pulled_in_by(found), conditions(found, report))))
    issue = "" if found.tracking_issue is None or not found.blocks else f" ([issue]({found.tracking_issue}))"
    cells = (f"{found.package}{version}", standing(found, report), way_out(found) or "", aside)
    shown = [_shown(cell) for cell in cells]
    shown[0] += issue
    return f"| {' | '.join(shown)} |"


def _shown(text: str) -> str:
    return plain_markdown(one_line(text))


def _csv_row(report: DependencyReport, found: JudgedDependency) -> Sequence[object]:
    needed, newest = found.needed, found.newest
    return (
        report.target,
        found.package,
        found.version,
        found.state.value,
        found.verdict.value,
        "yes" if found.blocks else "no",
        " ".join(found.missing),
        found.first_working,
        None if newest is None else newest.version,
        None if newest is None else newest.verdict.value,
        None if found.gil is None else found.gil.value,
        " > ".join(needed.paths[0]) if needed.paths else None,
        needed.ways,
        "yes" if needed.optional else "no",
        " ".join(needed.groups),
        needed.marker,
        found.judged_by.value,
        found.tracking_issue,
        found.reason,
    )


def _cell(value: object) -> str:
    text = "" if value is None else one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULAS) else text
