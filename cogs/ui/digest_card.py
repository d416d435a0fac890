"""The weekly digest as a Components V2 card, within Discord's limits whatever happened in the week."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import ui

from bot.core.digest.digest import Digest
from bot.core.digest.wording import (
    Item,
    Section,
    chart_text,
    listed_unread,
    quiet_line,
    sections,
    source_line,
    target_line,
    title,
)
from bot.core.guide.sections import GUIDE
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.text.whole_list import more
from bot.core.verdicts.wording import DISCLAIMER
from cogs.ui.status_card import MOST_BYTES, MOST_TEXT, plain

CHART_FILE = "digest.png"
"""The name under which the chart must be attached to the message."""

_MOST_LISTED = 10
_LONGEST_SUBJECT = 80
_LONGEST_WORDS = 120
_LONGEST_NAME = 40
_LONGEST_ALT_TEXT = 1024
_BYTES_OF_A_TEXT = 12  # what Discord counts for each text besides its bytes
_COLOUR = discord.Colour(0x1E8FE1)  # the headline target's line in the chart


def digest_card(digest: Digest, chart: bool, whole: WholeLists = NO_SITE) -> ui.LayoutView:
    """Lay out a digest; with ``chart``, the message must carry the picture as ``CHART_FILE``.

    ``whole`` knows where lists are whole of which it shows a part.
    """
    head, foot = _head(digest), _foot(digest, whole)
    container = ui.Container[ui.LayoutView](ui.TextDisplay(head), accent_colour=_COLOUR)
    if chart:
        gallery = ui.MediaGallery[ui.LayoutView]()
        gallery.add_item(media=f"attachment://{CHART_FILE}", description=chart_text(digest)[:_LONGEST_ALT_TEXT])
        container.add_item(gallery)
    for text in _fitting(digest, [head, foot], whole):
        container.add_item(ui.TextDisplay(text))
    pages = (("All of this week", whole.week(digest.week)), ("All packages", whole.packages()))
    links = [ui.Button[ui.LayoutView](label=label, url=page.address) for label, page in pages if page.address]
    container.add_item(ui.ActionRow(ui.Button(label="What is this?", url=GUIDE), *links))
    container.add_item(ui.TextDisplay(foot))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view


def _head(digest: Digest) -> str:
    lines = [f"**{share.target}**: {target_line(digest, share)}" for share in digest.shares[:_MOST_LISTED]]
    if (rest := len(digest.shares) - _MOST_LISTED) > 0:
        lines.append(f"and {rest} more")
    return "\n".join([f"## {title(digest)}", *lines])


def _foot(digest: Digest, whole: WholeLists) -> str:
    unread = listed_unread(digest, lambda name: plain(name, _LONGEST_NAME))
    packages = whole.packages()
    one_by_one = "" if packages.address else f" · one by one: {packages.slash}"
    return f"-# {source_line(digest)}{unread}{one_by_one} · {DISCLAIMER}"


def _fitting(digest: Digest, fixed: Sequence[str], whole: WholeLists) -> Sequence[str]:
    """Return the texts between head and foot: links go first where there is not enough room, then the longest lists."""
    found = sections(digest)
    quiet = quiet_line(digest)
    first = [] if quiet is None else [quiet]
    lists = _lists(found, linked=True)
    where = [whole.in_section(digest, section).in_discord() for section in found]
    if not _fits([*fixed, *first, *map(_text, found, lists, where)]):
        lists = _lists(found, linked=False)
    while any(lists) and not _fits([*fixed, *first, *map(_text, found, lists, where)]):
        max(lists, key=len).pop()
    if not _fits([*fixed, *first, *map(_text, found, lists, where)]):
        where = [""] * len(found)
    return [*first, *map(_text, found, lists, where)]


def _lists(found: Sequence[Section], *, linked: bool) -> list[list[str]]:
    return [[_item(item, section.joint, linked) for item in section.items[:_MOST_LISTED]] for section in found]


def _text(section: Section, items: Sequence[str], where: str) -> str:
    rest = section.total - len(items)
    left_out = [more(rest, where)] if rest else []
    return "\n- ".join([f"### {section.heading} ({section.total})", *items, *left_out])


def _item(item: Item, joint: str, linked: bool) -> str:
    subject = f"**{plain(item.subject, _LONGEST_SUBJECT)}**"
    shown = f"[{subject}](<{item.url}>)" if linked and item.url else subject
    note = f" ({plain(item.note)})" if item.note else ""
    return f"{shown}{joint}{plain(item.words, _LONGEST_WORDS)}{note}"


def _fits(texts: Sequence[str]) -> bool:
    characters = sum(map(len, texts))
    size = sum(len(text.encode()) + _BYTES_OF_A_TEXT for text in texts)
    return characters <= MOST_TEXT and size <= MOST_BYTES
