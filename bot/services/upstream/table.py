"""Compares the tracking table with the index: reads as little as it can, and keeps what it concluded.

What was concluded of a package is believed as long as a status is; then its page is asked for only if it changed. An
index that cannot be reached is answered for from what was kept, and where nothing was, the row says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import msgspec
from packaging.version import Version

from bot.clients.pages import NoPage, PageSummary
from bot.core.errors import UpstreamError
from bot.core.github.threads import ForbiddenError, Glimpse, IssueRef
from bot.core.guide.table_page import PageRow, TablePage
from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import Gil, turning_on
from bot.core.text.sentences import listed
from bot.core.upstream.table_check import NoGlimpse, RowMaterial
from bot.core.upstream.table_facts import FACTS, PackageFacts, package_facts
from bot.core.upstream.table_missing import MissingRow
from bot.core.upstream.table_report import TableReport, check_page
from bot.core.verdicts.curated import family, gil_reenabled
from bot.core.verdicts.freshness import FRESH_WHEN_CLOSED, FRESH_WHILE_OPEN
from bot.core.verdicts.modifiers import UPLOADS_CLOSED
from bot.services.index import Summaries
from bot.services.upstream.table_missing import MissingRows
from storage.packages.documents import Documents
from storage.packages.inspections import Inspections

_FACTS = "tracking facts"
"""What the conclusions are called among the documents."""

_DEAD = 5
"""Pages that could not be read before any was: nobody is there, and the rest is not tried."""

Progress = Callable[[int, int], None]
"""Told how many of how many packages were looked at."""

Resolve = Callable[[Sequence[IssueRef]], Awaitable[Mapping[IssueRef, Glimpse | None]]]
"""Looks up threads; one of which GitHub says nothing is left out."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was concluded of a package for the version that its row names, and until when that is believed."""

    stated: str | None
    checked: datetime
    until: datetime
    etag: str | None
    facts: PackageFacts | None


@dataclass(frozen=True, slots=True)
class _Document:
    """All that is kept, with what it follows from."""

    version: int
    index: str
    packages: dict[str, _Kept]


_decode = msgspec.json.Decoder(_Document).decode


@dataclass(frozen=True, slots=True)
class TableChecker:
    """Compares; ``resolve`` looks where links lead, None where nobody may."""

    index: Summaries
    index_url: str
    documents: Documents
    inspections: Inspections
    missing: MissingRows
    now: Callable[[], datetime]
    resolve: Resolve | None = None
    connections: int = 6

    async def check(self, page: TablePage, progress: Progress = lambda *_: None) -> TableReport:
        """Compare a page. Raises ``UpstreamError`` where the index answers nothing and nothing was kept."""
        wanted: dict[str, str | None] = {}
        for row in page.rows:
            for package in _packages(row):
                wanted.setdefault(package, row.row.first_version)
        facts = await self._facts(wanted, progress)
        read = await self.inspections.of_packages(sorted(wanted))
        links, links_problem = await self._links([row.row.issue for row in page.rows if row.row.issue is not None])
        turns_gil_on = partial(_turns_gil_on, _by_release(read))
        material = [_material(row, facts, turns_gil_on, links) for row in page.rows]
        missing = await self._missing(set(wanted))
        return check_page(page, material, missing, links_problem=links_problem)

    async def _facts(
        self, wanted: Mapping[str, str | None], progress: Progress
    ) -> Mapping[str, PackageFacts | str | None]:
        kept = await self._kept()
        reading = _Reading(self, kept, len(wanted), progress)
        names = iter(wanted.items())
        async with asyncio.TaskGroup() as workers:
            for _ in range(self.connections):
                workers.create_task(reading.work(names))
        if reading.failed and not reading.facts:
            raise UpstreamError(f"Nothing could be compared: {next(iter(reading.failed.values()))}")
        if reading.is_new:
            document = _Document(FACTS, self.index_url, {**kept, **reading.kept})
            await self.documents.record(_FACTS, msgspec.json.encode(document), self.now())
        return {**reading.facts, **reading.failed}

    async def _kept(self) -> dict[str, _Kept]:
        stored = await self.documents.latest(_FACTS)
        try:
            document = None if stored is None else _decode(stored[0])
        except msgspec.MsgspecError:
            return {}
        fits = document is not None and (document.version, document.index) == (FACTS, self.index_url)
        return document.packages if document is not None and fits else {}

    async def _links(self, refs: Sequence[IssueRef]) -> tuple[Mapping[IssueRef, Glimpse | NoGlimpse], str | None]:
        """Look where links lead; a sentence says why that could not be seen."""
        if self.resolve is None:
            return {}, "FTBOT_GITHUB_TOKEN is not set."
        try:
            found = await self.resolve(refs) if refs else {}
        except (UpstreamError, ForbiddenError) as error:
            return {}, str(error)
        return {ref: NoGlimpse.GONE if seen is None else seen for ref, seen in found.items()}, None

    async def _missing(self, there: set[str]) -> list[MissingRow]:
        """Find packages that have no row, by people's questions, else by downloads."""
        async for candidates in self.missing.candidates(there):
            facts: Mapping[str, PackageFacts | str | None] = {}
            with suppress(UpstreamError):  # what was scanned is told without it
                facts = await self._facts(dict.fromkeys(candidates.to_read), lambda *_: None)
            if rows := candidates.rows(facts):
                return rows
        return []


@dataclass(slots=True)
class _Reading:
    """What is read for one comparison."""

    checker: TableChecker
    known: Mapping[str, _Kept]
    total: int
    progress: Progress
    facts: dict[str, PackageFacts | None] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    kept: dict[str, _Kept] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Return whether anything was learnt."""
        return bool(self.kept)

    async def work(self, names: Iterator[tuple[str, str | None]]) -> None:
        """Take packages from an iterator that others take from, too."""
        for name, stated in names:
            await self._look_at(name, stated)
            self.progress(len(self.facts) + len(self.failed), self.total)

    async def _look_at(self, name: str, stated: str | None) -> None:
        now = self.checker.now()
        known = self.known.get(name)
        if known is not None and known.stated != stated:
            known = None
        if known is not None and known.checked <= now < known.until:
            self.facts[name] = known.facts
            return
        if not self.facts and len(self.failed) >= _DEAD and known is None:
            self.failed[name] = next(iter(self.failed.values()))
            return
        try:
            page = await self.checker.index.summary(
                name, None if known is None else known.etag, partial(package_facts, stated=stated)
            )
        except UpstreamError as error:
            if known is None:
                self.failed[name] = str(error)
            else:
                self.facts[name] = known.facts
            return
        facts, etag = _concluded(page, known)
        self.facts[name] = facts
        self.kept[name] = _Kept(stated, now, now + _believed(facts, now), etag, facts)


def _concluded(page: PageSummary[PackageFacts] | NoPage, known: _Kept | None) -> tuple[PackageFacts | None, str | None]:
    """Return what an answer says of a package, and its ETag; nothing where there is no such package."""
    if isinstance(page, PageSummary):
        return page.concluded, page.etag
    return (known.facts, known.etag) if page is NoPage.NOT_MODIFIED and known is not None else (None, None)


def _believed(facts: PackageFacts | None, now: datetime) -> timedelta:
    """Return for how long facts are believed: not for long while files may still be added to the newest release."""
    day = None if facts is None or facts.newest is None else facts.newest.day
    closed = day is not None and now.date() - day > UPLOADS_CLOSED
    return FRESH_WHEN_CLOSED if closed else FRESH_WHILE_OPEN


def _packages(row: PageRow) -> tuple[str, ...]:
    """Return the packages that a row is about: the one that it names, and those that have its wheels."""
    package = row.row.package
    if package is None:
        return ()
    named = family(package)
    return (package, *(() if named is None else named.members))


def _material(
    row: PageRow,
    facts: Mapping[str, PackageFacts | str | None],
    turns_gil_on: Callable[[str, str], str | None],
    links: Mapping[IssueRef, Glimpse | NoGlimpse],
) -> RowMaterial:
    issue = row.row.issue
    link = NoGlimpse.NOT_CHECKED if issue is None else links.get(issue, NoGlimpse.NOT_CHECKED)
    own, *members = _packages(row) or ("",)
    return RowMaterial(
        facts.get(own),
        {name: found for name in members if isinstance(found := facts.get(name), PackageFacts)},
        turns_gil_on,
        link,
    )


def _by_release(read: Sequence[ReadWheel]) -> dict[tuple[str, str], ReadWheel]:
    """Return of each release a wheel that turns the GIL back on, if one was read."""
    return {(each.package, str(each.version)): each for each in read if each.inspection.gil is Gil.ON}


def _turns_gil_on(read: Mapping[tuple[str, str], ReadWheel], package: str, version: str) -> str | None:
    """Return what shows that importing a release turns the GIL back on: what was read in it, or who found out."""
    found = read.get((package, version))
    if found is not None:
        return f"{listed(turning_on(found.inspection.modules), 1)}, read from {found.inspection.wheel}."
    curated = gil_reenabled(package, Version(version))
    return None if curated is None else curated.evidence
