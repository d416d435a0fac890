"""What the bot's owner is told, as a message."""

from __future__ import annotations

from discord import ui

from bot.core.triage.changeset import RuleDrop
from bot.core.triage.reviews import LEAST_RIGHT
from cogs.ui.buttons import finished
from cogs.ui.status_card import plain

_LONGEST_NAME = 60


def rule_drop_card(drop: RuleDrop) -> ui.LayoutView:
    """Lay out that a rule only suggests any more, and since when."""
    rule = f"**{plain(drop.rule, _LONGEST_NAME)}** (version {drop.version})"
    uses = f"{drop.right} of its last {drop.reviewed} reviewed uses, less than {LEAST_RIGHT:.0%}"
    texts = [
        "### A triage rule only suggests now",
        f"People corrected {rule}: it was right in {uses}.",
        "It puts no label on by itself until it is right often enough again, or has another version.",
        f"-# Since {drop.since:%Y-%m-%d %H:%M} UTC",
    ]
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*(ui.TextDisplay[ui.LayoutView](text) for text in texts)))
    return finished(view)
