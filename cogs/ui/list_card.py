"""A page of the tracked packages as a card, with the buttons that turn to the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from discord import ui

from bot.core.listing.listed import Listed, ListedTarget
from bot.core.listing.query import WAITED_FOR, GilFilter, ListOrder, ListPage, ListQuery
from bot.core.listing.wording import gil_word, modifier_words, since_words, state_words
from bot.core.listing.words import parse_gil, parse_order, parse_verdict
from bot.core.site.whole_lists import WholeLists
from bot.core.text.sentences import counted
from bot.core.verdicts.wording import phrase
from bot.core.wheels.targets import parse_target
from cogs.ui.buttons import action, base36, finished
from cogs.ui.status_card import MOST_BYTES, MOST_TEXT, moment, plain

PAGE = "ls"
"""What the buttons do."""

PACKAGES_A_PAGE = 10

_LONGEST_NAME = 60
_LONGEST_VERSION = 30
_MOST_TARGETS = 3
_ROOM = 400
"""Characters and bytes that are kept for what stands around the lines."""

_LAGGING, _NARROWED, _WAITED_FOR = "l", "n", "w"
FLAGS = {"lagging": _LAGGING, "narrowed": _NARROWED, "waited for": _WAITED_FOR}
"""What people may ask for besides, and how a button has it."""


def list_card(
    page: ListPage[Listed], query: ListQuery, scanned: datetime, reader: int, whole: WholeLists
) -> ui.LayoutView:
    """Lay out a page; ``reader`` is who asked, whose clicks turn it, ``whole`` knows where all of the list is."""
    container = ui.Container[ui.LayoutView](ui.TextDisplay(f"### {counted(page.total, 'package')}{_which(query)}"))
    container.add_item(ui.TextDisplay(_lines(page.packages) or "No tracked package fits."))
    buttons = [*_turning(page, query, reader)]
    if address := whole.packages(query).address:
        buttons.append(ui.Button(label="All on the site", url=address))
    if buttons:
        container.add_item(ui.ActionRow(*buttons))
    where = "" if page.pages == 1 else f"Page {page.number} of {page.pages} · "
    container.add_item(ui.TextDisplay(f"-# {where}tracked packages, scanned {moment(scanned)}"))
    card = ui.LayoutView(timeout=None)
    card.add_item(container)
    return finished(card)


def written(query: ListQuery) -> tuple[str, ...]:
    """Write what is asked for into a button: a target, a verdict, the GIL, flags, an order."""
    waited_for = query.verdicts == WAITED_FOR
    flags = ((_LAGGING, query.lagging), (_NARROWED, query.narrowed), (_WAITED_FOR, waited_for))
    return (
        "" if query.target is None else str(query.target),
        "" if waited_for else "".join(verdict.value for verdict in query.verdicts),
        "" if query.gil is None else query.gil.value,
        "".join(flag for flag, holds in flags if holds),
        query.order.value,
    )


def read_query(target: str, verdict: str, gil: str, flags: str, order: str) -> ListQuery:
    """Read what is asked for, where nothing stands for no filter. Raises ``UserError``."""
    return ListQuery(
        target=parse_target(target) if target else None,
        verdicts=WAITED_FOR if _WAITED_FOR in flags else frozenset({parse_verdict(verdict)} if verdict else ()),
        gil=parse_gil(gil) if gil else None,
        lagging=_LAGGING in flags,
        narrowed=_NARROWED in flags,
        order=parse_order(order or ListOrder.RANK.value),
    )


def _turning(page: ListPage[Listed], query: ListQuery, reader: int) -> Iterator[ui.Button[ui.LayoutView]]:
    if page.pages == 1:
        return
    arguments = (base36(reader), *written(query))
    back = action("◀ Back", PAGE, *arguments, str(page.number - 1))
    back.disabled = page.number == 1
    more = action("More ▶", PAGE, *arguments, str(page.number + 1))
    more.disabled = page.number == page.pages
    yield from (back, more)


def _which(query: ListQuery) -> str:
    """Say what was asked for; words of ours alone."""
    verdicts = () if query.verdicts == WAITED_FOR else query.verdicts
    told = [f"“{phrase(verdict).word}”" for verdict in verdicts]
    told += ["waited for"] if query.verdicts == WAITED_FOR else []
    told += [_GIL[query.gil]] if query.gil is not None else []
    told += ["lagging"] if query.lagging else []
    told += ["narrowed"] if query.narrowed else []
    where = "" if query.target is None else f" on {query.target}"
    return f"{where}: {', '.join(told)}" if told else where


_GIL = {
    GilFilter.OFF: "keeps the GIL off",
    GilFilter.ON: "turns the GIL back on",
    GilFilter.UNKNOWN: "GIL unknown",
    GilFilter.NONE: "no extension module",
    GilFilter.UNREAD: "not read inside yet",
}


def _lines(packages: Sequence[Listed]) -> str:
    """Return a line for each package; without what stands in brackets where that would be too much for Discord."""
    whole = "\n".join(_line(package, whole=True) for package in packages)
    if len(whole) <= MOST_TEXT - _ROOM and len(whole.encode()) <= MOST_BYTES - _ROOM:
        return whole
    return "\n".join(_line(package, whole=False) for package in packages)


def _line(package: Listed, *, whole: bool) -> str:
    version = "" if package.version is None else f" {plain(package.version, _LONGEST_VERSION)}"
    rank = "" if package.rank is None else f" · rank {package.rank}"
    return f"- **{plain(package.name, _LONGEST_NAME)}**{version}{rank} · {_targets(package.targets, whole=whole)}"


def _targets(targets: Sequence[ListedTarget], *, whole: bool) -> str:
    return "; ".join(_target(each, whole=whole) for each in targets[:_MOST_TARGETS])


def _target(listed: ListedTarget, *, whole: bool) -> str:
    words = state_words(listed)
    since = since_words(listed)
    asides = [
        *filter(None, (gil_word(listed), None if since is None else plain(since, _LONGEST_NAME))),
        *modifier_words(listed)[:3],
    ]
    return f"{listed.target} {words.glyph} {words.word}" + (f" ({', '.join(asides)})" if asides and whole else "")
