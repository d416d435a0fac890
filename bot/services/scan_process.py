"""Scans in a process of its own, so that nobody waits for a scan: starts it, listens to it, and starts it again.

All that a scan finds is in the database before it is told of here, so a process may end at any moment: the next one
goes on where it was. Two never scan into one database, whoever started them (``Scans.alone``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import structlog

from bot.clients.child import Child, running
from bot.core.errors import ScanBrokeError, ScannedElsewhereError, UpstreamError
from bot.core.text.sentences import one_line
from bot.services.metrics import Metrics, ScanEnd
from bot.services.packages.scan import ScanScope, ScanSummary
from bot.services.packages.scan_messages import LONGEST_LINE, ScanDone, ScanFailed, ScanProgress, ScanTrouble, decode

_BETWEEN_LINES = 0.05
"""Seconds between two lines that are read, so that a process that says too much costs the bot nothing."""

_ENDING_SECONDS = 5.0
"""How long a process may take to end after its last word."""

_ENDS = {
    ScanTrouble.INDEX: ScanEnd.UNANSWERED,
    ScanTrouble.ELSEWHERE: ScanEnd.ELSEWHERE,
    ScanTrouble.STORAGE: ScanEnd.FAILED,
    ScanTrouble.BUG: ScanEnd.FAILED,
}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ScanPatience:
    """How long what is waited for, in seconds.

    A process that is alive says so every second; ``silent`` is long, as it gives way to all others. ``still`` is how
    long it may get nowhere: an index that is busy may want it to wait for minutes. ``pauses`` are those before it is
    started again.
    """

    silent: float = 180.0
    still: float = 900.0
    pauses: tuple[float, ...] = (5.0, 20.0, 80.0, 320.0, 1280.0)


@dataclass(frozen=True, slots=True)
class _Run:
    """How a process ended: with what it did, or why it did not."""

    end: ScanEnd
    reason: str = ""
    summary: ScanSummary | None = None


@dataclass(slots=True)
class ScanProcess:
    """Scans by a command; ``works`` is whether the last process that ended did so by itself, and with an answer.

    ``epoch`` gives the leadership in whose name it scans: it stores nothing once that is over.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    metrics: Metrics
    patience: ScanPatience = field(default_factory=ScanPatience)
    epoch: Callable[[], int | None] = lambda: None
    works: bool = True
    pid: int | None = None

    async def scan(self, scope: ScanScope) -> ScanSummary:
        """Scan, in as many processes as it takes; cancelled, it ends the one that runs, in the midst of whatever it is.

        Raises ``UpstreamError`` where the index answers nothing, ``ScannedElsewhereError`` where somebody else scans
        for as long, ``ScanBrokeError`` where the process breaks each time.
        """
        options = ("--everything",) if scope is ScanScope.EVERYTHING else ()
        for pause in (*self.patience.pauses, None):
            epoch = self.epoch()
            run = await self._run((*self.command, *options, *(() if epoch is None else ("--epoch", str(epoch)))))
            self.metrics.scan_ends.labels(run.end.value).inc()
            if run.summary is not None:
                self._note(works=True)
                return run.summary
            if run.end is ScanEnd.UNANSWERED:
                self._note(works=True)
                raise UpstreamError(run.reason)
            if run.end is not ScanEnd.ELSEWHERE:
                self._note(works=False)
                log.warning("scan_process_broke", how=run.end.value, reason=run.reason, again_in=pause)
            elif pause is None:
                raise ScannedElsewhereError(run.reason)
            if pause is None:
                raise ScanBrokeError(run.reason)
            await asyncio.sleep(pause)
        raise AssertionError  # the last pause is none

    def report(self) -> Mapping[str, bool]:
        """Return whether scanning works, for whoever asks what does."""
        return {"scan": self.works}

    async def _run(self, command: tuple[str, ...]) -> _Run:
        try:
            async with running(command, self.environment, LONGEST_LINE) as child:
                self.pid = child.pid
                log.info("scan_started", pid=child.pid)
                return await self._follow(child)
        except OSError as error:
            return _Run(ScanEnd.DIED, f"The process that scans could not be started: {error.strerror or error}.")
        finally:
            self.pid = None
            self.metrics.scan_projects.set(0)

    async def _follow(self, child: Child) -> _Run:
        """Listen until the end."""
        clock = asyncio.get_running_loop().time
        moved, last = clock(), ScanProgress(0, 0, 0)
        while True:
            left = moved + self.patience.still - clock()
            try:
                async with asyncio.timeout(min(self.patience.silent, left)):
                    line = await child.line()
                message = decode(line) if line.endswith(b"\n") else None
            except TimeoutError:
                how = "got nowhere" if left < self.patience.silent else "said nothing"
                return _Run(ScanEnd.STUCK, f"The process that scans {how} for too long.")
            except (ValueError, msgspec.MsgspecError):
                return _Run(ScanEnd.GARBLED, "The process that scans said what means nothing.")
            match message:
                case None:
                    return _Run(ScanEnd.DIED, f"The process that scans {await child.fate(_ENDING_SECONDS)}.")
                case ScanProgress():
                    moved, last = (moved, last) if message == last else (clock(), message)
                    self.metrics.scan_projects.set(message.seen)
                    await asyncio.sleep(_BETWEEN_LINES)
                case ScanDone(packages, requests, missed):
                    await child.fate(_ENDING_SECONDS)
                    return _Run(ScanEnd.DONE, summary=ScanSummary(packages, requests, missed))
                case ScanFailed(why, reason):
                    await child.fate(_ENDING_SECONDS)
                    return _Run(_ENDS[why], one_line(reason))

    def _note(self, *, works: bool) -> None:
        self.works = works
        self.metrics.scan_works.set(works)
