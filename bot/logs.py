"""Log lines: structured, for people on a console or as JSON for collectors, and never with a secret in them.

Whatever reads them may be slow, or not read at all: ``ftbot run``, which has others to answer, never waits for it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import select
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from itertools import accumulate
from queue import SimpleQueue
from typing import TextIO

import structlog

_SECRETS = re.compile(
    r"(?i)\b(?:bot|bearer|token)\s+[\w.~+/=-]{20,}"  # authorization headers
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}"  # GitHub tokens
    r"|\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"  # Discord bot tokens
    r"|/webhooks/\d+/[\w-]{30,}"  # interaction and webhook tokens in paths
    r"|/interactions/\d+/[\w-]{30,}"
    r"|-----BEGIN[^-]*PRIVATE KEY-----[\s\S]*?-----END[^-]*PRIVATE KEY-----"
)
_MARKS = ("bot", "bearer", "token", "gh", "_pat_", "/webhooks/", "ons/", "-----beg")
_DOTTED = re.compile(r"\.[\w-]{6,7}\.[\w-]{27}")
"""Each secret has one of the marks, whose case and whose i may be any, or is dotted; to look for them is quicker."""

_REDACTED = "[redacted]"
_IS_LINE = "_ftbot_line"

MOST_LINES = 5_000
"""Lines that wait to be written; what comes beyond them is left out, and counted."""

FLUSH_SECONDS = 0.5
"""How long the end waits for lines that are still to be written."""

_GATHERING = 0.01
"""Seconds that a line waits for others: each time that the thread is woken the event loop stands still for it."""

_LARGEST_PIECE = 4096
"""Bytes that a pipe takes in one piece on every system (PIPE_BUF)."""

Event = MutableMapping[str, object]

_to_json = structlog.processors.JSONRenderer()

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Aside(logging.Handler):
    """Writes lines to a stream's file in a thread of its own, in order; logging takes no longer where that hangs.

    Where ``most`` lines wait, more are left out; a line says how many were lost as soon as there is room. The standard
    library's ``QueueListener`` would not do: it ends without a limit of time, and so do the handlers that it gives to.
    """

    def __init__(self, stream: TextIO, most: int = MOST_LINES) -> None:
        super().__init__()
        self._file, self._encoding, self._errors = stream.fileno(), stream.encoding, stream.errors or "strict"
        self._waiting: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._most = most
        self._left_out = self._failed = self._told = 0
        threading.Thread(target=self._write, name="log lines", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Have a line written, or leave it out."""
        try:
            line = f"{self.format(record)}\n".encode(self._encoding, self._errors)
        except Exception:  # noqa: BLE001 — what is logged may be anything, and logging never fails
            self.handleError(record)
            return
        lost, told = self._left_out + self._failed, self._told
        if lost > told and self._waiting.qsize() < self._most:
            self._told = lost
            log.warning("log_lines_lost", lines=lost - told)  # which comes here, too
        if self._waiting.qsize() < self._most:
            self._waiting.put(line)
        else:
            self._left_out += 1

    def flush(self) -> None:
        """Wait until all lines are written, for a while."""
        written = threading.Event()
        self._waiting.put(written)
        written.wait(FLUSH_SECONDS)

    def _write(self) -> None:
        while True:
            first = self._waiting.get()
            if not isinstance(first, threading.Event):
                time.sleep(_GATHERING)
            waiting = [first, *(self._waiting.get() for _ in range(self._waiting.qsize()))]
            lines = [line for line in waiting if not isinstance(line, threading.Event)]
            self._failed += sum(_write_past(self._file, piece) for piece in _pieces(lines))
            for written in waiting:
                if isinstance(written, threading.Event):
                    written.set()


def _pieces(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Put lines together as far as one write is of one piece, whoever writes to the same pipe."""
    piece: list[bytes] = []
    for line in lines:
        if piece and sum(map(len, piece)) + len(line) > _LARGEST_PIECE:
            yield piece
            piece = []
        piece.append(line)
    if piece:
        yield piece


def _write_past(file: int, lines: Sequence[bytes]) -> int:
    """Write all of some lines past the stream, whose lock the interpreter wants at its end, and count the lost.

    Waits as long as it takes.
    """
    left = b"".join(lines)
    ends = list(accumulate(map(len, reversed(lines))))
    while left:
        try:
            left = left[os.write(file, left) :]
        except BlockingIOError:  # somebody else made it non-blocking, and it is full
            select.select((), (file,), ())
        except OSError:
            return bisect_left(ends, len(left)) + 1
    return 0


def set_up_logs(
    *,
    level: str,
    as_json: bool,
    secrets: Sequence[str] = (),
    stream: TextIO | None = None,
    to: Callable[[TextIO], logging.Handler] = logging.StreamHandler,
) -> None:
    """Send structlog's and the standard library's lines of a level or worse to a stream, by default stderr.

    ``secrets`` are redacted wherever they appear, tracebacks included, and so is whatever looks like a token; ``to``
    makes what writes the lines.
    """
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    console = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
    known = tuple(form for secret in secrets if secret for form in _written_forms(secret))
    line_of = _drawing(_as_json if as_json else console, known)
    formatter = _Formatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, line_of]
    )
    handler = to(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # What no line shows is not looked for; the standard library documents these for that.
    logging._srcfile = None  # noqa: SLF001 — documented, see above
    logging.logThreads = logging.logProcesses = False
    for chatty in ("httpx", "discord.gateway", "discord.client", "aiosqlite", "github", "urllib3"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # That something is tried again, or a job not begun twice, is as it should be; what fails in the end is told of.
    for chattier in ("apscheduler", "stamina"):
        logging.getLogger(chattier).setLevel(max(logging.ERROR, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, _at_once(line_of)],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Makes lines of what libraries log; structlog's are made where they are logged, which is quicker."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return record.getMessage() if hasattr(record, _IS_LINE) else super().format(record)


def _at_once(line_of: Callable[[object, str, Event], str]) -> structlog.typing.Processor:
    """Return what makes a line of an event, and tells the formatter that it is one."""

    def make(logger: logging.Logger, method: str, event: Event) -> structlog.typing.ProcessorReturnValue:
        try:
            return (line_of(logger, method, dict(event)),), {"extra": {_IS_LINE: True}}
        except Exception:  # noqa: BLE001 — logging never fails: the formatter will, and the standard library sees to that
            return structlog.stdlib.ProcessorFormatter.wrap_for_formatter(logger, method, event)

    return make


def _as_json(logger: object, method: str, event: Event) -> structlog.typing.ProcessorReturnValue:
    return _to_json(logger, method, structlog.processors.format_exc_info(logger, method, event))


def _drawing(draw: structlog.typing.Processor, secrets: tuple[str, ...]) -> Callable[[object, str, Event], str]:
    """Redact the finished line, whatever put the secret there."""

    def line_of(logger: object, method: str, event: Event) -> str:
        return redact(str(draw(logger, method, event)), secrets)

    return line_of


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Take out secrets, those given and those that look like one."""
    for secret in secrets:
        text = text.replace(secret, _REDACTED)
    folded = text.casefold()
    suspicious = any(mark in folded for mark in _MARKS) or _DOTTED.search(text) is not None
    return _SECRETS.sub(_REDACTED, text) if suspicious else text


def _written_forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, as in a JSON string, and as in Python's own notation: quotes and line ends differ."""
    return tuple(dict.fromkeys((secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])))
