"""``ftbot run``: the bot, until it is stopped."""

from __future__ import annotations

import asyncio
import gc
import signal

import structlog

from bot.cli.unused import OF_THE_BOT, as_if_not_installed
from bot.config import LogFormat, read_settings, unused_settings
from bot.core.errors import UserError
from bot.ending import Ending, flush_logs
from bot.logs import Aside, set_up_logs

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def run_until_stopped() -> None:
    """Run the bot. Raises ``UserError`` without a token."""
    gc.enable()
    settings = read_settings()
    if settings.discord_token is None:
        raise UserError("FTBOT_DISCORD_TOKEN is not set. Create a bot (docs/operations.md) and set its token.")
    ending = Ending()
    ending.heed(signal.SIGINT, signal.SIGTERM)
    with as_if_not_installed(*OF_THE_BOT):
        from bot.app import run_bot  # only the bot needs Discord's library, which takes its time to import

    as_json = settings.log_format is LogFormat.JSON
    set_up_logs(level=settings.log_level, as_json=as_json, secrets=settings.secrets(), to=Aside)
    try:
        for what in unused_settings():
            log.warning("setting_without_effect", reason=what)
        asyncio.run(run_bot(settings, ending))
    finally:
        flush_logs()  # before the sentence that says why it ended
