"""``ftbot deps``: which dependencies of an application stop a move to a free-threaded Python."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.cli.platforms import current_platform
from bot.config import Settings
from bot.core.dependencies.needs import DependencyQuestion, subject_of
from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.tables import dependencies_csv, dependencies_markdown
from bot.core.errors import UserError
from bot.core.schema.dependencies import dependencies_json
from bot.core.text.sentences import printable
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.targets import Target, parse_target
from bot.terminal.console import error_output, foreign, output
from bot.terminal.dependencies import dependency_table, dependency_tree
from bot.terminal.progress import progress_bar
from bot.wiring.dependencies import open_dependency_check, read_application


@dataclass(frozen=True, slots=True)
class DependenciesAsked:
    """What was asked on the command line, as it was typed; ``folder`` is where its files are named from."""

    packages: Sequence[str] = ()
    files: Sequence[str] = ()
    environment: str | None = None
    targets: Sequence[str] = ()
    platform: str = "current"
    extras: Sequence[str] = ()
    groups: Sequence[str] = ()
    folder: Path = Path()


def show_dependencies(asked: DependenciesAsked, *, form: str, tree: bool) -> CommandOutcome:
    """Answer ``ftbot deps``; ``form`` is ``text``, ``json``, ``markdown`` or ``csv``.

    Raises ``UserError`` for what cannot be read at all.
    """
    gc.freeze()  # what was imported stays, and is not looked through again and again
    gc.enable()
    if not (asked.packages or asked.files or asked.environment):
        raise UserError("Nothing was asked about. Name packages, or give a file with -r, such as -r uv.lock.")
    reports = check_application(command_settings(), asked, shown=form == "text")
    show_reports(reports, form, tree=tree)
    return outcome_of(reports)


def check_application(settings: Settings, asked: DependenciesAsked, *, shown: bool) -> tuple[DependencyReport, ...]:
    """Return the answers, one for each target; ``shown`` draws how far it is. Raises ``UserError``."""
    targets = tuple(dict.fromkeys(map(parse_target, asked.targets))) or settings.targets
    return asyncio.run(_check(settings, asked, targets, _platforms(asked.platform), shown=shown))


async def _check(
    settings: Settings,
    asked: DependenciesAsked,
    targets: tuple[Target, ...],
    platforms: tuple[Platform, ...],
    *,
    shown: bool,
) -> tuple[DependencyReport, ...]:
    environment = None if asked.environment is None else Path(asked.environment)
    files = await read_application(asked.packages, [asked.folder / file for file in asked.files], environment)
    named = [*asked.packages, *asked.files, *([] if asked.environment is None else [asked.environment])]
    question = DependencyQuestion(
        subject_of(files, named), files, targets, platforms, frozenset(asked.extras), frozenset(asked.groups)
    )
    async with open_dependency_check(settings) as tools:
        if tools.warning is not None:
            error_output().print(foreign(f"ftbot: {tools.warning}"), soft_wrap=True)
        with progress_bar("packages", shown=shown) as progress:
            task = progress.add_task("", total=None)
            return await tools.check.check(
                question, lambda done, total: progress.update(task, completed=done, total=total)
            )


def show_reports(reports: Sequence[DependencyReport], form: str, *, tree: bool) -> None:
    """Write answers to stdout in a form, and what people should know besides to stderr."""
    for line in dict.fromkeys(warning for report in reports for warning in report.warnings):
        error_output().print(foreign(f"ftbot: {line}"), soft_wrap=True)
    if form == "csv":
        sys.stdout.write(dependencies_csv(reports))
    elif form == "markdown":
        sys.stdout.write(dependencies_markdown(reports))
    elif form == "json":
        for report in reports:
            print_json(dependencies_json(report))
    else:
        draw = dependency_tree if tree else dependency_table
        for number, report in enumerate(reports):
            if number:
                output().print()
            output().print(draw(report), crop=False)
    for report in reports:
        if report.error is not None and form != "text":
            error_output().print(foreign(f"ftbot: {report.target}: {report.error}"), soft_wrap=True)


def outcome_of(reports: Sequence[DependencyReport]) -> CommandOutcome:
    """Return how a question with these answers ended."""
    judged = [report for report in reports if report.is_judged]
    if not judged:
        missing = any(report.names_missing for report in reports)
        unreachable = any(report.unreachable for report in reports)
        return CommandOutcome.NOT_FOUND if missing and not unreachable else CommandOutcome.UPSTREAM
    if any(report.blocking for report in judged):
        return CommandOutcome.NO
    return CommandOutcome.NOT_FOUND if any(report.names_missing for report in reports) else CommandOutcome.ANSWERED


def outcome_of_check(reports: Sequence[DependencyReport]) -> CommandOutcome:
    """Return how a check with these answers ended: names that an index does not have, such as private ones, pass it."""
    outcome = outcome_of(reports)
    is_judged = any(report.is_judged for report in reports)
    return CommandOutcome.ANSWERED if outcome is CommandOutcome.NOT_FOUND and is_judged else outcome


def _platforms(text: str) -> tuple[Platform, ...]:
    if text == "current":
        return (current_platform(),)
    if text == "all":
        return PLATFORMS
    if text in PLATFORMS:
        return (Platform(text),)
    names = ", ".join(PLATFORMS)
    raise UserError(f"`{printable(text)[:40]}` is no platform that is judged. Use current, all, or one of {names}.")
