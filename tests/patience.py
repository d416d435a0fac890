"""How long tests wait for something before they fail: what is never reached on a machine that works, however busy."""

from __future__ import annotations

import os

FACTOR = float(os.environ.get("FTBOT_TEST_PATIENCE") or 1)
"""By how much all limits are longer than usual: for a very slow machine, or for many examples of every property."""


def at_most(seconds: float) -> float:
    """Return the seconds after which a test gives up waiting for what takes a fraction of them when all is well."""
    return seconds * FACTOR
