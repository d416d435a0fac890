"""``ftbot migrate``: everything from one database to another."""

from __future__ import annotations

import asyncio
import sys
import time

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.database_address import DatabaseAddress, parse_database
from bot.core.errors import UserError
from bot.core.schema.times import SCHEMA
from bot.core.text.sentences import listed
from bot.services.moving import MoveReport
from bot.terminal.console import output
from bot.terminal.moving import move_progress, move_sentences, moved_tables_table
from bot.wiring.moving import open_mover


def migrate_database(source: str | None, target: str | None, *, only_look: bool, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot migrate``; what is not given is FTBOT_DATABASE. Raises ``UserError`` and ``StorageError``."""
    if source is None and target is None:
        raise UserError("Give --from or --to; the other one is FTBOT_DATABASE.")
    settings = command_settings()
    came_from, goes_to = (_address(settings, *each) for each in (("--from", source), ("--to", target)))
    began = time.monotonic()
    report = asyncio.run(_move(came_from, goes_to, only_look=only_look, shown=not as_json))
    seconds = time.monotonic() - began
    if as_json:
        _print_json(report, came_from, goes_to, seconds, only_look=only_look)
    else:
        output().print(moved_tables_table(report))
        for sentence in move_sentences(report, str(came_from), str(goes_to), seconds, only_look=only_look):
            output().print(sentence, soft_wrap=True)
    if not report.different:
        return CommandOutcome.ANSWERED
    sys.stderr.write(
        f"ftbot: What was moved is not the same in {listed(report.different)}. Please report it; {goes_to} stays"
        " incomplete and is not used.\n"
    )
    return CommandOutcome.NO


def _address(settings: Settings, option: str, written: str | None) -> DatabaseAddress:
    if written is None:
        return settings.database
    try:
        return parse_database(written)
    except ValueError as error:
        raise UserError(f"{option} cannot be used: {str(error).rstrip('.')}.") from None


async def _move(source: DatabaseAddress, target: DatabaseAddress, *, only_look: bool, shown: bool) -> MoveReport:
    async with open_mover(source, target, only_look=only_look) as mover:
        if only_look:
            return await mover.look()
        with move_progress(shown=shown) as progress:
            return await mover.move(progress)


def _print_json(
    report: MoveReport, source: DatabaseAddress, target: DatabaseAddress, seconds: float, *, only_look: bool
) -> None:
    print_json(
        {
            "schema": SCHEMA,
            "from": str(source),
            "to": str(target),
            "dry_run": only_look,
            "resumed": report.resumed,
            "already": report.already,
            "rows": report.rows,
            "replaced": report.replaced,
            "tables": [
                {"table": each.table, "rows": each.rows, "hash": each.hash, "same": each.same} for each in report.tables
            ],
            "seconds": round(seconds, 3),
        }
    )
