"""Answers "does it work on free-threaded Python?": from memory, else from storage, else from the index.

A thousand people asking about one package at once cost one request. An unreachable index gives the last answer, marked
stale; without one the answer is ``unknown``, never "no".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from functools import partial
from typing import Protocol, TypeVar

from packaging.version import Version

from bot.clients.pages import NoPage, ProjectPage
from bot.core.errors import StorageError, TooLargeError, UpstreamError
from bot.core.index.metadata import NOT_OFFERED, Metadata
from bot.core.index.simple_api import MetadataFile, Project
from bot.core.inspection.inspection import Inspection
from bot.core.verdicts.freshness import Reading
from bot.core.verdicts.judge import Judgement, judge, without_release
from bot.core.verdicts.rules import PURE_ITSELF, Verdict
from bot.core.verdicts.status import Status, failed, of_targets
from bot.core.wheels.targets import Target
from bot.loggers import get_logger
from bot.services.index import Pages
from bot.services.packages.pages import ProjectPages
from bot.services.packages.writer import CLOSING_SECONDS, ReadingWriter, end

MISSING_IS_BELIEVED = timedelta(minutes=10)
TOO_LARGE_IS_BELIEVED = timedelta(minutes=10)
FAILURE_IS_BELIEVED = timedelta(seconds=15)
"""How long nobody asks again after the index failed, so that a crowd does not hammer it."""

_MOST_REMEMBERED = 5_000
_REQUIRED_AT_ONCE = 12
"""Pages of what one package requires that are read at a time."""

_T = TypeVar("_T")

log = get_logger(__name__)


class Freshness(Enum):
    """How far a question may be answered from what is stored."""

    NORMAL = "while it is fresh"
    REFRESH = "only if the index says that nothing changed"
    OFFLINE = "always; the index is not asked"


class Source(StrEnum):
    """Where the answer of a look-up came from; with ``FAILED`` the index gave none."""

    MEMORY = "memory"
    STORAGE = "storage"
    UNCHANGED = "unchanged"
    INDEX = "index"
    FAILED = "failed"


def uncounted(_: Source) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """``reading`` is what the status was judged from, as long as somebody holds the answer; it is not remembered.

    ``wait`` is for how many seconds the index asked to be left alone, where it did.
    """

    status: Status
    reading: Reading | None
    until: datetime
    wait: float | None = None


class KnownWheels(Protocol):
    """Knows what was read in wheels."""

    async def of_package(self, package: str, version: Version) -> Mapping[str, Inspection]:
        """Return what was read in the wheels of a release, by file name. Raises ``StorageError``."""


@dataclass(frozen=True, slots=True)
class StatusLookup:
    """Looks packages up; ``metadata_wait`` is how many seconds an answer waits for classifiers and links.

    ``count`` is told where each answer came from.
    ``inspections`` is what was read in wheels.
    ``storage_problem`` says why nothing is stored, where the database was replaced by an empty one.
    """

    index: Pages
    readings: ReadingWriter
    targets: tuple[Target, ...]
    now: Callable[[], datetime]
    metadata_wait: float = 0.2
    count: Callable[[Source], None] = uncounted
    storage_problem: str | None = None
    inspections: KnownWheels | None = None
    _memory: dict[str, _Answer] = field(default_factory=dict)
    _flights: dict[tuple[str, Freshness], asyncio.Task[_Answer]] = field(default_factory=dict)
    _background: set[asyncio.Task[object]] = field(default_factory=set)

    async def look_up(
        self, name: str, targets: Sequence[Target] = (), freshness: Freshness = Freshness.NORMAL
    ) -> Status:
        """Return the status of a package (normalized name) for some targets, by default those of the settings."""
        answer = self._memory.get(name)
        if answer is None or freshness is not Freshness.NORMAL or self.now() >= answer.until:
            answer = await self._share_flight(name, freshness)
        else:
            self.count(Source.MEMORY)
        return await self._for_targets(answer, tuple(targets) or self.targets)

    def at_hand(self, name: str, targets: Sequence[Target] = ()) -> Status | None:
        """Return what ``look_up`` would, without waiting; None where somebody has to be asked first."""
        answer = self._memory.get(name)
        if answer is None or self.now() >= answer.until:
            return None
        status = self._covered(answer.status, tuple(targets) or self.targets)
        if status is not None:
            self.count(Source.MEMORY)
        return status

    async def look_up_release(
        self,
        name: str,
        version: Version,
        targets: Sequence[Target] = (),
        freshness: Freshness = Freshness.NORMAL,
    ) -> Status:
        """Return how one release of a package stands, which need not be the newest."""
        status, wanted = await self.look_up(name, targets, freshness), tuple(targets) or self.targets
        newest = status.judgement.version
        if newest is None or newest == version:
            return status
        reading = (await self._with_reading(_Answer(status, None, self.now()))).reading
        project = None if reading is None else reading.project
        release = None if project is None else next((e for e in project.releases if e.version == version), None)
        if project is None or release is None:
            verdict = Verdict.UNKNOWN if project is None else Verdict.NOT_FOUND
            error = status.error if project is None else f"The index has no release {version} of {name}."
            judgement = without_release(name, wanted, verdict)
            return Status(judgement, status.checked, stale=status.stale, error=error, newest=newest)
        from bot.core.verdicts.imported_gil import judge_release_with_inspections  # noqa: PLC0415 — see ``_judging``

        read = await self._inspections(name, version)
        judging = partial(judge_release_with_inspections, project, release, wanted, self.now(), read)
        links = status.metadata and Metadata(source=status.metadata.source, offered=status.metadata.offered)
        return replace(status, judgement=await self.index.aside(judging), metadata=links, newest=newest)

    def forget(self, name: str) -> None:
        """Judge a package anew when it is asked for next: something was read in its wheels, or by another process."""
        self._memory.pop(name, None)

    def forget_all(self) -> None:
        """Do so for every package."""
        self._memory.clear()

    def glance(self, name: str) -> Status | None:
        """Return the status of a package if it is in memory, without asking anybody."""
        answer = self._memory.get(name)
        return None if answer is None else answer.status

    def asked_to_wait(self, name: str) -> float | None:
        """Return for how many seconds the index asked to be left alone when it failed about a package, if it did."""
        answer = self._memory.get(name)
        return None if answer is None else answer.wait

    async def aclose(self) -> None:
        """Wait a moment for what runs in the background, then end it; store what was read while that gets on."""
        if self._background:
            await asyncio.wait(self._background, timeout=CLOSING_SECONDS)
        await end(self._background)
        await self.readings.aclose()

    async def _share_flight(self, name: str, freshness: Freshness) -> _Answer:
        """Join the read of a package that is under way, or start one; it goes on if the one who asked gives up."""
        key = (name, freshness)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._read(name, freshness), name=f"read {name}")
            self._in_background(flight)
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    async def _read(self, name: str, freshness: Freshness) -> _Answer:
        if freshness is Freshness.OFFLINE:
            return await self._offline(name)
        stored = await self._stored(name)
        believed = stored is not None and freshness is Freshness.NORMAL and stored.is_fresh(self.now())
        if stored is not None and believed and stored.is_complete:
            self.count(Source.STORAGE)
            return await self._found(stored)
        # Where metadata is missing, the page is read anew: it says where the metadata is.
        etag = stored.etag if stored is not None and stored.is_complete else None
        try:
            page = await self.index.project(name, etag)
        except TooLargeError as error:
            self.count(Source.FAILED)
            log.warning("page_too_large", package=name, reason=str(error))
            return self._too_large(name, error)
        except UpstreamError as error:
            if stored is not None and believed:
                self.count(Source.STORAGE)
                return await self._found(stored)
            self.count(Source.FAILED)
            log.warning("index_failed", package=name, reason=str(error), stored=stored is not None)
            return await self._unreadable(name, stored, error)
        self.count(Source.UNCHANGED if page is NoPage.NOT_MODIFIED else Source.INDEX)
        if page is NoPage.NOT_FOUND:
            return self._missing(name)
        if isinstance(page, ProjectPage):
            reading = Reading(page.project, page.newest, self.now(), page.etag)
            if stored is not None and stored.same_release(reading) and stored.metadata != NOT_OFFERED:
                reading = replace(reading, metadata=stored.metadata)
            return await self._take_in(reading, page.metadata_file)
        if stored is None:
            nonsense = UpstreamError(
                "The index answered “304 Not Modified” to a question that named no earlier answer."
            )
            return await self._unreadable(name, None, nonsense)
        confirmed = replace(stored, checked=self.now())
        self.readings.keep(confirmed, whole=False)
        return await self._found(confirmed)

    async def _take_in(self, reading: Reading, metadata_file: MetadataFile | None) -> _Answer:
        """Record a reading, with its metadata if that comes in time; if not, that is recorded later."""
        name = reading.project.name
        asking = None
        if reading.newest is not None and reading.metadata is None:
            metadata = self.index.metadata(name, str(reading.newest.version), metadata_file)
            asking = asyncio.create_task(metadata, name=f"metadata {name}")
            self._in_background(asking)
            await asyncio.wait({asking}, timeout=self.metadata_wait)
            if asking.done():
                reading, asking = replace(reading, metadata=asking.result()), None
        self.readings.keep(reading)
        answer = await self._found(reading)
        if asking is not None:
            self._in_background(asyncio.create_task(self._complete(reading, asking), name=f"complete {name}"))
        return answer

    async def _complete(self, reading: Reading, asking: asyncio.Task[Metadata | None]) -> None:
        """Add metadata that came late to what is known by then, if that still is about the same release."""
        metadata = await asking
        stored = await self._stored(reading.project.name)
        latest = reading if stored is None or stored.checked < reading.checked else stored
        if metadata is None or not latest.same_release(reading):
            return
        completed = replace(latest, metadata=metadata)
        answer = await self._judged(completed)
        known = self._memory.get(reading.project.name)
        if known is None or known.status.checked <= completed.checked:
            self._remember(answer)
            self.readings.keep(completed)

    def _in_background(self, task: asyncio.Task[_T]) -> None:
        """Keep a task running when nobody waits for it; ``aclose`` ends it."""
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _stored(self, name: str) -> Reading | None:
        try:
            return await self.readings.latest(name)
        except StorageError as error:
            log.warning("storage_failed", package=name, reason=str(error))
            return None

    async def _found(self, reading: Reading) -> _Answer:
        return self._remember(await self._judged(reading))

    async def _judged(self, reading: Reading, targets: Sequence[Target] = (), *, offline: bool = False) -> _Answer:
        """Judge a reading where pages are read: what a project costs is bounded, but may be seconds."""
        wanted = tuple(targets) or self.targets
        newest = reading.newest
        read = {} if newest is None else await self._inspections(reading.project.name, newest.version)
        judging = _judging(reading, wanted, self.now(), read)
        judgement = await self._with_required(await self.index.aside(judging), reading.metadata, offline=offline)
        return _Answer(Status(judgement, reading.checked, reading.metadata), reading, reading.fresh_until())

    async def _with_required(self, judgement: Judgement, metadata: Metadata | None, *, offline: bool) -> Judgement:
        """Add what the package requires that has no wheel, if that is known in time; if not, the next answer has it."""
        requires = () if metadata is None else metadata.requires
        if not requires or all(each.verdict not in PURE_ITSELF for each in judgement.targets):
            return judgement
        from bot.core.dependencies.required import names_to_look_at, with_required  # noqa: PLC0415 — parses markers

        names = names_to_look_at(judgement, requires)
        if not names:
            return judgement
        reading = asyncio.create_task(self._required(names, offline=offline), name=f"required {judgement.package}")
        self._in_background(reading)
        await asyncio.wait({reading}, timeout=self.metadata_wait)
        if not reading.done():
            reading.add_done_callback(lambda _: self.forget(judgement.package))
            return judgement
        return await self.index.aside(partial(with_required, judgement, requires, reading.result()))

    async def _required(self, names: Sequence[str], *, offline: bool) -> Mapping[str, Project]:
        """Read the pages of required packages, as far as they can be had."""
        pages, turns = ProjectPages(self.index, self.readings, self.now), asyncio.Semaphore(_REQUIRED_AT_ONCE)

        async def read(name: str) -> Reading | None:
            async with turns:
                return (await pages.read(name, offline=offline)).reading

        found = await asyncio.gather(*map(read, names))
        return {reading.project.name: reading.project for reading in found if reading is not None}

    async def _inspections(self, name: str, version: Version) -> Mapping[str, Inspection]:
        """Return what was read in the wheels of a release; a status never waits for more."""
        if self.inspections is None:
            return {}
        try:
            return await self.inspections.of_package(name, version)
        except StorageError as error:
            log.warning("storage_failed", package=name, reason=str(error))
            return {}

    def _missing(self, name: str) -> _Answer:
        judgement = without_release(name, self.targets, Verdict.NOT_FOUND)
        status = Status(judgement, self.now(), error=f"There is no package called {name} on the index.")
        return self._remember(_Answer(status, None, self.now() + MISSING_IS_BELIEVED))

    def _too_large(self, name: str, error: TooLargeError) -> _Answer:
        judgement = without_release(name, self.targets, Verdict.UNKNOWN)
        status = Status(judgement, self.now(), error=str(error))
        return self._remember(_Answer(status, None, self.now() + TOO_LARGE_IS_BELIEVED))

    async def _unreadable(self, name: str, stored: Reading | None, error: UpstreamError) -> _Answer:
        """Answer with what was known before, marked stale; without that with ``unknown``."""
        reason = str(error)
        status = await self._last_status(name, stored)
        if status is None:
            status = Status(without_release(name, self.targets, Verdict.UNKNOWN), self.now(), error=reason)
        else:
            status = replace(status, stale=True, error=reason)
        return self._remember(_Answer(status, stored, self.now() + FAILURE_IS_BELIEVED, error.retry_after))

    async def _last_status(self, name: str, stored: Reading | None) -> Status | None:
        """Return the stored status, or the one in memory where that could not be stored."""
        known = self._memory.get(name)
        remembered = None if known is None or failed(known.status.headline.verdict) else known.status
        if stored is None or (remembered is not None and stored.checked < remembered.checked):
            return remembered
        return (await self._judged(stored)).status

    async def _offline(self, name: str) -> _Answer:
        stored, problem = None, self.storage_problem
        try:
            stored = await self.readings.latest(name)
        except StorageError as error:
            log.warning("storage_failed", package=name, reason=str(error))
            problem = str(error)
        if stored is None:
            what = f"Nothing is stored about {name}" if problem is None else "What is stored could not be read"
            reason = f"{what}, and the index was not to be asked."
            if problem is not None:
                reason = f"{reason} {problem}"
            judgement = without_release(name, self.targets, Verdict.UNKNOWN)
            return _Answer(Status(judgement, self.now(), error=reason), None, self.now())
        found = self._remember(await self._judged(stored, offline=True))
        if self.now() < found.until:
            return found
        return replace(found, status=replace(found.status, stale=True))

    def _remember(self, answer: _Answer) -> _Answer:
        """Keep the status only: a page takes up to some megabytes, is rarely needed again, and is in storage."""
        self._memory.pop(answer.status.package, None)
        self._memory[answer.status.package] = replace(answer, reading=None)
        if len(self._memory) > _MOST_REMEMBERED:
            with suppress(KeyError):
                del self._memory[next(iter(self._memory))]
        return answer

    def _covered(self, status: Status, targets: tuple[Target, ...]) -> Status | None:
        """Return a status for some targets, None where it was not judged for them."""
        if targets == self.targets:
            return status
        if status.judgement.version is None:
            return replace(status, judgement=without_release(status.package, targets, status.headline.verdict))
        if set(targets) <= set(self.targets):
            return replace(status, judgement=of_targets(status.judgement, targets))
        return None

    async def _for_targets(self, answer: _Answer, targets: tuple[Target, ...]) -> Status:
        covered = self._covered(answer.status, targets)
        if covered is not None:
            return covered
        status = answer.status
        if answer.reading is None:
            answer = await self._with_reading(answer)
            status = answer.status
        if answer.reading is None:
            verdict = Verdict.UNKNOWN if status.judgement.version else status.headline.verdict
            return replace(status, judgement=without_release(status.package, targets, verdict))
        everything = tuple(dict.fromkeys((*targets, *self.targets)))
        judged = await self._judged(answer.reading, everything)
        return replace(status, judgement=of_targets(judged.status.judgement, targets))

    async def _with_reading(self, answer: _Answer) -> _Answer:
        """Get what a remembered answer was judged from out of storage, or where that fails read the package again."""
        stored = await self._stored(answer.status.package)
        if stored is not None:
            return replace(answer, reading=stored)
        return await self._share_flight(answer.status.package, Freshness.NORMAL)


def _judging(
    reading: Reading, targets: Sequence[Target], now: datetime, read: Mapping[str, Inspection]
) -> Callable[[], Judgement]:
    """Return how a reading is judged; what knows extension modules is imported only where some were read."""
    if not read:
        return partial(judge, reading.project, targets, now, reading.metadata)
    from bot.core.verdicts.imported_gil import judge_with_inspections  # noqa: PLC0415 — most wheels were not read

    return partial(judge_with_inspections, reading.project, targets, now, reading.metadata, read)
