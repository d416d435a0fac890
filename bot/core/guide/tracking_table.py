"""The tracking table of py-free-threading.github.io: which upstream thread tracks the support of which project.

People keep it by hand, in GitHub's Markdown, so it is read tolerantly: columns are found by their headings, a cell that
says nothing useful is empty, what is commented out is not there, and no text makes it raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from bot.core.github.threads import IssueRef, linked_ref
from bot.core.guide.tracking_issues import package_of, tracking_issue
from bot.core.index.metadata import safe_link
from bot.core.index.names import LONGEST_NAME

REPOSITORY = "Quansight-Labs/free-threaded-compatibility"
PATH = "docs/tracking.md"
TABLE = "tracking table"
"""What the table is called among the sources, and its text among the documents."""

LONGEST_TEXT = 2_000_000
"""Characters that are read; the page had 54 thousand in 2026."""

_LONGEST_CELL = 500
_LONGEST_VERSION = 40
# Projects of the table that are not on PyPI, where their name belongs to somebody else, or are there under another one.
_ELSEWHERE: Mapping[str, str | None] = MappingProxyType(
    {
        "bazel": None,
        "boost-python": None,
        "conda": None,
        "cute dsl": "nvidia-cutlass-dsl",
        "mamba": None,
        "mlir-python": None,
        "mypyc": "mypy",
        "pixi": None,
        "pyo3": None,
        "rust-numpy": None,
        "spack": None,
        "swig": None,
    }
)
_PIPE = re.compile(r"(?<!\\)\|")
_PROJECT = re.compile(r"projects?|packages?|names?")
_ISSUE = re.compile(r"\bissues?\b|\btrackers?\b")
_FIRST = re.compile(r"\bfirst\b.*\bversion\b")
_ADDRESS = re.compile(r"https?://[^\s()<>\[\]\"']+")
_FOOTNOTE = re.compile(r"\[\^[^\[\]]*\]")
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])?")
_ICON_OR_TAG = re.compile(r":[a-z][a-z0-9_-]*:|<[^<>]*>")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table; ``package`` is the normalized name on PyPI, where the project is there and may have one.

    ``issue`` is the thread on GitHub, ``link`` the address of another tracker where there is none; ``first_version``
    is the first with support, which need not be out.
    """

    project: str
    package: str | None
    issue: IssueRef | None
    link: str | None = None
    first_version: str | None = None


@dataclass(frozen=True, slots=True)
class _Columns:
    project: int
    issue: int
    first: int | None


def parse_table(text: str) -> tuple[TableRow, ...]:
    """Read the rows of every table that has projects and issues, in their order."""
    rows: list[TableRow] = []
    columns: _Columns | None = None
    for line, following in pairwise((*_visible(text), "")):
        if not line.lstrip().startswith("|") or _is_rule(line):
            continue
        if _is_rule(following):
            columns = _columns(_cells(line))
        elif columns is not None and (row := _row(_cells(line), columns)) is not None:
            rows.append(row)
    return tuple(rows)


def _visible(text: str) -> Iterator[str]:
    """Return the lines that a reader sees as text: without comments and blocks of code."""
    first, *others = text[:LONGEST_TEXT].split("<!--")
    shown = first + "".join(other.partition("-->")[2] for other in others)
    code = False
    for line in shown.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            code = not code
        elif not code:
            yield line


def _is_rule(line: str) -> bool:
    """Return the line between a table's headings and its rows, such as ``| :--- | --- |``."""
    return "-" in line and "|" in line and set(line) <= set("|:- \t")


def _cells(line: str) -> list[str]:
    """Cut a line at its pipes; the outer ones are only for looks."""
    parts = _PIPE.split(line.strip().removeprefix("|"))
    return [part.strip()[:_LONGEST_CELL].replace("\\|", "|") for part in parts]


def _columns(headings: Sequence[str]) -> _Columns | None:
    """Find the columns by their headings, None where the table is about something else."""
    plain = [_plain(heading).lower() for heading in headings]
    project = next((place for place, heading in enumerate(plain) if _PROJECT.fullmatch(heading)), None)
    issue = next((place for place, heading in enumerate(plain) if _ISSUE.search(heading)), None)
    first = next((place for place, heading in enumerate(plain) if _FIRST.search(heading)), None)
    return None if project is None or issue is None else _Columns(project, issue, first)


def _row(cells: Sequence[str], columns: _Columns) -> TableRow | None:
    def cell(place: int | None) -> str:
        return cells[place] if place is not None and place < len(cells) else ""

    project = _plain(cell(columns.project))
    if not project:
        return None
    links = [found[0] for found in _ADDRESS.finditer(cell(columns.issue))]
    issue = next((ref for link in links if (ref := linked_ref(link)) is not None), None)
    whole = len(cell(columns.issue)) < _LONGEST_CELL
    other = next((safe for link in links if whole and (safe := safe_link(link)) is not None), None)
    return TableRow(
        project=project,
        package=_package(project, issue),
        issue=issue,
        link=other if issue is None else None,
        first_version=_version(cell(columns.first)),
    )


def _version(cell: str) -> str | None:
    """Read a cell that names a version, None where it names none."""
    text = _plain(cell)
    try:
        return str(Version(text)) if len(text) <= _LONGEST_VERSION else None
    except InvalidVersion:
        return None


def _plain(cell: str) -> str:
    """Return what a cell shows: the words of links, no footnotes, icons, tags or emphasis."""
    text = _ICON_OR_TAG.sub(" ", _LINK.sub(r"\1", _FOOTNOTE.sub("", cell)))
    return " ".join(text.replace("`", "").split()).strip("*_ ")


def _package(project: str, issue: IssueRef | None) -> str | None:
    """Name the project on PyPI: by the table's name for it, or by the repository where that is known to differ."""
    name = canonicalize_name(project)
    if tracking_issue(name) is not None:
        return name
    known = None if issue is None else package_of(issue.repository)
    if known is not None:
        return known
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    try:
        return canonicalize_name(project, validate=True) if len(project) <= LONGEST_NAME else None
    except InvalidName:
        return None
