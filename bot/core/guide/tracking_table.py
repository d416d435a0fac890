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
        "connector-x": "connectorx",
        "cute dsl": "nvidia-cutlass-dsl",
        "mamba": None,
        "mlir-python": None,
        "mypyc": "mypy",
        "nvimagecodec": "nvidia-nvimgcodec-cu12",
        "opencv": "opencv-python",
        "pixi": None,
        "pyav": "av",
        "pyo3": None,
        "pyobjc": "pyobjc-core",
        "pytables": "tables",
        "pytorch": "torch",
        "rust-numpy": None,
        "spack": None,
        "swig": None,
        "ultrajson": "ujson",
    }
)
_PIPE = re.compile(r"(?<!\\)\|")
_PROJECT = re.compile(r"\A(?:projects?|packages?|names?)\Z")
_ISSUE = re.compile(r"\bissues?\b|\btrackers?\b")
_RELEASE = re.compile(r"\bpypi\b.*\brelease\b")
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
class Columns:
    """The places of the columns, from 0; ``release`` tells whether there is one on PyPI with support."""

    project: int
    issue: int
    first: int | None
    release: int | None = None


def parse_table(text: str) -> tuple[TableRow, ...]:
    """Read the rows of every table that has projects and issues, in their order."""
    rows: list[TableRow] = []
    columns: Columns | None = None
    lines = [line for _, line in visible_lines(text)]
    for line, following in pairwise((*lines, "")):
        if not line.lstrip().startswith("|") or is_rule(line):
            continue
        if is_rule(following):
            columns = columns_of(_cells(line))
        elif columns is not None and (row := row_of(_cells(line), columns)) is not None:
            rows.append(row)
    return tuple(rows)


def visible_lines(text: str) -> Iterator[tuple[int, str]]:
    """Return the lines that a reader sees as text, with their numbers from 1: without comments and blocks of code."""
    first, *others = text[:LONGEST_TEXT].split("<!--")
    shown = first + "".join(_uncommented(other) for other in others)
    code = False
    for number, line in enumerate(shown.split("\n"), start=1):
        if line.lstrip().startswith(("```", "~~~")):
            code = not code
        elif not code:
            yield number, line.rstrip("\r")


def _uncommented(text: str) -> str:
    """Return what follows a comment, after as many line ends as it had."""
    comment, _, rest = text.partition("-->")
    return "\n" * comment.count("\n") + rest


def is_rule(line: str) -> bool:
    """Return the line between a table's headings and its rows, such as ``| :--- | --- |``."""
    return "-" in line and "|" in line and set(line) <= set("|:- \t")


def _cells(line: str) -> list[str]:
    """Cut a line at its pipes; the outer ones are only for looks."""
    parts = split_at_pipes(line.strip().removeprefix("|"))
    return [part.strip()[:_LONGEST_CELL].replace("\\|", "|") for part in parts]


def split_at_pipes(line: str) -> list[str]:
    """Cut a line at its pipes but for escaped ones."""
    return _PIPE.split(line)


def columns_of(headings: Sequence[str]) -> Columns | None:
    """Find the columns by their headings, None where the table is about something else."""
    plain = [shown_text(heading).lower() for heading in headings]

    def place_of(pattern: re.Pattern[str]) -> int | None:
        return next((place for place, heading in enumerate(plain) if pattern.search(heading)), None)

    project, issue = place_of(_PROJECT), place_of(_ISSUE)
    if project is None or issue is None:
        return None
    return Columns(project, issue, place_of(_FIRST), place_of(_RELEASE))


def row_of(cells: Sequence[str], columns: Columns) -> TableRow | None:
    """Read the cells of a row; None where its project has no name."""

    def cell(place: int | None) -> str:
        return cells[place] if place is not None and place < len(cells) else ""

    project = shown_text(cell(columns.project))
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
    text = shown_text(cell)
    try:
        return str(Version(text)) if len(text) <= _LONGEST_VERSION else None
    except InvalidVersion:
        return None


def shown_text(cell: str) -> str:
    """Return what a cell shows: the words of links, no footnotes, icons, tags or emphasis."""
    text = _ICON_OR_TAG.sub(" ", _LINK.sub(r"\1", _FOOTNOTE.sub("", cell)))
    return " ".join(text.replace("`", "").split()).strip("*_ ")


def _package(project: str, issue: IssueRef | None) -> str | None:
    """Name the project on PyPI: by the table's name for it, or by the repository where that is known to differ."""
    name = canonicalize_name(project)
    if tracking_issue(name) is not None:
        return name
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    known = None if issue is None else package_of(issue.repository)
    if known is not None:
        return known
    try:
        return canonicalize_name(project, validate=True) if len(project) <= LONGEST_NAME else None
    except InvalidName:
        return None
