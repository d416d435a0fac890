"""``ftbot status``: whether packages work on free-threaded Python."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.errors import UserError
from bot.core.index.names import normalize
from bot.core.schema.status import status_json
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import failed, with_upstream
from bot.core.wheels.targets import Target, parse_target
from bot.services.packages.families import look_up_all
from bot.services.packages.lookup import Freshness
from bot.streams import output_failure
from bot.terminal.console import error_output, foreign, output
from bot.terminal.status import status_card
from bot.wiring.clock import utc_now
from bot.wiring.status import open_package_tools


def answer_status(
    packages: Sequence[str], targets: Sequence[str], *, as_json: bool, offline: bool, refresh: bool
) -> CommandOutcome:
    """Answer ``ftbot status``. Raises ``UserError`` for a name or a Python that cannot be."""
    if offline and refresh:
        raise UserError("--offline and --refresh exclude each other. Give only one of them.")
    settings = command_settings()
    names = [normalize(package) for package in packages]
    wanted = tuple(dict.fromkeys(parse_target(text) for text in targets))
    freshness = Freshness.OFFLINE if offline else Freshness.REFRESH if refresh else Freshness.NORMAL
    return asyncio.run(_answer(settings, names, wanted, freshness, as_json=as_json))


async def _answer(
    settings: Settings, names: Sequence[str], targets: Sequence[Target], freshness: Freshness, *, as_json: bool
) -> CommandOutcome:
    """Ask about all packages at once; print the answers in the order asked, each as soon as it is its turn."""
    out, err = output(), error_output()
    verdicts: set[Verdict] = set()
    async with open_package_tools(settings) as tools:
        if tools.warning is not None:
            err.print(foreign(f"ftbot: {tools.warning}"), soft_wrap=True)
        asking = look_up_all(tools.lookup, names, targets, freshness)
        try:
            for question in asking:
                answer = with_upstream(await question, tools.tracking)
                verdicts.add(answer.headline.verdict)
                if as_json:
                    print_json(status_json(answer))
                elif not failed(answer.headline.verdict):
                    out.print(status_card(answer, utc_now()))
                if failed(answer.headline.verdict):
                    why = await tools.explain(answer, offline=freshness is Freshness.OFFLINE)
                    err.print(foreign(f"ftbot: {why}"), soft_wrap=True)
                if output_failure() is not None:  # nobody sees the other answers
                    break
        finally:
            for question in asking:
                question.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
    if Verdict.UNKNOWN in verdicts:
        return CommandOutcome.UPSTREAM
    return CommandOutcome.NOT_FOUND if Verdict.NOT_FOUND in verdicts else CommandOutcome.ANSWERED
