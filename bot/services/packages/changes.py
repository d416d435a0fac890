"""Keeps the timelines current, and tells what moved since they were last looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.core.digest.changes import Change, ChangeKind
from bot.core.digest.digest import Moves
from bot.core.digest.weeks import week_of
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.services.digest.digest import Digester
from bot.services.packages.scan import Scanner, ScanScope
from storage.packages.scans import Scan, Scans

LOOKS_BACK = timedelta(days=3)
"""How far before the last scan a move may lie and be noticed only now: pages are read rarely, losses take two days."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


Announce = Callable[[Sequence[Change]], Awaitable[None]]


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
    """Scans what is due and hands on what moved; whoever takes it knows what it was told before."""

    scanner: Scanner
    scans: Scans
    digester: Digester
    track: int
    announce: Announce

    async def look(self) -> None:
        """Scan what is due, then tell what moved; the first scan of all tells nothing, for everything would be news."""
        try:
            before = await self.scans.latest()
            report = await self.scanner.scan(self.track, self._scope(before))
            log.info("scanned", packages=report.packages, requests=report.requests, failed=len(report.failed))
            if before is not None:
                await self.announce(_changes(await self.digester.moves_since(before.started - LOOKS_BACK)))
        except UserError as error:
            log.info("nothing_tracked", reason=str(error))
        except UpstreamError as error:
            log.warning("scan_failed", reason=str(error))
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    def _scope(self, before: Scan | None) -> ScanScope:
        """Ask for everything at the first look of a week, so that the digest of the last one is complete."""
        this_week = week_of(self.scanner.now().date())
        return ScanScope.EVERYTHING if before is None or before.started < this_week.start else ScanScope.DUE


def _changes(moves: Moves) -> list[Change]:
    told = ((moves.gained, ChangeKind.GAINED), (moves.lost, ChangeKind.LOST), (moves.narrowed, ChangeKind.NARROWED))
    return [
        Change(move.package, move.target, move.version, kind, move.how, move.lost)
        for some, kind in told
        for move in some
    ]
