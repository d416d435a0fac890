"""Compares a row of the tracking table with the index: what it says wrongly is told apart from what people judge.

Wheels show when support came, and never that it is good: a version named later than the first with wheels is what a
maintainer stands for, and stays. Nothing is guessed: what could not be read is said to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum

from packaging.version import Version

from bot.core.github.threads import Glimpse, ThreadState
from bot.core.guide.table_cells import Icons, with_address, with_text, without_footnotes
from bot.core.guide.table_page import PageRow
from bot.core.guide.tracking_table import Columns, shown_text
from bot.core.text.sentences import joined, one_line, shortened
from bot.core.upstream.table_facts import PackageFacts, ReleaseFacts, Ships

_LONGEST_SHOWN = 60


class RowState(StrEnum):
    """How a row stands, by the words of the contract: what tells most of it first."""

    WRONG = "wrong"
    OUT_OF_DATE = "out-of-date"
    TYPO = "typo"
    LINK = "link"
    PERSON = "person"
    NOT_ON_INDEX = "not-on-index"
    FINE = "fine"


_ORDER = tuple(RowState)


class NoGlimpse(Enum):
    """Why there is nothing to see behind a link."""

    NOT_CHECKED = "nobody looked"
    GONE = "it leads nowhere"


@dataclass(frozen=True, slots=True)
class RowMaterial:
    """What a row is compared with: ``facts`` None is that the index has no such package, a text why it was not read.

    ``members`` are the packages under whose names its wheels are published. ``turns_gil_on`` returns what shows that
    importing a release, by package and version, turns the GIL back on, None where nothing does. ``link`` is what the
    row's thread is now.
    """

    facts: PackageFacts | str | None
    members: Mapping[str, PackageFacts] = field(default_factory=dict)
    turns_gil_on: Callable[[str, str], str | None] = lambda _package, _version: None
    link: Glimpse | NoGlimpse = NoGlimpse.NOT_CHECKED


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row and how it stands; ``reason`` has sentences, ``cells`` what is to be written, None where nothing is.

    ``link_unchecked`` tells that it has a link, and that nobody looked where it leads.
    """

    row: PageRow
    state: RowState
    reason: str
    cells: tuple[str, ...] | None = None
    link_unchecked: bool = False


@dataclass(frozen=True, slots=True)
class TableStyle:
    """What all rows of a table have in common; ``tick`` is the icon that says yes."""

    columns: Columns
    headings: int
    icons: Icons
    tick: str


@dataclass(frozen=True, slots=True)
class _Finding:
    """One thing to say of a row; ``ticked`` and ``version`` are what to write, None where that stays as it is."""

    state: RowState
    reason: str
    ticked: bool | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a row claims: a release with support on the index or not, and the first version, as it is written."""

    package: str
    ticked: bool
    version: str


def check_row(row: PageRow, style: TableStyle, material: RowMaterial) -> CheckedRow:
    """Compare a row with what is known."""
    if len(row.cells) > style.headings:
        what = f"It has {len(row.cells)} cells under {style.headings} headings"
        return CheckedRow(row, RowState.TYPO, f"{what}: a pipe too many, or one to write as `\\|`.")
    cells = [*row.cells, *[""] * (style.headings - len(row.cells))]
    found = _compared(row, style, cells, material)
    findings = [found, *_typos(style, cells), *_linked(row, material.link, found, style, cells)]
    findings.sort(key=lambda each: _ORDER.index(each.state))
    written = _written(row, style, cells, found, material.link)
    return CheckedRow(
        row,
        findings[0].state,
        " ".join(each.reason for each in findings),
        written if written != tuple(cells) else None,
        link_unchecked=_has_link(row) and material.link is NoGlimpse.NOT_CHECKED,
    )


def _written(
    row: PageRow, style: TableStyle, cells: list[str], found: _Finding, link: Glimpse | NoGlimpse
) -> tuple[str, ...]:
    """Write what was found into the cells of a row."""
    new = [style.icons.mended(cell) for cell in cells]
    release, first = style.columns.release, style.columns.first
    if found.ticked is not None and release is not None:
        new[release] = with_text(new[release], style.tick if found.ticked else "")
    if found.version is not None and first is not None:
        new[first] = with_text(new[first], found.version)
    if row.row.issue is not None and isinstance(link, Glimpse) and _has_moved(row, link):
        new[style.columns.issue] = with_address(new[style.columns.issue], row.row.issue, _address(link))
    return tuple(new)


def _typos(style: TableStyle, cells: list[str]) -> Iterator[_Finding]:
    typos = {written: meant for cell in cells for written, meant in style.icons.typos(cell).items()}
    if typos:
        told = joined([f"`{written}` should be `{meant}`" for written, meant in typos.items()])
        yield _Finding(RowState.TYPO, f"{told}.")


def _linked(
    row: PageRow, link: Glimpse | NoGlimpse, found: _Finding, style: TableStyle, cells: list[str]
) -> Iterator[_Finding]:
    """Tell of a thread that moved, is gone, or was closed while the row says that nothing came of it."""
    if link is NoGlimpse.GONE:
        yield _Finding(RowState.LINK, "Its link leads nowhere: the thread was deleted, or is private.")
    elif not isinstance(link, Glimpse):
        return
    elif _has_moved(row, link):
        yield _Finding(RowState.LINK, f"Its thread moved to {link.ref}.")
    elif link.state is not ThreadState.OPEN and found.state is RowState.FINE and not _claims_support(style, cells):
        yield _Finding(RowState.LINK, "Its thread was closed, while the row says that there is no support.")


def _has_link(row: PageRow) -> bool:
    return row.row.issue is not None or row.row.link is not None


def _has_moved(row: PageRow, link: Glimpse) -> bool:
    issue = row.row.issue
    return issue is not None and (
        issue.number != link.ref.number or issue.repository.lower() != link.ref.repository.lower()
    )


def _address(link: Glimpse) -> str:
    return link.ref.page(is_pr=link.is_pr)


def _claims_support(style: TableStyle, cells: list[str]) -> bool:
    places = (style.columns.release, style.columns.first)
    return any(without_footnotes(cells[place]) for place in places if place is not None)


def _compared(row: PageRow, style: TableStyle, cells: list[str], material: RowMaterial) -> _Finding:
    package, facts = row.row.package, material.facts
    if package is None:
        return _Finding(RowState.NOT_ON_INDEX, "It is not published on the index, as far as is known.")
    if facts is None:
        return _Finding(RowState.NOT_ON_INDEX, f"The index has no package called {package}.")
    if isinstance(facts, str):
        return _Finding(RowState.PERSON, f"The index could not be read, so that nobody knows: {facts}")
    if facts.newest is None:
        return _Finding(RowState.PERSON, f"{package} has no release with files on the index.")
    first, release = style.columns.first, style.columns.release
    claim = _Claim(
        package,
        ticked=release is not None and bool(without_footnotes(cells[release])),
        version="" if first is None else shown_text(cells[first]),
    )
    if claim.version:
        return _of_version(claim, facts, material)
    return _without_version(claim, facts, facts.newest, material)


def _without_version(claim: _Claim, facts: PackageFacts, newest: ReleaseFacts, material: RowMaterial) -> _Finding:
    """Judge a row that names no version: has support come meanwhile?"""
    supporter, there = _supporter(claim.package, facts, newest, material)
    if there is not None and there.newest is not None and there.first is not None:
        what = came(claim.package, supporter, there)
        if supporter != claim.package:  # even alike numbers may stand for other days
            return _Finding(RowState.PERSON, f"{what} Which version of {claim.package} counts is for a person to say.")
        if evidence := material.turns_gil_on(supporter, there.newest.version):
            return _Finding(
                RowState.PERSON, f"{what} Importing {there.newest.version} turns the GIL back on: {evidence}"
            )
        return _Finding(RowState.OUT_OF_DATE, what, ticked=None if claim.ticked else True, version=there.first.version)
    if newest.ships is Ships.NO_PYTHON_ABI:
        return _Finding(RowState.PERSON, f"The wheels of {newest.version} have no Python ABI: they install everywhere.")
    if newest.ships is Ships.PURE and not material.members:
        return _Finding(RowState.PERSON, f"{newest.version} is pure Python, of which no wheel can tell anything.")
    if facts.first is not None:
        return _Finding(RowState.PERSON, f"{still_none(facts, newest)} Whether those count is for a person to say.")
    if claim.ticked:
        return _Finding(RowState.WRONG, f"{claim.package} has no free-threaded wheel in any release.", ticked=False)
    return _Finding(RowState.FINE, still_none(facts, newest))


def _supporter(
    package: str, facts: PackageFacts, newest: ReleaseFacts, material: RowMaterial
) -> tuple[str, PackageFacts | None]:
    """Return which package has free-threaded wheels now: this one, or one under whose name its wheels are."""
    if newest.is_current:
        return package, facts
    for member, found in material.members.items():
        if found.newest is not None and found.newest.is_current:
            return member, found
    return package, None


def came(package: str, supporter: str, facts: PackageFacts) -> str:
    """Return since when there are wheels; ``supporter`` is the package under whose name they are, if not its own."""
    first, newest = facts.first, facts.newest
    if first is None or newest is None:
        return ""
    whose = "" if supporter == package else f"{supporter}, which has the wheels of {package}: "
    came = f"{whose}{first.version}{_on(first.day)} was the first with wheels, for {joined(first.free_threaded)}."
    now = f" {newest.version} has them for {joined(newest.free_threaded)}." if newest.version != first.version else ""
    return f"{came[0].upper()}{came[1:]}{now}" if not whose else f"{came}{now}"


def still_none(facts: PackageFacts, newest: ReleaseFacts) -> str:
    """Return that the newest release has no wheels, and what else there was."""
    first = facts.first
    if first is not None:
        none = f"{newest.version} has no wheel for 3.14t or later"
        return f"{none}; {first.version}{_on(first.day)} had some for {joined(first.free_threaded)}."
    if facts.prerelease is not None:
        return f"Only the pre-release {facts.prerelease} has free-threaded wheels; {newest.version} has none."
    return f"No release has a free-threaded wheel; the newest is {newest.version}."


def _of_version(claim: _Claim, facts: PackageFacts, material: RowMaterial) -> _Finding:
    """Judge a row that names a version as the first with support."""
    named = facts.stated
    if named is None:
        return _absent(claim, facts, material)
    if named.is_yanked:
        return _Finding(RowState.PERSON, _yanked(named, facts.first))
    member = next((each.stated for each in material.members.values() if _has(each.stated)), None)
    with_wheels = named if named.free_threaded else member
    if with_wheels is not None:
        return _with_wheels(claim, facts, named, with_wheels, material)
    if named.pure or named.ships is Ships.PURE:
        return _Finding(RowState.FINE, f"{named.version} installs as pure Python.")
    if named.ships is Ships.NO_PYTHON_ABI:
        return _Finding(RowState.FINE, f"The wheels of {named.version} have no Python ABI: they install everywhere.")
    return _without_wheels(claim, facts, named)


def _yanked(named: ReleaseFacts, first: ReleaseFacts | None) -> str:
    other = "" if first is None else f"; the first with wheels that was not is {first.version}{_on(first.day)}"
    return f"{named.version} was yanked{other}."


def _has(release: ReleaseFacts | None) -> bool:
    return release is not None and bool(release.free_threaded)


def _absent(claim: _Claim, facts: PackageFacts, material: RowMaterial) -> _Finding:
    """Judge a version that the index does not have."""
    shown, newest, first = shortened(one_line(claim.version), _LONGEST_SHOWN), facts.newest, facts.first
    try:
        awaited = newest is not None and Version(claim.version) > Version(newest.version)
    except ValueError:  # InvalidVersion is one, and so is the complaint about a number with thousands of digits
        return _Finding(RowState.PERSON, f"“{shown}” is no version that could be looked up.")
    if awaited and newest is not None:
        if newest.is_current and first is not None:
            what = f"{shown} is not out, and wheels came with {first.version}{_on(first.day)}"
            return _Finding(RowState.PERSON, f"{what}. Which one counts is for a person to say.")
        what = f"{shown} is not out yet; {newest.version} has no free-threaded wheel"
        if claim.ticked:
            return _Finding(RowState.PERSON, f"{what}, though the row says that there is a release.")
        return _Finding(RowState.FINE, f"{what}.")
    if first is None or not claim.ticked or any(material.members):
        return _Finding(RowState.PERSON, f"The index has no release {shown}.")
    what = f"The index has no release {shown}; the first with wheels was {first.version}{_on(first.day)}."
    return _Finding(RowState.WRONG, what, version=first.version)


def _with_wheels(
    claim: _Claim, facts: PackageFacts, named: ReleaseFacts, having: ReleaseFacts, material: RowMaterial
) -> _Finding:
    """Judge a version that has wheels: whether it is the first is for people to say."""
    first, newest = facts.first, facts.newest
    later = first is not None and first.version != named.version and _came_before(first.day, named.day)
    told = f"{named.version} has wheels for {joined(having.free_threaded)}"
    if first is not None and later:
        told = f"{told}, and {first.version}{_on(first.day)} had some before. Which one counts is for a person to say"
    if not claim.ticked:
        return _Finding(RowState.OUT_OF_DATE, f"{told}; the row has no release yet.", ticked=True)
    if evidence := material.turns_gil_on(claim.package, named.version):
        return _Finding(RowState.PERSON, f"{told}, but importing it turns the GIL back on: {evidence}")
    if later:
        return _Finding(RowState.PERSON, f"{told}.")
    if newest is not None and having is named and not newest.is_current:
        what = "it is the newest, and has" if newest.version == named.version else f"the newest, {newest.version}, has"
        return _Finding(RowState.PERSON, f"{told}, but {what} none for 3.14t or later.")
    return _Finding(RowState.FINE, f"{told}.")


def _without_wheels(claim: _Claim, facts: PackageFacts, named: ReleaseFacts) -> _Finding:
    """Judge a version that has no wheel that would install without a compiler."""
    first = facts.first
    if named.ships is Ships.NOTHING:
        what = f"{named.version} has no wheels at all: support, if any, is in its source."
        return _Finding(RowState.PERSON, what)
    if not claim.ticked:
        if first is not None and facts.newest is not None and facts.newest.is_current:
            what = f"{named.version} has none, but {first.version}{_on(first.day)} brought wheels."
            return _Finding(RowState.OUT_OF_DATE, what, ticked=True, version=first.version)
        what = f"{named.version} has no free-threaded wheel, and the row says so: support, if any, is in its source."
        return _Finding(RowState.PERSON, what)
    if first is None:
        what = f"{named.version} has no free-threaded wheel, nor has any other release"
        return _Finding(RowState.WRONG, f"{what}. Only its source can have support, so the tick goes.", ticked=False)
    what = f"{named.version} has no free-threaded wheel; the first that had was {first.version}{_on(first.day)}."
    return _Finding(RowState.WRONG, what, version=first.version)


def _came_before(first: date | None, named: date | None) -> bool:
    return first is None or named is None or first <= named


def _on(day: date | None) -> str:
    return "" if day is None else f" ({day})"
