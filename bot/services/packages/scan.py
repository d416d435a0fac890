"""Reads the tracked packages: walks the most downloaded until enough with native wheels are found, and concludes.

What is known is asked for conditionally, or left alone: by its schedule, or, where very many are tracked, because the
index's own list says that nothing changed. A list that is stale or has gaps only costs requests. What fails is
reported, and never counted as "no". An index that answers nothing is soon left alone, and that is no scan. A scan that
was killed is taken up where it was.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial

import structlog

from bot.clients.pages import NoPage, PageSummary
from bot.core.errors import UpstreamError
from bot.core.history.breaker import Breaker
from bot.core.history.scan import Conclusion, conclude, due, rules_for
from bot.core.verdicts.curated import UNTRACKED
from bot.core.wheels.targets import Target
from bot.services.index import ListedSummaries
from bot.services.packages.top_list import TopList
from storage.packages.names import Packages
from storage.packages.projects import Known, Projects
from storage.packages.scans import Scans

LISTING_PAYS = 3_500
"""From this many known projects on, one read of the index's list is cheaper than asking for each."""

_RESUMABLE = timedelta(hours=6)
_BATCH = 250
_BATCH_SECONDS = 5.0
"""So many projects are stored at once, or fewer where they come slowly; so many are read again after a scan was killed.

To store them by the fifty costs a tenth of a scan.
"""

_ATTEMPTS = 4
_LONGEST_PAUSE = 120.0
_TURN = 0.002
"""Seconds after which a thread that computes must let another one go on."""

_YOUNG_OBJECTS = 20_000
"""So many are made between two collections, which then take a millisecond or two."""

Progress = Callable[[int, int, int], None]
"""Told how many projects were seen, how many of them are tracked, and how many shall be."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ScanScope(Enum):
    """How much a scan asks for."""

    EVERYTHING = "every tracked package, if only whether it changed"
    DUE = "what its schedule says may have changed"


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What a scan did, in short: how many packages are tracked, how many requests it took, how many of them failed."""

    packages: int
    requests: int
    failed: int


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan did; ``verdicts`` counts the tracked packages by target and verdict."""

    packages: int
    requests: int
    not_modified: int
    bytes: int
    failed: Mapping[str, str]
    verdicts: Mapping[str, Mapping[str, int]]
    seconds: float
    list_day: str | None
    list_problem: str | None = None

    @property
    def summary(self) -> ScanSummary:
        """Return what whoever only wants to know that it is done is told."""
        return ScanSummary(self.packages, self.requests, len(self.failed))


@dataclass(frozen=True, slots=True)
class Scanner:
    """Scans; its index must not retry by itself, because one that asks to slow down is left alone by everybody here."""

    index: ListedSummaries
    top_list: TopList
    packages: Packages
    projects: Projects
    scans: Scans
    targets: tuple[Target, ...]
    now: Callable[[], datetime]
    connections: int = 50
    first_pause: float = 0.5

    async def scan(
        self, track: int, scope: ScanScope = ScanScope.EVERYTHING, progress: Progress = lambda *_: None
    ) -> ScanReport:
        """Read until ``track`` packages with native wheels are known, and those that anyone asked about.

        Where the index answers nothing, no scan is noted; raises ``UpstreamError`` if nothing is known either, and
        ``ScannedElsewhereError`` where somebody scans already.
        """
        async with self.scans.alone():
            with _responsive():
                return await self._scan(track, scope, progress)

    async def _scan(self, track: int, scope: ScanScope, progress: Progress) -> ScanReport:
        started = asyncio.get_running_loop().time()
        top = await self.top_list.current()
        known = await self.projects.known(rules_for(self.targets))
        begun = self.now()
        number = await self.scans.begin(begun, begun - _RESUMABLE)
        walk = _Walk(self, number, known, track, scope, progress, _store_at=started + _BATCH_SECONDS)
        await walk.read_listing()
        ranks = {name: place for place, name in enumerate(top.names, start=1) if name not in UNTRACKED}
        await walk.through(tuple(ranks))
        asked = await self.packages.all_asked()
        await walk.also([name for name in asked if name not in walk.seen])
        await walk.store()
        tracked = _tracked(walk, ranks, track, asked)
        if walk.is_unanswered and not tracked:
            raise UpstreamError(f"Nothing was scanned: {walk.trouble}")
        if not (walk.is_unanswered and walk.breaker.is_hopeless):
            await self.scans.end(number, self.now(), tracked, walk.failed, track)
        return ScanReport(
            packages=len(tracked),
            requests=walk.requests,
            not_modified=walk.not_modified,
            bytes=walk.bytes,
            failed=dict(sorted(walk.failed.items())),
            verdicts=await self._verdicts([name for name, _ in tracked]),
            seconds=asyncio.get_running_loop().time() - started,
            list_day=top.day,
            list_problem=top.problem,
        )

    async def _verdicts(self, tracked: Sequence[str]) -> dict[str, dict[str, int]]:
        counts: dict[str, Counter[str]] = {str(target): Counter() for target in self.targets}
        async for verdicts in self.projects.verdicts(tracked):
            for target, verdict in verdicts.items():
                if target in counts:
                    counts[target][verdict] += 1
        return {target: dict(sorted(counter.items())) for target, counter in counts.items()}


@dataclass(slots=True)
class _Walk:
    """One scan under way."""

    scanner: Scanner
    number: int
    known: Mapping[str, Known]
    track: int
    scope: ScanScope
    progress: Progress
    serials: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    not_modified: int = 0
    bytes: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    natives: set[str] = field(default_factory=set)
    troubles: Counter[str] = field(default_factory=Counter)
    breaker: Breaker = field(default_factory=Breaker)
    _read: list[tuple[Conclusion, str | None]] = field(default_factory=list)
    _confirmed: list[Known] = field(default_factory=list)
    _resume_at: float = 0.0
    _store_at: float = 0.0
    _request_ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_unanswered(self) -> bool:
        """Return whether the index was asked and answered nothing at all."""
        return bool(self.failed) and not self.breaker.has_answered

    @property
    def trouble(self) -> str:
        """Return the most common reason why a page could not be read."""
        return self.troubles.most_common(1)[0][0]

    async def read_listing(self) -> None:
        """Read the index's list where that is cheaper than asking for each project; a failure only costs requests."""
        wanted = {name for name, project in self.known.items() if project.serial is not None}
        if len(wanted) < LISTING_PAYS:
            return
        self.requests += 1
        try:
            self.serials = await self.scanner.index.serials(wanted)
        except UpstreamError as error:
            log.warning("listing_failed", reason=str(error))

    async def through(self, ranked: Sequence[str]) -> None:
        """Read the most downloaded projects, in order, until enough are native."""
        names, seen = iter(ranked), -1
        while len(self.seen) > seen:  # some that count as native before they are read turn out not to be
            seen = len(self.seen)
            await self._share(self._until_enough(names))

    async def also(self, names: Sequence[str]) -> None:
        """Read more projects, all of them."""
        await self._share(iter(names))

    async def store(self) -> None:
        """Store what was read since the last time."""
        self._store_at = self._now() + _BATCH_SECONDS
        read, self._read = self._read, []
        confirmed, self._confirmed = self._confirmed, []
        now = self.scanner.now()
        if read:
            await self.scanner.projects.record(self.number, now, read)
        if confirmed:
            await self.scanner.projects.confirm(self.number, now, confirmed)

    def _until_enough(self, ranked: Iterator[str]) -> Iterator[str]:
        while len(self.natives) < self.track and (name := next(ranked, None)) is not None:
            yield name

    async def _share(self, names: Iterator[str]) -> None:
        """Have several workers take names from one iterator; the first that fails for good ends all."""
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self.scanner.connections):
                    workers.create_task(self._work(names))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _work(self, names: Iterator[str]) -> None:
        for name in names:
            self.seen.add(name)
            await self._visit(name)
            self.progress(len(self.seen), min(len(self.natives), self.track), self.track)
            if len(self._read) + len(self._confirmed) >= _BATCH or self._now() >= self._store_at:
                await self.store()

    async def _visit(self, name: str) -> None:
        known = self.known.get(name)
        if known is not None and known.is_native(self.scanner.now()):
            self.natives.add(name)
        if known is not None and self._rests(known):
            return
        if known is not None and known.serial is not None and self.serials.get(name) == known.serial:
            self._confirmed.append(known)
            return
        result = await self._ask(name, None if known is None else known.etag)
        if result is NoPage.NOT_MODIFIED and known is not None:
            self.not_modified += 1
            self._confirmed.append(known)
        elif result is NoPage.NOT_FOUND:
            self.natives.discard(name)
        elif isinstance(result, PageSummary):
            self.bytes += result.size
            self._read.append((result.concluded, result.etag))
            self.natives.discard(name)
            if result.concluded.native:
                self.natives.add(name)

    def _rests(self, known: Known) -> bool:
        """Return whether a project need not be asked about: this scan did, or its schedule says so.

        What is due later than if it were read now was read by a clock that has jumped since.
        """
        if known.scan == self.number:
            return True
        now = self.scanner.now()
        rests = self.scope is ScanScope.DUE or not known.native
        return rests and now < known.due <= due(now, native=known.native, open_until=known.open_until)

    async def _ask(self, name: str, etag: str | None) -> PageSummary[Conclusion] | NoPage | None:
        """Ask for one page, patiently; a failure is noted and gives None."""
        reason = "The index could not be read for so many projects that the rest was not tried."
        for attempt in range(_ATTEMPTS):
            if not await self._may_ask(attempt):
                break
            number = self.breaker.ask(attempt)
            self.requests += 1
            try:
                concluding = partial(conclude, targets=self.scanner.targets, now=self.scanner.now())
                result = await self.scanner.index.summary(name, etag, concluding, brief=True)
            except UpstreamError as error:
                reason = str(error)
                self.troubles[reason] += 1
                self.breaker.fail(number, busy=error.busy)
                self._let_others_ask()
                if not error.retryable or self.breaker.is_hopeless:
                    break
                await self._pause(number, error, self.scanner.first_pause * 2**attempt)
            else:
                self.breaker.answer(number)
                self._let_others_ask()
                return result
        self.failed[name] = reason
        return None

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _may_ask(self, attempt: int) -> bool:
        """Wait until an attempt may be made, and return whether it is worth it."""
        while not self.breaker.is_hopeless:
            left = self._resume_at - self._now()
            if left > 0:  # looked at again afterwards, as somebody else may have been told to wait longer
                await asyncio.sleep(left)
            elif self.breaker.may_ask(attempt):
                return True
            else:
                await self._request_ended.wait()
        return False

    def _let_others_ask(self) -> None:
        """Wake those who wait to ask, but nobody who comes later."""
        self._request_ended.set()
        self._request_ended.clear()

    async def _pause(self, number: int, error: UpstreamError, seconds: float) -> None:
        """Pause after a request that failed: alone after a hiccup, all together when the index asks to slow down."""
        if not error.busy:
            await asyncio.sleep(seconds)
            return
        wait = seconds if error.retry_after is None else error.retry_after
        if wait > _LONGEST_PAUSE:  # it wants to be left alone for longer than a scan waits
            self.breaker.send_away(number)
            return
        now = self._now()
        if now >= self._resume_at:
            log.info("index_busy", reason=str(error), pause=wait)
        self._resume_at = max(self._resume_at, now + wait)


@contextmanager
def _responsive() -> Iterator[None]:
    """Keep the event loop responsive while large pages are read in a thread beside it.

    The two take turns often: each time the loop touches a socket, it lets the thread have the interpreter, and would
    wait 5 ms to get it back. The garbage collector leaves alone what is there, because to look at all that was ever
    imported stops everything for 80 ms, and comes seldom: a scan makes many objects and no cycles.
    """
    turns, collections, frozen = sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()
    sys.setswitchinterval(_TURN)
    if not frozen:  # a bot that scans itself leaves alone for good what it had when it started
        gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *collections[1:])
    try:
        yield
    finally:
        gc.set_threshold(*collections)
        if not frozen:
            gc.unfreeze()
        sys.setswitchinterval(turns)


def _tracked(walk: _Walk, ranks: Mapping[str, int], track: int, asked: Sequence[str]) -> list[tuple[str, int | None]]:
    """Return the tracked packages, the most downloaded first, then those that are tracked because somebody asked."""
    ranked = sorted((name for name in walk.natives if name in ranks), key=ranks.__getitem__)[:track]
    others = sorted(walk.natives.intersection(asked).difference(ranked))
    return [(name, ranks.get(name)) for name in (*ranked, *others)]
