"""Keeps the timelines current, and tells what moved since they were last looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.core.digest.changes import Change, ChangeKind
from bot.core.digest.digest import Moves
from bot.core.digest.weeks import week_of
from bot.core.errors import ScanBrokeError, ScannedElsewhereError, StorageError, UpstreamError, UserError
from bot.services.digest.digest import Digester
from bot.services.packages.scan import ScanScope, ScanSummary
from storage.packages.documents import Documents
from storage.packages.scans import Scan, Scans

LOOKS_BACK = timedelta(days=3)
"""How far before the last scan a move may lie and be noticed only now: pages are read rarely, losses take two days."""

_TOLD = "told of scans"
"""Under which name it is kept up to which scan was told what moved."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


Announce = Callable[[Sequence[Change]], Awaitable[None]]
Notice = Callable[[Moves, Sequence[str], datetime], Awaitable[None]]
"""Told what moved since a moment, and which packages are tracked."""


async def notice_nothing(_moves: Moves, _tracked: Sequence[str], _since: datetime) -> None:
    """Notice nothing, as nobody is told of it."""


@dataclass(frozen=True, slots=True)
class Announcer:
    """Hands on what moved: to whoever posts it first, then to those who go by it."""

    subscribers: tuple[Announce, ...]

    async def announce(self, changes: Sequence[Change]) -> None:
        """Hand changes to every subscriber, in order."""
        for subscriber in self.subscribers:
            await subscriber(changes)


@dataclass(frozen=True, slots=True)
class ScanFollowUp:
    """Scans what is due and hands on what moved; whoever takes it knows what it was told before.

    What is handed on is read from storage, and so is up to which scan that was done: neither needs who scanned, or who
    did it the last time, to be still there.
    """

    scan: Callable[[ScanScope], Awaitable[ScanSummary]]
    scans: Scans
    documents: Documents
    digester: Digester
    now: Callable[[], datetime]
    announce: Announce
    notice: Notice = notice_nothing

    async def look(self) -> None:
        """Scan what is due, then tell what moved; the first scan of all tells nothing, for everything would be news."""
        try:
            before = await self.scans.latest()
            told = await self._told() or (None if before is None else before.started)
            await self._scan(self._scope(before))
            latest = await self.scans.latest()
            if latest is not None:
                await self._tell(told, latest)
        except UserError as error:
            log.info("nothing_tracked", reason=str(error))
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    async def _scan(self, scope: ScanScope) -> None:
        """Scan; whatever keeps it from ending, a scan may have ended before."""
        try:
            summary = await self.scan(scope)
            log.info("scanned", packages=summary.packages, requests=summary.requests, failed=summary.failed)
        except ScannedElsewhereError as error:
            log.info("scanned_elsewhere", reason=str(error))
        except UpstreamError as error:
            log.warning("scan_failed", reason=str(error))
        except ScanBrokeError as error:
            log.warning("scan_broke", reason=str(error))

    async def _tell(self, told: datetime | None, latest: Scan) -> None:
        """Hand on what moved since a scan before, and note that this is done."""
        if told is not None:
            since = told - LOOKS_BACK
            moves = await self.digester.moves_since(since)
            await self.notice(moves, [name for name, _ in latest.tracked], since)
            await self.announce(_changes(moves))
        await self.documents.record(_TOLD, str(latest.started.timestamp()).encode(), self.now())

    async def _told(self) -> datetime | None:
        """Return when the scan began up to which everything was handed on, None where that was noted of none."""
        noted = await self.documents.latest(_TOLD)
        try:
            return None if noted is None else datetime.fromtimestamp(float(noted[0]), UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def _scope(self, before: Scan | None) -> ScanScope:
        """Ask for everything at the first look of a week, so that the digest of the last one is complete."""
        this_week = week_of(self.now().date())
        return ScanScope.EVERYTHING if before is None or before.started < this_week.start else ScanScope.DUE


def _changes(moves: Moves) -> list[Change]:
    told = ((moves.gained, ChangeKind.GAINED), (moves.lost, ChangeKind.LOST), (moves.narrowed, ChangeKind.NARROWED))
    return [
        Change(move.package, move.target, move.version, kind, move.how, move.lost)
        for some, kind in told
        for move in some
    ]
