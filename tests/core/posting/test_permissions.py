"""What the bot may not do in a channel is named as in Discord's settings."""

from __future__ import annotations

from bot.core.posting.permissions import NEEDED, NEEDED_IN_FORUMS, lacking


def test_what_is_lacking_is_named_as_in_discords_settings() -> None:
    everything = sum(NEEDED.values())
    assert lacking(everything) == ()
    assert lacking(everything - NEEDED["Attach Files"]) == ("Attach Files",)
    assert lacking(0) == ("View Channel", "Send Messages", "Attach Files", "Read Message History")
    assert lacking(1 << 3) == ()  # an administrator may do everything


def test_in_a_forum_other_permissions_are_needed_under_other_names() -> None:
    everything = sum(NEEDED_IN_FORUMS.values())
    assert lacking(everything, forum=True) == ()
    assert lacking(everything - NEEDED_IN_FORUMS["Create Posts"], forum=True) == ("Create Posts",)
    assert lacking(sum(NEEDED.values()), forum=True) == ("Send Messages in Posts",)
