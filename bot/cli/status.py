"""``ftbot status``: whether packages work on free-threaded Python."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.dependencies.named import NamedPackage, named_alone
from bot.core.errors import UserError
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

if TYPE_CHECKING:  # it comes from the readers of files
    from bot.core.dependencies.files import UnreadLine

_MOST_CARDS = 10
"""Packages that have a card each; of more, each has a line."""


@dataclass(frozen=True, slots=True)
class StatusAsked:
    """What was asked on the command line, as it was typed."""

    packages: Sequence[str]
    files: Sequence[str]
    targets: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Named:
    """The packages that were named, the Pythons, and lines of files that name none."""

    packages: tuple[NamedPackage, ...]
    targets: tuple[Target, ...]
    not_read: tuple[UnreadLine, ...]


def answer_status(asked: StatusAsked, *, as_json: bool, offline: bool, refresh: bool) -> CommandOutcome:
    """Answer ``ftbot status``. Raises ``UserError`` for a name, a file or a Python that cannot be."""
    if offline and refresh:
        raise UserError("--offline and --refresh exclude each other. Give only one of them.")
    if not (asked.packages or asked.files):
        raise UserError("Nothing was asked about. Name packages, such as numpy, or give a file with -r.")
    settings = command_settings(logs_later=True)
    packages = tuple(map(_read_name, asked.packages))
    targets = tuple(dict.fromkeys(parse_target(text) for text in asked.targets))
    freshness = Freshness.OFFLINE if offline else Freshness.REFRESH if refresh else Freshness.NORMAL
    named = asyncio.run(_read(asked.files, packages, targets or settings.targets)) if asked.files else None
    named = named or _Named(packages, targets, ())
    if len(named.packages) > _MOST_CARDS and not as_json:
        return asyncio.run(_table(settings, named, freshness))
    return asyncio.run(_answer(settings, replace(named, targets=targets), freshness, as_json=as_json))


def _read_name(text: str) -> NamedPackage:
    """Read a name, or one with its version. Raises ``UserError``."""
    alone = named_alone(text)
    if alone is not None:
        return alone
    from bot.core.dependencies.naming import read_release  # the parser of requirements

    return read_release(text)


async def _read(files: Sequence[str], packages: tuple[NamedPackage, ...], targets: tuple[Target, ...]) -> _Named:
    """Add what files name for the first of the Pythons on this machine's platform."""
    from bot.cli.platforms import current_platform
    from bot.core.dependencies.naming import named_in
    from bot.wiring.dependencies import read_application  # the readers of a dozen formats

    read = await read_application((), [Path(file) for file in files], None)
    found = [each for file in read for each in named_in(file, targets[0], current_platform())]
    return _Named((*packages, *dict.fromkeys(found)), targets, tuple(line for file in read for line in file.not_read))


async def _table(settings: Settings, named: _Named, freshness: Freshness) -> CommandOutcome:
    """Print a line for each package, for each Python."""
    from bot.cli.platforms import current_platform
    from bot.terminal.dependencies import dependency_table
    from bot.wiring.dependencies import open_dependency_check

    out, err = output(), error_output()
    targets = named.targets or settings.targets
    async with open_dependency_check(settings) as tools:
        reports = await tools.check.look_at(named.packages, targets, current_platform(), freshness, named.not_read)
    for line in filter(None, (tools.warning, *reports[0].warnings)):
        err.print(foreign(f"ftbot: {line}"), soft_wrap=True)
    for number, report in enumerate(reports):
        if number:
            out.print()
        out.print(dependency_table(report), crop=False)
    if any(report.unreachable for report in reports):
        return CommandOutcome.UPSTREAM
    return CommandOutcome.NOT_FOUND if any(report.names_missing for report in reports) else CommandOutcome.ANSWERED


async def _answer(settings: Settings, named: _Named, freshness: Freshness, *, as_json: bool) -> CommandOutcome:
    """Ask about all packages at once; print the answers in the order asked, each as soon as it is its turn."""
    out, err = output(), error_output()
    verdicts: set[Verdict] = set()
    async with open_package_tools(settings) as tools:
        if tools.warning is not None:
            err.print(foreign(f"ftbot: {tools.warning}"), soft_wrap=True)
        for line in named.not_read:
            place = line.file if line.line is None else f"{line.file}:{line.line}"
            err.print(foreign(f"ftbot: {place}: {line.text}: {line.reason}."), soft_wrap=True)
        asking = look_up_all(tools.lookup, named.packages, named.targets, freshness)
        try:
            for question in asking:
                answer = with_upstream(await question, tools.tracking)
                verdicts.add(answer.headline.verdict)
                if as_json:
                    from bot.core.schema.status import status_json

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
