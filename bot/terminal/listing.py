"""Lists of packages as people see them in a terminal: a line for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table

from bot.core.listing.listed import Listed, ListedTarget
from bot.core.listing.query import ListPage
from bot.core.listing.wording import gil_word, modifier_words, since_words, state_words
from bot.core.text.sentences import counted, shortened
from bot.terminal.console import ago, foreign
from bot.terminal.text import Text

_STYLES = {"✅": "green", "🟡": "yellow", "⛔": "red", "⬜": "cyan", "❔": "magenta"}
_LONGEST_PACKAGE = 48
_LONGEST_VERSION = 20
_ANYWHERE = 10_000
"""Columns in which any line has room."""


def package_list(page: ListPage[Listed]) -> RenderableType:
    """Draw a page of a list for a pipe: a line for each package, and nothing else."""
    return _Lines(page.packages, headed=False)


def framed_list(page: ListPage[Listed], scanned: datetime, now: datetime) -> RenderableType:
    """Draw a page of a list for people: with headings, and how many fit in all; ``scanned`` is when that was known."""
    if not page.packages:
        return Text("No tracked package fits.")
    return Group(_Lines(page.packages, headed=True), Text(), Text(_foot(page, scanned, now), style="dim"))


class _Detail(IntEnum):
    """How much is said of a target."""

    STATE = 0
    SINCE = 1
    EVERYTHING = 2


@dataclass(frozen=True, slots=True)
class _Lines:
    """Packages, one a line, drawn as there is room: of targets less is said where it is narrow, of packages never."""

    packages: tuple[Listed, ...]
    headed: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        anywhere = options.update_width(_ANYWHERE)
        for detail in sorted(_Detail, reverse=True):
            table = self._table(detail, can_wrap=False)
            if Measurement.get(console, anywhere, table).maximum <= options.max_width:
                yield table
                return
        yield self._table(_Detail.STATE, can_wrap=True)

    def _table(self, detail: _Detail, *, can_wrap: bool) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=self.headed)
        table.add_column("rank", justify="right", no_wrap=True)
        table.add_column("package", overflow="fold", no_wrap=not can_wrap)
        table.add_column("version", overflow="fold", no_wrap=not can_wrap)
        for listed in self.packages[0].targets if self.packages else ():
            table.add_column(str(listed.target), overflow="fold", no_wrap=not can_wrap)
        for package in self.packages:
            table.add_row(
                "" if package.rank is None else str(package.rank),
                foreign(shortened(package.name, _LONGEST_PACKAGE), style="bold"),
                foreign(shortened(package.version or "", _LONGEST_VERSION)),
                *(_cell(each, detail) for each in package.targets),
            )
        return table


def _cell(listed: ListedTarget, detail: _Detail) -> Text:
    words = state_words(listed)
    text = Text(f"{words.glyph} {words.word}", style=_STYLES[words.glyph])
    for aside in _asides(listed, detail):
        text.append(f" · {aside}", style="dim")
    return text


def _asides(listed: ListedTarget, detail: _Detail) -> Iterator[str]:
    if detail is _Detail.EVERYTHING:
        yield from filter(None, (gil_word(listed), since_words(listed)))
        yield from modifier_words(listed)
    elif detail is _Detail.SINCE:
        yield from filter(None, (gil_word(listed), since_words(listed, with_day=False)))


def _foot(page: ListPage[Listed], scanned: datetime, now: datetime) -> str:
    where = "" if page.pages == 1 else f", page {page.number} of {page.pages}"
    return f"{counted(page.total, 'package')}{where} · scanned {ago(scanned, now)}"
