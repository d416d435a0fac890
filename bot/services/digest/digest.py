"""Makes digests and histories from what scans concluded; the digest of a week that is over is made once and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.digest.digest import Digest, Issues, Moves, Tracked, digest_of, moves_between
from bot.core.digest.imported import WheelsRead, imported_gil
from bot.core.digest.weeks import Week, week_of
from bot.core.errors import UserError
from bot.core.history.shares import GilShare, have_wheels
from bot.core.history.timelines import START
from bot.core.wheels.targets import Target, parse_target
from storage.packages.digests import Digests
from storage.packages.inspections import Inspections
from storage.packages.projects import Projects
from storage.packages.scans import Scan, Scans

_BEARABLE = 0.1
"""The share of packages that may be unread in a digest that is kept; beyond, it is made anew when more is known."""

FIRST_WEEK = week_of(START.date())


async def no_issues(_week: Week) -> Issues:
    """Return no issues, as nobody watches any."""
    return Issues()


@dataclass(frozen=True, slots=True)
class MadeDigest:
    """A digest; ``is_final`` tells that it was made just now and is to be kept."""

    digest: Digest
    is_final: bool


@dataclass(frozen=True, slots=True)
class Digester:
    """Gives digests; ``issues`` gives what happened upstream in a week.

    One after a scan that was asked for fewer than ``track`` packages is given and not kept.
    """

    scans: Scans
    projects: Projects
    digests: Digests
    targets: tuple[Target, ...]
    now: Callable[[], datetime]
    issues: Callable[[Week], Awaitable[Issues]] = no_issues
    track: int = 0
    inspections: Inspections | None = None

    async def digest(self, week: Week | None = None) -> Digest:
        """Return the digest of a week, by default the last that is over. Raises ``UserError`` where there is none."""
        made = await self.made(week)
        if made.is_final:
            await self.keep(made.digest)
        return made.digest

    async def made(self, week: Week | None = None) -> MadeDigest:
        """Return the same, kept or made anew, and keep nothing."""
        current = week_of(self.now().date())
        asked = week or current.before
        if asked > current:
            raise UserError(f"Week {asked} has not begun. Ask for {current.before} or earlier.")
        if asked < FIRST_WEEK:
            raise UserError(f"There is nothing to tell of {asked}: free-threaded wheels begin in {FIRST_WEEK}.")
        kept = await self.digests.kept(asked, self.targets)
        if kept is not None:
            return MadeDigest(kept, is_final=False)
        scan = await self._scan()
        digest = await self._make(asked, scan)
        # What failed and was never read may be missing from the tracked packages.
        gaps = len({*digest.unread, *scan.failed})
        found = digest.tracked if scan.wanted is None else scan.wanted
        is_whole = digest.complete and gaps <= digest.tracked * _BEARABLE and found >= self.track
        return MadeDigest(digest, is_final=is_whole)

    async def keep(self, digest: Digest) -> None:
        """Keep a digest, so that the week gives this one ever after."""
        await self.digests.keep(digest, self.targets)

    async def tracked(self, most: int | None = None) -> tuple[Tracked, ...]:
        """Return the tracked packages with their timelines, the most downloaded first, by the last scan."""
        return tuple(package for package, _ in await self._read(await self._scan(), most))

    async def _read(self, scan: Scan, most: int | None = None) -> list[tuple[Tracked, datetime]]:
        """Return tracked packages and when each was read.

        One that was read for other targets, or that has no upload times, is as good as unread.
        """
        places, targets = dict(scan.tracked[:most]), frozenset(str(target) for target in self.targets)
        found: list[tuple[Tracked, datetime]] = []
        undated = False
        async for each in self.projects.timelines(tuple(places)):
            if not targets <= each.timelines.keys():
                continue
            if any(each.timelines.values()):
                timelines = {parse_target(target): steps for target, steps in each.timelines.items()}
                found.append((Tracked(each.package, places[each.package], timelines, each.rejudged), each.checked))
            else:
                undated = True
        if not found:
            raise _undated() if undated else _nothing()
        return sorted(found, key=lambda each: (each[0].rank is None, each[0].rank, each[0].name))

    async def moves_since(self, start: datetime) -> Moves:
        """Return what tracked packages gained and lost since a moment, by the last scan."""
        return moves_between(await self.tracked(), self.targets, start, self.now())

    async def imported_now(self, packages: Sequence[Tracked]) -> tuple[GilShare, ...]:
        """Return what importing those packages does that have wheels, by target; nothing where no wheel was read."""
        now, names = self.now(), [each.name for each in packages]
        read = [] if self.inspections is None else await self.inspections.of_packages(names)
        if not read:
            return ()
        with_wheels = {}
        for target in self.targets:
            have = have_wheels({each.name: each.timelines.get(target, ()) for each in packages}, now)
            with_wheels[target] = [(each.name, each.rank) for each in packages if each.name in have]
        wheels = WheelsRead(await self.projects.wheels(names), read)
        return imported_gil(with_wheels, wheels, now, now).shares

    async def _scan(self) -> Scan:
        scan = await self.scans.latest()
        if scan is None:
            raise _nothing()
        return scan

    async def _make(self, week: Week, scan: Scan) -> Digest:
        packages = {package.name: (package, checked) for package, checked in await self._read(scan)}
        unread = [name for name, _ in scan.tracked if name not in packages or name in scan.failed]
        # Packages that were not due were read before the scan, and a clock that jumps makes scans of the future.
        times = (checked for name, (_, checked) in packages.items() if name not in scan.failed)
        read = min((scan.started, self.now(), *times))
        tracked = [package for package, _ in packages.values()]
        issues, wheels = await self.issues(week), await self._wheels(week, list(packages))
        return await asyncio.to_thread(
            digest_of, week, tracked, self.targets, read, unread=unread, issues=issues, wheels=wheels
        )

    async def _wheels(self, week: Week, packages: Sequence[str]) -> WheelsRead | None:
        """Return what was read in wheels, for this week and the last: of an earlier one nobody knows what was known."""
        if self.inspections is None or week < week_of(self.now().date()).before:
            return None
        read = await self.inspections.of_packages(packages)
        return WheelsRead(await self.projects.wheels(packages), read) if read else None


def _undated() -> UserError:
    return UserError(
        "Nothing can be said of the past: of no tracked package it is known when its files were uploaded. Run"
        " `ftbot scan` on an index that says so."
    )


def _nothing() -> UserError:
    return UserError("Nothing has been scanned yet. A running bot does it soon, `ftbot scan` at once.")
