"""What tracked packages gained and lost, as one message."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.core.digest.changes import Change, ChangeKind
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.text.whole_list import more
from bot.core.verdicts.wording import DISCLAIMER
from bot.core.wheels.platforms import platform_list
from cogs.ui.buttons import finished
from cogs.ui.status_card import plain

_MOST_LISTED = 20
_LONGEST_NAME = 60
_WORDS = {
    ChangeKind.GAINED: "🟢 gained wheels for",
    ChangeKind.LOST: "🔴 lost its wheels for",
    ChangeKind.NARROWED: "🟠 lost some of its wheels for",
}


def announcement_card(changes: Sequence[Change], whole: WholeLists = NO_SITE) -> ui.LayoutView:
    """Lay out changes in the order in which they were noticed; of too many, gains are left out first.

    ``whole`` knows where all of them are.
    """
    places = sorted(range(len(changes)), key=lambda place: changes[place].kind is ChangeKind.GAINED)
    shown, left_out = sorted(places[:_MOST_LISTED]), places[_MOST_LISTED:]
    lines = [_line(changes[place]) for place in shown]
    if left_out:
        gained = all(changes[place].kind is ChangeKind.GAINED for place in left_out)
        lines.append(more(len(left_out), whole.moved(gained=gained).in_discord()))
    texts = ["### Free-threaded Python: what just changed", "\n".join(lines), f"-# {DISCLAIMER}"]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*(ui.TextDisplay[ui.LayoutView](text) for text in texts if text)))
    return finished(view)


def _line(change: Change) -> str:
    name, version = plain(change.package, _LONGEST_NAME), plain(change.version, _LONGEST_NAME)
    tags = ", ".join(plain(tag, _LONGEST_NAME) for tag in change.how[:3])
    notes = platform_list(change.lost) if change.kind is ChangeKind.NARROWED else tags
    return f"- **{name}** {version}: {_WORDS[change.kind]} **{change.target}**" + (f" ({notes})" if notes else "")
