"""``ftbot compare``: packages side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.index.names import normalize
from bot.core.schema.comparison import comparison_json
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import failed
from bot.core.wheels.targets import Target, parse_target
from bot.services.packages.comparison import PackageComparer
from bot.services.packages.lookup import Freshness
from bot.terminal.comparison import comparison_table
from bot.terminal.console import error_output, foreign, output
from bot.wiring.clock import utc_now
from bot.wiring.status import open_package_tools


def compare_packages(
    packages: Sequence[str], targets: Sequence[str], *, as_json: bool, offline: bool
) -> CommandOutcome:
    """Answer ``ftbot compare``. Raises ``UserError`` for a name or a Python that cannot be."""
    settings = command_settings()
    names = list(map(normalize, packages))
    asked = tuple(dict.fromkeys(parse_target(text) for text in targets))
    freshness = Freshness.OFFLINE if offline else Freshness.NORMAL
    return asyncio.run(_compare(settings, names, asked, freshness, as_json=as_json))


async def _compare(
    settings: Settings, names: Sequence[str], targets: Sequence[Target], freshness: Freshness, *, as_json: bool
) -> CommandOutcome:
    out, err = output(), error_output()
    async with open_package_tools(settings) as tools:
        if tools.warning is not None:
            err.print(foreign(f"ftbot: {tools.warning}"), soft_wrap=True)
        comparer = PackageComparer(tools.lookup, tools.tracking, utc_now)
        compared = await comparer.compare(names, targets, freshness)
        statuses = compared.comparison.packages
        verdicts = {status.headline.verdict for status in statuses}
        for status in statuses:
            if failed(status.headline.verdict):
                why = await tools.explain(status, offline=freshness is Freshness.OFFLINE)
                err.print(foreign(f"ftbot: {why}"), soft_wrap=True)
        if as_json:
            print_json(comparison_json(compared.comparison))
        elif not all(failed(verdict) for verdict in verdicts):
            out.print(comparison_table(compared, utc_now()), crop=False)
    if Verdict.UNKNOWN in verdicts:
        return CommandOutcome.UPSTREAM
    return CommandOutcome.NOT_FOUND if Verdict.NOT_FOUND in verdicts else CommandOutcome.ANSWERED
