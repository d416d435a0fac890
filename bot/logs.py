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
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from queue import Full, Queue
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
_REDACTED = "[redacted]"

MOST_LINES = 5_000
"""Lines that wait to be written; what comes beyond them is left out, and counted."""

FLUSH_SECONDS = 0.5
"""How long the end waits for lines that are still to be written."""

Event = MutableMapping[str, object]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Aside(logging.Handler):
    """Writes lines to a stream's file in a thread of its own, in order; logging takes no longer where that hangs.

    Where ``most`` lines wait, more are left out; a line says how many were lost as soon as there is room. The standard
    library's ``QueueListener`` would not do: it ends without a limit of time, and so do the handlers that it gives to.
    """

    def __init__(self, stream: TextIO, most: int = MOST_LINES) -> None:
        super().__init__()
        self._file, self._encoding, self._errors = stream.fileno(), stream.encoding, stream.errors or "strict"
        self._lines: Queue[bytes] = Queue(most)
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
        if lost > told and not self._lines.full():
            self._told = lost
            log.warning("log_lines_lost", lines=lost - told)  # which comes here, too
        try:
            self._lines.put_nowait(line)
        except Full:
            self._left_out += 1

    def flush(self) -> None:
        """Wait until all lines are written, for a while."""
        with self._lines.all_tasks_done:
            self._lines.all_tasks_done.wait_for(lambda: not self._lines.unfinished_tasks, FLUSH_SECONDS)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            try:
                _write_past(self._file, line)
            except OSError:
                self._failed += 1
            finally:
                self._lines.task_done()


def _write_past(file: int, line: bytes) -> None:
    """Write all of a line past the stream, whose lock the interpreter wants at its end; waits as long as it takes."""
    while line:
        try:
            line = line[os.write(file, line) :]
        except BlockingIOError:  # somebody else made it non-blocking, and it is full
            select.select((), (file,), ())


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
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last += [
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    known = tuple(form for secret in secrets if secret for form in _written_forms(secret))
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[*last[:-1], last[-1], _redactor(known)]
    )
    handler = to(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx", "discord.gateway", "discord.client", "aiosqlite", "apscheduler", "github", "urllib3"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Take out secrets, those given and those that look like one."""
    for secret in secrets:
        text = text.replace(secret, _REDACTED)
    return _SECRETS.sub(_REDACTED, text)


def _written_forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it is, as in a JSON string, and as in Python's own notation: quotes and line ends differ."""
    return tuple(dict.fromkeys((secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])))


def _redactor(secrets: tuple[str, ...]) -> Callable[[object, str, Mapping[str, object] | str], str]:
    """Redact the finished line, whatever put the secret there; it comes last."""

    def finish(_logger: object, _method: str, line: Mapping[str, object] | str) -> str:
        return redact(line if isinstance(line, str) else str(line), secrets)

    return finish
