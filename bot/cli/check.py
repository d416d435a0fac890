"""``ftbot check``: whether what is set works."""

from __future__ import annotations

import asyncio

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.schema.times import SCHEMA
from bot.terminal.checks import checks_table
from bot.terminal.console import output
from bot.wiring.checkup import open_checkup


def check_everything(*, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot check``."""
    settings = command_settings()
    return asyncio.run(_check(settings, as_json=as_json))


async def _check(settings: Settings, *, as_json: bool) -> CommandOutcome:
    async def app_login() -> str | None:
        if settings.github_app_id is None and settings.github_private_key is None:
            return None
        from bot.wiring.github import open_app

        async with open_app(settings) as app:
            return None if app is None else await app.login()

    async with open_checkup(settings, app_login) as checkup:
        checks = await checkup.run()
    if as_json:
        found = [{"subject": check.subject, "works": check.works, "finding": check.finding} for check in checks]
        print_json({"schema": SCHEMA, "checks": found})
    else:
        output().print(checks_table(checks))
    broken = [check for check in checks if check.works is False]
    if any(not check.upstream for check in broken):
        return CommandOutcome.MISCONFIGURED
    return CommandOutcome.UPSTREAM if broken else CommandOutcome.ANSWERED
