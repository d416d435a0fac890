"""``ftbot tracking``: where the tracking table disagrees with the index."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.errors import UserError
from bot.core.guide.table_page import read_page
from bot.core.guide.tracking_table import LONGEST_TEXT, PATH
from bot.core.schema.table import table_json
from bot.core.upstream.table_report import REPADDED, TableReport, patch, pull_request
from bot.terminal.console import error_output, foreign, output
from bot.terminal.table import table_progress, table_report
from bot.wiring.clock import utc_now
from bot.wiring.table import open_table_tools

_MOST_BYTES = 4 * LONGEST_TEXT
_STANDARD_INPUT = "-"


def compare_table(file: str | None, form: str) -> CommandOutcome:
    """Answer ``ftbot tracking``; ``form`` is ``text``, ``json``, ``patch`` or ``markdown``.

    Raises ``UserError`` for a file that cannot be read or has no table, ``UpstreamError`` where nothing answers.
    """
    settings = command_settings()
    path = patched_path(file)
    return asyncio.run(_compare(settings, file, form, path))


def patched_path(file: str | None) -> str:
    """Return what a page is called in a patch: its place in the repository that it is in, with slashes.

    A page outside of one keeps the end of its name that the published one has, or else its own name alone.
    """
    if file is None or file == _STANDARD_INPUT:
        return PATH
    path = Path(file).resolve()
    root = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    if root is not None:
        return path.relative_to(root).as_posix()
    return PATH if path.as_posix().endswith(f"/{PATH}") else path.name


async def _compare(settings: Settings, file: str | None, form: str, path: str) -> CommandOutcome:
    err = error_output()
    given = None if file is None else await asyncio.to_thread(_read, file)
    async with open_table_tools(settings) as tools:
        text, old = (given, None) if given is not None else await tools.published()
        page = read_page(text)
        with table_progress(shown=form == "text") as progress:
            report = await tools.checker.check(page, progress)
    for warning in (*filter(None, (tools.warning, old)), *_warnings(report, form)):
        err.print(foreign(f"ftbot: {warning}"), soft_wrap=True)
    _print(report, form, path)
    return CommandOutcome.UPSTREAM if report.unread else CommandOutcome.ANSWERED


def _print(report: TableReport, form: str, path: str) -> None:
    if form == "json":
        print_json(table_json(report))
    elif form == "patch":
        _write(patch(report, path))
    elif form == "markdown":
        _write(pull_request(report, utc_now().date()))
    else:
        output().print(table_report(report))


def _write(text: str) -> None:
    """Write text as UTF-8 whatever the terminal speaks: a patch has the page's own letters and line ends."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def _warnings(report: TableReport, form: str) -> list[str]:
    told = []
    if report.unread:
        told.append(f"The index could not be read for {report.unread} of {len(report.rows)} rows; they say so.")
    if report.links_problem is not None:
        told.append(f"Whether links moved or threads were closed was not checked: {report.links_problem}")
    if form == "patch" and report.is_written_anew:
        told.append(REPADDED)
    if form == "patch" and not report.changed:
        told.append("There is nothing to write: the patch is empty.")
    return told


def _read(file: str) -> str:
    """Read a page. Raises ``UserError`` where it cannot be read as text."""
    try:
        if file == _STANDARD_INPUT:
            body = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(file).expanduser().open("rb") as opened:
                body = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}. Name another file.") from error
    if len(body) > _MOST_BYTES:
        raise UserError(f"{file} has more than {_MOST_BYTES:,} bytes. That is no tracking table.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is no text in UTF-8 (byte {error.start}). Name another file.") from error
