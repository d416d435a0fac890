"""The readers of lock files: one module for each format, all of which give a ``Lock``."""
