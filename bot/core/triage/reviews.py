"""When a rule was corrected so often that it only suggests any more."""

from __future__ import annotations

from collections.abc import Sequence

LEAST_RIGHT = 0.8
"""Share of its last reviewed uses in which a rule has to have been right, to be acted on without a person."""

LEAST_REVIEWED = 5
"""Uses that must have been reviewed before that counts."""

LAST_REVIEWED = 20
"""Uses that count, the latest."""


def drops(last: Sequence[bool]) -> bool:
    """Return whether a rule whose last reviewed uses were right or wrong so only suggests any more."""
    return len(last) >= LEAST_REVIEWED and sum(last) < LEAST_RIGHT * len(last)
