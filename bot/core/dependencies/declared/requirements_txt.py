"""Reads requirements.txt by pip's rules, and never more of it than packages of an index.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.core.dependencies.demands import (
    EDITABLE,
    LONGEST_REQUIREMENT,
    OPTION,
    TOO_LONG,
    VARIABLE,
    holds_variable,
    read_demand,
    shown,
)
from bot.core.dependencies.files import (
    LARGEST_FILE,
    MAIN,
    MOST_ENTRIES,
    Demand,
    DemandGroup,
    DependencyFile,
    FileKind,
    GroupKind,
    Lock,
    LockedPackage,
    Root,
    UnreadLine,
)
from bot.core.errors import UserError

DEEPEST_INCLUDE = 10
"""Files within each other by ``-r`` and ``-c``."""

MOST_INCLUDED = 100
"""Files that one includes, directly or not."""

MOST_LINES = 500_000
"""Lines of a file; a lock of 300 packages with all hashes has 20,000."""

MOST_PARENTS = 1_000
"""Names in a comment that says who required a package."""

Included = Callable[[str], str | None]
"""Gives the text of a file by its path within the folder of the first, with ``/``; None if there is none.

It may raise a ``UserError``, whose text is then told as the reason.
"""

_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_OPTIONS = re.compile(r"(?:^|(?<=\s))-")
_INCLUDE = re.compile(r"(?:(?P<short>-[rc])|(?P<long>--requirement|--constraint)(?:\s|=))(?P<path>.*)", re.DOTALL)
_EDITABLE = re.compile(r"-e|--editable(?:\s|=|$)")
_HASH = re.compile(r"(?<!\S)--hash[=\s]")
_GENERATED = re.compile(r"generated\b.{0,20}\bby\b", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_ABSOLUTE = re.compile(r"[/\\~]|[A-Za-z]:")
_VIA = re.compile(r"via(?:\s+|$)")
_PARENT = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)(?:\[[^\]]*\])?")


@dataclass(slots=True)
class RequirementRow:
    """A line that names something to install, or that was not read: what it asks for, or why it was left out.

    ``hashes`` are how many the line has. ``parents`` are who required it, as ``# via`` says; ``direct`` tells that
    a file or a project of one's own is among them.
    """

    file: str
    line: int
    text: str
    found: Demand | str
    constraint: bool = False
    hashes: int = 0
    parents: list[str] = field(default_factory=list)
    direct: bool = False


def read_requirements(
    file: str, text: str, included: Included | None = None, place: str | None = None
) -> DependencyFile:
    """Return what a requirements file asks for; if every package in it is pinned, that is a lock.

    ``included`` gives the files that it names by ``-r`` and ``-c``, by their paths within a folder, and ``place`` is
    its own path there: its name, if nothing else is said.
    """
    rows, complete = requirement_rows(file, text, included, place)
    demands = [(row, row.found) for row in rows if isinstance(row.found, Demand)]
    required = [(row, demand) for row, demand in demands if not row.constraint]
    pins = [(row, demand, pin) for row, demand in required if (pin := pinned(demand)) is not None]
    is_lock = bool(pins) and len(pins) == len(required)
    roots = _direct(required) if is_lock else [demand for _, demand in required]
    return DependencyFile(
        file=file,
        kind=FileKind.REQUIREMENTS,
        roots=(Root(None, (DemandGroup(GroupKind.MAIN, MAIN, tuple(roots)),)),),
        constraints=tuple(demand for row, demand in demands if row.constraint),
        lock=_lock(pins) if is_lock else None,
        not_read=tuple(
            UnreadLine(row.file, row.line, shown(row.text), row.found) for row in rows if isinstance(row.found, str)
        ),
        warnings=() if complete or not is_lock else (_incomplete(len(pins)),),
    )


def requirement_rows(
    file: str, text: str, included: Included | None = None, place: str | None = None
) -> tuple[list[RequirementRow], bool]:
    """Return the lines that matter, of the file and of those that it includes, and whether they seem to be complete.

    They do if a tool made them that leaves nothing out: there are hashes, ``# via``, or a line that says so.
    """
    reading = _Reading(file, included)
    reading.read(file, _steps(place or re.split(r"[/\\]", file)[-1]) or ("requirements.txt",), text, constraint=False)
    return reading.rows, reading.complete


def pinned(demand: Demand) -> str | None:
    """Return the one version that a requirement allows, as it is written."""
    specifiers = list(demand.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in {"==", "==="} or specifiers[0].version.endswith(".*"):
        return None
    return specifiers[0].version


class _Reading:
    """What was read of a file and of those that it includes so far."""

    def __init__(self, file: str, included: Included | None) -> None:
        self.rows: list[RequirementRow] = []
        self.complete = False
        self._file = shown(file)
        self._included = included
        self._characters = 0
        self._open: list[tuple[str, ...]] = []
        self._read: set[tuple[tuple[str, ...], bool]] = set()

    def read(self, file: str, place: tuple[str, ...], text: str, *, constraint: bool) -> None:
        """Read one file, and those that it includes where it does."""
        self._characters += len(text)
        if self._characters > LARGEST_FILE:
            raise UserError(f"{self._file} and what it includes are too large: {LARGEST_FILE:,} characters are read.")
        self._open.append(place)
        self._read.add((place, constraint))
        via = _Via()
        lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
        if len(lines) > MOST_LINES:
            raise UserError(f"{shown(file)} has {len(lines):,} lines. At most {MOST_LINES:,} are read.")
        for number, line in _joined(lines):
            found = _COMMENT.search(line)
            content, comment = (line[: found.start()].strip(), line[found.end() :]) if found else (line.strip(), None)
            include = None if holds_variable(content) else _INCLUDE.match(content)
            if include is not None:
                via.follow(None)
                self._include(file, number, content, include)
            elif content:
                row = self._row(file, number, content, constraint=constraint)
                via.follow(row)
                self._add(row)
            if comment is not None:
                self.complete |= via.hear(comment) or _GENERATED.search(comment) is not None
            elif not content:
                via.follow(None)
        self._open.pop()

    def _add(self, row: RequirementRow) -> None:
        self.rows.append(row)
        self.complete |= row.hashes > 0
        if len(self.rows) > MOST_ENTRIES:
            raise UserError(f"{self._file} has more than {MOST_ENTRIES:,} lines that matter, which is the limit.")

    @staticmethod
    def _row(file: str, number: int, content: str, *, constraint: bool) -> RequirementRow:
        """Return what a line is."""
        row = RequirementRow(file, number, content, OPTION, constraint=constraint)
        if not content.startswith("-"):
            options = _OPTIONS.search(content)
            row.found = read_demand((content[: options.start()] if options else content).strip(), number)
            row.hashes = len(_HASH.findall(content, options.start())) if options else 0
        elif _EDITABLE.match(content):
            row.found = EDITABLE
        elif holds_variable(content):
            row.found = VARIABLE
        return row

    def _include(self, file: str, number: int, content: str, include: re.Match[str]) -> None:
        """Read the file that a line includes, or tell why not."""
        constraint = (include["short"] or include["long"]) in {"-c", "--constraint"}
        named = _first_word(include["path"])
        steps = _steps(named, self._open[-1][:-1])
        reason = TOO_LONG if named is None else self._refusal(named, steps)
        if reason is None and steps is not None and (steps, constraint) not in self._read:
            path = "/".join(steps)
            try:
                text = self._included(path) if self._included else None
            except UserError as error:
                reason = str(error)
            else:
                if text is not None:
                    self.read(path, steps, text, constraint=constraint)
                    return
                reason = "no such file among those given"
        if reason is not None:
            self._add(RequirementRow(file, number, content, reason))

    def _refusal(self, named: str, steps: tuple[str, ...] | None) -> str | None:
        """Return why a file is not included, if that can be said before it is looked for."""
        if not named:
            return "no file is named"
        if _ELSEWHERE.match(named) and not _ABSOLUTE.match(named):
            return "a URL: only files in the same folder are included"
        if _ABSOLUTE.match(named):
            return "an absolute path: only files in the same folder are included"
        if steps is None:
            return "outside the folder: only files in it are included"
        if steps in self._open:
            return "a file that includes itself"
        if len(self._open) > DEEPEST_INCLUDE:
            return f"more than {DEEPEST_INCLUDE} files include each other"
        if len({place for place, _ in self._read}) > MOST_INCLUDED:
            return f"more than {MOST_INCLUDED} files are included"
        return None


class _Via:
    """Listens to the comments behind a requirement, in which pip-compile and uv say who required it."""

    def __init__(self) -> None:
        self._row: RequirementRow | None = None
        self._listing = False

    def follow(self, row: RequirementRow | None) -> None:
        """Go on with the comments behind another line."""
        self._row = row
        self._listing = False

    def hear(self, comment: str) -> bool:
        """Take a comment, without its ``#``, and return whether it says who required the line before it."""
        if self._row is None:
            return False
        said = comment.strip()
        if found := _VIA.match(said):
            self._listing = True
            said = said[found.end() :]
        elif not comment.startswith("  "):
            self._listing = False
        if self._listing:
            for parent in filter(None, map(str.strip, said.split(",", MOST_PARENTS)[:MOST_PARENTS])):
                whole = _PARENT.fullmatch(parent)
                if whole:
                    self._row.parents.append(canonicalize_name(whole["name"]))
                else:  # `-r requirements.in`, `project (pyproject.toml)`
                    self._row.direct |= not parent.startswith("-c")
        return self._listing


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Give the lines with those joined that end in a backslash, each with the number of its first.

    As pip does it: a line that is a comment ends what is joined, whatever it ends with.
    """
    parts: list[str] = []
    first = 0
    for number, line in enumerate(lines, start=1):
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            first = first if parts else number
            parts.append(line.strip("\\"))
        elif parts:
            yield first, "".join([*parts, f" {line}" if is_comment else line])
            parts = []
        else:
            yield number, line
    if parts:
        yield first, "".join(parts)


def _first_word(text: str) -> str | None:
    """Return the first word as a shell reads it; None if the line is too long for a path."""
    if len(text) > LONGEST_REQUIREMENT:
        return None
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    return words[0] if words else ""


def _steps(path: str | None, folder: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Return a path within the folder, without dots; None if it leads out of it."""
    steps = list(folder)
    for step in re.split(r"[/\\]", path or ""):
        if step == ".." and not steps:
            return None
        if step == "..":
            steps.pop()
        elif step not in {"", "."}:
            steps.append(step)
    return tuple(steps)


def _direct(required: Sequence[tuple[RequirementRow, Demand]]) -> list[Demand]:
    """Return what one asked for oneself: nobody that is in the file too required it, or a file of one's own did."""
    names = {demand.name for _, demand in required}
    return [demand for row, demand in required if row.direct or names.isdisjoint(row.parents)]


def _lock(pins: Sequence[tuple[RequirementRow, Demand, str]]) -> Lock:
    requires: dict[str, dict[str, Demand]] = {}
    for row, demand, _ in pins:
        for parent in row.parents:
            requires.setdefault(parent, {})[demand.name] = Demand(demand.name, line=demand.line)
    packages: dict[tuple[str, str, str], LockedPackage] = {}
    for _, demand, pin in pins:
        package = LockedPackage(
            name=demand.name,
            version=_version(pin),
            requires=tuple(requires.get(demand.name, {}).values()),
            groups=(MAIN,),
            marker=demand.marker,
            line=demand.line,
        )
        packages.setdefault((demand.name, pin, str(demand.marker)), package)
    return Lock(packages=tuple(packages.values()), walked=False)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except ValueError:  # after `===`
        return None


def _incomplete(number: int) -> str:
    which = (
        "The requirement is pinned, so it was taken as it is"
        if number == 1
        else (f"All {number:,} requirements are pinned, so they were taken as they are")
    )
    besides = "it requires" if number == 1 else "they require"
    return f"{which}; what {besides} besides was not looked for."
