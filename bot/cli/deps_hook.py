"""``ftbot deps-hook``: what the pre-commit hook runs, with the names of all files that are committed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import replace

from bot.cli.deps import DependenciesAsked, check_application, outcome_of_check, show_reports
from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome
from bot.core.dependencies.ci import ci_line
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.text.sentences import printable

_WORST_FIRST = (CommandOutcome.MISASKED, CommandOutcome.UPSTREAM, CommandOutcome.NOT_FOUND, CommandOutcome.NO)


def check_files(files: Sequence[str], asked: DependenciesAsked) -> CommandOutcome:
    """Judge each file by itself, as each is an application, and say of each how it stands."""
    gc.enable()
    settings = command_settings()
    outcomes = set()
    for file in files:
        try:
            reports = check_application(settings, replace(asked, files=(file,)), shown=False)
        except (UserError, StorageError) as error:
            outcomes.add(_complain(file, str(error), CommandOutcome.MISASKED))
        except UpstreamError as error:
            outcomes.add(_complain(file, str(error), CommandOutcome.UPSTREAM))
        else:
            outcome = outcome_of_check(reports)
            outcomes.add(outcome)
            if outcome is CommandOutcome.ANSWERED:
                sys.stdout.write(f"{printable(file)}: {ci_line(reports)}\n")
            else:
                show_reports(reports, "text", tree=False)
    return next((outcome for outcome in _WORST_FIRST if outcome in outcomes), CommandOutcome.ANSWERED)


def _complain(file: str, problem: str, outcome: CommandOutcome) -> CommandOutcome:
    sys.stderr.write(f"ftbot: {printable(f'{file}: {problem}')}\n")
    return outcome
