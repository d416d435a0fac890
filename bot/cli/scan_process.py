"""The process in which ``ftbot run`` scans: it gives way to all others, says how far it is, and ends with the bot.

Its standard input is a pipe that nobody writes to. When that ends, the bot has ended, however that was, or wants it to:
then it ends at once, in the midst of whatever it is. A database survives that, and a scan goes on where it was.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import structlog

from bot.config import LogFormat, Settings, settings_of
from bot.core.errors import ScannedElsewhereError, StorageError, UpstreamError
from bot.ending import flush_logs
from bot.logs import Aside, set_up_logs
from bot.services.packages.scan import ScanScope
from bot.services.packages.scan_messages import (
    ScanDone,
    ScanFailed,
    ScanMessage,
    ScanProgress,
    ScanTrouble,
    encode,
    failed,
)
from bot.wiring.scan import open_scanner

_NICENESS = 19
"""The most there is: a sixtieth of a processor where somebody else wants all of it."""

_SOONER_KILLED = "500"
"""Where memory runs out, Linux ends this process rather than the bot (``proc(5)``, ``oom_score_adj``)."""

_BEAT_SECONDS = 1.0
_STUCK_SECONDS = 60.0
"""After which this process ends itself where its event loop does not go on, with a traceback, by no help of Python."""

_STANDARD_INPUT, _STANDARD_OUTPUT, _STANDARD_ERROR = range(3)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def scan_for_the_bot(*, everything: bool, epoch: int | None) -> None:
    """Scan once by the settings in the environment; says how far it is and how it ended on standard output.

    ``epoch`` is the leadership of the bot that wants it: when another bot leads, nothing is stored any more.
    """
    gc.enable()
    _give_way()
    threading.Thread(target=_end_with_the_bot, name="the bot's end", daemon=True).start()
    said = os.dup(_STANDARD_OUTPUT)
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)  # what a library prints is no message
    settings = settings_of(os.environ)
    set_up_logs(level=settings.log_level, as_json=settings.log_format is LogFormat.JSON, to=Aside)
    structlog.contextvars.bind_contextvars(process="scan")
    scope = ScanScope.EVERYTHING if everything else ScanScope.DUE
    end = asyncio.run(_end_of_scan(settings, scope, said, epoch))
    flush_logs()
    _say(said, end)


async def _end_of_scan(settings: Settings, scope: ScanScope, said: int, epoch: int | None) -> ScanMessage:
    try:
        return await _scan(settings, scope, said, epoch)
    except ScannedElsewhereError as error:
        return failed(ScanTrouble.ELSEWHERE, error)
    except StorageError as error:
        return failed(ScanTrouble.STORAGE, error)
    except UpstreamError as error:
        return failed(ScanTrouble.INDEX, error)
    except MemoryError:
        return ScanFailed(ScanTrouble.BUG, "Its memory ran out.")
    except Exception as error:
        log.exception("scan_broke")
        return failed(ScanTrouble.BUG, error)


async def _scan(settings: Settings, scope: ScanScope, said: int, epoch: int | None) -> ScanDone:
    now = ScanProgress(0, 0, settings.track)

    def note(seen: int, found: int, wanted: int) -> None:
        nonlocal now
        now = ScanProgress(seen, found, wanted)

    async def beat() -> None:
        while True:
            _say(said, now)
            faulthandler.dump_traceback_later(_STUCK_SECONDS, exit=True, file=_STANDARD_ERROR)
            await asyncio.sleep(_BEAT_SECONDS)

    beating = asyncio.create_task(beat(), name="beat")
    try:
        async with open_scanner(settings, epoch) as scanner:
            summary = (await scanner.scan(settings.track, scope, note)).summary
    finally:
        beating.cancel()
    return ScanDone(summary.packages, summary.requests, summary.failed)


def _say(said: int, message: ScanMessage) -> None:
    """Write a line, which waits where the bot does not read."""
    os.write(said, encode(message))


def _give_way() -> None:
    if sys.platform != "win32":  # there the bot starts it so
        os.nice(_NICENESS)
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_SOONER_KILLED, "ascii")


def _end_with_the_bot() -> None:
    with suppress(OSError):
        while os.read(_STANDARD_INPUT, 1):
            pass
    os._exit(0)
