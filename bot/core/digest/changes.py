"""What changed for a package between two scans: that its wheels appeared, or went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target


class ChangeKind(Enum):
    """Which way a package's support moved."""

    GAINED = "gained"
    LOST = "lost"
    NARROWED = "narrowed"


@dataclass(frozen=True, slots=True)
class Change:
    """A tracked package gained or lost wheels for a target with a version; ``how`` are the wheels' ABI tags.

    ``lost`` are the platforms for which it lost them: all that it had, or some.
    """

    package: str
    target: Target
    version: str
    kind: ChangeKind
    how: tuple[str, ...] = ()
    lost: tuple[Platform, ...] = ()


@dataclass(frozen=True, slots=True)
class NotedChange:
    """A change at its position in the order in which changes were noticed (UTC), for readers that go on from there."""

    position: int
    change: Change
    noticed: datetime
