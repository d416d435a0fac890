"""Decisions and text: pure functions over frozen nouns, with no I/O, no clock and no logging."""
