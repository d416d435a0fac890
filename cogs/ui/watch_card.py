"""What people watch, and what they are told of it, as cards: packages by name, a line for each thing that happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

import discord
from discord import ui

from bot.core.errors import UserError
from bot.core.github.threads import parse_ref
from bot.core.listing.query import ListOrder, ListQuery
from bot.core.posting.watches import NewsItem, NewsKind, Topic, Watch, WatchPlace
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.text.sentences import counted, joined, listed
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import DISCLAIMER, headline
from cogs.ui.buttons import LONGEST_IDENTIFIER, Button, action, base36, finished, identifier_of
from cogs.ui.status_card import MOST_BYTES, MOST_TEXT, link, moment, plain, text_card

WATCH, WATCHES, PAGE, REMOVE, UNWATCH = "w", "wl", "wp", "wr", "wx"
"""What buttons do: watch the package of a card, list what is watched, turn a page, remove some, remove one."""

TOPIC_WORDS = {
    Topic.APPEAR: "wheels appear",
    Topic.COMPLETE: "there are wheels for every platform",
    Topic.LOST: "wheels are lost",
    Topic.GIL: "what importing it does to the GIL changes",
    Topic.TRACKING: "the tracking issue is closed",
    Topic.PRERELEASE: "a pre-release has wheels",
}

MINE = "me"
"""Stands in a button for who presses it, where else the number of a channel stands."""

_A_PAGE = 15
_LONGEST_NAME = 60
_LONGEST_DETAIL = 160
_LONGEST_VALUE = 100
_LINES = {
    NewsKind.GAINED: "🟢 {version} has wheels for **{target}** ({detail})",
    NewsKind.COMPLETED: "✅ {version} has wheels for **{target}** on every platform",
    NewsKind.LOST: "🔴 {version} lost the wheels for **{target}**",
    NewsKind.NARROWED: "🟠 {version} lost some wheels for **{target}** ({detail})",
    NewsKind.GIL_OFF: "🟢 importing {version} on **{target}** keeps the GIL off, unlike {detail}",
    NewsKind.GIL_ON: "🔴 importing {version} on **{target}** turns the GIL back on, unlike {detail}",
    NewsKind.PRERELEASE: "🧪 the pre-release {version} has wheels for **{target}**",
}


def alert_card(news: Sequence[NewsItem], whole: WholeLists = NO_SITE) -> ui.LayoutView:
    """Lay out what happened to packages that somebody watches, a paragraph a package.

    ``whole`` knows where the packages are of which there is no room to tell.
    """
    packages = list(dict.fromkeys(each.package for each in news))
    title = plain(packages[0], _LONGEST_NAME) if len(packages) == 1 else counted(len(packages), "package")
    lines = [
        f"### 🔔 Free-threaded Python: {title}",
        *_fitting(_paragraphs(news), MOST_TEXT - 600, _standing_now(whole)),
    ]
    container = ui.Container[ui.LayoutView](ui.TextDisplay("\n".join(lines)))
    container.add_item(ui.ActionRow(*_alert_buttons(packages)))
    container.add_item(ui.TextDisplay(f"-# You are told because of `/ftwatch`. {DISCLAIMER}"))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return finished(view)


def list_card(
    place: WatchPlace, watches: Sequence[Watch], page: int, now: datetime, notes: Iterable[str]
) -> ui.LayoutView:
    """Lay out a page of what is watched at a place, with a select to remove some; a page that is not is the nearest."""
    last = max(0, (len(watches) - 1) // _A_PAGE)
    page = min(max(page, 0), last)
    shown = watches[page * _A_PAGE : (page + 1) * _A_PAGE]
    where = "by direct message" if place.person is not None else f"in <#{place.channel}>"
    head = f"### Watched packages: {len(watches)} of {place.most}"
    lines = [*notes, head, f"-# told {where}", *(_watched(watch, now) for watch in shown)]
    if not watches:
        lines.append("None yet. Add some with `/ftwatch add`.")
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join(_fitting(lines, MOST_TEXT))))
    key = MINE if place.channel is None or place.person is not None else base36(place.channel)
    removable = [watch.package for watch in shown if len(watch.package) <= _LONGEST_VALUE]
    if removable:
        options = [discord.SelectOption(label=name, value=name) for name in removable]
        identifier = identifier_of(REMOVE, key, str(page))
        select: ui.Select[ui.LayoutView] = ui.Select(
            custom_id=identifier, placeholder="Stop watching…", options=options, max_values=len(options)
        )
        view.add_item(ui.ActionRow(select))
    if last:
        back, more = action("◀ Back", PAGE, key, str(max(0, page - 1))), action("More ▶", PAGE, key, str(page + 1))
        back.disabled, more.disabled = page == 0, page == last
        view.add_item(ui.ActionRow(back, more))
    return finished(view)


def added_card(
    place: WatchPlace, found: Sequence[Status], watch: Watch, count: int, notes: Iterable[str]
) -> ui.LayoutView:
    """Lay out which packages are watched now, how each stands, and where is told what."""
    where = "tell you by direct message" if place.person is not None else f"post in <#{place.channel}>"
    lines = [f"- **{plain(each.package, _LONGEST_NAME)}**: {_standing(each)}" for each in found]
    said = f"I {where} when {_about(watch)}. {count} of {place.most} watches used."
    text = "\n".join(_fitting(["🔔 Watching:", *lines, said, *notes], MOST_TEXT))
    key = MINE if place.person is not None or place.channel is None else base36(place.channel)
    buttons = [action("Watches", PAGE, key, "0")]
    if len(found) == 1:
        buttons += _unwatch(found[0].package, key)
    return finished(text_card(text, buttons))


def watched_card(package: str, watch: Watch, now: datetime) -> ui.LayoutView:
    """Tell who watches a package already, and how to stop that."""
    text = f"🔔 You watch it already: {_watched(watch, now).removeprefix('- ')}"
    return finished(text_card(text, [*_unwatch(package, MINE), action("Watches", PAGE, MINE, "0")]))


def _unwatch(package: str, key: str) -> list[Button]:
    """Make the button that removes one watch, where its name fits into one."""
    fits = len(f"ft1:{UNWATCH}:{key}:{package}") <= LONGEST_IDENTIFIER
    return [action("Stop watching", UNWATCH, key, package)] if fits else []


def _alert_buttons(packages: Sequence[str]) -> Iterator[Button]:
    yield action("Watches", WATCHES)
    if len(packages) == 1:
        yield from _unwatch(packages[0], "here")


def _paragraphs(news: Sequence[NewsItem]) -> Iterator[str]:
    for package, some in groupby(news, lambda each: each.package):
        yield f"**{plain(package, _LONGEST_NAME)}**"
        for each in some:
            yield f"- {_line(each)}"


def _line(news: NewsItem) -> str:
    if news.kind is NewsKind.CLOSED:
        return f"📌 the issue that tracks its support was closed: {_linked(news.detail)}"
    return _LINES[news.kind].format(
        version=plain(news.version, _LONGEST_NAME),
        target=news.target,
        detail=plain(news.detail, _LONGEST_DETAIL),
    )


def _linked(ref: str) -> str:
    try:
        return link(parse_ref(ref))
    except UserError:
        return plain(ref, _LONGEST_DETAIL)


def _watched(watch: Watch, now: datetime) -> str:
    rests = f" · rests until {moment(watch.paused, 'f')}" if watch.paused is not None and watch.rests(now) else ""
    return f"- **{plain(watch.package, _LONGEST_NAME)}**: when {_about(watch)}{rests}"


def _about(watch: Watch) -> str:
    targets = f" ({joined([f'**{target}**' for target in watch.targets])})" if watch.targets else ""
    if set(watch.topics) == set(Topic):
        return f"anything changes{targets}"
    return f"{listed([TOPIC_WORDS[topic] for topic in watch.topics])}{targets}"


def _standing(status: Status) -> str:
    words = headline(status)
    return f"{words.glyph} {words.word} on {status.headline.target}"


def _standing_now(whole: WholeLists) -> str:
    """Return where people see how everything that they watch stands now."""
    page = whole.packages(ListQuery(order=ListOrder.GAINED))
    how = f"[how packages stand](<{page.address}>)" if page.address else "`/ftstatus` tells how each stands"
    return f"; `/ftwatch list` has all your packages, {how}"


def _fitting(lines: Iterable[str], most: int, where: str = "") -> Iterator[str]:
    """Return lines as long as they fit, how many are left out, and ``where`` they are to be seen."""
    left, size, out = most, MOST_BYTES - 1_500, 0
    for line in lines:
        left -= len(line) + 1
        size -= len(line.encode()) + 1
        if left >= 0 and size >= 0 and not out:
            yield line
        else:
            out += 1
    if out:
        yield f"-# and {counted(out, 'line')} more{where}"
