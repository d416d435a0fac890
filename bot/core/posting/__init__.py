"""Posts in Discord: what, where, when, and how one is known."""
