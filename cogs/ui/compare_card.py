"""Packages side by side as a card: a table in a code block, as Discord has no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from discord import ui

from bot.core.comparison.wording import ComparedLine, comparison_lines
from bot.core.guide.table_page import display_width
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.text.sentences import one_line, shortened
from bot.core.text.whole_list import more
from bot.core.verdicts.status import failed
from bot.core.verdicts.wording import DISCLAIMER
from bot.services.packages.comparison import ComparedPackages
from cogs.ui.buttons import finished
from cogs.ui.status_card import MOST_BYTES, MOST_TEXT, plain

_LONGEST_CELL = 24
_LONGEST_NAME = 60
_LONGEST_REASON = 200
_LONGEST_NAMES = 300
_ROOM = 1_000
"""Characters and bytes that are kept for what stands around the table."""


def compare_card(compared: ComparedPackages, now: datetime, whole: WholeLists = NO_SITE) -> ui.LayoutView:
    """Lay out packages beside each other; lines that do not fit are left out from the end, which is said.

    ``whole`` knows where all of it is.
    """
    packages = compared.comparison.packages
    head = " · ".join(f"**{plain(status.package, _LONGEST_NAME)}**" for status in packages)
    lines = [ComparedLine("", tuple(status.package for status in packages))]
    lines += comparison_lines(compared.comparison, compared.cadences, now)
    problems = [
        f"{plain(status.package, _LONGEST_NAME)}: {plain(status.error or 'Nothing is known.', _LONGEST_REASON)}"
        for status in packages
        if failed(status.headline.verdict)
    ]
    table, left_out = _table(lines)
    where = whole.comparison([status.package for status in packages]).in_discord()
    rest = f"-# {more(left_out, plain(where, _LONGEST_NAMES) if whole.base is None else where)}" if left_out else ""
    texts = [f"### {head}", f"```\n{table}\n```", rest, "\n".join(problems), f"-# {DISCLAIMER}"]
    card = ui.LayoutView(timeout=None)
    card.add_item(ui.Container(*(ui.TextDisplay[ui.LayoutView](text) for text in texts if text)))
    return finished(card)


def _table(lines: list[ComparedLine]) -> tuple[str, int]:
    """Return as many lines as fit, and how many are left out."""
    rows = [[_cell(line.subject), *map(_cell, line.cells)] for line in lines]
    widths = [max(display_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    written, characters, size = [], MOST_TEXT - _ROOM, MOST_BYTES - _ROOM
    for line, text in zip(lines, _written(rows, widths), strict=True):
        block = f"\n{text}" if line.group else text
        characters -= len(block) + 1
        size -= len(block.encode()) + 1
        if characters < 0 or size < 0:
            break
        written.append(block)
    return "\n".join(written), len(lines) - len(written)


def _written(rows: list[list[str]], widths: list[int]) -> Iterator[str]:
    for row in rows:
        cells = (cell + " " * (width - display_width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _cell(text: str) -> str:
    """Keep text on its line and within its block, which only a backtick could end."""
    return shortened(one_line(text), _LONGEST_CELL).replace("`", "'")
