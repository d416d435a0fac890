"""The permissions that posting takes in a channel, by the names that Discord has for them."""

from __future__ import annotations

from collections.abc import Mapping

NEEDED = {
    "View Channel": 1 << 10,
    "Send Messages": 1 << 11,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
}
"""The permissions that posting takes, by the names that Discord's settings have for them, and their bits."""

NEEDED_IN_FORUMS = {
    "View Channel": 1 << 10,
    "Create Posts": 1 << 11,
    "Send Messages in Posts": 1 << 38,
    "Read Message History": 1 << 16,
}
"""What posting in a forum takes; Discord's settings have other names there for the right to send."""

_ADMINISTRATOR = 1 << 3


def lacking(granted: int, *, forum: bool = False) -> tuple[str, ...]:
    """List the permissions that posting takes and that are not among those granted, a bit field of Discord's."""
    if granted & _ADMINISTRATOR:
        return ()
    return tuple(name for name, bit in needed(forum=forum).items() if not granted & bit)


def needed(*, forum: bool) -> Mapping[str, int]:
    """Return the permissions that posting takes in a forum, or in any other channel."""
    return NEEDED_IN_FORUMS if forum else NEEDED
