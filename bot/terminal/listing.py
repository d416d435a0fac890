"""Lists of packages as people see them in a terminal: a line for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
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


def package_list(page: ListPage[Listed]) -> RenderableType:
    """Draw a page of a list for a pipe: a line for each package, and nothing else."""
    return _table(page, headed=False)


def framed_list(page: ListPage[Listed], scanned: datetime, now: datetime) -> RenderableType:
    """Draw a page of a list for people: with headings, and how many fit in all; ``scanned`` is when that was known."""
    if not page.packages:
        return Text("No tracked package fits.")
    return Group(_table(page, headed=True), Text(), Text(_foot(page, scanned, now), style="dim"))


def _table(page: ListPage[Listed], *, headed: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=headed)
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("package", no_wrap=True)
    table.add_column("version", no_wrap=True)
    for listed in page.packages[0].targets if page.packages else ():
        table.add_column(str(listed.target), no_wrap=True)
    for package in page.packages:
        table.add_row(
            "" if package.rank is None else str(package.rank),
            foreign(shortened(package.name, _LONGEST_PACKAGE), style="bold"),
            foreign(shortened(package.version or "", _LONGEST_VERSION)),
            *(_cell(each) for each in package.targets),
        )
    return table


def _cell(listed: ListedTarget) -> Text:
    words = state_words(listed)
    text = Text(f"{words.glyph} {words.word}", style=_STYLES[words.glyph])
    for aside in _asides(listed):
        text.append(f" · {aside}", style="dim")
    return text


def _asides(listed: ListedTarget) -> Iterator[str]:
    yield from filter(None, (gil_word(listed), since_words(listed)))
    yield from modifier_words(listed)


def _foot(page: ListPage[Listed], scanned: datetime, now: datetime) -> str:
    where = "" if page.pages == 1 else f", page {page.number} of {page.pages}"
    return f"{counted(page.total, 'package')}{where} · scanned {ago(scanned, now)}"
