"""Log lines: structured, for people on a console or as JSON for collectors, and never with a secret in them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
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

Event = MutableMapping[str, object]


def set_up_logs(*, level: str, as_json: bool, secrets: Sequence[str] = (), stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's lines of a level or worse to a stream, by default stderr.

    ``secrets`` are redacted wherever they appear, tracebacks included, and so is whatever looks like a token.
    """
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
        colours = (stream or sys.stderr).isatty()
        last += [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]
    known = tuple(form for secret in secrets if secret for form in _written_forms(secret))
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[*last[:-1], last[-1], _redactor(known)]
    )
    handler = logging.StreamHandler(stream or sys.stderr)
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
    """Give a secret as it is, as in a JSON string, and as in Python's own notation: quotes and line ends differ."""
    return tuple(dict.fromkeys((secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])))


def _redactor(secrets: tuple[str, ...]) -> Callable[[object, str, Mapping[str, object] | str], str]:
    """Redact the finished line, whatever put the secret there; it comes last."""

    def finish(_logger: object, _method: str, line: Mapping[str, object] | str) -> str:
        return redact(line if isinstance(line, str) else str(line), secrets)

    return finish
